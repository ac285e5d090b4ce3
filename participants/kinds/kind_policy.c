/* kind_policy - an ONAP policy framework: elements of PolicyControlLoopElement create, deploy and withdraw policies */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/text.h"
#include "participants/engine/own_engine.h"
#include "participants/kinds/participant_kinds.h"
#include "participants/kinds/policy_side.h"
#include "participants/framework/web_request.h"

#include <time.h>

/*
 * PASSIVE: the element's policies, and the types of theirs that the framework does not have, are created by the policy
 * API. RUNNING: they are deployed by the PAP, and every decision point has them. The way back withdraws and deletes, but
 * never what this element did not create, nor what another element of the participant needs. Each order makes the far
 * side what it should be, whatever it was: so an order may come twice, or after a kill.
 *
 * Noted: "deployed NAME VERSION", "policy NAME VERSION", "type NAME VERSION" (policy_side.h).
 */

#define API "/policy/api/v1/"
#define PAP "/policy/pap/v1/"
#define TYPE_DEPTH_MAX 32
#define ENGINE_URL "http://engine"

static struct str
framework_url(const struct element_order *order, const char *path)
{
	struct str base = str_from(order->engine ? ENGINE_URL : order->settings->url);

	return str_from(
		arena_printf(order->arena, "%.*s%s", (int)(base.len - str_ends_with(base, STR("/"))), base.ptr, path));
}

/* One question. Status 404 is an answer too, when `missing` is given: it is then set. */
static enum act_result
policy_ask(struct element_order *order, const char *method, const char *path, struct str body, bool *missing,
           struct web_answer *ret)
{
	struct web_request request = {
		.method = method, .body = body, .media = "application/json", .socket = order->engine};
	enum act_result result;

	request.url = path ? framework_url(order, path).ptr : NULL;
	if (!request.url)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = web_ask(order, &request, ret);
	if (missing)
		*missing = result == ACT_DONE && ret->status == 404;
	if (result != ACT_DONE || (missing && *missing))
		return result;
	return web_judge(order, &request, ret);
}

/* <collection>/NAME/versions/VERSION */
static const char *
entity_path(struct element_order *order, const char *collection, struct str name, struct str version)
{
	const char *escaped = web_escape(name, order->arena), *escaped_version = web_escape(version, order->arena);

	return escaped && escaped_version
	               ? arena_printf(order->arena, "%s/%s/versions/%s", collection, escaped, escaped_version)
	               : NULL;
}

/* --- making --- */

/* Adds the type and those that it derives from, as far as the fragment has them and the framework has not. */
static enum act_result
policy_add_types(struct element_order *order, struct str name, struct text *out, bool *any)
{
	const struct node *types = node_get(order->fragment, "policy_types");
	enum act_result result = ACT_DONE;

	for (int depth = 0; depth < TYPE_DEPTH_MAX && name.ptr && result == ACT_DONE; depth++) {
		const struct node *type = node_get_str(types, name);
		struct str version = order_member(type, "version"), item;
		struct web_answer answer;
		bool missing = false;

		if (!type)
			break; /* one of the framework's own */
		if (!version.ptr)
			version = STR("1.0.0");
		item = policy_item(order, "type", name, version);
		result = policy_ask(order, "GET", entity_path(order, API "policytypes", name, version), STR_NONE,
		                    &missing, &answer);
		if (result == ACT_DONE && (missing || order_has_noted(order, item))) {
			if (!item.ptr || order_note(order, item) != 0)
				return order_say(order, ACT_AGAIN, "what is created cannot be kept");
			text_add(out, *any ? STR(",") : STR(""));
			text_add_json(out, name);
			text_add(out, STR(":"));
			text_add_node(out, type, false);
			*any = true;
		}
		name = order_member(type, "derived_from");
	}
	return result;
}

static enum act_result
create_types(struct element_order *order, const struct chosen_policies *policies)
{
	const struct node *data_types = node_get(order->fragment, "data_types");
	enum act_result result = ACT_DONE;
	struct web_answer answer;
	struct text out;
	bool any = false;

	text_init(&out, order->arena);
	text_add(&out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\",\"policy_types\":{"));
	for (size_t i = 0; i < policies->count && result == ACT_DONE; i++) {
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen |= str_equal(policies->list[i].type, policies->list[j].type);
		if (!seen)
			result = policy_add_types(order, policies->list[i].type, &out, &any);
	}
	text_add(&out, STR("}"));
	if (data_types && data_types->count) {
		text_add(&out, STR(",\"data_types\":"));
		text_add_node(&out, data_types, false);
	}
	text_add(&out, STR("}"));
	if (result != ACT_DONE || !any)
		return result;
	return policy_ask(order, "POST", API "policytypes", text_done(&out), NULL, &answer);
}

