/* runtime_wait - calls that are answered at once, and those that wait until a topic has a message */
/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "base/clock.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/runtime_priv.h"

static void
park_or_finish(struct runtime *runtime, struct runtime_call *call)
{
	if (call->waits && !call->err.code) {
		call->next = runtime->parked;
		runtime->parked = call;
	} else {
		arena_free(&call->scratch);
		call->done(call);
	}
}

/* Bodies are read here, before the transaction begins; calls whose body cannot be read are answered and left out. */
static struct runtime_call *
read_bodies(struct runtime_call *calls)
{
	struct runtime_call *first = NULL, **last = &first;

	for (struct runtime_call *call = calls, *next; call; call = next) {
		int r = call->read ? call->read(call) : 0;

		next = call->next;
		call->next = NULL;
		call->read = NULL; /* once, though it may be run again */
		if (r == 0) {
			*last = call;
			last = &call->next;
			continue;
		}
		(void)error_set(&call->err, error_from(r), NULL, "the body cannot be read"); /* unless it is said */
		arena_free(&call->scratch);
		call->done(call);
	}
	return first;
}

void
runtime_serve(struct runtime *runtime, struct runtime_call *calls)
{
	calls = read_bodies(calls);
	if (!calls)
		return;
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
	int64_t now_ns = clock_monotonic_ns();

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
	if (runtime->parked)
		retry_parked(runtime, topics);
}

void
runtime_poll(struct runtime *runtime)
{
	struct topic_name *grown = NULL;
	struct arena arena;
	struct txn txn;

	if (!runtime->parked)
		return;
	arena_init(&arena, 0);
	if (history_reader_begin(runtime->reader) == 0) {
		runtime_read(runtime, runtime->reader, &arena, &txn);
		for (struct runtime_call *call = runtime->parked; call; call = call->next) {
			struct topic_name *name = arena_alloc(&arena, sizeof(*name));

			if (!name || bus_end(&txn, call->question->topic) == call->number)
				continue;
			*name = (struct topic_name){grown, call->question->topic};
			grown = name;
		}
	}
	history_reader_end(runtime->reader);
	retry_parked(runtime, grown);
	arena_free(&arena);
}
