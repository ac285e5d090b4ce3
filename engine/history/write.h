/* write - one transaction of the committer: rows, their entries and rings, and the state that it leaves */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_WRITE_H
#define ENGINE_HISTORY_WRITE_H

#include "base/store.h"
#include "engine/history/entry.h"

/* Changes with every commit; one value in meta. */
struct history_state {
	int64_t clock_ms;     /* the latest time that any commit was given; TIME_NONE before the first */
	uint64_t next_number; /* of the log, from 1 */
	uint64_t rows;        /* current rows */
	int64_t window_ms;    /* the longest that anybody has counted over */
	int64_t pruned_ms;    /* rows that ended up to here may be gone; TIME_NONE: none is */
	/* Reservations since the database was made; admitted = settled + aborted + expired + live. */
	uint64_t admitted, settled, aborted, expired, live;
};

/* The write transaction and the state it will leave. Committer's thread only. */
struct history_writer {
	struct history *history;
	struct store_txn *txn;
	struct history_state state;
	char *scratch;         /* RECORD_MAX bytes */
	uint64_t commit;       /* its number, once it is committed */
	struct lapsed *lapsed; /* reservations that expired in this transaction, the last one first */
	struct history_change *changes, **changes_tail; /* in history->lapsed_arena, with `changed` alone */
	uint32_t steps;                                 /* changes so far */
};

/* In history->lapsed_arena, until the next transaction. */
struct lapsed {
	struct lapsed *next;
	struct hash128 id;
	struct operation row;
	int64_t expires_ms;
};

/* Enters one row: a new one, or the next record of one that is known. 0 or negative. */
int writer_record(struct history_writer *writer, const struct operation *row, int64_t now_ms);

/* Entries have come or gone: what memory knows of their loops is true no more. What it knows of rings follows these. */
void writer_forget_loops(struct history_writer *writer, const struct count_entry *entries, size_t count);

/*
 * Writes `record` over its own, numbered `number`, which has no identity and so cannot be replaced by a later one. Index and
 * rings follow. 0 or negative.
 */
int writer_rewrite(struct history_writer *writer, struct record *record, uint64_t number);

/* Appends `record` in the place of the record numbered `old` (0 for none); index, rings and identity follow. */
int writer_put(struct history_writer *writer, struct record *record, uint64_t old);

/*
 * The current record of an identity: 1, its number and content, 0 when there is none. Texts borrow until the next
 * change.
 */
int writer_find(struct history_writer *writer, struct hash128 identity, uint64_t *ret_number, struct record *ret);

/* The number of an identity's current record, and a record by its number: 1, 0 when there is none, or negative. */
int identity_read(struct store_txn *txn, const struct hash_key *key, struct hash128 identity, uint64_t *ret_number);
int log_read(struct store_txn *txn, const struct hash_key *key, uint64_t number, struct record *ret);

int state_read(struct store_txn *txn, const struct hash_key *key, struct history_state *ret);
int state_write(struct store_txn *txn, const struct hash_key *key, const struct history_state *state);

/*
 * Takes out records that ended before `before_ms` and are needed by nobody: looks at up to `most` from *at on, which
 * then is where to go on, 0 after the newest. 0 or negative.
 */
int writer_prune(struct history_writer *writer, int64_t before_ms, size_t most, uint64_t *at, size_t *ret_removed);

/* Times in meta that are absent but for trouble: TIME_NONE when absent. */
int meta_time_read(struct store_txn *txn, const struct hash_key *key, struct str name, int64_t *ret_ms);
int meta_time_write(struct store_txn *txn, const struct hash_key *key, struct str name, int64_t ms);

#endif
