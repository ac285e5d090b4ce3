/* kind_cps - ONAP's Configuration Persistence Service: elements keep common data below an anchor */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "participants/kinds/participant_kinds.h"
#include "participants/framework/web_request.h"

/*
 * Version 2 of the service's REST interface. PASSIVE and RUNNING: the dataspace and the anchor are there, created when
 * they were not, and `data` stands below `xpath`, as the last configuration gives it. UNINITIALISED: what this element
 * created goes, unless another element of the participant has noted it too. The schema set is the designer's to load.
 *
 * Noted: "dataspace D", "anchor D A", "node D A XPATH". Names have no spaces.
 */

#define CPS "/cps/api/v2/dataspaces"

/* One element's place, escaped for URLs. */
struct cps_place {
	const char *dataspace, *anchor;
	struct str parent; /* xpath below which the data stands */
};

static enum act_result
cps_ask(struct element_order *order, const char *method, const char *path, struct str body, struct web_answer *ret)
{
	struct str base = str_from(order->settings->url);
	struct web_request request = {.method = method, .body = body, .media = "application/json"};
	enum act_result result;

	request.url = path ? arena_printf(order->arena, "%.*s%s", (int)(base.len - str_ends_with(base, STR("/"))),
	                                  base.ptr, path)
	                   : NULL;
	if (!request.url)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = web_ask(order, &request, ret);
	return result == ACT_DONE ? web_judge(order, &request, ret) : result;
}

static enum act_result
cps_note(struct element_order *order, const char *item)
{
	return item && order_note(order, str_from(item)) == 0
	               ? ACT_DONE
	               : order_say(order, ACT_AGAIN, "what is created cannot be kept");
}

/* Whether it is there, as a GET tells: 2xx, or 404, or for a dataspace 400. */
static enum act_result
cps_has(struct element_order *order, const char *path, bool *ret)
{
	struct web_answer answer = {0};
	enum act_result result = cps_ask(order, "GET", path, STR_NONE, &answer);

	*ret = result == ACT_DONE;
	return answer.status == 404 || answer.status == 400 ? ACT_DONE : result;
}

/* Created, and noted before, when it is not there. 409: it is; then it is this element's only if it was noted. */
static enum act_result
cps_ensure(struct element_order *order, const char *path, const char *item)
{
	struct web_answer answer = {0};
	enum act_result result;
	bool noted;

	if (!path || !item)
		return order_say(order, ACT_AGAIN, "out of memory");
	noted = order_has_noted(order, str_from(item)) || order_is_shared(order, str_from(item), false);
	result = cps_note(order, item);
	if (result == ACT_DONE)
		result = cps_ask(order, "POST", path, STR_NONE, &answer);
	if (answer.status != 409)
		return result;
	if (!noted)
		order_forget(order, str_from(item));
	return ACT_DONE;
}

static bool
read_place(struct element_order *order, struct cps_place *ret)
{
	struct str dataspace = order_text(order, "dataspace", STR("")), anchor = order_text(order, "anchor", STR(""));

	*ret = (struct cps_place){.dataspace = web_escape(dataspace, order->arena),
	                          .anchor = web_escape(anchor, order->arena),
	                          .parent = order_text(order, "xpath", STR("/"))};
	return dataspace.len && anchor.len && ret->dataspace && ret->anchor;
}

static enum act_result
make_place(struct element_order *order, const struct cps_place *place)
{
	const char *schema = web_escape(order_text(order, "schemaSet", STR("")), order->arena);
	struct arena *arena = order->arena;
	enum act_result result = cps_ensure(order, arena_printf(arena, CPS "?dataspace-name=%s", place->dataspace),
	                                    arena_printf(arena, "dataspace %s", place->dataspace));

	if (result != ACT_DONE)
		return result;
	return cps_ensure(order,
	                  arena_printf(arena, CPS "/%s/anchors?schema-set-name=%s&anchor-name=%s", place->dataspace,
	                               schema, place->anchor),
	                  arena_printf(arena, "anchor %s %s", place->dataspace, place->anchor));
}

/* The xpath of a member of the data: a name without the prefix of its module. */
static const char *
node_item(struct element_order *order, const struct cps_place *place, struct str member)
{
	const char *colon = memchr(member.ptr, ':', member.len);
	struct str name = colon ? (struct str){colon + 1, member.len - (size_t)(colon + 1 - member.ptr)} : member;
	struct str parent = place->parent;

	return arena_printf(order->arena, "node %s %s %.*s/%.*s", place->dataspace, place->anchor,
	                    (int)(parent.len - str_ends_with(parent, STR("/"))), parent.ptr, STR_ARG(name));
}

/* Created, or replaced when it is there. */
static enum act_result
write_data(struct element_order *order, const struct cps_place *place, const struct node *data)
{
	const char *xpath = web_escape(place->parent, order->arena);
	const char *path = xpath ? arena_printf(order->arena, CPS "/%s/anchors/%s/nodes?xpath=%s", place->dataspace,
	                                        place->anchor, xpath)
	                         : NULL;
	struct web_answer answer = {0};
	enum act_result result = ACT_DONE;
	struct text body;

	for (const struct node *member = data->first; member && result == ACT_DONE; member = member->next)
		result = cps_note(order, node_item(order, place, member->key));
	text_init(&body, order->arena);
	text_add_node(&body, data, true);
	if (result == ACT_DONE)
		result = cps_ask(order, "POST", path, text_done(&body), &answer);
	return answer.status == 409 ? cps_ask(order, "PUT", path, text_done(&body), &answer) : result;
}

