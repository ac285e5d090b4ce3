/* kind_cds - ONAP's controller design studio: elements run actions of a blueprint through the blueprint processor */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"
#include "participants/framework/element_host.h"
#include "participants/kinds/participant_kinds.h"
#include "participants/framework/web_request.h"

/*
 * POST /api/v1/execution-service/process, mode sync. An element has a blueprint, cds_blueprint_id {name, version}, and
 * `cds_actions`: for each state into which it is ordered the action to run, {action, inputs}; a state without one needs
 * none. The processor's own word is in the answer's status: code 200 and EVENT_COMPONENT_EXECUTED. Actions may be run
 * twice, as every order may.
 */

#define PROCESS "/api/v1/execution-service/process"

static bool
add_request(struct element_order *order, struct str action, const struct node *inputs, struct text *out)
{
	const struct node *blueprint = order_property(order, "cds_blueprint_id");
	struct str name = order_member(blueprint, "name"), version = order_member(blueprint, "version");
	char now[TIME_TEXT_SIZE];
	const char *member = arena_printf(order->arena, "%.*s-request", STR_ARG(action));

	if (!name.ptr || !version.ptr || !member)
		return false;
	time_format_instant(clock_wall_ms(), now);
	text_addf(
		out,
		"{\"commonHeader\":{\"timestamp\":\"%s\",\"originatorId\":\"clguard-participant\",\"requestId\":", now);
	text_add_json(out, order->id);
	text_addf(out,
	          ",\"subRequestId\":\"%lld\"},\"actionIdentifiers\":{\"blueprintName\":", (long long)clock_wall_ms());
	text_add_json(out, name);
	text_add(out, STR(",\"blueprintVersion\":"));
	text_add_json(out, version);
	text_add(out, STR(",\"actionName\":"));
	text_add_json(out, action);
	text_add(out, STR(",\"mode\":\"sync\"},\"payload\":{"));
	text_add_json(out, str_from(member));
	text_add(out, STR(":"));
	if (inputs && inputs->kind == NODE_MAP)
		text_add_node(out, inputs, true);
	else
		text_add(out, STR("{}"));
	text_add(out, STR("}}"));
	return true;
}

/*
 * The processor's own word, whatever the HTTP status: it answers 200 for many a failure, and 500 for others. What has no
 * such word is judged by the HTTP status.
 */
static enum act_result
read_status(struct element_order *order, struct str action, const struct web_request *request,
            const struct web_answer *answer)
{
	const struct node *status, *code;
	struct node *root = NULL;
	struct str event, message;

	if (web_tree(order, answer, &root) != ACT_DONE)
		root = NULL;
	status = node_get(root, "status");
	code = node_get(status, "code");
	event = order_member(status, "eventType");
	if (!event.ptr)
		return web_judge(order, request, answer) == ACT_AGAIN
		               ? ACT_AGAIN
		               : order_say(order, ACT_FAILED, "action %.*s: the answer has no status", STR_ARG(action));
	message = order_member(status, "errorMessage");
	if (!message.ptr)
		message = order_member(status, "message");
	if (code && code->kind == NODE_INT && code->integer == 200 && str_is(event, "EVENT_COMPONENT_EXECUTED"))
		return order_say(order, ACT_DONE, "action %.*s: %.*s", STR_ARG(action), STR_ARG(message));
	return order_say(order, ACT_FAILED, "action %.*s: %.*s: %.*s", STR_ARG(action), STR_ARG(event),
	                 STR_ARG(message));
}

static enum act_result
run_action(struct element_order *order, struct str action, const struct node *inputs)
{
	struct str base = str_from(order->settings->url);
	struct web_request request = {.method = "POST", .media = "application/json"};
	struct web_answer answer;
	enum act_result result;
	struct text body;

	text_init(&body, order->arena);
	if (!add_request(order, action, inputs, &body))
		return order_say(order, ACT_FAILED, "an element needs cds_blueprint_id with name and version");
	request.body = text_done(&body);
	request.url =
		arena_printf(order->arena, "%.*s" PROCESS, (int)(base.len - str_ends_with(base, STR("/"))), base.ptr);
	if (!request.url || !request.body.ptr)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = web_ask(order, &request, &answer);
	return result == ACT_DONE ? read_status(order, action, &request, &answer) : result;
}

static enum act_result
cds_act(struct element_order *order)
{
	const struct node *actions = order_property(order, "cds_actions");
	const struct node *due = node_get_str(actions, order->state);
	struct str action = order_member(due, "action");

	if (!actions)
		return order_say(order, ACT_FAILED,
		                 "an element needs cds_actions: an action for each state that has one");
	if (node_is_null(due))
		return order_say(order, ACT_DONE, "no action for %.*s", STR_ARG(order->state));
	if (!action.ptr)
		return order_say(order, ACT_FAILED, "cds_actions.%.*s has no action", STR_ARG(order->state));
	return run_action(order, action, node_get(due, "inputs"));
}

const struct participant_kind kind_cds = {
	.name = "cds",
	.help = "Elements of CDSControlLoopElement types: runs actions of their blueprint through the blueprint "
		"processor.",
	.needs_url = true,
	.act = cds_act,
};
