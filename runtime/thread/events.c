/* events - what is posted to a topic and fetched from it, as calls */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/thread/events.h"

#include "base/document.h"
#include "runtime/calls/receive.h"
#include "runtime/operate/operate.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/runtime_priv.h"

#define MESSAGES_MAX 10000 /* of one body */
#define MESSAGE_BYTES ((size_t)1 << 20)

static const struct document_limits limits = {(size_t)16 << 20, 64, 2000000, 0, MESSAGE_BYTES};

static int
add(struct runtime_call *call, struct str message, struct error *err)
{
	if (!call->texts)
		call->texts = arena_array(&call->arena, MESSAGES_MAX, sizeof(*call->texts));
	if (call->number == MESSAGES_MAX || message.len > MESSAGE_BYTES)
		return error_set(err, ERROR_LIMIT, NULL, "more than %d messages, or one over 1 MiB", MESSAGES_MAX);
	if (call->texts)
		message = arena_str(&call->arena, message);
	if (!call->texts || !message.ptr)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	call->texts[call->number++] = message;
	return 0;
}

static int
split_json(struct str body, struct runtime_call *call, struct error *err)
{
	struct node *root;
	int r = json_read(body, "", &limits, &call->arena, &root, err);

	if (r != 0)
		return r;
	if (root->kind != NODE_LIST && root->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, root, "a message is an object, or an array of them");
	if (root->kind == NODE_MAP)
		return add(call, str_trim(body), err);
	for (const struct node *child = root->first; r == 0 && child; child = child->next) {
		struct text out;

		if (child->kind == NODE_TEXT) {
			r = add(call, child->text, err);
			continue;
		}
		text_init(&out, &call->arena);
		text_add_node(&out, child, true);
		r = add(call, text_done(&out), err);
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
split_cambria(struct str body, struct runtime_call *call, struct error *err)
{
	size_t at = 0, partition, length;
	int r = 0;

	while (r == 0) {
		while (at < body.len && (body.ptr[at] == '\n' || body.ptr[at] == '\r'))
			at++;
		if (at == body.len)
			break;
		if (!cambria_number(body, &at, &partition) || !cambria_number(body, &at, &length) ||
		    partition > body.len - at || length > body.len - at - partition)
			return error_set(err, ERROR_SYNTAX, NULL, "byte %zu: no <length>.<length>.<partition><message>",
			                 at);
		r = add(call, (struct str){body.ptr + at + partition, length}, err);
		at += partition + length;
	}
	return r;
}

static int
split_lines(struct str body, struct runtime_call *call, struct error *err)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < body.len;) {
		const char *end = memchr(body.ptr + at, '\n', body.len - at);
		size_t to = end ? (size_t)(end - body.ptr) : body.len;
		struct str line = str_trim((struct str){body.ptr + at, to - at});

		if (line.len)
			r = add(call, line, err);
		at = to + 1;
	}
	return r;
}

int
events_split(struct str content_type, struct str body, struct runtime_call *call, struct error *err)
{
	size_t len = 0;
	struct str type;

	while (len < content_type.len && content_type.ptr[len] != ';')
		len++;
	type = str_trim((struct str){content_type.ptr, len});
	if (type.len == 0 || str_equal_nocase(type, STR("application/json")))
		return split_json(body, call, err);
	if (str_equal_nocase(type, STR("application/cambria")))
		return split_cambria(body, call, err);
	if (str_equal_nocase(type, STR("text/plain")))
		return split_lines(body, call, err);
	return split_json(body, call, err); /* whatever else it calls itself: curl names a form when nobody says */
}

int
events_publish(struct turn *turn, struct runtime_call *call)
{
	bool own = str_equal(call->other, turn->runtime->options.topic);
	struct text out;

	for (size_t i = 0; i < call->number; i++) {
		if (!bus_publish(turn, call->other, call->texts[i])) {
			call_refuse(call, 503, "there are %d topics already", BUS_TOPICS_MAX);
			return i == 0 ? 0 : -ERROR_CONFLICT;
		}
		if (own)
			runtime_receive(turn, call->texts[i]);
		else
			operations_receive(turn, call->other, call->texts[i]);
	}
	text_init(&out, &call->arena);
	text_addf(&out, "{\"serverTimeMs\":0,\"count\":%zu}", call->number);
	call_answer(call, 200, text_done(&out));
	return 0;
}

int
events_fetch(struct turn *turn, struct runtime_call *call)
{
	struct text out;

	text_init(&out, &call->arena);
	if (bus_fetch(turn, call->question, &out) > 0) {
		call_answer(call, 200, text_done(&out));
		return 0;
	}
	call->number = bus_end(turn, call->question->topic);
	call->waits = call->target_ms > 0;
	call_answer(call, 200, STR("[]"));
	return 0;
}
