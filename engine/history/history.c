/* history - operations done, under way and reserved: opening, recording, reopening */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/history.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "engine/history/cache.h"
#include "engine/history/committer.h"
#include "engine/history/history_clock.h"
#include "engine/history/history_priv.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/ring.h"
#include "engine/history/write.h"

#define FORMAT 3 /* of all tables together */

const char *const history_tables[TABLES_ALL] = {
	[TABLE_META] = "meta",
	[TABLE_LOG] = "log",
	[TABLE_IDENTITY] = "identity",
	[TABLE_INDEX] = "index",
	[TABLE_RING] = "", /* what decisions read */
	[TABLE_RESERVED] = "reserved",
	[TABLE_REQUEST] = "request",
	[TABLE_LEASE] = "lease",
	[HISTORY_TABLES + HISTORY_DOCUMENTS] = "documents",
	[HISTORY_TABLES + HISTORY_RUNTIME] = "runtime",
	[HISTORY_TABLES + HISTORY_OUTBOX] = "outbox",
};

/* The contents of "header"; written once. */
struct header {
	uint32_t format, zero;
	struct hash_key key;
	uint64_t check; /* of what stands before, under the key itself */
};

static uint64_t
header_check(const struct header *header)
{
	return hash_str(&header->key, (struct str){(const char *)header, offsetof(struct header, check)});
}

static int
header_make(struct store_txn *txn, struct hash_key *ret, struct error *err)
{
	struct header header = {.format = FORMAT};

	if (getrandom(&header.key, sizeof(header.key), 0) != (ssize_t)sizeof(header.key))
		return error_set(err, ERROR_IO, NULL, "no random bytes: %s", strerror(errno));
	header.check = header_check(&header);
	*ret = header.key;
	return store_put(txn, TABLE_META, STR("header"), (struct str){(const char *)&header, sizeof(header)});
}

int
header_read_key(struct store_txn *txn, struct hash_key *ret, struct error *err)
{
	struct header header;
	struct str value;
	int r = store_get(txn, TABLE_META, STR("header"), &value);

	if (r < 0)
		return error_set(err, error_from(r), NULL, "cannot read the database's header");
	if (r == 0)
		return 1;
	if (value.len != sizeof(header))
		return error_set(err, ERROR_DAMAGED, NULL, "the database's header has the wrong length");
	memcpy(&header, value.ptr, sizeof(header));
	if (header.check != header_check(&header))
		return error_set(err, ERROR_DAMAGED, NULL, "the database's header is damaged");
	if (header.format != FORMAT)
		return error_set(err, ERROR_DAMAGED, NULL, "the database has format %u, not %u", header.format, FORMAT);
	*ret = header.key;
	return 0;
}

/* The database's secret: read, or made with a new database. */
static int
open_header(struct history *history, struct error *err)
{
	struct store_txn *txn;
	struct store_info info;
	int r = store_write(history->store, &txn, err);

	if (r != 0)
		return r;
	r = header_read_key(txn, &history->key, err);
	if (r == 1 && (store_info(history->store, NULL, &info) != 0 || info.commits > COMMITS_BEFORE_HEADER))
		r = error_set(err, ERROR_DAMAGED, NULL, "the database has lost its header");
	if (r == 1 && header_make(txn, &history->key, err) == 0)
		return store_commit(txn, err);
	store_abort(txn);
	return r == 1 ? error_set(err, ERROR_IO, NULL, "cannot write the database's header") : r;
}

/* Everything that atomics repeat from the database. */
static int
read_times(struct history *history, struct store_txn *txn, bool *ret_accepted)
{
	struct history_state state;
	int64_t quarantine_ms, accepted_ms;
	int r = state_read(txn, &history->key, &state);

	if (r == 0)
		r = meta_time_read(txn, &history->key, STR("quarantine"), &quarantine_ms);
	if (r == 0)
		r = meta_time_read(txn, &history->key, STR("accepted"), &accepted_ms);
	if (r != 0)
		return r;
	atomic_store(&history->quarantine_ms, quarantine_ms);
	*ret_accepted = atomic_exchange(&history->accepted_ms, accepted_ms) != accepted_ms;
	if (*ret_accepted)
		atomic_store(&history->clock_ms, TIME_NONE); /* somebody has accepted what may be an earlier clock */
	history_learn(history, &state);
	return 0;
}

