/* runtime - the control loop runtime: one thread that owns timers and writes, and the calls that it serves */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/thread/runtime.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "engine/decide/follow.h"
#include "runtime/endpoint/http_client.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/dispatch.h"
#include "runtime/thread/runtime_priv.h"

#define QUEUE_MOST 20000              /* calls that may wait */
#define GROUP_MOST 256                /* calls of one transaction */
#define GROUP_BYTES ((size_t)1 << 20) /* of their bodies, which become trees together; one call may have more */
#define POLL_NS 40000000              /* how often messages and deployments of other processes are looked for */

struct runtime_counts
runtime_counts(const struct runtime *runtime)
{
	return (struct runtime_counts){
		.orders = atomic_load_explicit(&runtime->orders, memory_order_relaxed),
		.repeats = atomic_load_explicit(&runtime->repeats, memory_order_relaxed),
		.requests = atomic_load_explicit(&runtime->requests, memory_order_relaxed),
		.request_failures = atomic_load_explicit(&runtime->request_failures, memory_order_relaxed),
	};
}

uint64_t
runtime_rounds(const struct runtime *runtime)
{
	return atomic_load_explicit(&runtime->rounds, memory_order_relaxed);
}

const struct runtime_options *
runtime_options_of(const struct runtime *runtime)
{
	return &runtime->options;
}

bool
runtime_stands_still(const struct runtime *runtime)
{
	return atomic_load_explicit(&runtime->stands, memory_order_relaxed);
}

/* --- time --- */

static int64_t
multiple_after(const struct runtime *runtime, int64_t ms)
{
	int64_t tick_ms = runtime->options.heart_beat_ms;

	return ms - (ms % tick_ms + tick_ms) % tick_ms + tick_ms;
}

/* The manual clock goes to the target, and stops on the way for every scan and every deadline of a transaction. */
static void
runtime_advance(struct runtime *runtime, struct runtime_call *call)
{
	int64_t at_ms = engine_now(runtime->engine), scan_ms = multiple_after(runtime, at_ms), due_ms;
	char now[TIME_TEXT_SIZE];
	struct text out;

	if (call->target_ms < at_ms) {
		call->err.code = ERROR_CONFLICT;
		(void)snprintf(call->err.text, sizeof(call->err.text), "the clock does not go back");
		call->done(call);
		return;
	}
	for (;;) {
		due_ms = runtime_due(runtime);
		due_ms = due_ms > at_ms ? due_ms : at_ms + 1; /* one that could not be done is tried again */
		at_ms = due_ms < scan_ms ? due_ms : scan_ms;
		if (at_ms > call->target_ms)
			break;
		runtime->options.set_clock(runtime->options.clock_context, at_ms);
		if (at_ms < scan_ms)
			(void)runtime_tick(runtime, true);
		else
			scan_ms = runtime_tick(runtime, false) ? multiple_after(runtime, at_ms) : INT64_MAX;
	}
	runtime->options.set_clock(runtime->options.clock_context, call->target_ms);
	(void)runtime_tick(runtime, true);
	time_format_instant(engine_now(runtime->engine), now);
	text_init(&out, &call->arena);
	text_addf(&out, "{\"now\":\"%s\"}", now);
	call_answer(call, 200, text_done(&out));
	call->done(call);
}

static void
beat(struct runtime *runtime)
{
	int64_t now_ms = engine_now(runtime->engine);

	if (runtime->options.manual)
		return;
	/* Further away than a beat: somebody has put the clock right (history_accept). */
	if (now_ms >= runtime->next_scan_ms || runtime->next_scan_ms > multiple_after(runtime, now_ms)) {
		(void)runtime_tick(runtime, false); /* we are here again soon */
		runtime->next_scan_ms = multiple_after(runtime, now_ms);
	}
	runtime->due_ms = runtime_due(runtime);
	if (runtime->due_ms > now_ms)
		return;
	(void)runtime_tick(runtime, true); /* when it fails, it is tried again after the usual wait */
	runtime->due_ms = INT64_MAX;
}

/* --- the thread --- */

