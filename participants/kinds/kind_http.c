/* kind_http - existing systems over HTTP: elements of HttpControlLoopElement */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/participant_kinds.h"
#include "participants/framework/web_request.h"

/*
 * An element's configurationEntities hold sequences of requests; those of an entity without orderedState are sent each
 * time that the element is updated, the others when it is ordered into that state. The element has done what was ordered
 * when each answer had the status expectedResponse; at the first that had not, the rest is left. An order may come twice,
 * and its requests are sent again then: they should be such that this does no harm.
 */

/* One request. An answer with another status is final unless it says that it is temporary. */
static enum act_result
send_one(struct element_order *order, const struct node *headers, const struct node *request)
{
	const struct node *expected = node_get(request, "expectedResponse");
	struct str base = order_text(order, "baseUrl", STR_NONE), method = order_member(request, "httpMethod"),
		   path = order_member(request, "path");
	struct web_request web = {
		.body = order_member(request, "body"), .media = "application/json", .headers = headers};
	struct web_answer answer;
	enum act_result result;

	if (!base.ptr || !method.ptr || !path.ptr || !expected || expected->kind != NODE_INT)
		return order_say(order, ACT_FAILED,
		                 "a request needs baseUrl, httpMethod, path and expectedResponse, an integer");
	web.method = method.ptr;
	web.url = arena_printf(order->arena, "%.*s%.*s", STR_ARG(base), STR_ARG(path));
	if (!web.url)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = web_ask(order, &web, &answer);
	if (result != ACT_DONE || answer.status == expected->integer)
		return result;
	result = web_judge(order, &web, &answer) == ACT_AGAIN ? ACT_AGAIN : ACT_FAILED;
	return order_say(order, result, "%s %s answers %ld, not %lld", web.method, web.url, answer.status,
	                 (long long)expected->integer);
}

static bool
is_due(const struct element_order *order, const struct node *entity)
{
	struct str state = order_member(entity, "orderedState");

	return state.ptr ? str_equal(order->state, state) : order->update;
}

static enum act_result
http_act(struct element_order *order)
{
	const struct node *headers = order_property(order, "httpHeaders");
	const struct node *entities = order_property(order, "configurationEntities");
	enum act_result result = ACT_DONE;

	for (const struct node *entity = entities ? entities->first : NULL; entity && result == ACT_DONE;
	     entity = entity->next) {
		const struct node *sequence = is_due(order, entity) ? node_get(entity, "restSequence") : NULL;

		for (const struct node *one = sequence ? sequence->first : NULL; one && result == ACT_DONE;
		     one = one->next)
			result = send_one(order, headers, one);
	}
	return result;
}

const struct participant_kind kind_http = {
	.name = "http",
	.help = "Elements of HttpControlLoopElement types: sends the requests of their configurationEntities.",
	.act = http_act,
};
