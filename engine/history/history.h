/* history - operations done, under way and reserved: the operation counters */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_HISTORY_H
#define ENGINE_HISTORY_HISTORY_H

#include "base/error.h"
#include "guards/guard.h"

/* One row of the operation history, as ONAP's table has it. Texts absent (ptr NULL) when unknown; times TIME_NONE. */
struct operation {
	uint64_t number; /* of its record in the log, which names it; 0 before it is entered */
	struct str actor, operation, target, clname; /* JSON: closedLoopName */
	struct str request_id, subrequest_id;
	struct str outcome; /* Started, Success, Failure, Failure_Retries, Failure_Timeout, Failure_Guard, ... */
	struct str message;
	int64_t start_ms, end_ms;
};

/* The missing member of a reported row, as a sentence; NULL when the row is complete. */
const char *operation_lacks(const struct operation *row);

/*
 * Whether rows can be entered, as history_record asks: their texts fit, and none of their times is after latest_ms.
 * errors  ERROR_LIMIT, ERROR_RANGE, with the row's place from 0
 */
int operations_check(const struct operation *rows, size_t count, int64_t latest_ms, struct error *err);

/* The latest time that a row entered now may have: INT64_MAX when there is no bound. */
struct history;
int64_t history_latest(const struct history *history, int64_t now_ms);

/* A place in the order of all changes of a database's counters. */
struct history_position {
	uint64_t commit; /* number of a commit; 0: none is known */
	uint32_t step; /* inside: how many changes of its transaction were made by then; of a change: its own, from 1 */
	bool inside;   /* else: behind all of the commit */
};

/* A row that entered the counters, took another's place there, or left them. */
struct history_change {
	struct history_change *next;
	struct history_position position;
	uint64_t number, replaces; /* of records; 0: it replaces none */
	struct operation row;
	int64_t until_ms; /* its effective end: when it ended, or when its lease does */
	int64_t recorded_ms;
	bool gone;   /* it counts no more: a reservation that was given back, or */
	bool undone; /* a person took it out */
	bool reserved;
	struct hash128 reservation; /* whose row it is, when `reserved` */
};

struct history_options {
	const char *directory; /* of the database; NULL: a private temporary one, removed at once */
	size_t map_bytes;      /* address space, never changes while open */
	int64_t lease_ms;      /* how long a Started operation without an end stays live */
	bool durable;          /* commits survive power loss (durability: group) */
	bool existing;         /* fail with ERROR_IO rather than make a database */
	bool verified;         /* the caller has verified the file, or knows that it needs not */
	bool later;            /* the file is not touched before history_attach */
	/*
	 * Told on the committer's thread of each reservation whose lease ended here, once that is committed: the row as it was.
	 * NULL: nobody.
	 */
	void (*expired)(void *context, struct hash128 id, const struct operation *row, int64_t expires_ms);
	void *expired_context;
	/*
	 * Told on the committer's thread of all changes of a transaction, in their order, once it is committed and before its jobs are
	 * told. Borrowed until it returns. NULL: nobody.
	 */
	void (*changed)(void *context, const struct history_change *changes);
	void *changed_context;
	bool release_expired; /* a reservation whose lease ended counts no more; else as used */
	size_t max_bytes;     /* of the database: beyond it nothing new is entered; 0: a little less than the map */
	/* how long ended operations are kept; 0: for ever. Never less than history_keep asks for */
	int64_t retention_ms;
	int64_t future_ms; /* how far ahead of now the times of a row may lie that is entered; 0: as far as they will */
	/*
	 * What time it is, in Unix milliseconds: by this clock of the caller's, or, when that is NULL and carried is set,
	 * by a reading of the wall clock that the machine's boot clock carries on (see history_now). Without either nothing
	 * expires and nothing is pruned between calls.
	 */
	int64_t (*clock)(void *context);
	void *clock_context;
	bool carried;
	bool untended; /* nothing expires and nothing is pruned between calls, whatever the clock */
};

/* The database of a process. One writer thread inside (the committer); any thread may call. */
struct history;

/* errors  ERROR_IO, ERROR_BUSY (a second open of one path in this process), ERROR_DAMAGED, ERROR_MEMORY */
int history_open(const struct history_options *options, struct history **ret, struct error *err);
void history_close(struct history *history); /* after its readers; takes NULL */

/*
 * Opens the database of a history that was opened with `later`. Until then it is verifying: readers can be opened, but begin
 * nothing; nothing is entered (ERROR_BUSY); and the decision clock goes by the wall clock as it was at history_open. On failure
 * it stays so, for history_close. directory: as in the options.
 * errors  those of history_open
 */