static void
wait_until(struct runtime *runtime)
{
	int64_t wait_ns = POLL_NS, left_ms = runtime->due_ms - engine_now(runtime->engine);
	struct timespec until;

	if (left_ms < POLL_NS / 1000000)
		wait_ns = left_ms > 0 ? left_ms * 1000000 : 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock; only for the wait below */
	wait_ns += until.tv_nsec;
	until.tv_sec += (time_t)(wait_ns / 1000000000);
	until.tv_nsec = (long)(wait_ns % 1000000000);
	while (!runtime->first && !runtime->stopping && !runtime->hurry)
		if (pthread_cond_timedwait(&runtime->filled, &runtime->lock, &until) == ETIMEDOUT)
			break;
}

/* Takes the waiting calls in order: a group of them, or one that moves the clock. */
static struct runtime_call *
take_calls(struct runtime *runtime, bool *ret_stop)
{
	struct runtime_call *first, *last = NULL;
	size_t count = 0, bytes = 0;

	pthread_mutex_lock(&runtime->lock);
	wait_until(runtime);
	first = runtime->first;
	for (struct runtime_call *call = first; call && count < GROUP_MOST && (call->run || !last); call = call->next) {
		bytes += call->raw.len;
		if (last && bytes > GROUP_BYTES)
			break;
		last = call;
		count++;
		if (!call->run)
			break;
	}
	if (last) {
		runtime->first = last->next;
		if (!runtime->first)
			runtime->last = NULL;
		last->next = NULL;
		runtime->waiting -= count;
	}
	*ret_stop = runtime->stopping && !first;
	runtime->hurry = false;
	pthread_mutex_unlock(&runtime->lock);
	return first;
}

static void *
runtime_main(void *argument)
{
	struct runtime *runtime = argument;
	bool stop = false;

	while (!stop) {
		struct runtime_call *calls = take_calls(runtime, &stop);

		atomic_fetch_add_explicit(&runtime->rounds, 1, memory_order_relaxed);
		if (calls && !calls->run)
			runtime_advance(runtime, calls);
		else if (calls)
			runtime_serve(runtime, calls);
		beat(runtime);
		dispatch_look(runtime);
		runtime_poll(runtime);
		if (!calls)
			runtime_look_around(runtime);
		arena_reset(&runtime->arena); /* what a large group took is no reason to hold it */
	}
	for (struct runtime_call *call = runtime->parked, *next; call; call = next) {
		next = call->next;
		call_answer(call, 200, STR("[]"));
		call->done(call);
	}
	return NULL;
}

int
runtime_call(struct runtime *runtime, struct runtime_call *call, struct error *err)
{
	bool full, stopping;

	call->next = NULL;
	pthread_mutex_lock(&runtime->lock);
	stopping = runtime->stopping;
	full = runtime->waiting >= QUEUE_MOST || stopping;
	if (!full) {
		if (runtime->last)
			runtime->last->next = call;
		else
			runtime->first = call;
		runtime->last = call;
		runtime->waiting++;
		pthread_cond_signal(&runtime->filled);
	}
	pthread_mutex_unlock(&runtime->lock);
	return full ? error_set(err, ERROR_BUSY, NULL,
	                        stopping ? "the service is stopping" : "too many requests wait for the runtime")
	            : 0;
}

/* A manual clock stands where it stood last. Before the thread runs, which has the reader from then on. */
static int
restore_clock(struct runtime *runtime, struct error *err)
{
	int64_t stood_ms = TIME_NONE;
	struct arena arena;
	struct txn txn;
	struct str value;
	int r = history_reader_begin(runtime->reader);

	arena_init(&arena, 0);
	if (r == 0) {
		runtime_read(runtime, runtime->reader, &arena, &txn);
		if (txn_get(&txn, STR("Mclock"), &value) && value.len == 8)
			stood_ms = store_unpack_i64(value.ptr);
		r = txn.failed;
	}
	history_reader_end(runtime->reader);
	arena_free(&arena);
	if (r != 0)
		return error_set(err, error_from(r), NULL, "cannot read the runtime's clock");
	if (stood_ms > engine_now(runtime->engine))
		runtime->options.set_clock(runtime->options.clock_context, stood_ms);
	return 0;
}

