/* tracer - spans of requests, sent in batches to a collector as OTLP */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/tracing/tracer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "api/process/log.h"
#include "api/tracing/otlp.h"
#include "runtime/endpoint/http_client.h"

#define LANE_SPANS 1024
#define BATCH 512
#define PAUSE_MS 500
#define SEND_MS 5000
#define TRIES 3
#define RETRY_MS 200

/* A ring with one writer and one reader: head and tail only grow. */
struct span_lane {
	atomic_uint head; /* the writer's: release, so that the reader sees the span that it counts */
	atomic_uint tail; /* the reader's: release, so that the writer does not write over what is read */
	atomic_uint_fast64_t dropped;
	uint64_t begun; /* the writer's: traces that began here */
	struct span spans[LANE_SPANS];
};

struct tracer {
	const struct settings *settings;
	const char *instance;
	struct http_client *client;
	pthread_t thread;
	bool started, failing;
	atomic_uint_fast64_t sent, dropped, failures; /* relaxed: figures */
	pthread_mutex_t lock;                         /* guards what follows */
	pthread_cond_t wake;
	bool stopping, answered;
	unsigned status; /* HTTP's, 0 when there was no answer */
	/* The thread's. */
	struct arena arena;
	unsigned count; /* lanes */
	struct span batch[BATCH];
	struct span_lane lanes[];
};

void
tracer_add(struct tracer *tracer, unsigned number, const struct span *span)
{
	struct span_lane *lane = &tracer->lanes[number];
	unsigned head = atomic_load_explicit(&lane->head, memory_order_relaxed);

	if (head - atomic_load_explicit(&lane->tail, memory_order_acquire) == LANE_SPANS) {
		atomic_fetch_add_explicit(&lane->dropped, 1, memory_order_relaxed);
		return;
	}
	lane->spans[head % LANE_SPANS] = *span;
	atomic_store_explicit(&lane->head, head + 1, memory_order_release);
}

bool
tracer_samples(struct tracer *tracer, unsigned number)
{
	return tracer->lanes[number].begun++ % (uint64_t)tracer->settings->trace_sample == 0;
}

/* --- sending --- */

static void
tracer_answered(void *context, const struct http_response *response)
{
	struct tracer *tracer = context;

	pthread_mutex_lock(&tracer->lock);
	tracer->answered = true;
	tracer->status = response->why ? 0 : response->status;
	pthread_cond_broadcast(&tracer->wake);
	pthread_mutex_unlock(&tracer->lock);
}

static struct timespec
tracer_moment(int64_t in_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
	until.tv_sec += in_ms / 1000;
	until.tv_nsec += in_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return until;
}

/* False when it ends meanwhile. */
static bool
tracer_rest(struct tracer *tracer, int64_t ms)
{
	struct timespec until = tracer_moment(ms);
	bool stopping;

	pthread_mutex_lock(&tracer->lock);
	while (!tracer->stopping && pthread_cond_timedwait(&tracer->wake, &tracer->lock, &until) == 0)
		;
	stopping = tracer->stopping;
	pthread_mutex_unlock(&tracer->lock);
	return !stopping;
}

static bool
tracer_send(struct tracer *tracer, struct str body, int64_t wait_ms)
{
	const struct http_request request = {
		.id = STR("spans"), .url = str_from(tracer->settings->trace_url), .body = body, .timeout_ms = wait_ms};
	struct timespec until = tracer_moment(wait_ms + 500);
	bool good;

	tracer->answered = false; /* nothing is on its way */
	if (!http_client_send(tracer->client, &request))
		return false;
	pthread_mutex_lock(&tracer->lock);
	while (!tracer->answered && pthread_cond_timedwait(&tracer->wake, &tracer->lock, &until) == 0)
		;
	good = tracer->answered && tracer->status / 100 == 2;
	pthread_mutex_unlock(&tracer->lock);
	http_client_forget(tracer->client, request.id);
	return good;
}

