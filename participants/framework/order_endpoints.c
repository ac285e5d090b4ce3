/* order_endpoints - properties that name a service instead of a place: they point to the API gateway, or to the service */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/order_endpoints.h"

#include "participants/framework/element_host.h"

#define SCHEME "gateway://"
#define KEY "gateway-key:"

/* The call of the element's that names the service; NULL: none. */
static const struct node *
find_call_of(const struct element_order *order, struct str service)
{
	const struct node *calls = node_get(node_get(order->gateway, "element"), "calls");

	for (const struct node *call = calls ? calls->first : NULL; call; call = call->next)
		if (str_equal(order_member(call, "service"), service))
			return call;
	return NULL;
}

/* The URL for "SERVICE[/PATH]"; absent, and said why. */
static struct str
service_url(struct element_order *order, struct str named)
{
	const char *slash = named.len ? memchr(named.ptr, '/', named.len) : NULL;
	struct str service = {named.ptr, slash ? (size_t)(slash - named.ptr) : named.len};
	struct str rest = slash ? (struct str){slash, named.len - service.len} : STR("");
	const struct node *call = find_call_of(order, service);
	struct str base = str_from(order->participant->process->gateway_url), place;
	const char *url;

	if (!call) {
		(void)order_say(order, ACT_FAILED,
		                "a property names service '%.*s': the element's definition does not call it",
		                STR_ARG(service));
		return STR_NONE;
	}
	place = order_member(call, base.ptr ? "path" : "url");
	if (!place.ptr) {
		(void)order_say(order, ACT_FAILED, "a property names service '%.*s': it has no place",
		                STR_ARG(service));
		return STR_NONE;
	}
	base.len -= base.ptr && str_ends_with(base, STR("/"));
	url = arena_printf(order->arena, "%.*s%.*s%.*s", STR_ARG(base), STR_ARG(place), STR_ARG(rest));
	if (!url)
		(void)order_say(order, ACT_AGAIN, "out of memory");
	return url ? str_from(url) : STR_NONE;
}

static struct str
own_key(struct element_order *order)
{
	const struct node *consumer = node_get(node_get(order->gateway, "element"), "consumer");
	const struct node *list = node_get(consumer, "keyauth_credentials");
	struct str key = order_member(list ? list->first : NULL, "key");

	if (!key.ptr)
		(void)order_say(order, ACT_FAILED, "a property asks for the element's key: its type has no gateway");
	return key;
}

bool
order_point_endpoints(struct element_order *order, struct node *tree)
{
	struct str value = STR_NONE;

	for (struct node *child = tree && !node_is_scalar(tree) ? tree->first : NULL; child; child = child->next)
		if (!order_point_endpoints(order, child))
			return false;
	if (!tree || tree->kind != NODE_TEXT)
		return true;
	if (str_starts_with(tree->text, STR(SCHEME)))
		value = service_url(order, (struct str){tree->text.ptr + sizeof(SCHEME) - 1,
		                                        tree->text.len - (sizeof(SCHEME) - 1)});
	else if (str_is(tree->text, KEY))
		value = own_key(order);
	else
		return true;
	if (value.ptr)
		tree->text = value;
	return value.ptr != NULL;
}