/* One that was there, and that no element here created, is checked to be the same, and stays when the element goes. */
static enum act_result
create_policy(struct element_order *order, const struct chosen_policy *policy)
{
	struct str item = policy_item(order, "policy", policy->name, policy->version);
	struct web_answer answer;
	enum act_result result;
	bool missing = false;
	struct text out;

	if (!item.ptr)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = policy_ask(order, "GET", entity_path(order, API "policies", policy->name, policy->version), STR_NONE,
	                    &missing, &answer);
	if (result != ACT_DONE)
		return result;
	if ((missing || policy_is_shared(order, item)) && order_note(order, item) != 0)
		return order_say(order, ACT_AGAIN, "what is created cannot be kept");
	text_init(&out, order->arena);
	text_add(&out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\",\"topology_template\":{"
	                   "\"policies\":[{"));
	text_add_json(&out, policy->name);
	text_add(&out, STR(":"));
	text_add_node(&out, policy->body, false);
	text_add(&out, STR("}]}}"));
	return policy_ask(order, "POST", API "policies", text_done(&out), NULL, &answer);
}

static long
policy_count_of(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? (long)node->integer : 0;
}

/* Until every decision point has it: the framework answers a deployment before it is done. */
static enum act_result
await_deployed(struct element_order *order, const struct chosen_policy *policy)
{
	const int64_t until_ms = clock_monotonic_ms() + order->settings->timeout_ms;
	const char *name = web_escape(policy->name, order->arena), *version = web_escape(policy->version, order->arena);
	const char *path =
		name && version ? arena_printf(order->arena, PAP "policies/deployed/%s/%s", name, version) : NULL;
	const struct timespec pause = {0, 100000000};
	long good = 0, bad = 0, left = 0;

	do {
		struct web_answer answer;
		bool missing = false;
		enum act_result result = policy_ask(order, "GET", path, STR_NONE, &missing, &answer);
		struct node *status = NULL;

		if (result != ACT_DONE)
			return result;
		if (!missing && web_tree(order, &answer, &status) == ACT_DONE) {
			if (status->kind == NODE_LIST)
				status = status->first;
			good = policy_count_of(status, "success-count");
			bad = policy_count_of(status, "failure-count");
			left = policy_count_of(status, "incomplete-count");
		}
		if (bad)
			return order_say(order, ACT_FAILED, "policy %.*s %.*s is refused by %ld decision points",
			                 STR_ARG(policy->name), STR_ARG(policy->version), bad);
		if (good && !left)
			return ACT_DONE;
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	} while (order_may_wait() && clock_monotonic_ms() < until_ms);
	return order_say(order, ACT_AGAIN, "policy %.*s %.*s is in force on %ld decision points, awaited on %ld more",
	                 STR_ARG(policy->name), STR_ARG(policy->version), good, left);
}

static enum act_result
policy_put_into_force(struct element_order *order, const struct chosen_policy *policy)
{
	struct str item = policy_item(order, "deployed", policy->name, policy->version);
	struct web_answer answer;
	enum act_result result;
	struct text out;

	if (!item.ptr || order_note(order, item) != 0)
		return order_say(order, ACT_AGAIN, "what is deployed cannot be kept");
	text_init(&out, order->arena);
	text_add(&out, STR("{\"policies\":[{\"policy-id\":"));
	text_add_json(&out, policy->name);
	text_add(&out, STR(",\"policy-version\":"));
	text_add_json(&out, policy->version);
	text_add(&out, STR("}]}"));
	result = policy_ask(order, "POST", PAP "pdps/policies", text_done(&out), NULL, &answer);
	return result == ACT_DONE ? await_deployed(order, policy) : result;
}

/* --- taking away --- */

static bool
is_wanted(const struct chosen_policies *policies, struct str name, struct str version)
{
	for (size_t i = 0; i < policies->count; i++)
		if (str_equal(policies->list[i].name, name) && str_equal(policies->list[i].version, version))
			return true;
	return false;
}

