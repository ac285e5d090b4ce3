/* job_queue - jobs on their way to the committer, and waiting for their end */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <semaphore.h>
#include <time.h>

#include "base/clock.h"
#include "engine/history/cache.h"
#include "engine/history/committer.h"
#include "engine/history/history_priv.h"
#include "engine/history/write.h"

#define QUEUE_MOST 65536 /* jobs that may wait */
#define GROUP_MOST 4096  /* jobs of one transaction */
#define GAP_NS 100000    /* when nobody came for so long, nobody is expected any more */
#define IDLE_S 1         /* how often the committer looks after the store when nobody asks */

/*
 * Under the lock, with some jobs there: a little longer for those that are to be expected, as long as they keep coming.
 * Callers who were answered by the last commit mostly come again, while others have queued up meanwhile: without this
 * wait the two take turns, half of them in each commit. A lone caller never waits, for nobody else is expected.
 */
static void
await_others(struct history *history)
{
	int64_t now_ns = clock_monotonic_ns(), end_ns = now_ns + history->patience_ns;
	size_t before = 0;

	while (history->waiting > before && history->waiting < history->expected && now_ns < end_ns &&
	       !history->stopping) {
		const struct timespec until = {(now_ns + GAP_NS) / 1000000000, (now_ns + GAP_NS) % 1000000000};

		before = history->waiting;
		(void)pthread_cond_timedwait(&history->queue_filled, &history->queue_lock, &until); /* or its end */
		now_ns = clock_monotonic_ns();
	}
}

struct history_job *
queue_take(struct history *history, bool *ret_stop)
{
	struct history_job *first, *last = NULL;
	struct timespec until;
	size_t taken = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock; only for the wait below */
	until.tv_sec += IDLE_S;
	pthread_mutex_lock(&history->queue_lock);
	history->expected += history->waiting; /* to those of the last transaction, those who came during it */
	while (!history->queue_first && !history->stopping) {
		if (pthread_cond_timedwait(&history->queue_filled, &history->queue_lock, &until) == ETIMEDOUT)
			break;
	}
	if (history->queue_first && history->options.durable)
		await_others(history); /* worth it only where a commit waits for the disk */
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
	history->expected = taken;
	*ret_stop = history->stopping && !first;
	pthread_mutex_unlock(&history->queue_lock);
	return first;
}

int
history_submit(struct history *history, struct history_job *job, struct error *err)
{
	bool full;

	if (history_is_verifying(history))
		return error_set(err, ERROR_BUSY, NULL,
		                 "the database is being verified after a stop that was not clean: try again later");
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
		if (history->waiting == 1 || history->waiting == history->expected)
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
history_run(struct history *history, int (*run)(void *context, struct history_writer *writer), void *context, bool ends,
            struct error *err)
{
	struct waiting_job waiting = {
		.job = {.run = waiting_run, .done = waiting_done, .ends = ends}, .run = run, .context = context};
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

int
history_transact(struct history *history, int (*run)(void *context, struct history_writer *writer), void *context,
                 struct error *err)
{
	return history_run(history, run, context, false, err);
}
