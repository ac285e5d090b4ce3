/* hosting - what each participant hosts, and when its reports named it last */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_HOSTING_H
#define RUNTIME_ROWS_HOSTING_H

#include "runtime/rows/rows.h"
#include "runtime/rows/stamps.h"

/*
 * Each participant owes a report of each element that it hosts while the instance is settled. A row for each participant
 * and instance keeps, per element, when it was reported last, so that a report in which all is well loads no instance. A
 * second row for each participant counts its elements by that time: a scan looks at the oldest of these times alone, and
 * walks over the rows only when something is overdue. When there are too many different times, neighbours are counted
 * under the earlier of them: then a scan walks too early, finds nothing, and counts anew.
 */

/* The rows follow an instance; NULL: there was none, or there is none any more. Called by loop_save and loop_remove. */
void hosting_follow(struct txn *txn, const struct loop *before, const struct loop *after);

/* Instances that were written before there were such rows get them. */
void hosting_start(struct txn *txn);

/* --- reports --- */

enum hosting_answer {
	HOSTING_RIGHT,  /* noted; nothing else is to be done */
	HOSTING_LOOK,   /* noted; the instance decides */
	HOSTING_UNKNOWN /* the participant does not host it */
};

/* The reports of one message. */
struct hosting {
	struct txn *txn;
	struct concept participant, loop; /* loop: whose row is in memory; its name absent: none */
	unsigned char *row;               /* in the txn's arena */
	size_t row_len;
	bool row_changed;
	struct stamps stamps;
};

void hosting_begin(struct txn *txn, struct concept participant, struct hosting *ret);
enum hosting_answer hosting_report(struct hosting *hosting, struct concept loop, struct str element,
                                   enum loop_state state);

/* Writes what was noted: at the end, and before anything else may change instances. */
void hosting_flush(struct hosting *hosting);

/* --- what is overdue --- */

/* The elements of an instance that a participant hosts. */
struct hosting_row {
	struct concept loop;
	struct str entries;
	bool overdue; /* one of them was not reported since `before_ms` */
	bool missing; /* one of them was found missing */
};

/* Each instance of which the participant hosts something, in order of name. A false answer stops. */
void hosting_each(struct txn *txn, struct concept participant, int64_t before_ms,
                  bool (*visit)(void *context, const struct hosting_row *row), void *context);

/* Whether the element was not reported since before_ms. */
bool hosting_is_overdue(const struct hosting_row *row, struct str element, int64_t before_ms);

/* Counts a participant's elements by time anew. */
void hosting_recount(struct txn *txn, struct concept participant);

#endif