void
history_refresh(struct history *history)
{
	struct store_txn *txn;
	bool accepted, new;

	if (store_write(history->store, &txn, NULL) != 0)
		return; /* the next time */
	if (read_times(history, txn, &accepted) == 0 && accepted)
		(void)clock_resume(history, txn, &new); /* read a moment ago; new only for other time namespaces */
	store_abort(txn);
}

static int
open_times(struct history *history, struct error *err)
{
	struct store_txn *txn;
	bool accepted, new;
	int r = store_write(history->store, &txn, err);

	if (r != 0)
		return r;
	r = read_times(history, txn, &accepted);
	if (r == 0)
		r = clock_resume(history, txn, &new);
	if (r != 0) {
		store_abort(txn);
		return error_set(err, error_from(r), NULL, "cannot read the database's state record: %s",
		                 error_name(error_from(r)));
	}
	/* On a full disk it is not kept now: the first commit keeps it, so that no stamp is there without it. */
	history->clock_due = new;
	if (!new || clock_keep(history, txn) != 0)
		store_abort(txn);
	else if (store_commit(txn, NULL) == 0)
		history->clock_due = false;
	return 0;
}

/* The store, its secret and its times; nobody reads yet. */
static int
open_store(struct history *history, const struct history_options *options, struct error *err)
{
	const struct store_options store = {
		.directory = options->directory,
		.map_bytes = options->map_bytes,
		.durable = options->durable,
		.existing = options->existing,
		.verified = options->verified,
		.tables = history_tables,
		.table_count = TABLES_ALL,
	};
	struct clock_boot boot;
	const struct str boot_bytes = {(const char *)&boot, sizeof(boot)};
	int r = store_open(&store, &history->store, err);

	if (r == 0)
		r = open_header(history, err);
	history->boot = r == 0 && clock_boot_read(&boot) ? hash_str(&history->key, boot_bytes) : 0;
	return r == 0 ? open_times(history, err) : r;
}

/* Readers that were opened before the database; the list is locked. */
static int
open_readers(struct history *history, struct error *err)
{
	int r = 0;

	for (struct history_reader *reader = history->readers; r == 0 && reader; reader = reader->next)
		r = store_reader_open(history->store, &reader->txn, err);
	return r;
}

int
history_attach(struct history *history, const char *directory, struct error *err)
{
	struct history_options options = history->options;
	int r;

	options.directory = directory;
	options.verified = true;
	pthread_mutex_lock(&history->readers_lock);
	r = open_store(history, &options, err);
	if (r == 0)
		r = open_readers(history, err);
	if (r == 0) {
		clock_start(history, true);
		atomic_store(&history->reopening, false);
	}
	pthread_mutex_unlock(&history->readers_lock);
	if (r == 0)
		r = committer_start(history, err);
	/* After reopening: a session that finds the readers turned away looks whether it is verifying, and if not asks again. */
	if (r == 0)
		atomic_store(&history->verifying, false);
	return r;
}

bool
history_is_verifying(const struct history *history)
{
	return atomic_load(&history->verifying);
}

