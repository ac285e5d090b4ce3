/* stamps - how many elements of a participant were reported last at which time */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_STAMPS_H
#define RUNTIME_ROWS_STAMPS_H

#include "runtime/rows/txn.h"

/*
 * A row for each participant. When there are more different times than fit, neighbours are counted under the earlier of
 * them: the oldest time that it tells may then lie too early, never too late.
 */

#define STAMPS_MAX 64

struct stamps {
	struct txn *txn;
	struct concept participant;
	struct {
		int64_t ms;
		uint32_t count;
	} at[STAMPS_MAX]; /* in order of time */
	size_t count;
	bool loaded, changed;
};

void stamps_begin(struct txn *txn, struct concept participant, struct stamps *ret);

/* One element more, or less, that was reported last at that time. */
void stamps_add(struct stamps *stamps, int64_t at_ms);
void stamps_remove(struct stamps *stamps, int64_t at_ms);

/* Begins to count anew. */
void stamps_clear(struct stamps *stamps);

/* The row becomes what was counted. */
void stamps_write(struct stamps *stamps);

/* The time of the oldest report that the participant owes since; INT64_MAX: it owes none. */
int64_t stamps_oldest(struct txn *txn, struct concept participant);

#endif
