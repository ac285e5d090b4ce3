/* committer - the committer: one thread that takes all that waits into one transaction */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/committer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "engine/history/cache.h"
#include "engine/history/history_clock.h"
#include "engine/history/history_priv.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/write.h"

#define EXPIRE_MOST 256 /* leases ended by one transaction */
#define PRUNE_MOST 1024 /* records looked at by one transaction */
#define MAP_KEPT 64     /* the part of the map that is left for what ends */
#define PATIENCE 4      /* the part of a commit's time for which the next one waits for more to take along */
#define PATIENCE_MOST_NS 2000000
#define BUSY_ROUNDS 64 /* groups after which the store is looked after even under load */

const uint32_t history_bucket_us[HISTORY_BUCKETS] = {100,   250,   500,   1000,   2500,   5000,
                                                     10000, 25000, 50000, 100000, 250000, 1000000};

const uint32_t history_bucket_jobs[HISTORY_GROUP_BUCKETS] = {1, 2, 5, 10, 20, 50, 100, 200, 500};

/*
 * Group commit. Jobs queue up while a commit is on its way to the disk; the next transaction takes all of them, so
 * the cost of a commit is shared by as many as wait. Their answers are given only after the commit.
 *
 * A job that fails without having written anything fails alone. One that fails halfway spoils the transaction: it is
 * given up, and every job of the group is run again in a transaction of its own.
 */

static int
run_job(struct history_job *job, struct history_writer *writer, bool full)
{
	int r;

	if (full && !job->ends)
		return error_set(&job->err, ERROR_FULL, NULL, "the database is at its limit (max_bytes)");
	r = job->run(job, writer);
	if (r == 0)
		r = store_failed(writer->txn);
	if (r != 0)
		(void)error_set(&job->err, error_from(r), NULL, "cannot write the operation history: %s",
		                error_name(error_from(r)));
	return r;
}

static int
writer_begin(struct history *history, struct history_writer *writer, struct error *err)
{
	int r = store_write(history->store, &writer->txn, err);

	if (r != 0)
		return r;
	r = state_read(writer->txn, &history->key, &writer->state);
	if (r == 0 && history->clock_due)
		r = clock_begin(history, writer->txn);
	if (r != 0) {
		store_abort(writer->txn);
		return error_set(err, error_from(r), NULL, "cannot read the state record of the operation history: %s",
		                 error_name(error_from(r)));
	}
	clock_look(history);
	writer->commit = store_state(writer->txn);
	hot_begin(&history->hot, writer->commit);
	history_learn(history, &writer->state);
	return 0;
}

static void
writer_give_up(struct history_writer *writer)
{
	store_abort(writer->txn);
	hot_forget(&writer->history->hot, writer->commit);
}

size_t
history_limit(const struct history *history, size_t map_bytes)
{
	size_t most = map_bytes - map_bytes / MAP_KEPT;

	return history->options.max_bytes && history->options.max_bytes < most ? history->options.max_bytes : most;
}

/* Whether the database has reached its limit. The free pages are counted only when the file is that large. */
static bool
is_full(struct history *history)
{
	struct history_reader *reader = history->own_reader;
	struct store_info info;
	size_t most;
	int r;

	if (store_info(history->store, NULL, &info) != 0)
		return false; /* the transaction will tell */
	most = history_limit(history, info.map_bytes);
	if (info.used_bytes < most)
		return false;
	if (history_reader_begin(reader) != 0)
		return true;
	r = store_info(history->store, reader->txn, &info);
	history_reader_end(reader);
	return r != 0 || info.used_bytes >= most;
}

static int
writer_commit(struct history_writer *writer, struct error *err)
{
	int64_t window_ms = atomic_load(&writer->history->window_ms);
	int r;

	if (window_ms > writer->state.window_ms)
		writer->state.window_ms = window_ms;
	r = state_write(writer->txn, &writer->history->key, &writer->state);
	if (r == 0 && writer->history->clock_due)
		r = clock_keep(writer->history, writer->txn);
	if (r != 0) {
		writer_give_up(writer);
		return error_set(err, error_from(r), NULL, "cannot write the operation history");
	}
	r = store_commit(writer->txn, err);
	if (r != 0) {
		hot_forget(&writer->history->hot, writer->commit); /* what was written is lost */
		return r;
	}
	writer->history->clock_due = false;
	hot_commit(&writer->history->hot, writer->commit);
	history_learn(writer->history, &writer->state);
	return 0;
}