int history_attach(struct history *history, const char *directory, struct error *err);

/* Whether the database is still to be attached. Any thread, no lock. */
bool history_is_verifying(const struct history *history);

/*
 * A read transaction of one thread, for many decisions. Opening locks and allocates; renewing and reading do neither.
 */
struct history_reader;
struct history_writer;
int history_reader_open(struct history *history, struct history_reader **ret, struct error *err);
void history_reader_close(struct history_reader *reader);

/*
 * A fresh snapshot, and dropping it after the decision so that pages are not kept. 0 or a negative code. Between the two
 * a thread must not wait for a commit: the committer waits for readers before it opens a broken store again.
 *
 * look: the same for the questions of guards alone, and the snapshot is taken only when one of them cannot be answered
 * from memory. If it then is of a later state than the answers before, moved says so, once: ask them again.
 */
int history_reader_begin(struct history_reader *reader);
int history_reader_peek(struct history_reader *reader);
bool history_reader_moved(struct history_reader *reader);
void history_reader_end(struct history_reader *reader);

/*
 * Which state the answers were about that a reader gave since history_reader_mark; its commit is 0 when it gave none. Between
 * begin and end the mark changes nothing.
 */
void history_reader_mark(struct history_reader *reader);
struct history_position history_reader_position(const struct history_reader *reader);

/* The three questions of guards; context is the reader, between begin and end. */
extern const struct history_view history_reader_view; /* copy it and set context */

/*
 * Enters operations in one transaction, all or none; returns after the commit (group commit with other callers).
 * A row whose (closedLoopName, requestId, subrequestId, actor, operation, target) is known replaces it; a row without
 * requestId is always new. now_ms: for rows that have neither start nor end.
 * errors  ERROR_FULL, ERROR_IO, ERROR_LIMIT (a text over 1 KiB, message over 4 KiB), ERROR_RANGE (a time beyond future_ms),
 *         ERROR_MEMORY
 */
int history_record(struct history *history, const struct operation *rows, size_t count, int64_t now_ms,
                   struct error *err);

/*
 * As history_record, without waiting: done(context, error) is called on the committer's thread after the commit;
 * err->code tells. Rows are copied.
 */
int history_record_async(struct history *history, const struct operation *rows, size_t count, int64_t now_ms,
                         void (*done)(void *context, const struct error *err), void *context, struct error *err);

/*
 * Takes the current row with this number out of the counts. It stays in the log, for the audit, with who did it and why, and is
 * listed by operation_filter.undone. Once more: 0. As history_record_async otherwise.
 * errors  ERROR_UNKNOWN; ERROR_CONFLICT: the row was updated since, or is a live reservation's; ERROR_LIMIT: by and why are
 *         together longer than a message; those of history_record
 */
int history_undo_async(struct history *history, uint64_t number, struct str by, struct str why,
                       void (*done)(void *context, const struct error *err), void *context, struct error *err);

/* An undone row's message as what history_undo_async was given. */
void operation_undone(const struct operation *row, struct str *ret_by, struct str *ret_why);

/*
 * The decision clock: the time that decisions use and that rows are stamped with. Never earlier than any time seen before,
 * here or in the database. Any thread, no lock.
 *
 * A clock of the caller's that steps back stands still until it has caught up. The carried clock does not step: who sets the
 * wall clock changes nothing. All processes of one start of the machine share its reading, through the database; after a
 * new start it goes on from the wall clock, or from the latest time in the database when the wall clock is behind that.
 * Only history_accept makes it follow the wall clock again.
 */
int64_t history_now(struct history *history);

/*
 * The same by the clock itself. history_now goes by the kernel's last tick, which is 10 ms old and more on a busy machine, and
 * older at one time than at another: rights that are given by it could be N + 1 in a window less those milliseconds. So whoever
 * enters a row takes this one, and history_now stands until the ticks have caught up. Any thread.
 */
int64_t history_now_exact(struct history *history);

/*
 * How often the committer has gone round: it does at least once a second, also when nobody asks, unless it hangs. 0 as long as
 * there is no database. Any thread.
 */
uint64_t history_rounds(struct history *history);

/* How far the wall clock is ahead of the carried decision clock, negative when behind. 0 for a clock of the caller's. */
int64_t history_clock_difference(struct history *history);

/*
 * Whether operations may be missing from the counters because they could not be entered: the database is at
 * max_bytes, or its last transaction could not be committed. Who decides by counts then must fail, for they may be too
 * low. Ends by itself, a second at most after there is room or the disk works again. Any thread, no lock.
 */
bool history_is_refusing(const struct history *history);

