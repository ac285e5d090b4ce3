/* history_priv - an open history, for its parts and for what decides in its transactions */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_HISTORY_PRIV_H
#define ENGINE_HISTORY_HISTORY_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/history/cache.h"
#include "engine/history/committer.h"
#include "engine/history/history.h"

/*
 * The tables. Every value carries a version and a check, keyed by the database's secret.
 *
 *   meta      "header": secret and identity of the database; "state": what changes with every commit
 *   log       be64 number -> record. Append-only: an update appends a new record with a higher number
 *   identity  hash of a row's identity -> number of its current record
 *   index     counting key, effective end, number -> flags. One entry for each key that counts the row
 *   ring      counting key -> its newest effective ends, newest first: the cache that decisions read
 *   reserved  a reservation's id -> its state and whose row it holds
 *   request   hash of (requestId, subRequestId) -> id of the reservation made with it last
 *   lease     instant at which a live reservation expires, id -> nothing: in the order in which they do
 *
 * The tables behind these belong to others: enum history_shared.
 */
enum history_table {
	TABLE_META,
	TABLE_LOG,
	TABLE_IDENTITY,
	TABLE_INDEX,
	TABLE_RING,
	TABLE_RESERVED,
	TABLE_REQUEST,
	TABLE_LEASE,
	HISTORY_TABLES
};

#define TABLES_ALL (HISTORY_TABLES + HISTORY_SHARED_TABLES)

extern const char *const history_tables[TABLES_ALL];

/* a + b, kept inside the type and off TIME_NONE. */
static inline int64_t
later(int64_t a, int64_t b)
{
	if (b > 0 && a > INT64_MAX - b)
		return INT64_MAX;
	if (b < 0 && a < TIME_NONE + 1 - b)
		return TIME_NONE + 1;
	return a + b;
}

/* --- the whole --- */

struct history_reader {
	struct history *history;
	struct store_txn *txn;
	struct history_reader *next; /* under readers_lock */
	atomic_bool busy; /* set by its thread around a snapshot; the committer waits for it before reopening */
	uint64_t state;   /* the state that questions are about: number of its commit */
	bool snapshot;    /* the transaction has begun */
	bool answered;    /* something was told of `state` before it had */
	bool moved;       /* the snapshot is of another state than what was told before */
	unsigned found;   /* answers of the database that were left in memory, or found no place there */
};

/*
 * The work of this process's committer, written by it alone but for the last, read by any thread: relaxed, because a count
 * orders nothing.
 */
struct history_counters {
	atomic_uint_fast64_t commits, failures, jobs, nanoseconds, steps_back, pruned;
	atomic_uint_fast64_t rounds; /* of the committer, busy or idle */
	atomic_uint_fast64_t latency[HISTORY_BUCKETS + 1];
	atomic_uint_fast64_t group[HISTORY_GROUP_BUCKETS + 1], grouped;
	atomic_uint_fast64_t unread; /* any session's */
};

struct history {
	struct store *store;
	struct hash_key key;            /* the database's secret; const once open */
	struct history_options options; /* directory is not kept */
	bool started;
	pthread_t committer;
	pthread_mutex_t queue_lock; /* guards the queue, waiting, stopping */
	pthread_cond_t queue_filled;
	struct history_job *queue_first, *queue_last;
	size_t waiting;
	size_t expected;           /* under queue_lock: jobs that the next transaction had better wait for */
	int64_t patience_ns;       /* committer: how long */
	struct arena lapsed_arena; /* the committer's */
	bool stopping;
	pthread_mutex_t readers_lock; /* guards the list of readers, and the store while it is reopened */
	struct history_reader *readers;
	atomic_bool reopening;         /* written by the committer, or by attach; readers turn away while it is set */
	atomic_bool verifying;         /* there is no store yet; written by attach */
	atomic_uint time_source;       /* enum time_source; written while opening, and by attach */
	atomic_int_fast64_t offset_ms; /* carried: the decision clock less the steady clock; written by the committer */
	int64_t boot_offset_ms,
		difference_ms; /* committer: the same less the boot clock; the wall clock less it, last time */
	bool clock_due; /* committer: boot_offset_ms is not in the database yet; the next commit takes it along */
	uint64_t boot;  /* which start of the machine this is; 0: the system does not tell */
	atomic_int_fast64_t clock_ms; /* the latest time seen, here or in anyone's commit; only grows, but for accept */
	atomic_int_fast64_t quarantine_ms; /* when a damaged database was put aside; TIME_NONE: it was not */
	atomic_int_fast64_t window_ms;     /* the longest that anyone counts over; only grows */
	atomic_int_fast64_t pruned_ms;     /* rows that ended up to here may be gone; only grows */
	atomic_int_fast64_t accepted_ms;   /* the last time that history_accept was given, by any process */
	atomic_bool behind;                /* the clock was set back and has not caught up */
	atomic_bool full, failing;         /* written by the committer: at max_bytes; the last transaction failed */
	atomic_bool moved;                 /* the file is not at its path any more; written by the committer */
	uint64_t prune_at;                 /* committer: where pruning goes on */
	struct history_reader *own_reader; /* committer: to count free pages */
	struct history_counters counters;
	struct hot hot;
	atomic_uint ring_length; /* stamps that rings should hold; readers raise it, relaxed: late is only slow */
};

/* --- questions, in any transaction (read.c); see struct history_view --- */

int txn_count(struct history *history, struct store_txn *txn, const struct count_query *query,
              struct count_result *ret);
int txn_loop_live(struct history *history, struct store_txn *txn, struct str clname, int64_t now_ms,
                  int64_t *ret_until);
int txn_loop_started(struct history *history, struct store_txn *txn, struct str clname);

/* 1 when no later record replaces this one, 0 when one does, or negative. */
int record_is_current(struct store_txn *txn, const struct hash_key *key, uint64_t number, const struct record *record);

#endif