/* Where actors are; and the client, if one of them has a URL. */
static int
open_endpoints(struct runtime *runtime, struct error *err)
{
	const struct runtime_options *options = &runtime->options;
	bool url = false;
	int r = actors_read(options->actors, options->actor_count, &runtime->endpoints, &runtime->actors, err);

	for (size_t i = 0; r == 0 && i < runtime->actors.count; i++)
		url = url || runtime->actors.endpoints[i].url.ptr;
	return url ? http_client_open(dispatch_done, runtime, options->authorities, &runtime->client, err) : r;
}

/* A thread that waits for a deployment of another process: the runtime's looks at once. */
static void
behind(void *context)
{
	struct runtime *runtime = context;

	pthread_mutex_lock(&runtime->lock);
	runtime->hurry = true;
	pthread_cond_signal(&runtime->filled);
	pthread_mutex_unlock(&runtime->lock);
}

/* Brings the deployed policies into force before the first question: without them less would be forbidden. No other thread yet. */
static int
bring_into_force(struct runtime *runtime, struct error *err)
{
	runtime_look_around(runtime);
	if (runtime->refusal[0])
		return error_set(err, ERROR_CONFLICT, NULL, "deployed policies cannot come into force: %s",
		                 runtime->refusal);
	follow_set(engine_follow(runtime->engine), behind, runtime);
	return 0;
}

int
runtime_open(struct engine *engine, const struct runtime_options *options, struct runtime **ret, struct error *err)
{
	struct runtime *runtime = calloc(1, sizeof(*runtime));
	pthread_condattr_t monotonic;
	int rc;

	if (!runtime)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	runtime->engine = engine;
	runtime->options = *options;
	runtime->transport = &bus_transport;
	runtime->limits = (struct supervision_limits){
		.wait_ms = options->status_wait_ms,
		.tick_ms = options->heart_beat_ms,
		.retries = options->retries,
		.lease_ms = 3600000,
		.rollback = options->rollback,
	};
	runtime->next_scan_ms = multiple_after(runtime, engine_now(engine));
	runtime->due_ms = INT64_MAX;
	runtime->run_options = run_options_default;
	runtime->run_options.guard_disabled = options->unguarded;
	arena_init(&runtime->arena, 0);
	arena_init(&runtime->endpoints, 0);
	pthread_mutex_init(&runtime->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&runtime->filled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (getrandom(runtime->random, sizeof(runtime->random), 0) != (ssize_t)sizeof(runtime->random))
		rc = error_set(err, ERROR_IO, NULL, "no random bytes: %s", strerror(errno));
	else
		rc = history_reader_open(engine_history(engine), &runtime->reader, err);
	runtime->owner = runtime->random[0] ^ runtime->random[3];
	if (rc == 0)
		rc = open_endpoints(runtime, err);
	if (rc == 0 && options->manual)
		rc = restore_clock(runtime, err);
	if (rc == 0)
		rc = bring_into_force(runtime, err);
	if (rc == 0 && pthread_create(&runtime->thread, NULL, runtime_main, runtime) != 0)
		rc = error_set(err, ERROR_MEMORY, NULL, "cannot start the runtime's thread");
	if (rc != 0) {
		runtime_close(runtime);
		return rc;
	}
	runtime->started = true;
	*ret = runtime;
	return 0;
}

void
runtime_stop(struct runtime *runtime)
{
	if (!runtime)
		return;
	pthread_mutex_lock(&runtime->lock);
	runtime->stopping = true;
	pthread_cond_signal(&runtime->filled);
	pthread_mutex_unlock(&runtime->lock);
	if (runtime->started)
		pthread_join(runtime->thread, NULL);
	runtime->started = false;
	follow_set(engine_follow(runtime->engine), NULL, NULL);
	http_client_close(runtime->client); /* its answers are not taken any more */
	runtime->client = NULL;
}

void
runtime_close(struct runtime *runtime)
{
	if (!runtime)
		return;
	runtime_stop(runtime);
	history_reader_close(runtime->reader);
	arena_free(&runtime->arena);
	arena_free(&runtime->endpoints);
	pthread_cond_destroy(&runtime->filled);
	pthread_mutex_destroy(&runtime->lock);
	free(runtime);
}
