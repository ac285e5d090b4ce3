/* decision - POST /policy/pdpx/v1/decision: may it? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/reply.h"
#include "api/bodies/request.h"
#include "api/bodies/request_scan.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/answers.h"
#include "api/resources/access.h"
#include "api/resources/calls.h"
#include "runtime/administration/applications.h"

static bool
is_asked_why(struct exchange *exchange)
{
	return str_is(exchange_query(exchange, "explain"), "true");
}

static void
decision_refuse(struct exchange *exchange, const struct error *err)
{
	struct reply_body body;

	metrics_add(&exchange->worker->metrics->errors, 1);
	exchange->reply.status = reply_refusal(err, exchange->worker->service->mode, exchange->arena, &body);
	exchange->reply.media = MEDIA_JSON;
	exchange->reply.body = body.text;
}

/* The decision with what each guard said; a Deny, without that, when memory ran out before they had all been asked. */
static struct reply_body
decision_explain(struct exchange *exchange, const struct request *request, struct decision *ret)
{
	struct explained why;

	if (session_explain(exchange->worker->session, request, exchange->arena, ret, &why) != 0)
		return reply_decision(ret, STR_NONE, exchange->arena);
	return reply_explained(ret, &why, exchange->arena);
}

static void
decision_answer(struct exchange *exchange, const struct reply_body *body)
{
	answer_json(exchange, body->text);
	exchange->reply.constant = body->constant;
}

/* Action access: not the guards but the runtime knows. */
static int
answer_access(struct exchange *exchange, const struct node *root, struct error *err)
{
	struct str explanation = STR_NONE;
	struct reply_body body;
	struct decision decision;
	int r = access_answer_of(exchange, root, is_asked_why(exchange) ? &explanation : NULL, &decision, err);

	if (r != 0)
		return r;
	body = reply_decision(&decision, explanation, exchange->arena);
	decision_answer(exchange, &body);
	return 0;
}

/* Actions that hand out policies: off the worker, because there may be many. */
static void
answer_application(struct exchange *exchange)
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	call->raw = arena_str(&call->arena, exchange->body);
	call->other = exchange->reads == MEDIA_YAML ? STR("yaml") : STR_NONE;
	call->version = str_is(exchange_query(exchange, "abbrev"), "true") ? STR("abbrev") : STR_NONE;
	answer_read_call(exchange, call, applications_read);
}

static bool
is_application(const struct node *root)
{
	const struct node *action = node_get(root, "action");

	return action && action->kind == NODE_TEXT && application_is(action->text);
}

/* False when the request was refused, or answered as another action than guard. */
static bool
read_slowly(struct exchange *exchange, struct request *ret)
{
	struct service *service = exchange->worker->service;
	struct error err = {0};
	struct node *root;
	int r = read_body(exchange, &root, &err);

	/* Policies, and whether an element may call a service, are of no actor: they need the role for all. */
	if (r == 0 && (is_application(root) || request_is_access(root)) && !exchange_covers(exchange, STR_NONE))
		return false;
	if (r == 0 && is_application(root)) {
		answer_application(exchange);
		return false;
	}
	if (r == 0 && !request_is_access(root))
		r = request_read(
			root,
			(struct request_form){service->mode, service->settings->ignore_unknown, &service->text_count},
			exchange->arena, ret, &err);
	else if (r == 0)
		r = answer_access(exchange, root, &err);
	if (r != 0)
		decision_refuse(exchange, &err);
	return r == 0 && !exchange->reply.status;
}

void
decision_post(struct exchange *exchange)
{
	const struct service *service = exchange->worker->service;
	struct reply_body body;
	struct decision decision;
	struct request request;
	struct log_entry entry = {.door = LOG_DOOR_DECISION, .request = &request, .decision = &decision};

	/* Most bodies take the fast path; the long one reads the others, and knows what is wrong with the bad ones. */
	if ((exchange->reads != MEDIA_JSON || !request_scan(exchange->body, service->mode, &request)) &&
	    !read_slowly(exchange, &request))
		return;
	if (!exchange_covers(exchange, request.attribute[ATTRIBUTE_ACTOR]))
		return;
	answer_begin(exchange);
	if (is_asked_why(exchange)) {
		body = decision_explain(exchange, &request, &decision);
	} else {
		session_decide(exchange->worker->session, &request, &decision);
		body = reply_decision(&decision, STR_NONE, exchange->arena);
	}
	if (!answer_decision(exchange, &entry)) {
		answer_unlogged(&decision);
		body = reply_decision(&decision, STR_NONE, exchange->arena);
	}
	decision_answer(exchange, &body);
}
