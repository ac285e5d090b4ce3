/* history_priv - the parts of the operation history, for engine/history*.c and engine/reserve*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_HISTORY_PRIV_H
#define ENGINE_HISTORY_HISTORY_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "base/store.h"
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

/* --- what is recorded (history_format.c) --- */

#define RECORD_TEXTS 8 /* of struct operation, in its order */
#define TEXT_MAX ATTRIBUTE_SIZE_MAX
#define MESSAGE_MAX 4096
#define RECORD_MAX (128 + 7 * TEXT_MAX + MESSAGE_MAX)

enum record_flag {
	RECORD_RESERVED = 1, /* the row of a reservation: `reservation` is its id */
	RECORD_GONE = 2,     /* given back: neither counted nor listed, kept for the audit */
	RECORD_APART = 4,    /* its identity is the reservation's id: its texts have none, or another row has that */
	RECORD_UNDONE = 8    /* taken out by a person, who stands in the message with the reason; GONE too */
};

/* One record of the log. Texts borrowed from where it was read or written. */
struct record {
	struct operation row;
	int64_t recorded_ms; /* the clock when it was entered */
	int64_t until_ms;    /* effective end: row.end_ms, or when its lease ends */
	uint64_t replaces;   /* number of the record that this one updates, 0 for none */
	unsigned flags;
	struct hash128 reservation;
};

/* Bytes of a record into `out` (RECORD_MAX of them). */
size_t record_write(const struct hash_key *key, uint64_t number, const struct record *record, char *out);

/* 0 or -ERROR_DAMAGED. Texts borrow from `bytes`. */
int record_read(const struct hash_key *key, uint64_t number, struct str bytes, struct record *ret);

/* Whether the row counts at all: everything but Failure_Guard and what was given back. */
bool record_counts(const struct record *record);

/* --- keys (history_key.c) --- */

/* What a key counts by. The order is part of the format. */
enum key_kind {
	KEY_OPERATION = 1, /* actor, operation */
	KEY_TARGET,        /* and target */
	KEY_LOOP,          /* actor, operation, clname */
	KEY_TARGET_LOOP,   /* all four */
	KEY_LIVE,          /* clname alone, by effective end: is the loop busy? */
	KEY_STARTS,        /* clname alone, by start, every outcome: its latest row */
	KEY_IDENTITY,      /* the six texts that make two rows one */
	KEY_RESERVATION,   /* a reservation's id: identity of a row that has no other */
	KEY_REQUEST,       /* requestId, subRequestId: what makes two reserve calls one */
	KEY_ID             /* a number: ids of reservations */
};

#define KEYS_MAX 6 /* of one row, in the index */
#define INDEX_KEY_SIZE 32

/* One entry of the index. */
struct count_entry {
	struct hash128 key;
	int64_t order;   /* effective end; KEY_STARTS: start, INT64_MAX for none */
	uint64_t number; /* of the record */
	unsigned flags;  /* ENTRY_ bits */
};

enum entry_flag { ENTRY_ENDED = 1, ENTRY_OUTCOME = 2, ENTRY_STARTED = 4, ENTRY_RINGED = 8 };

/* The entries of a record: their number, at most KEYS_MAX. */
size_t record_entries(const struct hash_key *key, uint64_t number, const struct record *record,
                      struct count_entry entries[KEYS_MAX]);

/* The key that a question counts by. */
struct hash128 count_key(const struct hash_key *key, const struct count_query *query);
struct hash128 loop_key(const struct hash_key *key, enum key_kind kind, struct str clname);

/* A row's identity; false when it has none and is always new. */
bool record_identity(const struct hash_key *key, const struct record *record, struct hash128 *ret);

/* --- the index (history_index.c) --- */

int index_add(struct store_txn *txn, const struct hash_key *key, const struct count_entry *entry);
int index_remove(struct store_txn *txn, const struct hash_key *key, const struct count_entry *entry);

/*
 * A walk over one key's entries, from the greatest order <= at downwards. 1 and the entry, 0 at the end, or negative.
 */
int index_first(struct store_txn *txn, const struct hash_key *key, struct hash128 of, int64_t at,
                struct count_entry *ret);