static void
note_export(struct tracer *tracer, bool good)
{
	if (!good)
		atomic_fetch_add_explicit(&tracer->failures, 1, memory_order_relaxed);
	if (!good && !tracer->failing)
		log_line(tracer->settings, LOG_LEVEL_WARNING, "cannot send traces to %s: status %u",
		         tracer->settings->trace_url, tracer->status);
	if (good && tracer->failing)
		log_line(tracer->settings, LOG_LEVEL_INFO, "traces are sent to %s again", tracer->settings->trace_url);
	tracer->failing = !good;
}

/* Up to BATCH spans out of all lanes. */
static size_t
tracer_gather(struct tracer *tracer)
{
	size_t count = 0;

	for (unsigned i = 0; i < tracer->count; i++) {
		struct span_lane *lane = &tracer->lanes[i];
		unsigned head = atomic_load_explicit(&lane->head, memory_order_acquire);
		unsigned tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);

		while (tail != head && count < BATCH)
			tracer->batch[count++] = lane->spans[tail++ % LANE_SPANS];
		atomic_store_explicit(&lane->tail, tail, memory_order_release);
	}
	return count;
}

/* Whether there was a batch. A service that stops tries once, for a second. */
static bool
tracer_export(struct tracer *tracer, bool stopping)
{
	size_t count = tracer_gather(tracer);
	bool good = false;
	struct str body;

	if (count == 0)
		return false;
	arena_reset(&tracer->arena);
	body = otlp_write(tracer->batch, count, tracer->instance, &tracer->arena);
	for (int i = 0; body.ptr && !good && i < (stopping ? 1 : TRIES); i++) {
		if (i > 0 && !tracer_rest(tracer, (int64_t)RETRY_MS << i))
			break;
		good = tracer_send(tracer, body, stopping ? 1000 : SEND_MS);
		note_export(tracer, good);
	}
	atomic_fetch_add_explicit(good ? &tracer->sent : &tracer->dropped, count, memory_order_relaxed);
	return good;
}

static void *
tracer_main(void *argument)
{
	struct tracer *tracer = argument;

	while (tracer_rest(tracer, PAUSE_MS)) {
		while (tracer_export(tracer, false))
			;
	}
	while (tracer_export(tracer, true))
		;
	return NULL;
}

int
tracer_open(const struct settings *settings, unsigned lanes, const char *instance, struct tracer **ret,
            struct error *err)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer) + lanes * sizeof(tracer->lanes[0]));
	pthread_condattr_t monotonic;

	if (!tracer)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	tracer->settings = settings;
	tracer->instance = instance;
	tracer->count = lanes;
	arena_init(&tracer->arena, 0);
	pthread_mutex_init(&tracer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&tracer->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (http_client_open(tracer_answered, tracer, &tracer->client, err) == 0 &&
	    pthread_create(&tracer->thread, NULL, tracer_main, tracer) != 0)
		(void)error_set(err, ERROR_MEMORY, NULL, "cannot start the thread for traces");
	tracer->started = !err->code;
	if (tracer->started) {
		*ret = tracer;
		return 0;
	}
	tracer_close(tracer);
	return -(int)err->code;
}

void
tracer_close(struct tracer *tracer)
{
	if (!tracer)
		return;
	if (tracer->started) {
		pthread_mutex_lock(&tracer->lock);
		tracer->stopping = true;
		pthread_cond_broadcast(&tracer->wake);
		pthread_mutex_unlock(&tracer->lock);
		pthread_join(tracer->thread, NULL);
	}
	http_client_close(tracer->client);
	arena_free(&tracer->arena);
	pthread_cond_destroy(&tracer->wake);
	pthread_mutex_destroy(&tracer->lock);
	free(tracer);
}

void
tracer_figures(const struct tracer *tracer, struct tracer_figures *ret)
{
	*ret = (struct tracer_figures){
		.sent = atomic_load_explicit(&tracer->sent, memory_order_relaxed),
		.dropped = atomic_load_explicit(&tracer->dropped, memory_order_relaxed),
		.failures = atomic_load_explicit(&tracer->failures, memory_order_relaxed),
	};
	for (unsigned i = 0; i < tracer->count; i++)
		ret->dropped += atomic_load_explicit(&tracer->lanes[i].dropped, memory_order_relaxed);
}