/*
 * Why, in a word: "moved" (the file is not at its path any more: its directory was removed or renamed, or data.mdb was
 * replaced), "full", "failing"; NULL when it is not.
 */
const char *history_refusal(const struct history *history);

/* Somebody counts over windows this long: nothing younger is pruned. Any thread. */
void history_keep(struct history *history, int64_t window_ms);

/*
 * What a person may decide after trouble: that the counters of a database that replaced a damaged one are to be
 * trusted, and that the clock's present time is right even if later ones were seen. ERROR_IO, ERROR_FULL
 */
int history_accept(struct history *history, int64_t clock_ms, struct error *err);

#define HISTORY_BUCKETS 12 /* of commit latency */

/* Upper bounds of the buckets, microseconds; the last bucket has none. */
extern const uint32_t history_bucket_us[HISTORY_BUCKETS];

#define HISTORY_GROUP_BUCKETS 9 /* of how many requests a commit carried */
extern const uint32_t history_bucket_jobs[HISTORY_GROUP_BUCKETS];

struct history_metrics {
	/* Of the database, all processes together. */
	uint64_t admitted, settled, aborted, expired, live; /* reservations; difference = 0 */
	int64_t difference;                                 /* admitted - settled - aborted - expired - live */
	uint64_t rows;                                      /* current */
	uint64_t records;                                   /* in the log, with those that were replaced */
	uint64_t entered; /* records ever, those that were pruned too; 0: nothing was ever counted */
	uint64_t used_bytes, max_bytes;
	uint64_t file_bytes, page_bytes; /* the file with its free pages; of a page */
	unsigned readers;                /* of all processes: slots taken */
	/* Of this process. */
	uint64_t commits, failures, jobs;                  /* failures: transactions that could not be committed */
	uint64_t latency[HISTORY_BUCKETS + 1], latency_ns; /* of commits; not cumulative */
	uint64_t group[HISTORY_GROUP_BUCKETS + 1],
		grouped; /* commits by their requests; not cumulative; all requests */
	uint64_t clock_steps_back, pruned;
	uint64_t
		unread; /* questions of guards that could not be answered: strict mode denies then, onap mode permits */
	int64_t clock_difference_ms;
	bool quarantined, broken, refusing, verifying;
};

/*
 * Tells a database from others, and nothing of its secret. ret_record: the number of its newest record, by a reader that is between
 * begin and end; 0 when it has none, or cannot be read.
 */
struct hash128 history_identity(const struct history *history);
uint64_t history_newest_record(struct history_reader *reader);

/* The reader must be between begin and end. 0 or a negative code; this process's part is filled in any case. */
int history_metrics(struct history_reader *reader, struct history_metrics *ret);

/* Any thread: a guard's question was not answered, and how often that has happened in this process. */
void history_note_unread(struct history *history);
uint64_t history_unread(const struct history *history);

/* Reservations: see engine/decide/reserve.h. */
enum reservation_state { RESERVATION_LIVE, RESERVATION_SETTLED, RESERVATION_ABORTED, RESERVATION_EXPIRED };

/* Tables in the same database that others keep, so that their changes commit with the counters'. */
#define HISTORY_DEPLOYED STR("Mdeploy") /* of HISTORY_RUNTIME: the number of changes of deployments, 8 bytes */

enum history_shared { HISTORY_DOCUMENTS, HISTORY_RUNTIME, HISTORY_OUTBOX, HISTORY_SHARED_TABLES };

/*
 * Runs `run` on the committer's thread inside its write transaction and returns after the commit. When it answers a
 * negative code, nothing that it did is kept and that is the result. It may be called again after its work was given up
 * because of another caller's. It takes no lock and calls nothing here but what takes a writer.
 */
int history_transact(struct history *history, int (*run)(void *context, struct history_writer *writer), void *context,
                     struct error *err);

/* The transaction and the number of a shared table in it. See base/store.h. */
struct store_txn;
struct store_txn *history_writer_txn(struct history_writer *writer);
struct store_txn *history_reader_txn(struct history_reader *reader); /* between begin and end */
unsigned history_shared_table(enum history_shared table);

/*
 * Which rows to list; absent texts match all; from, to: by end, or by start where there is none; inclusive; TIME_NONE
 * open.
 */
struct operation_filter {
	struct str actor, operation, target, clname;
	int64_t from_ms, to_ms;
	size_t limit;
	bool undone; /* those that were undone, instead of those that count */
};

/*
 * Visits current rows, newest entered first; texts are borrowed until visit returns; a non-zero answer stops and is
 * returned.
 */
int history_each(struct history_reader *reader, const struct operation_filter *filter,
                 int (*visit)(void *context, const struct operation *row), void *context);

#endif