int index_next(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct count_entry *ret);

/* One entry by key and order: 1 with its flags, 0, or negative. And one as it stands in the table: 1 or negative. */
int index_find(struct store_txn *txn, const struct hash_key *key, const struct count_entry *wanted,
               struct count_entry *ret);
int index_decode(const struct hash_key *key, const struct store_entry *stored, struct count_entry *ret);

/* --- rings (history_ring.c) --- */

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

/* --- limits and loops in memory (history_hot.c, with the theory) --- */

/* What tells of every window whether it has `limit` ends of a key. */
struct ends {
	unsigned count;        /* 0: there is no end; 1: there is one; 2: and there are as many as the limit */
	int64_t newest_ms;     /* count > 0 */
	int64_t limit_ms;      /* count > 1: the limit-th newest */
	int64_t whole_from_ms; /* count < 2: at this instant and later there are fewer; TIME_NONE: at any time */
};

/* What a ring tells of a limit. */
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

/* --- one transaction of the committer (history_write.c) --- */

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

/* What is written in: the transaction and the state it will leave. Committer's thread only. */
struct history_writer {
	struct history *history;
	struct store_txn *txn;
	struct history_state state;
	char *scratch;         /* RECORD_MAX bytes */
	uint64_t commit;       /* its number, once it is committed */
	struct lapsed *lapsed; /* reservations that expired in this transaction, the last one first */
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

/* --- reservations (history_reserve.c) --- */

/* A reservation as the database has it. */
struct reserved {
	struct hash128 id;
	enum reservation_state state;
	enum reason reason;      /* with which it was permitted */
	int64_t expires_ms;      /* its lease's end, or where that was when it ended */
	struct hash128 identity; /* of its row */
	uint64_t fingerprint;    /* of the request, to tell a repeated one from another with the same ids */
	bool repeated;           /* of reserved_find: it was taken for this very request */
};

/* 1 and the reservation, 0 when there is none, or negative. */
int reserved_read(struct store_txn *txn, const struct hash_key *key, struct hash128 id, struct reserved *ret);

/*
 * The live reservation of these ids, which a repeated call gets: 1; 0 when the ids are free. -ERROR_CONFLICT when it was
 * taken for another request, or (ret->repeated) for this one and is settled.
 */
int reserved_find(struct history_writer *writer, const struct request *request, int64_t now_ms, struct reserved *ret);

/* Takes a reservation for a request that was permitted. request ids absent: never repeated. 0 or negative. */
int writer_reserve(struct history_writer *writer, const struct request *request, enum reason reason, int64_t lease_ms,
                   int64_t now_ms, struct reserved *ret);

/*
 * Ends a reservation, or moves the end of its lease. 0 when it is now, or was already, in the state asked for; else
 * -ERROR_UNKNOWN, or -ERROR_CONFLICT with its state in ret.
 */
int writer_settle(struct history_writer *writer, struct hash128 id, struct str outcome, struct str message,
                  int64_t now_ms, struct reserved *ret);
int writer_abort(struct history_writer *writer, struct hash128 id, int64_t now_ms, struct reserved *ret);
int writer_renew(struct history_writer *writer, struct hash128 id, int64_t lease_ms, int64_t now_ms,
                 struct reserved *ret);

/* Expires up to `most` reservations whose lease has ended by now_ms. 0 or negative. */
int writer_expire(struct history_writer *writer, int64_t now_ms, size_t most);

int reserved_request_read(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct hash128 *ret_id);

/* --- pruning (history_prune.c) --- */

/*
 * Takes out records that ended before `before_ms` and are needed by nobody: looks at up to `most` from *at on, which
 * then is where to go on, 0 after the newest. 0 or negative.
 */
int writer_prune(struct history_writer *writer, int64_t before_ms, size_t most, uint64_t *at, size_t *ret_removed);

/* Times in meta that are absent but for trouble: TIME_NONE when absent. */
int meta_time_read(struct store_txn *txn, const struct hash_key *key, struct str name, int64_t *ret_ms);
int meta_time_write(struct store_txn *txn, const struct hash_key *key, struct str name, int64_t ms);

/* --- questions, in any transaction (history_read.c); see struct history_view --- */

int txn_count(struct history *history, struct store_txn *txn, const struct count_query *query,
              struct count_result *ret);
int txn_loop_live(struct history *history, struct store_txn *txn, struct str clname, int64_t now_ms,
                  int64_t *ret_until);
int txn_loop_started(struct history *history, struct store_txn *txn, struct str clname);

/* 1 when no later record replaces this one, 0 when one does, or negative. */
int record_is_current(struct store_txn *txn, const struct hash_key *key, uint64_t number, const struct record *record);

/* --- the committer (history_commit.c) --- */

/*
 * One request of the committer: run in a transaction shared with others, done after the commit. Owned by the caller
 * until done.
 */
struct history_job {
	struct history_job *next;
	/* Inside the write transaction; may be called again when the transaction is given up because of another job. */
	int (*run)(struct history_job *job, struct history_writer *writer);
	/* On the committer's thread, after the commit or the failure: job->err tells. The job may be freed here. */
	void (*done)(struct history_job *job);
	bool ends; /* it ends what was begun: done even when the database is at its limit */
	struct error err;
};

/* Hands a job over. Fails, without taking it, with ERROR_BUSY when too many wait. */
int history_submit(struct history *history, struct history_job *job, struct error *err);

/*
 * Committer's thread: jobs off the queue, as many as one transaction takes; waits for the first. NULL: nothing came for
 * a while, or the end (*ret_stop).
 */
struct history_job *queue_take(struct history *history, bool *ret_stop);

/* The monotonic clock; for waits and latencies only. */
int64_t monotonic_ns(void);

/* Where nothing new is entered any more: max_bytes, or what leaves room in the map for what must still end. */
size_t history_limit(const struct history *history, size_t map_bytes);

/* history_transact; ends: it makes room or ends what was begun, and runs at the limit too. */
int history_run(struct history *history, int (*run)(void *context, struct history_writer *writer), void *context,
                bool ends, struct error *err);

int committer_start(struct history *history, struct error *err);
void committer_stop(struct history *history); /* finishes what waits */

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

/* What this process's committer has done. Written by it alone, read by any: relaxed, because a count orders nothing. */
struct history_counters {
	atomic_uint_fast64_t commits, failures, jobs, nanoseconds, steps_back, pruned;
	atomic_uint_fast64_t latency[HISTORY_BUCKETS + 1];
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
		difference_ms;        /* committer: the same less the boot clock; the wall clock less it, last time */
	uint64_t boot;                /* which start of the machine this is; 0: the system does not tell */
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

/* --- the decision clock (history_clock.c, with the theory) --- */

/* Where history_now has the time from. */
enum time_source {
	TIME_LATEST,  /* the latest stamp: nobody gave a clock */
	TIME_CALLERS, /* the caller's clock */
	TIME_CARRIED, /* the steady clock and offset_ms */
	TIME_ASIDE    /* the same while there is no database: it leaves no stamp behind */
};

/* By the options; before the database is open, without looking at it. */
void clock_start(struct history *history, bool open);

/*
 * Where the carried clock goes on, by what the database says. *ret_new: by something else, which clock_keep enters. A
 * write transaction, or one that is given up. Committer's thread, or while opening, as those below. 0 or negative.
 */
int clock_resume(struct history *history, struct store_txn *txn, bool *ret_new);
int clock_keep(struct history *history, struct store_txn *txn);

/* The machine may have slept, or the wall clock may have been set. */
void clock_look(struct history *history);

/* What the database knows, this process knows: times seen, windows, pruning. */
void history_learn(struct history *history, const struct history_state *state);

/* A new database has committed its tables, and nothing else, when its header is written. */
#define COMMITS_BEFORE_HEADER 1

/* The database's secret from its header: 0, 1 when there is no header, -ERROR_DAMAGED. */
int header_read_key(struct store_txn *txn, struct hash_key *ret, struct error *err);

/* Reads again what another process may have changed. Committer's thread. */
void history_refresh(struct history *history);

/* Closes and reopens the store under all readers. Committer's thread. */
int history_reopen(struct history *history, struct error *err);

#endif
