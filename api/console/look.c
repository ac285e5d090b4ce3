/* look - what requests of people who look have in common: a page of a list, narrowed by a text */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/console/look.h"

#include <strings.h>

#include "api/http/resources.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MOST 1000

struct runtime_call *
look_new(struct exchange *exchange, const char *name)
{
	struct runtime_call *call = call_new(exchange);
	struct list_request *look = call ? arena_alloc(&call->arena, sizeof(*look)) : NULL;
	struct error err = {0};

	if (!call)
		return NULL;
	if (!look) {
		(void)error_set(&err, ERROR_MEMORY, NULL, "out of memory");
	} else {
		*look = (struct list_request){.service = exchange->worker->service,
		                              .identity = exchange->identity,
		                              .open = !exchange->worker->service->auth};
		if (name)
			look->text = arena_str(&call->arena, exchange_query(exchange, name));
		if (call_read_page(exchange, call, &err) == 0 && call->page.limit > LIMIT_MOST)
			(void)error_set(&err, ERROR_RANGE, NULL, "limit is wrong: expected 1 to %d, got '%zu'",
			                LIMIT_MOST, call->page.limit);
		if (call->page.limit == 0)
			call->page.limit = LIMIT_DEFAULT;
	}
	if (!err.code) {
		call->context = look;
		return call;
	}
	call_free(call);
	answer_error(exchange, &err);
	return NULL;
}

bool
look_item(struct look_list *list)
{
	size_t number = list->total++;

	if (number < list->page->offset || number - list->page->offset >= list->page->limit)
		return false;
	if (list->any)
		text_add(list->out, STR(","));
	list->any = true;
	return true;
}

bool
text_holds(struct str text, struct str piece)
{
	for (size_t i = 0; piece.len && i + piece.len <= text.len; i++)
		if (strncasecmp(text.ptr + i, piece.ptr, piece.len) == 0)
			return true;
	return piece.len == 0;
}

bool
look_may_read(void *context, struct str topic)
{
	const struct list_request *look = context;

	return look->open || auth_covers(look->service->auth, &look->identity, ROLE_MESSAGES, topic);
}
