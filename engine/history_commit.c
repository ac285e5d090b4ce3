/* history_commit - the committer: one thread that takes all that waits into one transaction */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "engine/history_priv.h"

#define QUEUE_MOST 65536 /* jobs that may wait */
#define GROUP_MOST 4096  /* jobs of one transaction */
#define IDLE_S 1         /* how often the committer looks after the store when nobody asks */

/*
 * Group commit. Jobs queue up while a commit is on its way to the disk; the next transaction takes all of them, so the cost of a
 * commit is shared by as many as wait. Their answers are given only after the commit.
 *
 * A job that fails without having written anything fails alone. One that fails halfway spoils the transaction: it is
 * given up, and every job of the group is run again in a transaction of its own.
 */

static int
run_job(struct history_job *job, struct history_writer *writer)
{
	int r = job->run(job, writer);

	if (r == 0)
		r = store_failed(writer->txn);
	if (r != 0)
		(void)error_set(&job->err, (enum error_code)-r, NULL, "cannot write the operation history: %s",
		                error_name((enum error_code)-r));
	return r;
}

static int
writer_begin(struct history *history, struct history_writer *writer, struct error *err)
{
	int r = store_write(history->store, &writer->txn, err);

	if (r != 0)
		return r;
	r = state_read(writer->txn, &history->key, &writer->state);
	if (r != 0) {
		store_abort(writer->txn);
		return error_set(err, (enum error_code)-r, NULL, "the state record of the operation history is damaged");
	}
	return 0;
}

static int
writer_commit(struct history_writer *writer, struct error *err)
{
	int r = state_write(writer->txn, &writer->history->key, &writer->state);

	if (r != 0)
		(void)error_set(err, (enum error_code)-r, NULL, "cannot write the operation history");
	if (r != 0) {
		store_abort(writer->txn);
		return r;
	}
	return store_commit(writer->txn, err);
}

/* All jobs of the list in one transaction. 0 when it was committed or nothing was to be; 1 when it must be done one by one. */
static int
commit_group(struct history *history, struct history_job *first, char *scratch, struct error *err)
{
	struct history_writer writer = {.history = history, .scratch = scratch};
	int r = writer_begin(history, &writer, err);

	if (r != 0)
		return r;
	for (struct history_job *job = first; job; job = job->next) {
		size_t changes = store_changes(writer.txn);

		if (run_job(job, &writer) != 0 && store_changes(writer.txn) != changes) {
			store_abort(writer.txn);
			return 1;
		}
	}
	if (store_changes(writer.txn) == 0) {
		store_abort(writer.txn);
		return 0;
	}
	return writer_commit(&writer, err);
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
finish(struct history_job *first)
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
	finish(first);
}

/* Up to GROUP_MOST jobs off the queue; waits for the first. NULL: nothing came for a while, or the end (*ret_stop). */
static struct history_job *
take_jobs(struct history *history, bool *ret_stop)
{
	struct history_job *first, *last = NULL;
	struct timespec until;
	size_t taken = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock; only for the wait below */
	until.tv_sec += IDLE_S;
	pthread_mutex_lock(&history->queue_lock);
	while (!history->queue_first && !history->stopping) {
		if (pthread_cond_timedwait(&history->queue_filled, &history->queue_lock, &until) == ETIMEDOUT)
			break;
	}
	first = history->queue_first;
	for (struct history_job *job = first; job && taken < GROUP_MOST; job = job->next, taken++)
		last = job;
	if (last) {
		history->queue_first = last->next;
		if (!history->queue_first)
			history->queue_last = NULL;
		last->next = NULL;
		history->waiting -= taken;
	}
	*ret_stop = history->stopping && !first;
	pthread_mutex_unlock(&history->queue_lock);
	return first;
}

/* What nobody asks for: slots of readers that died, and a store that must be opened again. */
static void
look_after(struct history *history)
{
	if (store_is_broken(history->store))
		(void)history_reopen(history, NULL); /* tried again the next time */
	else
		(void)store_check_readers(history->store); /* the same */
}

struct committer {
	struct history *history;
	char scratch[RECORD_MAX];
};

static void *
committer_main(void *argument)
{
	struct committer *committer = argument;
	bool stop = false;

	while (!stop) {
		struct history_job *first = take_jobs(committer->history, &stop);

		if (first)
			commit_jobs(committer->history, first, committer->scratch);
		else if (!stop)
			look_after(committer->history);
	}
	free(committer);
	return NULL;
}

int
committer_start(struct history *history, struct error *err)
{
	struct committer *committer = calloc(1, sizeof(*committer));
	int rc;

	if (!committer)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	committer->history = history;
	rc = pthread_create(&history->committer, NULL, committer_main, committer);
	if (rc != 0) {
		free(committer);
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
	history->started = false;
}

int
history_submit(struct history *history, struct history_job *job, struct error *err)
{
	bool full;

	job->next = NULL;
	job->err = (struct error){0};
	pthread_mutex_lock(&history->queue_lock);
	full = history->waiting >= QUEUE_MOST || history->stopping;
	if (!full) {
		if (history->queue_last)
			history->queue_last->next = job;
		else
			history->queue_first = job;
		history->queue_last = job;
		history->waiting++;
		if (history->waiting == 1)
			pthread_cond_signal(&history->queue_filled);
	}
	pthread_mutex_unlock(&history->queue_lock);
	return full ? error_set(err, ERROR_BUSY, NULL, "too many operations wait for the database") : 0;
}

struct waiting_job {
	struct history_job job;
	int (*run)(void *context, struct history_writer *writer);
	void *context;
	sem_t done;
};

static int
waiting_run(struct history_job *job, struct history_writer *writer)
{
	struct waiting_job *waiting = (struct waiting_job *)job;

	return waiting->run(waiting->context, writer);
}

static void
waiting_done(struct history_job *job)
{
	(void)sem_post(&((struct waiting_job *)job)->done); /* cannot pass its maximum */
}

int
history_run(struct history *history, int (*run)(void *context, struct history_writer *writer), void *context,
            struct error *err)
{
	struct waiting_job waiting = {.job = {.run = waiting_run, .done = waiting_done}, .run = run, .context = context};
	int r;

	if (sem_init(&waiting.done, 0, 0) != 0)
		return error_set(err, ERROR_IO, NULL, "no semaphore: %s", strerror(errno));
	r = history_submit(history, &waiting.job, err);
	if (r == 0) {
		while (sem_wait(&waiting.done) != 0)
			; /* a signal */
		if (waiting.job.err.code)
			r = error_set(err, waiting.job.err.code, NULL, "%s", waiting.job.err.text);
	}
	(void)sem_destroy(&waiting.done); /* nobody waits */
	return r;
}
