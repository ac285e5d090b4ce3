/* events_http - POST /events/TOPIC, GET /events/TOPIC/GROUP/ID, GET /topics: the message router's three routes */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <time.h>

#include "api/http/resources.h"
#include "api/resources/calls.h"
#include "runtime/thread/events.h"

#define TIMEOUT_DEFAULT_MS 15000
#define TIMEOUT_MAX_MS 60000
#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 10000

static void
read_topics(struct turn *turn, struct runtime_call *call, struct text *out)
{
	(void)call;
	bus_topics(turn, out);
}

void
topics_get(struct exchange *exchange)
{
	answer_read(exchange, read_topics);
}

void
events_post(struct exchange *exchange)
{
	struct str topic = path_part(exchange->path, 1);
	struct runtime_call *call;
	struct error err = {0};

	if (!bus_name_valid(topic)) {
		answer_refusal(exchange, 400, "a topic's name is made of A-Z a-z 0-9 . _ -");
		return;
	}
	call = call_new(exchange);
	if (!call)
		return;
	call->other = arena_str(&call->arena, topic);
	if (events_split(exchange->content_type, exchange->body, call, &err) != 0) {
		call_free(call);
		answer_error(exchange, &err);
		return;
	}
	call->run = events_publish;
	call_submit(exchange, call, 0);
}

/* Digits within min to max, or `initial` when the parameter is absent; -1 for anything else. */
static int64_t
query_number(struct exchange *exchange, const char *name, int64_t initial, int64_t max)
{
	struct str text = exchange_query(exchange, name);
	int64_t number = 0;

	if (!text.ptr)
		return initial;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -1;
		if (number <= max)
			number = number * 10 + (text.ptr[i] - '0');
	}
	return text.len == 0 ? -1 : number > max ? max : number;
}

void
events_get(struct exchange *exchange)
{
	int64_t timeout_ms = query_number(exchange, "timeout", TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS);
	int64_t limit = query_number(exchange, "limit", LIMIT_DEFAULT, LIMIT_MAX);
	struct str parts[3];
	struct runtime_call *call;
	struct timespec now;

	for (unsigned i = 0; i < 3; i++) {
		parts[i] = path_part(exchange->path, i + 1);
		if (!bus_name_valid(parts[i])) {
			answer_refusal(exchange, 400, "topic, group and instance are made of A-Z a-z 0-9 . _ -");
			return;
		}
	}
	if (timeout_ms < 0 || limit < 1) {
		answer_refusal(exchange, 400, "timeout is a number of milliseconds, limit one from 1 up");
		return;
	}
	call = call_new(exchange);
	if (!call)
		return;
	*call->question = (struct bus_question){arena_str(&call->arena, parts[0]), arena_str(&call->arena, parts[1]),
	                                        arena_str(&call->arena, parts[2]), (size_t)limit};
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	call->until_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + timeout_ms * 1000000;
	call->target_ms = timeout_ms;
	call->run = events_fetch;
	call_submit(exchange, call, timeout_ms);
}
