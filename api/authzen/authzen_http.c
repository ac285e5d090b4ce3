/* authzen_http - AuthZEN 1.0: evaluation, evaluations and the document that tells what there is */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/authzen.h"
#include "api/bodies/reply.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/answers.h"

#define EVALUATION_MOSTLY 64 /* bytes of an answer that is not explained */

/* Nothing is taken from the counters by a question: what an answer permits is not reserved. */

static bool
is_explained(struct exchange *exchange)
{
	return str_is(exchange_query(exchange, "explain"), "true");
}

static void
evaluation_refuse(struct exchange *exchange, const struct error *err)
{
	metrics_add(&exchange->worker->metrics->errors, 1);
	answer_error(exchange, err);
}

/* False: it could not be logged, and is denied. */
static bool
evaluation_count(struct exchange *exchange, struct log_entry *entry, struct decision *decision)
{
	bool logged;

	entry->decision = decision;
	logged = answer_decision(exchange, entry);
	if (!logged)
		answer_unlogged(decision);
	return logged;
}

/* Decides entry's request: the answer, ready-made or in the exchange's arena. An entry can be used again. */
static struct reply_body
evaluate(struct exchange *exchange, struct log_entry *entry, bool explain, struct decision *ret)
{
	const struct request *request = entry->request;
	struct session *session = exchange->worker->session;
	struct explained why;
	bool explained;

	explained = explain && session_explain(session, request, exchange->arena, ret, &why) == 0;
	if (!explain)
		session_decide(session, request, ret);
	explained = evaluation_count(exchange, entry, ret) && explained;
	return reply_evaluation(ret, explained ? &why : NULL, exchange->arena);
}

static void
evaluation_answer(struct exchange *exchange, const struct request *request, bool explain)
{
	struct log_entry entry = {.door = LOG_DOOR_AUTHZEN, .request = request};
	struct decision decision;
	struct reply_body body;

	answer_begin(exchange);
	body = evaluate(exchange, &entry, explain, &decision);
	answer_json(exchange, body.text);
	exchange->reply.constant = body.constant;
}

/* Reads the bodies that the fast path leaves: bad ones, and good ones of an unusual shape. */
static int
evaluation_read(struct exchange *exchange, struct request *ret, bool *ret_explain, struct error *err)
{
	struct authzen_question question;
	struct node *root;
	int r = read_body(exchange, &root, err);

	if (r == 0)
		r = authzen_read(root, exchange->arena, &question, err);
	if (r == 0)
		r = authzen_read_explain(root, ret_explain, err);
	return r == 0 ? authzen_request(&question, NULL, exchange->worker->service->mode, exchange->arena, ret, err)
	              : r;
}

void
evaluation_post(struct exchange *exchange)
{
	struct request request;
	struct error err = {0};
	bool explain = false;

	if (!authzen_scan(exchange->body, exchange->worker->service->mode, exchange->arena, &request) &&
	    evaluation_read(exchange, &request, &explain, &err) != 0) {
		evaluation_refuse(exchange, &err);
		return;
	}
	if (exchange_covers(exchange, request.attribute[ATTRIBUTE_ACTOR]))
		evaluation_answer(exchange, &request, explain || is_explained(exchange));
}

/* One item's answer: whether it permits. */
static bool
item_answer(struct exchange *exchange, const struct authzen_item *item, bool explain, struct log_entry *entry,
            struct text *out)
{
	struct decision decision;

	if (item->err) {
		metrics_add(&exchange->worker->metrics->errors, 1);
		reply_evaluation_error(out, item->err, exchange->arena);
		return false;
	}
	entry->request = &item->request;
	text_add(out, evaluate(exchange, entry, explain, &decision).text);
	return decision.permit;
}

/* Whether who asks may ask for each subject; else 403 is the answer. */
static bool
items_covered(struct exchange *exchange, const struct authzen_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct authzen_item *item = &batch->items[i];

		if (!item->err && !exchange_covers(exchange, item->request.attribute[ATTRIBUTE_ACTOR]))
			return false;
	}
	return true;
}

/* One policy set, one instant, one state of the counters. */
static void
items_answer(struct exchange *exchange, const struct authzen_batch *batch, bool explain)
{
	struct session *session = exchange->worker->session;
	struct log_entry entry = {.door = LOG_DOOR_AUTHZEN};
	bool ends = false;
	struct text out;

	text_init(&out, exchange->arena);
	(void)text_reserve(&out, batch->count * EVALUATION_MOSTLY); /* at once; without memory text_done tells */
	text_add(&out, STR("{\"evaluations\":["));
	session_batch_begin(session);
	answer_batch_begin(exchange);
	for (size_t i = 0; i < batch->count && !ends; i++) {
		bool permit;

		if (i > 0)
			text_add(&out, STR(","));
		permit = item_answer(exchange, &batch->items[i], explain, &entry, &out);
		ends = batch->semantic == (permit ? AUTHZEN_PERMIT_ON_FIRST_PERMIT : AUTHZEN_DENY_ON_FIRST_DENY);
	}
	answer_batch_end(exchange);
	session_batch_end(session);
	text_add(&out, STR("]}"));
	answer_json(exchange, text_done(&out));
}

void
evaluations_post(struct exchange *exchange)
{
	const struct service *service = exchange->worker->service;
	size_t most = (size_t)service->settings->batch_items;
	bool explain = is_explained(exchange);
	struct authzen_batch batch;
	struct request request;
	struct error err = {0};
	struct node *root;
	int r = 0;

	if (!authzen_scan_batch(exchange->body, service->mode, most, exchange->arena, &batch)) {
		r = read_body(exchange, &root, &err);
		if (r == 0)
			r = authzen_read_batch(root, service->mode, most, exchange->arena, &batch, &err);
	}
	if (r == 0 && batch.count == 0)
		r = authzen_request(&batch.base, NULL, service->mode, exchange->arena, &request, &err);
	if (r != 0)
		evaluation_refuse(exchange, &err);
	else if (batch.count == 0 && exchange_covers(exchange, request.attribute[ATTRIBUTE_ACTOR]))
		evaluation_answer(exchange, &request, explain || batch.explain);
	else if (batch.count && items_covered(exchange, &batch))
		items_answer(exchange, &batch, explain || batch.explain);
}

/* Where the service is, as clients see it: public_url, or what this client called it. */
static void
base_add(struct text *out, const struct exchange *exchange)
{
	const struct settings *settings = exchange->worker->service->settings;

	if (settings->public_url) {
		text_add(out, str_from(settings->public_url));
		return;
	}
	text_add(out, exchange->worker->tls ? STR("https://") : STR("http://"));
	text_add(out, exchange->host.len ? exchange->host : STR("localhost"));
}

void
authzen_configuration_get(struct exchange *exchange)
{
	static const struct {
		const char *member, *path;
	} members[] = {
		{"policy_decision_point", ""},
		{"access_evaluation_endpoint", "/access/v1/evaluation"},
		{"access_evaluations_endpoint", "/access/v1/evaluations"},
		{"search_subject_endpoint", "/access/v1/search/subject"},
		{"search_resource_endpoint", "/access/v1/search/resource"},
		{"search_action_endpoint", "/access/v1/search/action"},
	};
	struct text out, url;

	text_init(&out, exchange->arena);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		text_init(&url, exchange->arena);
		base_add(&url, exchange);
		text_add(&url, str_from(members[i].path));
		text_addf(&out, "%c\"%s\":", i ? ',' : '{', members[i].member);
		text_add_json(&out, text_done(&url));
	}
	text_add(&out, STR("}"));
	answer_json(exchange, text_done(&out));
}