int
history_open(const struct history_options *options, struct history **ret, struct error *err)
{
	struct history *history = calloc(1, sizeof(*history));
	pthread_condattr_t monotonic;
	int r;

	if (!history)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	history->options = *options;
	history->options.directory = NULL; /* the caller's text */
	atomic_init(&history->ring_length, RING_LENGTH_LEAST);
	atomic_init(&history->clock_ms, TIME_NONE);
	atomic_init(&history->offset_ms, 0);
	atomic_init(&history->quarantine_ms, TIME_NONE);
	atomic_init(&history->pruned_ms, TIME_NONE);
	atomic_init(&history->accepted_ms, TIME_NONE);
	arena_init(&history->lapsed_arena, 0);
	pthread_mutex_init(&history->queue_lock, NULL);
	pthread_mutex_init(&history->readers_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&history->queue_filled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	atomic_init(&history->reopening, options->later);
	atomic_init(&history->verifying, options->later);
	r = hot_open(&history->hot);
	if (r != 0)
		(void)error_set(err, ERROR_MEMORY, NULL, "out of memory");
	else if (!options->later)
		r = open_store(history, options, err);
	clock_start(history, !options->later);
	if (r == 0 && !options->later)
		r = committer_start(history, err);
	if (r != 0) {
		history_close(history);
		return r;
	}
	*ret = history;
	return 0;
}

void
history_close(struct history *history)
{
	if (!history)
		return;
	committer_stop(history);
	store_close(history->store);
	hot_close(&history->hot);
	pthread_cond_destroy(&history->queue_filled);
	pthread_mutex_destroy(&history->readers_lock);
	pthread_mutex_destroy(&history->queue_lock);
	arena_free(&history->lapsed_arena);
	free(history);
}

static bool
any_busy(const struct history *history)
{
	for (const struct history_reader *reader = history->readers; reader; reader = reader->next) {
		if (atomic_load(&reader->busy))
			return true;
	}
	return false;
}

/*
 * LMDB refuses all work after a meta page could not be written, until the environment is opened again, and a process
 * may have it open once only. So every reader's transaction is given back first. A reader says that it is busy, then
 * looks whether the store is being reopened; the committer says that it reopens, then looks who is busy: one of the two
 * always sees the other. Meanwhile decisions that need counts fail, and so Deny.
 */
int
history_reopen(struct history *history, struct error *err)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	int r;

	atomic_store(&history->reopening, true);
	pthread_mutex_lock(&history->readers_lock);
	while (any_busy(history))
		(void)nanosleep(&moment, NULL); /* shorter does no harm */
	for (struct history_reader *reader = history->readers; reader; reader = reader->next)
		store_reader_suspend(reader->txn);
	r = store_reopen(history->store, err);
	hot_clear(&history->hot);
	for (struct history_reader *reader = history->readers; r == 0 && reader; reader = reader->next)
		(void)store_reader_resume(reader->txn); /* one that cannot reports it at its next snapshot */
	pthread_mutex_unlock(&history->readers_lock);
	atomic_store(&history->reopening, false);
	return r;
}

/* Without its requestId the end of a Started row could not be told from another operation. */
const char *
operation_lacks(const struct operation *row)
{
	if (row->actor.len == 0 || row->operation.len == 0)
		return "an operation needs its actor and its operation";
	if (!row->request_id.ptr && row->end_ms == TIME_NONE && str_equal_nocase(row->outcome, STR("Started")))
		return "a Started operation needs its requestId";
	return NULL;
}

/* Rows to enter, by whoever waits for it. */
struct rows {
	const struct operation *rows;
	size_t count;
	int64_t now_ms;
};

static int
rows_run(void *context, struct history_writer *writer)
{
	const struct rows *rows = context;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->count; i++)
		r = writer_record(writer, &rows->rows[i], rows->now_ms);
	return r;
}

static int
check_times(const struct operation *row, size_t place, int64_t latest_ms, struct error *err)
{
	bool start = row->start_ms > latest_ms;
	char time[TIME_TEXT_SIZE];

	if (!start && row->end_ms <= latest_ms)
		return 0;
	time_format_instant(start ? row->start_ms : row->end_ms, time);
	return error_set(err, ERROR_RANGE, NULL, "row %zu: %s is too far ahead (max_future_s): got '%s'", place,
	                 start ? "starttime" : "endtime", time);
}

int64_t
history_latest(const struct history *history, int64_t now_ms)
{
	return history->options.future_ms ? later(now_ms, history->options.future_ms) : INT64_MAX;
}