/* Removes the policies noted as `what` that are not wanted, unless another element needs them. left: a status that is not a fault. */
static enum act_result
policy_remove_all(struct element_order *order, const char *what, const char *collection,
                  const struct chosen_policies *wanted, long left)
{
	const struct node *noted = order_noted(order);
	enum act_result result = ACT_DONE;

	for (const struct node *item = noted ? noted->first : NULL; item && result == ACT_DONE; item = item->next) {
		struct str name, version;
		struct web_answer answer = {0};
		bool missing = false;

		if (!policy_split_item(order, item->text, what, &name, &version) || is_wanted(wanted, name, version))
			continue;
		if (!policy_is_shared(order, item->text))
			result = policy_ask(order, "DELETE", entity_path(order, collection, name, version), STR_NONE,
			                    &missing, &answer);
		if (result == ACT_FAILED && answer.status == left)
			result = ACT_DONE;
		if (result == ACT_DONE)
			order_forget(order, item->text);
	}
	return result;
}

static enum act_result
policy_act(struct element_order *order)
{
	struct chosen_policies policies, none = {0};
	const bool stays = !str_is(order->state, "UNINITIALISED"), runs = str_is(order->state, "RUNNING");
	enum act_result result;

	if (!stays && policy_wants_engine(order))
		return policy_end_engine(order);
	if (!policy_choose(order, &policies))
		return order_say(order, ACT_AGAIN, "out of memory");
	if (stays && policies.count == 0)
		return order_say(order, ACT_FAILED, "the element names no policy of its control loop's document");
	result = policy_find_side(order);
	if (stays && result == ACT_DONE)
		result = create_types(order, &policies);
	for (size_t i = 0; i < policies.count && stays && result == ACT_DONE; i++)
		result = create_policy(order, &policies.list[i]);
	for (size_t i = 0; i < policies.count && runs && result == ACT_DONE; i++)
		result = policy_put_into_force(order, &policies.list[i]);
	if (result == ACT_DONE)
		result = policy_remove_all(order, "deployed", PAP "pdps/policies", runs ? &policies : &none,
		                           400); /* not deployed */
	if (result == ACT_DONE)
		result = policy_remove_all(order, "policy", API "policies", stays ? &policies : &none, 0);
	if (result == ACT_DONE && !stays)
		result = policy_remove_all(order, "type", API "policytypes", &none, 406); /* others use it */
	if (result != ACT_DONE)
		return result;
	return order_say(order, ACT_DONE, "%zu policies are %s", policies.count,
	                 runs    ? "deployed"
	                 : stays ? "created"
	                         : "withdrawn");
}

/* RUNNING: all are deployed; PASSIVE: all are there. Absent when the framework does not answer. */
static struct str
policy_observe(struct element_order *order)
{
	struct str state = order->from, name, version;
	const struct node *noted = order_noted(order);

	if (!policy_known_side(order))
		return STR_NONE;

	for (const struct node *item = noted ? noted->first : NULL; item; item = item->next) {
		struct web_answer answer;
		bool missing = false;

		if (policy_split_item(order, item->text, "policy", &name, &version)) {
			if (policy_ask(order, "GET", entity_path(order, API "policies", name, version), STR_NONE,
			               &missing, &answer) != ACT_DONE)
				return STR_NONE;
			if (missing) {
				(void)order_say(order, ACT_DONE, "policy %.*s is not there", STR_ARG(name));
				return STR("UNINITIALISED");
			}
		} else if (policy_split_item(order, item->text, "deployed", &name, &version)) {
			const char *path = arena_printf(order->arena, PAP "policies/deployed/%.*s/%.*s", STR_ARG(name),
			                                STR_ARG(version));

			if (policy_ask(order, "GET", path, STR_NONE, &missing, &answer) != ACT_DONE)
				return STR_NONE;
			if (missing && str_is(state, "RUNNING")) {
				(void)order_say(order, ACT_DONE, "policy %.*s is not deployed", STR_ARG(name));
				state = STR("PASSIVE");
			}
		}
	}
	return state;
}

const struct participant_kind kind_policy = {
	.name = "policy",
	.help = "Elements of PolicyControlLoopElement types: creates and deploys their policies in an ONAP policy "
		"framework.",
	.needs_url = true,
	.has_engines = true,
	.serial = true,
	.act = policy_act,
	.observe = policy_observe,
	.attend = engine_attend,
};
