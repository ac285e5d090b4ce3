/* runtime_wait - calls that are answered at once, and those that wait until a topic has a message */
/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "runtime/rows/bus.h"
#include "runtime/thread/runtime_priv.h"

static int64_t
monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock; for waits only */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
park_or_finish(struct runtime *runtime, struct runtime_call *call)
{
	if (call->waits && !call->err.code) {
		call->next = runtime->parked;
		runtime->parked = call;
	} else {
		call->done(call);
	}
}

void
runtime_serve(struct runtime *runtime, struct runtime_call *calls)
{
	runtime_transact(runtime, calls);
	for (struct runtime_call *next; calls; calls = next) {
		next = calls->next;
		park_or_finish(runtime, calls);
	}
}

static void
retry_parked(struct runtime *runtime, const struct topic_name *topics)
{
	struct runtime_call *parked = runtime->parked, *due = NULL, **last = &due;
	int64_t now_ns = monotonic_ns();

	runtime->parked = NULL;
	for (struct runtime_call *next; parked; parked = next) {
		const struct topic_name *topic = topics;

		next = parked->next;
		while (topic && !str_equal(topic->name, parked->question->topic))
			topic = topic->next;
		if (now_ns >= parked->until_ns || (parked->gone && parked->gone(parked))) {
			call_answer(parked, 200, STR("[]"));
			parked->done(parked);
		} else if (topic) {
			*last = parked;
			last = &parked->next;
			parked->next = NULL;
		} else {
			parked->next = runtime->parked;
			runtime->parked = parked;
		}
	}
	if (due)
		runtime_serve(runtime, due);
}

void
runtime_wake(struct runtime *runtime, const struct topic_name *topics)
{
	struct topic_name *copy = NULL;
	struct arena arena;

	if (!runtime->parked)
		return;
	arena_init(&arena, 0); /* the names live in the arena that the next transaction resets */
	for (; topics; topics = topics->next) {
		struct topic_name *name = arena_alloc(&arena, sizeof(*name));

		if (!name)
			break; /* they wait for the next poll */
		*name = (struct topic_name){copy, arena_str(&arena, topics->name)};
		copy = name;
	}
	retry_parked(runtime, copy);
	arena_free(&arena);
}

void
runtime_poll(struct runtime *runtime)
{
	struct topic_name *grown = NULL;
	struct arena arena;
	struct turn turn;

	if (!runtime->parked)
		return;
	arena_init(&arena, 0);
	if (history_reader_begin(runtime->reader) == 0) {
		runtime_read(runtime, runtime->reader, &arena, &turn);
		for (struct runtime_call *call = runtime->parked; call; call = call->next) {
			struct topic_name *name = arena_alloc(&arena, sizeof(*name));

			if (!name || bus_end(&turn, call->question->topic) == call->number)
				continue;
			*name = (struct topic_name){grown, call->question->topic};
			grown = name;
		}
	}
	history_reader_end(runtime->reader);
	retry_parked(runtime, grown);
	arena_free(&arena);
}
