/* ring - the newest effective ends of a counting key, which decisions read */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_RING_H
#define ENGINE_HISTORY_RING_H

#include "base/store.h"
#include "engine/history/key.h"

#define RING_LENGTH_LEAST 16 /* stamps that a ring holds at least when there are as many */
#define RING_LENGTH_MOST 4096

/* The newest ends of a key, as its ring has them or is about to: newest first, aligned to nothing. */
struct ring_view {
	const char *stamps; /* 8 * count bytes */
	uint32_t count;
	int64_t whole_from_ms; /* every end of this instant and later is among them; TIME_NONE: every end */
};

/*
 * What a decision asks of a ring: 1 and the answer, 0 when the ring is too short for it, or negative. ret_ring: borrowed
 * from the transaction, unless the answer is negative.
 */
int ring_count(struct store_txn *txn, const struct hash_key *key, struct hash128 of, int64_t since_ms, uint32_t limit,
               struct count_result *ret, struct ring_view *ret_ring);

/*
 * One end leaves the key, one enters it; TIME_NONE for none. The index must have changed already. 0 or negative:
 * -ERROR_DAMAGED when the ring does not hold what leaves and should.
 */
struct history_writer;
int ring_change(struct history_writer *writer, struct hash128 of, int64_t leave_ms, int64_t enter_ms);

/* Compares a ring with the index: 0, or -ERROR_DAMAGED. */
int ring_verify(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct str ring);

#endif