/* The n-th word of an item, from 0; the last one to its end. */
static struct str
cps_word(struct str item, int n)
{
	while (n-- > 0 && item.len) {
		const char *space = memchr(item.ptr, ' ', item.len);
		size_t gone = space ? (size_t)(space + 1 - item.ptr) : item.len;

		item = (struct str){item.ptr + gone, item.len - gone};
	}
	return item;
}

static struct str
cps_first_word(struct str item)
{
	const char *space = memchr(item.ptr, ' ', item.len);

	return space ? (struct str){item.ptr, (size_t)(space - item.ptr)} : item;
}

/* Where an item is asked for, and where it is deleted. */
static const char *
item_path(struct element_order *order, struct str item, bool deletes)
{
	struct str dataspace = cps_first_word(cps_word(item, 1)), anchor = cps_first_word(cps_word(item, 2));
	const char *xpath;

	if (str_starts_with(item, STR("dataspace ")))
		return arena_printf(order->arena,
		                    deletes ? CPS "?dataspace-name=%.*s" : "/cps/api/v2/admin/dataspaces/%.*s",
		                    STR_ARG(dataspace));
	if (str_starts_with(item, STR("anchor ")))
		return arena_printf(order->arena, CPS "/%.*s/anchors/%.*s", STR_ARG(dataspace), STR_ARG(anchor));
	xpath = web_escape(cps_word(item, 3), order->arena);
	return xpath ? arena_printf(order->arena, CPS "/%.*s/anchors/%.*s/node%s?xpath=%s", STR_ARG(dataspace),
	                            STR_ARG(anchor), deletes ? "s" : "", xpath)
	             : NULL;
}

/* Deleted, or gone already: the service says 400 of that. A dataspace that others have put something into stays. */
static enum act_result
cps_remove_item(struct element_order *order, struct str item)
{
	struct web_answer answer = {0};
	enum act_result result = cps_ask(order, "DELETE", item_path(order, item, true), STR_NONE, &answer);
	bool there = true;

	if (answer.status == 409 && str_starts_with(item, STR("dataspace ")))
		return ACT_DONE;
	if (answer.status != 400 && answer.status != 404)
		return result;
	if (cps_has(order, item_path(order, item, false), &there) == ACT_AGAIN)
		return ACT_AGAIN;
	return there ? order_say(order, ACT_FAILED, "%.*s cannot be deleted", STR_ARG(item)) : ACT_DONE;
}

static bool
is_kept(struct element_order *order, const struct cps_place *place, const struct node *data, struct str item)
{
	for (const struct node *member = data ? data->first : NULL; member; member = member->next) {
		const char *own = node_item(order, place, member->key);

		if (own && str_is(item, own))
			return true;
	}
	return false;
}

/* Newest first: nodes, then the anchor, then the dataspace. data: what stays; NULL: nothing does. */
static enum act_result
remove_made(struct element_order *order, const struct cps_place *place, const struct node *data)
{
	const struct node *noted = order_noted(order);
	enum act_result result = ACT_DONE;

	for (const struct node *item = noted ? noted->first : NULL; item && result == ACT_DONE; item = item->next) {
		if (place && (!str_starts_with(item->text, STR("node ")) || is_kept(order, place, data, item->text)))
			continue;
		if (!order_is_shared(order, item->text, false))
			result = cps_remove_item(order, item->text);
		if (result == ACT_DONE)
			order_forget(order, item->text);
	}
	return result;
}

static enum act_result
cps_act(struct element_order *order)
{
	const struct node *data = order_property(order, "data");
	struct cps_place place;
	enum act_result result;

	if (str_is(order->state, "UNINITIALISED")) {
		result = remove_made(order, NULL, NULL);
		return result == ACT_DONE ? order_say(order, ACT_DONE, "removed") : result;
	}
	if (!read_place(order, &place))
		return order_say(order, ACT_FAILED, "an element needs dataspace and anchor");
	if (data && data->kind != NODE_MAP)
		return order_say(order, ACT_FAILED, "data is wrong: expected a map, got %s", node_kind_phrase(data));
	result = make_place(order, &place);
	if (result == ACT_DONE && data)
		result = write_data(order, &place, data);
	if (result == ACT_DONE)
		result = remove_made(order, &place, data);
	return result == ACT_DONE ? order_say(order, ACT_DONE, "%u nodes below %.*s", data ? data->count : 0,
	                                      STR_ARG(place.parent))
	                          : result;
}

/* UNINITIALISED when something that was made is gone. Absent when the service does not answer. */
static struct str
cps_observe(struct element_order *order)
{
	const struct node *noted = order_noted(order);

	for (const struct node *item = noted ? noted->first : NULL; item; item = item->next) {
		bool there;

		if (!str_starts_with(item->text, STR("node ")))
			continue;
		if (cps_has(order, item_path(order, item->text, false), &there) != ACT_DONE)
			return STR_NONE;
		if (!there) {
			(void)order_say(order, ACT_DONE, "%.*s is not there", STR_ARG(cps_word(item->text, 3)));
			return STR("UNINITIALISED");
		}
	}
	return order->from;
}

const struct participant_kind kind_cps = {
	.name = "cps",
	.help = "Elements of ConfigurationPersistenceControlLoopElement types: keeps their data in ONAP's CPS.",
	.needs_url = true,
	.serial = true,
	.act = cps_act,
	.observe = cps_observe,
};
