/* element_order - what an element is ordered to, its properties, and what it has made on the far side */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/element_order.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/document.h"
#include "base/text.h"
#include "participants/framework/element_host.h"

static const struct document_limits made_limits = {
	.bytes = SIZE_MAX, .depth = 4, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

enum act_result
order_say(struct element_order *order, enum act_result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(order->message, sizeof(order->message), format, args); /* cut when it is too long */
	va_end(args);
	return result;
}

struct str
order_member(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) && !node_is_null(node) ? node->text : STR_NONE;
}

const struct node *
order_property(const struct element_order *order, const char *name)
{
	const struct node *value = node_get(order->own, name), *inner = node_get(value, "value");

	if (node_is_null(value))
		value = node_get(order->common, name);
	if (inner)
		value = inner;
	return node_is_null(value) ? NULL : value;
}

struct str
order_text(const struct element_order *order, const char *name, struct str otherwise)
{
	const struct node *value = order_property(order, name);

	return value && node_is_scalar(value) ? value->text : otherwise;
}

bool
order_may_wait(void)
{
	return !participant_is_stopping();
}

/* --- what its records tell --- */

void
order_figures(struct element_order *order, struct str members)
{
	struct hosted_element *element;

	(void)pthread_mutex_lock(&order->participant->lock); /* a plain mutex does not fail */
	element = hosted_find(&order->participant->hosted, order->id);
	if (element)
		(void)hosted_set(&element->figures,
		                 members.ptr && members.len <= FIGURES_MAX ? members : STR("")); /* else those before */
	(void)pthread_mutex_unlock(&order->participant->lock);
}

void
order_progress(struct element_order *order, const char *format, ...)
{
	char words[sizeof(((struct hosted_element *)NULL)->progress)];
	struct hosted_element *element;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args); /* cut when it is too long */
	va_end(args);
	(void)pthread_mutex_lock(&order->participant->lock);
	element = hosted_find(&order->participant->hosted, order->id);
	if (element)
		(void)snprintf(element->progress, sizeof(element->progress), "%s", words);
	(void)pthread_mutex_unlock(&order->participant->lock);
}

/* --- what it has made --- */

static const struct node *
read_made(const char *json, struct arena *arena)
{
	struct node *list;

	return json_read(arena_str(arena, str_from(json)), "", &made_limits, arena, &list, NULL) == 0 &&
	                       list->kind == NODE_LIST
	               ? list
	               : NULL;
}

static bool
made_has(const char *json, struct str item, struct arena *arena)
{
	const struct node *list = read_made(json, arena);

	for (const struct node *at = list ? list->first : NULL; at; at = at->next)
		if (str_equal(at->text, item))
			return true;
	return false;
}

/* The list with the item in front, or without it; kept. */
static int
change_made(struct element_order *order, struct str item, bool there)
{
	struct element_host *participant = order->participant;
	struct hosted_element *element;
	const struct node *list;
	struct text out;
	bool first = true;
	int r = -1;

	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	element = hosted_find(&participant->hosted, order->id);
	list = element ? read_made(element->made, order->arena) : NULL;
	text_init(&out, order->arena);
	text_add(&out, STR("["));
	if (there) {
		text_add_json(&out, item);
		first = false;
	}
	for (const struct node *at = list ? list->first : NULL; at; at = at->next) {
		if (str_equal(at->text, item))
			continue;
		if (!first)
			text_add(&out, STR(","));
		text_add_json(&out, at->text);
		first = false;
	}
	text_add(&out, STR("]"));
	if (list && text_done(&out).ptr && hosted_set(&element->made, text_done(&out)))
		r = hosted_keep(&participant->hosted, element, order->arena);
	(void)pthread_mutex_unlock(&participant->lock);
	return r == 0 ? 0 : -1;
}

int
order_note(struct element_order *order, struct str item)
{
	return order_has_noted(order, item) ? 0 : change_made(order, item, true);
}

void
order_forget(struct element_order *order, struct str item)
{
	if (order_has_noted(order, item))
		(void)change_made(order, item, false); /* it is removed once more with the element */
}

const struct node *
order_noted(const struct element_order *order)
{
	struct element_host *participant = order->participant;
	const struct hosted_element *element;
	const struct node *list;

	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	element = hosted_find(&participant->hosted, order->id);
	list = element ? read_made(element->made, order->arena) : NULL;
	(void)pthread_mutex_unlock(&participant->lock);
	return list;
}

bool
order_has_noted(const struct element_order *order, struct str item)
{
	const struct node *list = order_noted(order);

	for (const struct node *at = list ? list->first : NULL; at; at = at->next)
		if (str_equal(at->text, item))
			return true;
	return false;
}

struct sharing {
	const struct element_order *order;
	struct str item;
	bool running, found;
};

static bool
shares(void *context, struct hosted_element *element)
{
	struct sharing *sharing = context;

	if (!str_is(sharing->order->id, element->id) && (!sharing->running || str_is(STR("RUNNING"), element->state)) &&
	    made_has(element->made, sharing->item, sharing->order->arena))
		sharing->found = true;
	return !sharing->found;
}

bool
order_is_shared(const struct element_order *order, struct str item, bool running)
{
	struct sharing sharing = {.order = order, .item = item, .running = running};

	(void)pthread_mutex_lock(&order->participant->lock); /* a plain mutex does not fail */
	hosted_each(&order->participant->hosted, shares, &sharing);
	(void)pthread_mutex_unlock(&order->participant->lock);
	return sharing.found;
}
