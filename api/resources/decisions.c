/* decisions - POST decisions: many questions in ONAP's dialect at once */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/reply.h"
#include "api/bodies/request.h"
#include "api/bodies/request_scan.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/answers.h"

#define ANSWER_MOSTLY 48 /* bytes of an answer that is not explained */

/* All of them before the first is decided: a body with one that is wrong is refused as a whole, with its place. */
struct questions {
	struct request *list; /* in the exchange's arena */
	size_t count;
};

static bool
questions_scan(struct exchange *exchange, size_t most, struct questions *ret)
{
	size_t room = exchange->body.len / 40; /* {"action":"guard","resource":{"guard":{}}} is longer */

	room = room < most ? room + 1 : most;
	ret->list = arena_bytes(exchange->arena, room * sizeof(*ret->list));
	return exchange->reads == MEDIA_JSON && ret->list &&
	       request_scan_list(exchange->body, exchange->worker->service->mode, room, ret->list, &ret->count);
}

static int
questions_read(struct exchange *exchange, size_t most, struct questions *ret, struct error *err)
{
	struct service *service = exchange->worker->service;
	const struct request_form form = {service->mode, service->settings->ignore_unknown, &service->text_count};
	const struct node *list;
	struct node *root;
	int r = read_body(exchange, &root, err);

	if (r != 0)
		return r;
	list = node_get(root, "decisions");
	if (!list || list->kind != NODE_LIST)
		return error_set(err, list ? ERROR_TYPE : ERROR_MISSING, list ? list : root,
		                 "decisions is not a list: expected {\"decisions\": [question, ...]}");
	if (list->count > most)
		return error_set(err, ERROR_LIMIT, list,
		                 "too many questions: expected at most %zu (batch_items), got %u", most, list->count);
	ret->count = 0;
	ret->list = arena_array(exchange->arena, list->count, sizeof(*ret->list));
	if (!ret->list)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (const struct node *question = list->first; question && r == 0; question = question->next)
		r = request_read(question, form, exchange->arena, &ret->list[ret->count++], err);
	return r;
}

/* entry: of all questions of the exchange, one after the other; its request is the one that is answered. */
static void
question_answer(struct exchange *exchange, struct log_entry *entry, bool explain, struct text *out)
{
	struct session *session = exchange->worker->session;
	const struct request *request = entry->request;
	struct decision decision;
	struct explained why;
	bool explained;

	entry->decision = &decision;
	explained = explain && session_explain(session, request, exchange->arena, &decision, &why) == 0;
	if (!explain)
		session_decide(session, request, &decision);
	if (!answer_decision(exchange, entry)) {
		answer_unlogged(&decision);
		explained = false;
	}
	text_add(out, explained ? reply_explained(&decision, &why, exchange->arena).text
	                        : reply_decision(&decision, STR_NONE, exchange->arena).text);
}

void
decisions_post(struct exchange *exchange)
{
	const struct service *service = exchange->worker->service;
	bool explain = str_is(exchange_query(exchange, "explain"), "true");
	size_t most = (size_t)service->settings->batch_items;
	struct questions questions;
	struct log_entry entry = {.door = LOG_DOOR_DECISION};
	struct error err = {0};
	struct text out;

	if (!questions_scan(exchange, most, &questions) && questions_read(exchange, most, &questions, &err) != 0) {
		metrics_add(&exchange->worker->metrics->errors, 1);
		answer_error(exchange, &err);
		return;
	}
	for (size_t i = 0; i < questions.count; i++)
		if (!exchange_covers(exchange, questions.list[i].attribute[ATTRIBUTE_ACTOR]))
			return;
	text_init(&out, exchange->arena);
	(void)text_reserve(&out, questions.count * ANSWER_MOSTLY); /* at once; without memory text_done tells */
	text_add(&out, STR("{\"decisions\":["));
	session_batch_begin(exchange->worker->session);
	answer_batch_begin(exchange);
	for (size_t i = 0; i < questions.count; i++) {
		if (i > 0)
			text_add(&out, STR(","));
		entry.request = &questions.list[i];
		question_answer(exchange, &entry, explain, &out);
	}
	answer_batch_end(exchange);
	session_batch_end(exchange->worker->session);
	text_add(&out, STR("]}"));
	answer_json(exchange, text_done(&out));
}
