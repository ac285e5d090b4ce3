/* cache - limits and loops in memory: what one state of the database says of a window */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_CACHE_H
#define ENGINE_HISTORY_CACHE_H

#include <stdatomic.h>

#include "engine/history/ring.h"

/* Tells of every window whether the key has `limit` ends in it. */
struct ends {
	unsigned count;        /* 0: there is no end; 1: there is one; 2: and there are as many as the limit */
	int64_t newest_ms;     /* count > 0 */
	int64_t limit_ms;      /* count > 1: the limit-th newest */
	int64_t whole_from_ms; /* count < 2: at this instant and later there are fewer; TIME_NONE: at any time */
};

/* Answers from a ring whether a limit is reached. */
void ring_ends(const struct ring_view *ring, uint32_t limit, struct ends *ret);

struct hot_set;

#define HOT_SETS 16384u  /* 8 MiB, of which the system gives what is touched */
#define HOT_WRITTEN 4096 /* changes of a transaction that are remembered one by one */

struct hot {
	struct hot_set *sets;
	void *memory;
	atomic_uint_fast64_t known, floor; /* numbers of commits; written by the committer */
	/* The committer's: where this transaction has written; more than HOT_WRITTEN: anywhere. */
	struct hot_set *written_sets[HOT_WRITTEN];
	uint32_t written;
};

int hot_open(struct hot *hot); /* into zeroed memory: 0 or -ERROR_MEMORY */
void hot_close(struct hot *hot);

/* The key under which a key's ends are kept that onap mode counts. A change of the key ends what is known of it. */
struct hash128 hot_ended(struct hash128 of);

/*
 * Whether there are `limit` ends in [since, until] in a state of the database: ret->used is limit or 0, for fewer. False when
 * only the database can tell. Any thread, no lock.
 */
bool hot_count(const struct hot *hot, struct hash128 of, uint32_t limit, uint64_t state, int64_t since_ms,
               int64_t until_ms, struct count_result *ret);

/*
 * What the state that `commit` made has; kept if nobody else writes there at this moment, and if there is room or it may push
 * another out. Any thread.
 */
void hot_put(struct hot *hot, struct hash128 of, uint32_t limit, uint64_t commit, const struct ends *ends, bool push);

/*
 * The committer's part. A transaction that will be commit number `commit` begins; a ring changes in it, or what is known
 * of a key ends with it; it is committed, or given up after rings had changed; the store was opened again.
 */
void hot_begin(struct hot *hot, uint64_t commit);
void hot_change(struct hot *hot, struct hash128 of, uint64_t commit, const struct ring_view *ring);
void hot_end(struct hot *hot, struct hash128 of, uint64_t commit);
void hot_commit(struct hot *hot, uint64_t commit);
void hot_forget(struct hot *hot, uint64_t commit);
void hot_clear(struct hot *hot);

#endif
