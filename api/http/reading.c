/* reading - one thread for answers that may be long, so that no HTTP worker makes them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/reading.h"

#include <pthread.h>
#include <stdlib.h>

struct reading {
	struct history_reader *reader; /* the thread's */
	struct arena scratch;          /* the thread's */
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t filled;
	struct reading_job *first, *last;
	bool stopping;
};

/* The next job; NULL when it stops and there is none left. */
static struct reading_job *
take_job(struct reading *reading)
{
	struct reading_job *job;

	pthread_mutex_lock(&reading->lock);
	while (!reading->first && !reading->stopping)
		pthread_cond_wait(&reading->filled, &reading->lock);
	job = reading->first;
	if (job)
		reading->first = job->next;
	if (!reading->first)
		reading->last = NULL;
	pthread_mutex_unlock(&reading->lock);
	return job;
}

static void *
reading_main(void *argument)
{
	struct reading *reading = argument;
	struct reading_job *job;

	while ((job = take_job(reading))) {
		job->run(job, reading->reader, &reading->scratch);
		arena_reset(&reading->scratch);
	}
	return NULL;
}

int
reading_open(struct engine *engine, struct budget *budget, struct reading **ret, struct error *err)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int r;

	if (!reading)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	pthread_mutex_init(&reading->lock, NULL);
	pthread_cond_init(&reading->filled, NULL);
	arena_init(&reading->scratch, 0);
	arena_charge(&reading->scratch, budget, BUDGET_OTHER);
	r = history_reader_open(engine_history(engine), &reading->reader, err);
	if (r == 0 && pthread_create(&reading->thread, NULL, reading_main, reading) != 0)
		r = error_set(err, ERROR_MEMORY, NULL, "cannot start the thread for long answers");
	if (r != 0) {
		reading_close(reading);
		return r;
	}
	reading->started = true;
	*ret = reading;
	return 0;
}

bool
reading_submit(struct reading *reading, struct reading_job *job)
{
	bool stopping;

	job->next = NULL;
	pthread_mutex_lock(&reading->lock);
	stopping = reading->stopping;
	if (!stopping) {
		if (reading->last)
			reading->last->next = job;
		else
			reading->first = job;
		reading->last = job;
		pthread_cond_signal(&reading->filled);
	}
	pthread_mutex_unlock(&reading->lock);
	return !stopping;
}

void
reading_stop(struct reading *reading)
{
	if (!reading)
		return;
	pthread_mutex_lock(&reading->lock);
	reading->stopping = true;
	pthread_cond_signal(&reading->filled);
	pthread_mutex_unlock(&reading->lock);
	if (reading->started)
		pthread_join(reading->thread, NULL);
	reading->started = false;
}

void
reading_close(struct reading *reading)
{
	if (!reading)
		return;
	reading_stop(reading);
	history_reader_close(reading->reader);
	arena_free(&reading->scratch);
	pthread_cond_destroy(&reading->filled);
	pthread_mutex_destroy(&reading->lock);
	free(reading);
}