int
operations_check(const struct operation *rows, size_t count, int64_t latest_ms, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct str texts[] = {rows[i].actor,      rows[i].operation,     rows[i].target, rows[i].clname,
		                            rows[i].request_id, rows[i].subrequest_id, rows[i].outcome};

		for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
			if (texts[j].len > TEXT_MAX)
				return error_set(err, ERROR_LIMIT, NULL, "row %zu: a text of %zu bytes, more than %d",
				                 i, texts[j].len, TEXT_MAX);
		}
		if (rows[i].message.len > MESSAGE_MAX)
			return error_set(err, ERROR_LIMIT, NULL, "row %zu: a message of %zu bytes, more than %d", i,
			                 rows[i].message.len, MESSAGE_MAX);
		if (check_times(&rows[i], i, latest_ms, err) != 0)
			return -ERROR_RANGE;
	}
	return 0;
}

int
history_record(struct history *history, const struct operation *rows, size_t count, int64_t now_ms, struct error *err)
{
	struct rows all = {rows, count, now_ms};
	int r = operations_check(rows, count, history_latest(history, now_ms), err);

	if (r != 0 || count == 0)
		return r;
	return history_transact(history, rows_run, &all, err);
}

/* Rows that outlive their caller. */
struct rows_job {
	struct history_job job;
	struct rows rows;
	void (*done)(void *context, const struct error *err);
	void *context;
	struct arena arena; /* holds the job too */
};

static int
rows_job_run(struct history_job *job, struct history_writer *writer)
{
	return rows_run(&((struct rows_job *)job)->rows, writer);
}

static void
rows_job_done(struct history_job *job)
{
	struct rows_job *rows = (struct rows_job *)job;
	struct arena arena = rows->arena;

	rows->done(rows->context, &job->err);
	arena_free(&arena);
}

static struct operation *
rows_copy(struct arena *arena, const struct operation *rows, size_t count)
{
	struct operation *copy = arena_array(arena, count, sizeof(*copy));

	for (size_t i = 0; copy && i < count; i++) {
		struct operation *row = &copy[i];

		*row = rows[i];
		if (!arena_copy(arena, &row->actor) || !arena_copy(arena, &row->operation) ||
		    !arena_copy(arena, &row->target) || !arena_copy(arena, &row->clname) ||
		    !arena_copy(arena, &row->request_id) || !arena_copy(arena, &row->subrequest_id) ||
		    !arena_copy(arena, &row->outcome) || !arena_copy(arena, &row->message))
			return NULL;
	}
	return copy;
}

int
history_record_async(struct history *history, const struct operation *rows, size_t count, int64_t now_ms,
                     void (*done)(void *context, const struct error *err), void *context, struct error *err)
{
	struct rows_job *job;
	struct operation *copy = NULL;
	struct arena arena;
	int r = operations_check(rows, count, history_latest(history, now_ms), err);

	if (r != 0)
		return r;
	arena_init(&arena, 0);
	job = arena_alloc(&arena, sizeof(*job));
	if (job)
		copy = rows_copy(&arena, rows, count);
	if (!copy) {
		arena_free(&arena);
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	*job = (struct rows_job){
		.job = {.run = rows_job_run, .done = rows_job_done},
		.rows = {copy, count, now_ms},
		.done = done,
		.context = context,
		.arena = arena,
	};
	r = history_submit(history, &job->job, err);
	if (r != 0)
		arena_free(&arena);
	return r;
}

struct store_txn *
history_writer_txn(struct history_writer *writer)
{
	return writer->txn;
}

struct store_txn *
history_reader_txn(struct history_reader *reader)
{
	assert(reader->snapshot);
	return reader->txn;
}

struct hash128
history_identity(const struct history *history)
{
	const struct str text = STR("identity");

	return hash_parts(&history->key, &text, 1);
}

uint64_t
history_newest_record(struct history_reader *reader)
{
	struct history_state state;

	assert(reader->snapshot);
	return state_read(reader->txn, &reader->history->key, &state) == 0 ? state.next_number - 1 : 0;
}

unsigned
history_shared_table(enum history_shared table)
{
	return HISTORY_TABLES + (unsigned)table;
}
