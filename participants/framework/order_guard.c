/* order_guard - a guard is asked before a participant acts on the far side */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/order_guard.h"

#include <stdio.h>

#include "base/document.h"
#include "base/text.h"
#include "participants/framework/element_host.h"

#define RESERVATIONS "/clguard/v1/reservations"
#define EXPLAINED "/policy/pdpx/v1/decision?explain=true"
#define GUARD_WAIT_S 30

static const struct document_limits guard_limits = {
	.bytes = (size_t)1 << 20, .depth = 64, .nodes = 100000, .aliases = 0, .scalar = SIZE_MAX};

/* A tree of the answer; NULL: there is none, and the message says so. */
static const struct node *
order_guard_ask(struct element_order *order, const char *method, const char *path, struct str body)
{
	const struct participant_settings *settings = order->settings;
	const struct client client = {
		.address = settings->guard, .user = settings->guard_user, .timeout_s = GUARD_WAIT_S};
	struct element_host *participant = order->participant;
	struct str answer = STR("");
	struct node *tree = NULL;
	struct error err = {0};
	unsigned status = 0;
	int r = -ERROR_MEMORY;

	if (path && body.ptr && str_is(str_from(settings->guard), "service"))
		r = service_link_ask(&participant->service, method, path, body, "application/json", order->arena,
		                     &status, &answer, &err);
	else if (path && body.ptr)
		r = client_ask(&client, method, path, body, "application/json", order->arena, &status, &answer, &err);
	if (r == 0 && status < 300 && json_read(answer, "", &guard_limits, order->arena, &tree, &err) == 0)
		return tree;
	(void)order_say(order, ACT_AGAIN, "the guard does not decide: %s%u %.*s", err.text, status,
	                answer.len < 200 ? (int)answer.len : 200, answer.ptr);
	return NULL;
}

/* The question, without its closing brace. */
static void
order_guard_question(struct element_order *order, struct text *out)
{
	const char *name = order->settings->name;
	char id[UUID_SIZE];

	service_link_uuid(&order->participant->service, id);
	text_init(out, order->arena);
	text_add(out, STR("{\"ONAPName\":\"clguard-participant\",\"ONAPComponent\":"));
	text_add_json(out, str_from(name));
	text_addf(out, ",\"requestId\":\"%s\",\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":", id);
	text_add_json(out, str_from(name));
	text_add(out, STR(",\"operation\":"));
	text_add_json(out, order->update ? STR("UPDATE") : order->state);
	text_add(out, STR(",\"target\":"));
	text_add_json(
		out, str_from(arena_printf(order->arena, "%.*s/%.*s", STR_ARG(order->definition), STR_ARG(order->id))));
	text_add(out, STR(",\"clname\":"));
	text_add_json(out, order->loop);
	text_addf(out, ",\"requestId\":\"%s\"}}", id);
}

/* The reason, and the policy that denies it where the explanation tells. */
static enum act_result
order_guard_tell_denial(struct element_order *order, const struct node *answer, struct text question)
{
	struct str reason = order_member(answer, "reason"), policy = STR_NONE, until = STR_NONE;
	const struct node *guards;

	text_add(&question, STR("}"));
	answer = order_guard_ask(order, "POST", EXPLAINED, text_done(&question));
	guards = node_get(node_get(answer, "explanation"), "guards");
	for (const struct node *one = guards ? guards->first : NULL; one && !policy.ptr; one = one->next) {
		if (!str_is(order_member(one, "verdict"), "deny"))
			continue;
		policy = order_member(one, "policy");
		until = order_member(one, "permit_at");
	}
	return order_say(order, ACT_FAILED, "a guard denies it: %.*s%s%.*s%s%.*s", STR_ARG(reason),
	                 policy.ptr ? ", policy " : "", STR_ARG(policy), until.ptr ? ", until " : "", STR_ARG(until));
}

enum act_result
order_guard_take(struct element_order *order, const char **ret_right)
{
	struct text question, body;
	const struct node *answer;
	struct str right;

	*ret_right = NULL;
	if (!order->settings->guard)
		return ACT_DONE;
	order_progress(order, "asks its guard");
	order_guard_question(order, &question);
	text_init(&body, order->arena);
	text_add(&body, text_done(&question));
	text_addf(&body, ",\"lease_s\":%lld}", (long long)(order->settings->guard_lease_ms / 1000));
	answer = order_guard_ask(order, "POST", RESERVATIONS, text_done(&body));
	if (!answer)
		return ACT_AGAIN;
	if (str_is(order_member(answer, "status"), "Deny"))
		return order_guard_tell_denial(order, answer, question);
	right = order_member(answer, "reservation");
	*ret_right = right.ptr ? arena_printf(order->arena, "%.*s", STR_ARG(right)) : NULL;
	return *ret_right ? ACT_DONE : order_say(order, ACT_AGAIN, "the guard gives no right");
}

void
order_guard_settle(struct element_order *order, const char *right, bool good)
{
	const char *path = right ? arena_printf(order->arena, RESERVATIONS "/%s", right) : NULL;
	char message[ORDER_MESSAGE_SIZE];

	if (!path)
		return;
	(void)snprintf(message, sizeof(message), "%s", order->message);
	if (!order_guard_ask(order, "PUT", path,
	                     good ? STR("{\"outcome\":\"Success\"}") : STR("{\"outcome\":\"Failure\"}")))
		fprintf(stderr, "%s: %s\n", order->settings->name, order->message);
	(void)snprintf(order->message, sizeof(order->message), "%s", message);
}
