/* login_queue - credentials checked on a thread of its own, one at a time, and the right ones remembered for some minutes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/login_queue.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KNOWN_SLOTS 1024
#define JOBS_MAX 256      /* credentials that may wait */
#define ADDRESS_JOBS 8    /* of one address */
#define WAITERS_MAX 4096  /* requests with these credentials */
#define ADDRESSES 64      /* whose failures are remembered */
#define DELAY_FIRST_MS 50 /* after the first failure of an address; doubled by each, up to */
#define DELAY_MAX_MS 1000
#define FORGIVE_MS 60000 /* an address without a failure for so long starts anew */

/* Credentials that wait to be checked, and the requests that wait for the result. */
struct waiter {
	struct waiter *next;
	void (*done)(void *context, bool good);
	void *context;
};

struct job {
	struct job *next;
	struct hash128 hash;
	uint64_t generation; /* of the files, when it was added */
	bool known;          /* they were right before: they go first */
	struct waiter *waiters;
	size_t waiter_count;
	char address[64], id[64];
	struct str authorization;
	char bytes[]; /* authorization's */
};

struct failing_address {
	char text[64];
	unsigned failures;
	int64_t last_ms, due_ms; /* of the last failure; when the next check may begin */
};

struct login_queue {
	login_check check;
	void *context;
	pthread_mutex_t lock; /* guards what follows; not held while credentials are checked */
	pthread_cond_t filled;
	struct known_login *known; /* KNOWN_SLOTS, whatever worker asked */
	uint64_t known_generation;
	struct job *jobs;
	size_t job_count;
	struct failing_address addresses[ADDRESSES];
	bool stopping, started;
	pthread_t thread;
};

/* Under the lock: the row of an address, or the one that failed least recently, made its own. */
static struct failing_address *
address_row(struct login_queue *logins, const char *text)
{
	struct failing_address *oldest = &logins->addresses[0];

	for (size_t i = 0; i < ADDRESSES; i++) {
		struct failing_address *row = &logins->addresses[i];

		if (strcmp(row->text, text) == 0)
			return row;
		if (row->last_ms < oldest->last_ms)
			oldest = row;
	}
	*oldest = (struct failing_address){0};
	(void)snprintf(oldest->text, sizeof(oldest->text), "%s", text);
	return oldest;
}

/* Under the lock: the row of an address that has failed lately, or NULL. */
static struct failing_address *
address_find(struct login_queue *logins, const char *text)
{
	for (size_t i = 0; i < ADDRESSES; i++)
		if (logins->addresses[i].failures && strcmp(logins->addresses[i].text, text) == 0)
			return &logins->addresses[i];
	return NULL;
}

/* Under the lock. */
static void
note_failure(struct login_queue *logins, const char *text, int64_t now_ms)
{
	struct failing_address *row = address_row(logins, text);
	unsigned shift;

	if (now_ms - row->last_ms > FORGIVE_MS)
		row->failures = 0;
	shift = row->failures < 16 ? row->failures : 16;
	row->failures++;
	row->last_ms = now_ms;
	row->due_ms = now_ms + (DELAY_FIRST_MS << shift < DELAY_MAX_MS ? DELAY_FIRST_MS << shift : DELAY_MAX_MS);
}

/*
 * Under the lock: takes the job to check next, or says when one may be. Known credentials go first; then those of the
 * address with the fewest failures, so that one that guesses does not keep others waiting.
 */
static struct job *
login_take_job(struct login_queue *logins, int64_t now_ms, int64_t *ret_due_ms)
{
	struct job **best = NULL;
	unsigned best_rank = 0;

	*ret_due_ms = INT64_MAX;
	for (struct job **at = &logins->jobs; *at; at = &(*at)->next) {
		const struct failing_address *row = (*at)->known ? NULL : address_find(logins, (*at)->address);
		unsigned rank = (*at)->known ? 0 : 1 + (row ? row->failures : 0);

		if (row && row->due_ms > now_ms && !logins->stopping) {
			if (row->due_ms < *ret_due_ms)
				*ret_due_ms = row->due_ms;
		} else if (!best || rank < best_rank) {
			best = at;
			best_rank = rank;
		}
	}
	if (best) {
		struct job *job = *best;

		*best = job->next;
		logins->job_count--;
		return job;
	}
	return NULL;
}

