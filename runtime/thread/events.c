/* events - what is posted to a topic and fetched from it, as calls */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/thread/events.h"

#include "base/document.h"
#include "runtime/calls/receive.h"
#include "runtime/operate/operate.h"
#include "runtime/policies/pdp.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/runtime_priv.h"

#define MESSAGES_MAX 10000 /* of one body */
#define MESSAGES_FIRST 8
#define MESSAGE_BYTES ((size_t)1 << 20)

static const struct document_limits limits = {(size_t)16 << 20, 64, 2000000, 0, MESSAGE_BYTES};

/* A split in progress, and the room for its messages. */
struct splitting {
	struct runtime_call *call;
	size_t room;
};

static int
events_grow(struct splitting *splitting)
{
	struct runtime_call *call = splitting->call;
	size_t room = splitting->room ? splitting->room * 2 : MESSAGES_FIRST;
	struct str *texts = arena_array(&call->scratch, room, sizeof(*texts));

	if (!texts)
		return error_set(&call->err, ERROR_MEMORY, NULL, "out of memory");
	if (call->number)
		memcpy(texts, call->texts, call->number * sizeof(*texts));
	call->texts = texts;
	splitting->room = room;
	return 0;
}

/* message: in the body or in call->scratch. */
static int
events_add(struct splitting *splitting, struct str message)
{
	struct runtime_call *call = splitting->call;
	int r = 0;

	if (call->number == MESSAGES_MAX || message.len > MESSAGE_BYTES)
		return error_set(&call->err, ERROR_LIMIT, NULL, "more than %d messages, or one over 1 MiB",
		                 MESSAGES_MAX);
	if (!message.ptr)
		return error_set(&call->err, ERROR_MEMORY, NULL, "out of memory");
	if (call->number == splitting->room)
		r = events_grow(splitting);
	if (r == 0)
		call->texts[call->number++] = message;
	return r;
}

/* An object alone is the body as it came; its tree is not needed any more. */
static int
split_json(struct splitting *splitting)
{
	struct runtime_call *call = splitting->call;
	struct node *root;
	int r = json_read(call->raw, "", &limits, &call->scratch, &root, &call->err);

	if (r != 0)
		return r;
	if (root->kind != NODE_LIST && root->kind != NODE_MAP)
		return error_set(&call->err, ERROR_TYPE, root, "a message is an object, or an array of them");
	if (root->kind == NODE_MAP) {
		arena_free(&call->scratch);
		return events_add(splitting, str_trim(call->raw));
	}
	for (const struct node *child = root->first; r == 0 && child; child = child->next) {
		struct text out;

		if (child->kind == NODE_TEXT) {
			r = events_add(splitting, child->text);
			continue;
		}
		text_init(&out, &call->scratch);
		text_add_node(&out, child, true);
		r = events_add(splitting, text_done(&out));
	}
	return r;
}

/* "<digits>." at *at; a number that is too large for the body is as bad as none. */
static bool
cambria_number(struct str body, size_t *at, size_t *ret)
{
	size_t from = *at, number = 0;

	while (*at < body.len && body.ptr[*at] >= '0' && body.ptr[*at] <= '9' && *at - from < 9)
		number = number * 10 + (size_t)(body.ptr[(*at)++] - '0');
	if (*at == from || *at >= body.len || body.ptr[*at] != '.')
		return false;
	++*at;
	*ret = number;
	return true;
}

static int
split_cambria(struct splitting *splitting)
{
	struct str body = splitting->call->raw;
	size_t at = 0, partition, length;
	int r = 0;

	while (r == 0) {
		while (at < body.len && (body.ptr[at] == '\n' || body.ptr[at] == '\r'))
			at++;
		if (at == body.len)
			break;
		if (!cambria_number(body, &at, &partition) || !cambria_number(body, &at, &length) ||
		    partition > body.len - at || length > body.len - at - partition)
			return error_set(&splitting->call->err, ERROR_SYNTAX, NULL,
			                 "byte %zu: no <length>.<length>.<partition><message>", at);
		r = events_add(splitting, (struct str){body.ptr + at + partition, length});
		at += partition + length;
	}
	return r;
}

static int
split_lines(struct splitting *splitting)
{
	struct str body = splitting->call->raw;
	int r = 0;

	for (size_t at = 0; r == 0 && at < body.len;) {
		const char *end = memchr(body.ptr + at, '\n', body.len - at);
		size_t to = end ? (size_t)(end - body.ptr) : body.len;
		struct str line = str_trim((struct str){body.ptr + at, to - at});

		if (line.len)
			r = events_add(splitting, line);
		at = to + 1;
	}
	return r;
}

int
events_read(struct runtime_call *call)
{
	struct splitting splitting = {.call = call};
	struct str content_type = call->media, type;
	size_t len = 0;

	while (len < content_type.len && content_type.ptr[len] != ';')
		len++;
	type = str_trim((struct str){content_type.ptr, len});
	if (str_equal_nocase(type, STR("application/cambria")))
		return split_cambria(&splitting);
	if (str_equal_nocase(type, STR("text/plain")))
		return split_lines(&splitting);
	return split_json(&splitting); /* whatever it calls itself: curl names a form when nobody says */
}

int
events_publish(struct txn *txn, struct runtime_call *call)
{
	bool compositions = str_equal(call->other, txn->runtime->options.composition_topic);
	bool own = compositions || str_equal(call->other, txn->runtime->options.topic);
	struct text out;

	for (size_t i = 0; i < call->number; i++) {
		if (!bus_publish(txn, call->other, call->texts[i])) {
			call_refuse(call, 503, "there are %d topics already", BUS_TOPICS_MAX);
			return i == 0 ? 0 : -ERROR_CONFLICT;
		}
		if (own)
			runtime_receive(txn, call->texts[i], compositions);
		else if (str_equal(call->other, txn->runtime->options.pdp_topic))
			pdp_receive(txn, call->texts[i]);
		else
			operations_receive(txn, call->other, call->texts[i]);
	}
	text_init(&out, &call->arena);
	text_addf(&out, "{\"serverTimeMs\":0,\"count\":%zu}", call->number);
	call_answer(call, 200, text_done(&out));
	return 0;
}

int
events_fetch(struct txn *txn, struct runtime_call *call)
{
	int count = bus_fetch(txn, call->question, &call->shared);

	if (count > 0) {
		call_answer(call, 200, bytes_str(call->shared));
		return 0;
	}
	if (count < 0) {
		call_refuse(call, 503,
		            "the messages are over the memory budget (memory_budget); ask again later, or for less by "
		            "limit");
		return 0;
	}
	call->number = bus_end(txn, call->question->topic);
	call->waits = call->target_ms > 0;
	call_answer(call, 200, STR("[]"));
	return 0;
}
