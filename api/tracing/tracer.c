/* tracer - spans of requests, sent in batches to a collector as OTLP */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/tracing/tracer.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "api/process/log.h"
#include "api/process/sender.h"
#include "api/tracing/otlp.h"

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
	struct sender sender;
	bool failing;
	atomic_uint_fast64_t sent, dropped, failures; /* relaxed: figures */
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

static void
note_export(struct tracer *tracer, bool good)
{
	if (!good)
		atomic_fetch_add_explicit(&tracer->failures, 1, memory_order_relaxed);
	if (!good && !tracer->failing)
		log_line(tracer->settings, LOG_LEVEL_WARNING, "cannot send traces to %s: status %u",
		         tracer->settings->trace_url, tracer->sender.status);
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
		if (i > 0 && !sender_rest(&tracer->sender, (int64_t)RETRY_MS << i))
			break;
		good = sender_post(&tracer->sender, STR("spans"), tracer->settings->trace_url, body,
		                   stopping ? 1000 : SEND_MS, false);
		note_export(tracer, good);
	}
	atomic_fetch_add_explicit(good ? &tracer->sent : &tracer->dropped, count, memory_order_relaxed);
	return good;
}

static void *
tracer_main(void *argument)
{
	struct tracer *tracer = argument;

	while (sender_rest(&tracer->sender, PAUSE_MS)) {
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

	if (!tracer)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	tracer->settings = settings;
	tracer->instance = instance;
	tracer->count = lanes;
	arena_init(&tracer->arena, 0);
	sender_init(&tracer->sender);
	if (sender_connect(&tracer->sender, settings->https_ca, err) == 0 &&
	    !sender_start(&tracer->sender, tracer_main, tracer))
		(void)error_set(err, ERROR_MEMORY, NULL, "cannot start the thread for traces");
	if (!err->code) {
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
	sender_stop(&tracer->sender);
	arena_free(&tracer->arena);
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