/* Under the lock. What was checked by files that have been replaced since is not kept. */
static void
remember(struct login_queue *logins, const struct job *job, const struct identity *identity, int64_t until_ms)
{
	if (logins->known_generation == job->generation)
		logins->known[job->hash.lo % KNOWN_SLOTS] = (struct known_login){job->hash, until_ms, *identity};
}

void
login_queue_forget(struct login_queue *logins, uint64_t generation)
{
	pthread_mutex_lock(&logins->lock);
	for (size_t i = 0; i < KNOWN_SLOTS; i++)
		logins->known[i].until_ms = 0; /* the hash stays: who was right before is checked first */
	logins->known_generation = generation;
	pthread_mutex_unlock(&logins->lock);
}

static void
job_end(struct job *job, bool good)
{
	while (job->waiters) {
		struct waiter *waiter = job->waiters;

		job->waiters = waiter->next;
		waiter->done(waiter->context, good);
		free(waiter);
	}
	explicit_bzero(job->bytes, job->authorization.len);
	free(job);
}

/* The lock is held before and after, and not while the hash is made. */
static void
work(struct login_queue *logins, struct job *job)
{
	const struct login_question asked = {
		.authorization = job->authorization,
		.address = str_from(job->address),
		.id = job->id[0] ? str_from(job->id) : STR_NONE,
		.hash = job->hash,
	};
	bool stopping = logins->stopping, good;
	struct identity identity;
	int64_t until_ms = 0;

	pthread_mutex_unlock(&logins->lock);
	good = !stopping && logins->check(logins->context, &asked, &identity, &until_ms);
	pthread_mutex_lock(&logins->lock);
	if (good)
		remember(logins, job, &identity, until_ms);
	else if (!stopping)
		note_failure(logins, job->address, clock_monotonic_ms());
	pthread_mutex_unlock(&logins->lock);
	job_end(job, good);
	pthread_mutex_lock(&logins->lock);
}

static void *
login_main(void *argument)
{
	struct login_queue *logins = argument;

	pthread_mutex_lock(&logins->lock);
	for (;;) {
		int64_t due_ms;
		struct job *job = login_take_job(logins, clock_monotonic_ms(), &due_ms);
		struct timespec until = {due_ms / 1000, due_ms % 1000 * 1000000};

		if (job)
			work(logins, job);
		else if (logins->stopping)
			break;
		else if (due_ms == INT64_MAX)
			pthread_cond_wait(&logins->filled, &logins->lock);
		else
			(void)pthread_cond_timedwait(&logins->filled, &logins->lock,
			                             &until); /* its time is over, or not */
	}
	pthread_mutex_unlock(&logins->lock);
	return NULL;
}

