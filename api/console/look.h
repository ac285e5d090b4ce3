/* look - what requests of people who look have in common: a page of a list, narrowed by a text */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONSOLE_LOOK_H
#define API_CONSOLE_LOOK_H

#include "api/resources/calls.h"
#include "guards/guard.h"

/* call->context of look_new; in the call's arena. */
struct list_request {
	struct service *service;
	struct identity identity;
	bool open; /* nobody is asked who he is */
	struct str text;
	enum attribute attribute;
	uint64_t number;
};

/*
 * A call with its page (limit 1 to 1000, 100 when it is not given) and the text of a query parameter; name: NULL for
 * none. NULL, and answered, when a parameter is wrong or out of memory.
 */
struct runtime_call *look_new(struct exchange *exchange, const char *name);

/* A list that is being written, of which the call's page is shown. */
struct look_list {
	struct text *out;
	const struct page *page;
	size_t total; /* items so far, on the page or not */
	bool any;     /* written */
};

/* Counts one more item. True when it is on the page: the comma before it, if one is needed, has been written. */
bool look_item(struct look_list *list);

/* Whether the text holds the piece, in any letter case. An absent piece is in every text. */
bool text_holds(struct str text, struct str piece);

/* Whether who asks holds `messages` for the topic. context: the look. Any thread. */
bool look_may_read(void *context, struct str topic);

#endif
