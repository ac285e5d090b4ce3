/* kind_dcae - microservices of DCAE in its later form: a Helm chart, and the keys in Consul that configure it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "participants/framework/element_host.h"
#include "participants/kinds/cluster.h"
#include "participants/kinds/cluster_sandbox.h"
#include "participants/kinds/helm_release.h"
#include "participants/kinds/participant_kinds.h"
#include "participants/framework/web_request.h"

/*
 * An element has `consul_info`, a list of {consulUrl, consulBody}: each is PUT to Consul's KV store before the microservice
 * starts; and `chart`, as kind kubernetes has it: PASSIVE installs it without replicas, RUNNING waits until it is ready. One of
 * both is enough. UNINITIALISED removes the release and the keys that this element made.
 *
 * Noted: "key URL", and those of kind_kubernetes.c.
 */

static enum act_result
key_ask(struct element_order *order, const char *method, const char *url, struct str body, struct web_answer *ret)
{
	struct web_request request = {.method = method, .url = url, .body = body, .media = "application/json"};
	enum act_result result;

	result = web_ask(order, &request, ret);
	return result == ACT_DONE ? web_judge(order, &request, ret) : result;
}

/* Consul answers a PUT and a DELETE with true, or with false when it did not do it. */
static enum act_result
key_judge(struct element_order *order, enum act_result result, const char *method, const char *url,
          const struct web_answer *answer)
{
	if (result == ACT_DONE && !str_starts_with(answer->body, STR("true")))
		return order_say(order, ACT_FAILED, "%s %s answers %.*s, not true", method, url,
		                 answer->body.len < 100 ? (int)answer->body.len : 100, answer->body.ptr);
	return result;
}

/* Writes one key. It is this element's to remove when it was not there before. */
static enum act_result
key_put(struct element_order *order, const struct node *entry)
{
	struct str url = order_member(entry, "consulUrl");
	const struct node *body = node_get(entry, "consulBody");
	const char *item = arena_printf(order->arena, "key %.*s", STR_ARG(url));
	struct web_answer answer = {0};
	enum act_result result = ACT_DONE;
	struct text out;

	if (!url.len || memchr(url.ptr, ' ', url.len) || node_is_null(body))
		return order_say(order, ACT_FAILED,
		                 "an entry of consul_info needs consulUrl, without spaces, and consulBody");
	text_init(&out, order->arena);
	text_add_node(&out, body, true);
	if (!item || !text_done(&out).ptr)
		return order_say(order, ACT_AGAIN, "out of memory");
	if (!order_has_noted(order, str_from(item))) {
		result = key_ask(order, "GET", url.ptr, STR_NONE, &answer);
		if (answer.status == 404 || (result == ACT_DONE && order_is_shared(order, str_from(item), false)))
			result = cluster_note(order, item);
	}
	if (result == ACT_DONE)
		result = key_ask(order, "PUT", url.ptr, text_done(&out), &answer);
	return key_judge(order, result, "PUT", url.ptr, &answer);
}

static enum act_result
key_remove(struct element_order *order, const char *url)
{
	struct web_answer answer = {0};
	enum act_result result = key_ask(order, "DELETE", url, STR_NONE, &answer);

	return key_judge(order, result, "DELETE", url, &answer);
}

/* Whether an item still belongs to the element as it is written now. */
static bool
dcae_is_written(struct element_order *order, struct str item)
{
	const struct node *keys = order_property(order, "consul_info"), *chart = order_property(order, "chart");
	const char *release;

	if (str_starts_with(item, STR("namespace ")) || sandbox_has(order, item))
		return true; /* goes with the element */
	for (const struct node *one = keys ? keys->first : NULL; one; one = one->next) {
		struct str url = order_member(one, "consulUrl");

		if (str_starts_with(item, STR("key ")) && str_equal((struct str){item.ptr + 4, item.len - 4}, url))
			return true;
	}
	release = chart ? arena_printf(order->arena, "release %.*s %.*s", STR_ARG(cluster_namespace(order)),
	                               STR_ARG(release_name(order, chart)))
	                : NULL;
	return release && str_is(item, release);
}

/* Newest first, so that the microservice goes before what it reads. */
static enum act_result
dcae_remove_unwritten(struct element_order *order, bool all)
{
	const struct node *noted = order_noted(order);
	enum act_result result = ACT_DONE;

	for (const struct node *item = noted ? noted->first : NULL; item && result == ACT_DONE; item = item->next) {
		if (!all && dcae_is_written(order, item->text))
			continue;
		if (!order_is_shared(order, item->text, false))
			result = str_starts_with(item->text, STR("key "))
			                 ? key_remove(order, cluster_item_word(order, item->text, 1))
			                 : cluster_remove_item(order, item->text);
		if (result == ACT_DONE)
			order_forget(order, item->text);
	}
	return result;
}

static enum act_result
dcae_install(struct element_order *order, const struct node *chart, bool idle)
{
	const char *space = arena_str(order->arena, cluster_namespace(order)).ptr;
	enum act_result result;

	if (!space)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = cluster_make_namespace(order, space);
	if (result == ACT_DONE)
		result = sandbox_apply(order, space);
	return result == ACT_DONE ? release_apply(order, chart, space, idle) : result;
}

static enum act_result
dcae_act(struct element_order *order)
{
	const struct node *keys = order_property(order, "consul_info"), *chart = order_property(order, "chart");
	const bool idle = str_is(order->state, "PASSIVE");
	enum act_result result = ACT_DONE;

	if (str_is(order->state, "UNINITIALISED")) {
		result = dcae_remove_unwritten(order, true);
		return result == ACT_DONE ? order_say(order, ACT_DONE, "removed") : result;
	}
	if (!keys && !chart)
		return order_say(order, ACT_FAILED, "an element needs a chart or consul_info");
	if (keys && keys->kind != NODE_LIST)
		return order_say(order, ACT_FAILED, "consul_info is wrong: expected a list, got %s",
		                 node_kind_phrase(keys));
	for (const struct node *one = keys ? keys->first : NULL; one && result == ACT_DONE; one = one->next)
		result = key_put(order, one);
	if (result == ACT_DONE && chart)
		result = dcae_install(order, chart, idle);
	if (result == ACT_DONE)
		result = dcae_remove_unwritten(order, false);
	return result == ACT_DONE ? order_say(order, ACT_DONE, idle ? "configured" : "ready") : result;
}

static struct str
dcae_observe(struct element_order *order)
{
	const struct node *noted = order_noted(order);
	struct str state = order->from;

	for (const struct node *item = noted ? noted->first : NULL; item && str_equal(state, order->from);
	     item = item->next) {
		struct web_answer answer = {0};

		if (str_starts_with(item->text, STR("release "))) {
			state = release_observe(order, cluster_item_word(order, item->text, 1),
			                        cluster_item_word(order, item->text, 2));
		} else if (str_starts_with(item->text, STR("key "))) {
			const char *url = cluster_item_word(order, item->text, 1);
			enum act_result result = key_ask(order, "GET", url, STR_NONE, &answer);

			if (answer.status != 404) {
				state = result == ACT_DONE ? order->from : STR_NONE;
				continue;
			}
			(void)order_say(order, ACT_DONE, "key %s is not there", url);
			state = STR("UNINITIALISED");
		}
	}
	return state;
}

const struct participant_kind kind_dcae = {
	.name = "dcae",
	.help = "Elements of DCAEMicroserviceControlLoopElement types: installs their Helm chart, with its "
		"configuration in "
		"Consul.",
	.act = dcae_act,
	.observe = dcae_observe,
};
