/* policy_side - which policies an element means, and where they are: in the framework that it shares, or in its own engine */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/policy_side.h"

#include "participants/engine/own_engine.h"

#define OWN "own-"

/* --- which policies --- */

static bool
is_chosen(const struct element_order *order, const struct chosen_policy *policy)
{
	struct str id = order_text(order, "policy_id", order_text(order, "policyId", STR_NONE));
	struct str type = order_text(order, "policy_type_id", order_text(order, "policyType", STR_NONE));
	const struct node *id_map = order_property(order, "policy_id"),
			  *type_map = order_property(order, "policy_type_id");

	if (id_map && id_map->kind == NODE_MAP)
		id = order_member(id_map, "name");
	if (type_map && type_map->kind == NODE_MAP)
		type = order_member(type_map, "name");
	if (id.ptr)
		return str_equal(id, policy->name);
	return !type.ptr || str_equal(type, policy->type);
}

bool
policy_choose(struct element_order *order, struct chosen_policies *ret)
{
	const struct node *list = node_get(node_get(order->fragment, "topology_template"), "policies");

	*ret = (struct chosen_policies){arena_array(order->arena, list ? list->count + 1 : 1, sizeof(*ret->list)), 0};
	if (!ret->list)
		return false;
	for (const struct node *item = list ? list->first : NULL; item; item = item->next) {
		const struct node *body = list->kind == NODE_MAP ? item : item->first;
		struct chosen_policy policy = {.body = body};

		if (!body || body->kind != NODE_MAP)
			continue;
		policy.name = body->key;
		policy.version = order_member(body, "version");
		policy.type = order_member(body, "type");
		policy.type_version = order_member(body, "type_version");
		if (!policy.version.ptr)
			policy.version = STR("1.0.0");
		if (!policy.type_version.ptr)
			policy.type_version = STR("1.0.0");
		if (policy.type.ptr && is_chosen(order, &policy))
			ret->list[ret->count++] = policy;
	}
	return true;
}

/* --- where --- */

struct str
policy_item(const struct element_order *order, const char *what, struct str name, struct str version)
{
	return str_from(arena_printf(order->arena, "%s%s %.*s %.*s", order->engine ? OWN : "", what, STR_ARG(name),
	                             STR_ARG(version)));
}

bool
policy_is_shared(const struct element_order *order, struct str item)
{
	return !order->engine && order_is_shared(order, item, false);
}

/* "what NAME VERSION" apart; a name has no spaces. */
bool
policy_split_item(const struct element_order *order, struct str item, const char *what, struct str *ret_name,
                  struct str *ret_version)
{
	size_t begin = strlen(what) + 1, space;

	if (order->engine && !str_starts_with(item, STR(OWN)))
		return false;
	if (order->engine)
		item = (struct str){item.ptr + strlen(OWN), item.len - strlen(OWN)};
	if (!str_starts_with(item, str_from(what)) || item.len <= begin || item.ptr[begin - 1] != ' ')
		return false;
	space = item.len;
	while (space > begin && item.ptr[space - 1] != ' ')
		space--;
	*ret_name = (struct str){item.ptr + begin, space > begin ? space - 1 - begin : 0};
	*ret_version = (struct str){item.ptr + space, item.len - space};
	return space > begin;
}

/* The engine that the element's type wants for it, as a map of settings; NULL: it shares the framework. */
static const struct node *
wanted_engine(const struct element_order *order)
{
	const struct node *engine = order_property(order, "engine");

	return engine && engine->kind == NODE_MAP ? engine : NULL;
}

enum act_result
policy_find_side(struct element_order *order)
{
	const struct node *wants = wanted_engine(order);

	if (!wants && !order->settings->url)
		return order_say(order, ACT_FAILED, "the element has no engine, and its participant no url");
	if (!wants)
		return ACT_DONE;
	if (!order->settings->engine)
		return order_say(order, ACT_FAILED,
		                 "the element wants an engine of its own, and its participant starts none: set engine");
	return engine_await(order, wants, &order->engine);
}

enum act_result
policy_end_engine(struct element_order *order)
{
	const struct node *noted = order_noted(order);
	enum act_result result = order_has_noted(order, ENGINE_ITEM) ? engine_end(order) : ACT_DONE;

	for (const struct node *item = noted ? noted->first : NULL; item && result == ACT_DONE; item = item->next)
		if (str_starts_with(item->text, STR(OWN)))
			order_forget(order, item->text);
	return result == ACT_DONE ? order_say(order, ACT_DONE, "its engine has ended, and its data are removed")
	                          : result;
}

bool
policy_wants_engine(const struct element_order *order)
{
	return wanted_engine(order) || order_has_noted(order, ENGINE_ITEM);
}

bool
policy_known_side(struct element_order *order)
{
	struct engine_place place;
	struct error err = {0};

	if (!order_has_noted(order, ENGINE_ITEM))
		return order->settings->url != NULL;
	if (!engine_place_of(order->participant, order->id, order->arena, &place, &err))
		return false;
	order->engine = place.socket;
	return true;
}