static void
count_commit(struct history *history, int r, int64_t started_ns)
{
	struct history_counters *counters = &history->counters;
	int64_t taken_ns = clock_monotonic_ns() - started_ns;
	size_t bucket = 0;

	while (bucket < HISTORY_BUCKETS && taken_ns > (int64_t)history_bucket_us[bucket] * 1000)
		bucket++;
	atomic_fetch_add_explicit(r == 0 ? &counters->commits : &counters->failures, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counters->latency[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counters->nanoseconds, (uint64_t)taken_ns, memory_order_relaxed);
	history->patience_ns = taken_ns / PATIENCE < PATIENCE_MOST_NS ? taken_ns / PATIENCE : PATIENCE_MOST_NS;
}

/* A commit that carried requests. */
static void
count_group(struct history *history, size_t jobs)
{
	struct history_counters *counters = &history->counters;
	size_t bucket = 0;

	if (jobs == 0)
		return;
	while (bucket < HISTORY_GROUP_BUCKETS && jobs > history_bucket_jobs[bucket])
		bucket++;
	atomic_fetch_add_explicit(&counters->group[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counters->grouped, jobs, memory_order_relaxed);
}

/* Does the work that is due before any job: leases that have ended, and from time to time old rows. */
static int
do_chores(struct history_writer *writer, bool idle)
{
	struct history *history = writer->history;
	int64_t keep_ms = history->options.retention_ms, window_ms = atomic_load(&history->window_ms), now_ms,
		before_ms;
	size_t removed = 0;
	int r;

	if (history->options.untended || !(history->options.clock || history->options.carried))
		return 0;
	now_ms = history_now(history);
	r = writer_expire(writer, now_ms, EXPIRE_MOST);
	if (r != 0 || !idle || keep_ms == 0)
		return r;
	before_ms = later(now_ms, -(keep_ms > window_ms ? keep_ms : window_ms));
	r = writer_prune(writer, before_ms, PRUNE_MOST, &history->prune_at, &removed);
	if (removed && before_ms - 1 > writer->state.pruned_ms)
		writer->state.pruned_ms = before_ms - 1;
	atomic_fetch_add_explicit(&history->counters.pruned, removed, memory_order_relaxed);
	return r;
}

static void
notify_changes(const struct history_writer *writer)
{
	const struct history_options *options = &writer->history->options;

	if (writer->changes)
		options->changed(options->changed_context, writer->changes);
}

static void
notify_lapsed(const struct history_writer *writer)
{
	const struct history_options *options = &writer->history->options;

	for (const struct lapsed *lapsed = writer->lapsed; lapsed; lapsed = lapsed->next)
		options->expired(options->expired_context, lapsed->id, &lapsed->row, lapsed->expires_ms);
}

/*
 * Chores and all jobs of the list in one transaction. 0 when it was committed or nothing was to be; 1 when the jobs
 * must be done one by one.
 */
static int
try_group(struct history *history, struct history_job *first, bool full, char *scratch, struct error *err)
{
	struct history_writer writer = {.history = history, .scratch = scratch};
	int64_t started_ns = clock_monotonic_ns();
	size_t jobs = 0;
	int r;

	arena_reset(&history->lapsed_arena);
	writer.changes_tail = &writer.changes;
	r = writer_begin(history, &writer, err);

	if (r == 0) {
		r = do_chores(&writer, first == NULL);
		if (r != 0) {
			writer_give_up(&writer);
			r = error_set(err, error_from(r), NULL, "cannot read the operation history: %s",
			              error_name(error_from(r)));
		}
	}
	if (r != 0)
		return r;
	for (struct history_job *job = first; job; job = job->next) {
		size_t changes = store_changes(writer.txn);

		atomic_fetch_add_explicit(&history->counters.jobs, 1, memory_order_relaxed);
		jobs++;
		if (run_job(job, &writer, full) != 0 && store_changes(writer.txn) != changes) {
			writer_give_up(&writer);
			return 1;
		}
	}
	if (store_changes(writer.txn) == 0 && writer.state.window_ms >= atomic_load(&history->window_ms) &&
	    !atomic_load(&history->failing)) { /* after a failure the next one shows whether it is over */
		writer_give_up(&writer);
		return 0;
	}
	r = writer_commit(&writer, err);
	count_commit(history, r, started_ns);
	if (r == 0) {
		count_group(history, jobs);
		notify_changes(&writer);
		notify_lapsed(&writer);
	}
	return r;
}

/* A row entered into a file that is no longer at its path would be lost at the next start: it is refused. */
static int
look_at_file(struct history *history, struct error *err)
{
	bool moved = store_has_moved(history->store);

	/* Before anybody is told: release, see history_is_refusing. */
	atomic_store_explicit(&history->moved, moved, memory_order_release);
	if (!moved)
		return 0;
	return error_set(err, ERROR_IO, NULL,
	                 "the database file was moved, removed or replaced: put it back, or restart the service");
}

static int
commit_group(struct history *history, struct history_job *first, char *scratch, struct error *err)
{
	bool full = is_full(history);
	int r = look_at_file(history, err);

	if (r == 0)
		r = try_group(history, first, full, scratch, err);
	if (r == 0 && first)
		r = look_at_file(history, err); /* before any of them is acknowledged */

	/* Before anybody is told: release, see history_is_refusing. */
	atomic_store_explicit(&history->full, full, memory_order_release);
	if (r <= 0)
		atomic_store_explicit(&history->failing, r < 0, memory_order_release);
	return r;
}

static void
forget_errors(struct history_job *first)
{
	for (struct history_job *job = first; job; job = job->next)
		job->err = (struct error){0};
}

/* The error of the whole group, where a job has none of its own. */
static void
fail_jobs(struct history_job *first, const struct error *err)
{
	for (struct history_job *job = first; job; job = job->next) {
		if (!job->err.code)
			job->err = *err;
	}
}

static void
commit_each(struct history *history, struct history_job *first, char *scratch)
{
	for (struct history_job *job = first, *next; job; job = next) {
		struct error err = {0};
		int r;

		next = job->next;
		job->next = NULL;
		r = commit_group(history, job, scratch, &err);
		if (r < 0)
			fail_jobs(job, &err);
		job->next = next;
	}
}

static void
committer_finish(struct history_job *first)
{
	for (struct history_job *job = first, *next; job; job = next) {
		next = job->next;
		job->done(job);
	}
}

static void
commit_jobs(struct history *history, struct history_job *first, char *scratch)
{
	struct error err = {0};
	int r;

	if (store_is_broken(history->store))
		(void)history_reopen(history, NULL); /* when it fails, the next call says so */
	r = commit_group(history, first, scratch, &err);
	if (r == 1) {
		forget_errors(first);
		commit_each(history, first, scratch);
	} else if (r < 0) {
		fail_jobs(first, &err);
	}
	committer_finish(first);
}

/* Housekeeping: a store that must be opened again, slots of dead readers, leases and old rows. */
static void
look_after(struct history *history, char *scratch)
{
	struct error err = {0};

	if (store_is_broken(history->store) && history_reopen(history, NULL) != 0)
		return; /* tried again the next time, like all of it */
	(void)store_check_readers(history->store);
	(void)commit_group(history, NULL, scratch, &err);
	history_refresh(history);
}

struct committer {
	struct history *history;
	char scratch[RECORD_MAX];
};

static void *
committer_main(void *argument)
{
	struct committer *committer = argument;
	unsigned rounds = 0;
	bool stop = false;

	while (!stop) {
		struct history_job *first = queue_take(committer->history, &stop);

		atomic_fetch_add_explicit(&committer->history->counters.rounds, 1, memory_order_relaxed);
		if (first)
			commit_jobs(committer->history, first, committer->scratch);
		if (!stop && (!first || ++rounds % BUSY_ROUNDS == 0))
			look_after(committer->history, committer->scratch);
	}
	free(committer);
	return NULL;
}

int
committer_start(struct history *history, struct error *err)
{
	struct committer *committer;
	int rc, r = history_reader_open(history, &history->own_reader, err);

	if (r != 0)
		return r;
	committer = calloc(1, sizeof(*committer));
	if (committer)
		committer->history = history;
	rc = committer ? pthread_create(&history->committer, NULL, committer_main, committer) : ENOMEM;
	if (rc != 0) {
		free(committer);
		history_reader_close(history->own_reader);
		return error_set(err, ERROR_MEMORY, NULL, "cannot start the committer: %s", strerror(rc));
	}
	history->started = true;
	return 0;
}

void
committer_stop(struct history *history)
{
	if (!history->started)
		return;
	pthread_mutex_lock(&history->queue_lock);
	history->stopping = true;
	pthread_cond_signal(&history->queue_filled);
	pthread_mutex_unlock(&history->queue_lock);
	pthread_join(history->committer, NULL);
	history_reader_close(history->own_reader);
	history->started = false;
}

uint64_t
history_rounds(struct history *history)
{
	return atomic_load_explicit(&history->counters.rounds, memory_order_relaxed);
}