int
login_queue_open(login_check check, void *context, struct login_queue **ret, struct error *err)
{
	struct login_queue *logins = calloc(1, sizeof(*logins));
	pthread_condattr_t monotonic;

	if (!logins)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	logins->check = check;
	logins->context = context;
	pthread_mutex_init(&logins->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&logins->filled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	logins->known = calloc(KNOWN_SLOTS, sizeof(*logins->known));
	logins->started = logins->known && pthread_create(&logins->thread, NULL, login_main, logins) == 0;
	if (!logins->started) {
		login_queue_close(logins);
		return error_set(err, ERROR_MEMORY, NULL, "cannot start the thread that checks credentials");
	}
	*ret = logins;
	return 0;
}

void
login_queue_stop(struct login_queue *logins)
{
	if (!logins)
		return;
	pthread_mutex_lock(&logins->lock);
	logins->stopping = true;
	pthread_cond_signal(&logins->filled);
	pthread_mutex_unlock(&logins->lock);
	if (logins->started)
		pthread_join(logins->thread, NULL);
	logins->started = false;
}

void
login_queue_close(struct login_queue *logins)
{
	if (!logins)
		return;
	login_queue_stop(logins);
	free(logins->known);
	pthread_cond_destroy(&logins->filled);
	pthread_mutex_destroy(&logins->lock);
	free(logins);
}

static bool
is_login(const struct known_login *known, struct hash128 hash)
{
	return known->hash.lo == hash.lo && known->hash.hi == hash.hi;
}

bool
login_queue_find(struct login_queue *logins, struct hash128 hash, uint64_t generation, int64_t now_ms,
                 struct known_login *ret)
{
	const struct known_login *known = &logins->known[hash.lo % KNOWN_SLOTS];
	bool found;

	pthread_mutex_lock(&logins->lock);
	found = logins->known_generation == generation && known->until_ms > now_ms && is_login(known, hash);
	if (found)
		*ret = *known;
	pthread_mutex_unlock(&logins->lock);
	return found;
}

static struct job *
login_job_new(const struct login_question *asked)
{
	struct job *job = calloc(1, sizeof(*job) + asked->authorization.len + 1);

	if (!job)
		return NULL;
	memcpy(job->bytes, asked->authorization.ptr, asked->authorization.len);
	job->authorization = (struct str){job->bytes, asked->authorization.len};
	job->hash = asked->hash;
	(void)snprintf(job->address, sizeof(job->address), "%.*s", STR_ARG(asked->address));
	(void)snprintf(job->id, sizeof(job->id), "%.*s", STR_ARG(asked->id));
	return job;
}

/* Under the lock: the job for these credentials, made when there is none. */
static struct job *
job_for(struct login_queue *logins, const struct login_question *asked, struct error *err)
{
	size_t of_address = 0;
	struct job **at = &logins->jobs, *job;

	for (; *at; at = &(*at)->next) {
		if ((*at)->hash.lo == asked->hash.lo && (*at)->hash.hi == asked->hash.hi &&
		    (*at)->generation == logins->known_generation)
			return *at;
		of_address += str_is(asked->address, (*at)->address);
	}
	if (logins->job_count >= JOBS_MAX || of_address >= ADDRESS_JOBS) {
		(void)error_set(err, ERROR_BUSY, NULL, "too many credentials wait to be checked: try again");
		return NULL;
	}
	job = login_job_new(asked);
	if (!job) {
		(void)error_set(err, ERROR_MEMORY, NULL, "out of memory");
		return NULL;
	}
	job->generation = logins->known_generation;
	job->known = is_login(&logins->known[asked->hash.lo % KNOWN_SLOTS], asked->hash);
	*at = job;
	logins->job_count++;
	return job;
}

int
login_queue_add(struct login_queue *logins, const struct login_question *asked, void (*done)(void *context, bool good),
                void *context, struct error *err)
{
	struct waiter *waiter = malloc(sizeof(*waiter));
	struct job *job = NULL;
	int r = 0;

	if (!waiter)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	pthread_mutex_lock(&logins->lock);
	if (logins->stopping)
		r = error_set(err, ERROR_BUSY, NULL, "the service stops");
	else if (!(job = job_for(logins, asked, err)))
		r = -(int)err->code;
	else if (job->waiter_count >= WAITERS_MAX)
		r = error_set(err, ERROR_BUSY, NULL, "too many requests wait for these credentials");
	if (r == 0) {
		*waiter = (struct waiter){job->waiters, done, context};
		job->waiters = waiter;
		job->waiter_count++;
		pthread_cond_signal(&logins->filled);
	}
	pthread_mutex_unlock(&logins->lock);
	if (r != 0)
		free(waiter);
	return r;
}
