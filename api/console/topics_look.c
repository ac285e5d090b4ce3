/* topics_look - GET topics and topics/TOPIC: messages and groups, without taking anything for read */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "api/console/look.h"
#include "api/http/resources.h"
#include "runtime/rows/bus.h"

#define PATH "/clguard/v1/topics/"

static void
topics_describe(struct txn *txn, struct runtime_call *call, struct text *out)
{
	bus_describe(txn, &call->page, look_may_read, call->context, out);
}

void
topics_described_get(struct exchange *exchange)
{
	struct runtime_call *call = look_new(exchange, NULL);

	if (call)
		answer_read_call(exchange, call, topics_describe);
}

/* A page of messages that ends before a number: {"topic","next","messages":[{"number","message"}]}. */
static void
look_at_topic(struct txn *txn, struct runtime_call *call, struct text *out)
{
	const struct list_request *look = call->context;
	uint64_t end = bus_end(txn, look->text), to = look->number < end ? look->number : end;
	uint64_t from = to > call->page.limit ? to - call->page.limit : 0;

	text_add(out, STR("{\"topic\":"));
	text_add_json(out, look->text);
	text_addf(out, ",\"next\":%" PRIu64 ",\"messages\":[", end);
	(void)bus_look(txn, look->text, from, to, out); /* those that are kept */
	text_add(out, STR("]}"));
}

/* Digits; UINT64_MAX for anything else: the newest. */
static uint64_t
read_before(struct str text)
{
	uint64_t number = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || number > UINT64_MAX / 10 - 1)
			return UINT64_MAX;
		number = number * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	return text.len ? number : UINT64_MAX;
}

void
topic_look_get(struct exchange *exchange)
{
	struct str topic = {exchange->path.ptr + sizeof(PATH) - 1, exchange->path.len - (sizeof(PATH) - 1)};
	struct runtime_call *call;
	struct list_request *look;

	if (!bus_name_valid(topic)) {
		answer_refusal(exchange, 400, "a topic's name is made of A-Z a-z 0-9 . _ -");
		return;
	}
	if (!exchange_covers(exchange, topic))
		return;
	call = look_new(exchange, NULL);
	if (!call)
		return;
	look = call->context;
	look->text = arena_str(&call->arena, topic);
	look->number = read_before(exchange_query(exchange, "before"));
	answer_read_call(exchange, call, look_at_topic);
}
