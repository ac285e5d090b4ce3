/* events_http - POST /events/TOPIC, GET /events/TOPIC/GROUP/ID, GET /topics: the message router's three routes */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "api/http/resources.h"
#include "api/server/ticket.h"
#include "api/resources/calls.h"
#include "runtime/thread/events.h"

#define TIMEOUT_DEFAULT_MS 15000
#define TIMEOUT_MAX_MS 60000
#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 10000

static void
read_topics(struct txn *txn, struct runtime_call *call, struct text *out)
{
	bus_topics(txn, &call->page, out);
}

void
topics_get(struct exchange *exchange)
{
	answer_read(exchange, read_topics);
}

void
topics_metrics(struct exchange *exchange, struct text *out)
{
	struct history_reader *reader = session_reader(exchange->worker->session);
	struct bus_totals totals = {0};
	struct txn txn;

	if (history_reader_begin(reader) == 0) {
		runtime_read(exchange->worker->service->runtime, reader, exchange->arena, &txn);
		bus_totals(&txn, &totals); /* what could not be read stays 0 */
	}
	history_reader_end(reader);
	text_addf(out,
	          "# HELP clguard_topics Topics.\n# TYPE clguard_topics gauge\nclguard_topics %" PRIu64 "\n"
	          "# HELP clguard_topics_bytes Bytes kept of all topics.\n"
	          "# TYPE clguard_topics_bytes gauge\nclguard_topics_bytes %" PRIu64 "\n"
	          "# HELP clguard_topic_groups Consumer groups of all topics.\n"
	          "# TYPE clguard_topic_groups gauge\nclguard_topic_groups %" PRIu64 "\n",
	          totals.topics, totals.bytes, totals.groups);
}

/* False, and answered with 429, when the caller has published too much of late. */
static bool
may_publish(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	unsigned wait_s =
		rates_take(&service->publishing, exchange_caller(exchange), exchange->body.len, clock_monotonic_ms());

	if (!wait_s)
		return true;
	atomic_fetch_add_explicit(&service->metrics->publish_refused, 1, memory_order_relaxed);
	answer_refusal(exchange, 429, "too much is published by this caller (publish_rate)");
	exchange->reply.retry_s = wait_s;
	exchange->reply.limit = (uint64_t)service->publishing.rate;
	return false;
}

void
events_post(struct exchange *exchange)
{
	struct str topic = path_part(exchange->path, 1);
	struct runtime_call *call;

	if (!bus_name_valid(topic)) {
		answer_refusal(exchange, 400, "a topic's name is made of A-Z a-z 0-9 . _ -");
		return;
	}
	if (!exchange_covers(exchange, topic) || !may_publish(exchange))
		return;
	call = call_new(exchange);
	if (!call)
		return;
	call->other = arena_str(&call->arena, topic);
	call_take_body(exchange, call, events_read);
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

/* False, and answered with 503, when as many wait as may. */
static bool
may_wait(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	unsigned most = (unsigned)(service->settings->polls ? service->settings->polls
	                                                    : (service->settings->connections + 1) / 2);

	/* Relaxed: a figure that bounds, and orders nothing. */
	if (atomic_fetch_add_explicit(&service->polls, 1, memory_order_relaxed) < most) {
		exchange->polling = true;
		return true;
	}
	atomic_fetch_sub_explicit(&service->polls, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&service->polls_refused, 1, memory_order_relaxed);
	answer_refusal(exchange, 503, "too many requests wait for messages (polls): ask again later");
	return false;
}

void
events_get(struct exchange *exchange)
{
	int64_t timeout_ms = query_number(exchange, "timeout", TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS);
	int64_t limit = query_number(exchange, "limit", LIMIT_DEFAULT, LIMIT_MAX);
	struct str parts[3];
	struct runtime_call *call;

	for (unsigned i = 0; i < 3; i++) {
		parts[i] = path_part(exchange->path, i + 1);
		if (!bus_name_valid(parts[i])) {
			answer_refusal(exchange, 400, "topic, group and instance are made of A-Z a-z 0-9 . _ -");
			return;
		}
	}
	if (!exchange_covers(exchange, parts[0]))
		return;
	if (timeout_ms < 0 || limit < 1) {
		answer_refusal(exchange, 400, "timeout is a number of milliseconds, limit one from 1 up");
		return;
	}
	if (timeout_ms > 0 && !may_wait(exchange))
		return;
	call = call_new(exchange);
	if (!call)
		return;
	*call->question = (struct bus_question){arena_str(&call->arena, parts[0]), arena_str(&call->arena, parts[1]),
	                                        arena_str(&call->arena, parts[2]), (size_t)limit};
	call->until_ns = clock_monotonic_ns() + timeout_ms * 1000000;
	call->target_ms = timeout_ms;
	call->run = events_fetch;
	call_submit(exchange, call, timeout_ms);
}
