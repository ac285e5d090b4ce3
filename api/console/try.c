/* try - POST try: policies, a history and a request of the caller's own, decided apart from everything that is in force */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdatomic.h>

#include "api/bodies/operation_rows.h"
#include "api/bodies/reply.h"
#include "api/bodies/request.h"
#include "api/console/look.h"
#include "api/http/resources.h"
#include "base/document.h"
#include "engine/simulation/sandbox.h"

#define TEXT_MOST ((size_t)256 << 10) /* bytes of a body */
#define NODES_MOST 20000              /* values in it, and in its policies */
#define POLICIES_MOST 1000            /* guards */
#define ROWS_MOST 1000
#define REQUESTS_MOST 500
#define DOCUMENTS_MOST 16
#define MAP_BYTES ((size_t)64 << 20) /* of the database in a temporary folder */

/* The request of a body; texts are borrowed from its tree. */
struct attempt {
	enum guard_mode mode;
	struct document documents[DOCUMENTS_MOST];
	size_t document_count;
	struct operation *rows;
	size_t row_count;
	const struct node *request;  /* NULL: the policies are only checked */
	const struct node *requests; /* a list of them, answered without explanations; NULL: none */
	int64_t now_ms;
};

static int
try_read_documents(const struct node *list, struct arena *arena, struct attempt *attempt, struct error *err)
{
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_TYPE, list, "policies is wrong: expected a list of {name, text}");
	for (const struct node *one = list->first; one; one = one->next) {
		const struct node *name = node_get(one, "name"), *text = node_get(one, "text");

		if (!name || name->kind != NODE_TEXT || !text || text->kind != NODE_TEXT)
			return error_set(err, ERROR_TYPE, one, "an entry of policies is wrong: expected {name, text}");
		if (attempt->document_count == DOCUMENTS_MOST)
			return error_set(err, ERROR_LIMIT, one, "too many policies: expected at most %d documents",
			                 DOCUMENTS_MOST);
		attempt->documents[attempt->document_count++] =
			(struct document){arena_str(arena, name->text).ptr, text->text, NULL};
	}
	return 0;
}

static int
try_read_mode(const struct node *mode, enum guard_mode *ret, struct error *err)
{
	if (!mode)
		return 0;
	if (mode->kind == NODE_TEXT && str_is(mode->text, "strict"))
		*ret = GUARD_STRICT;
	else if (mode->kind == NODE_TEXT && str_is(mode->text, "onap"))
		*ret = GUARD_ONAP;
	else
		return error_set(err, ERROR_TYPE, mode, "mode is wrong: expected strict or onap");
	return 0;
}

static bool
try_has_member(struct str name)
{
	static const char *const members[] = {"policies", "history", "request", "requests", "now", "mode"};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (str_is(name, members[i]))
			return true;
	return false;
}

static int
read_requests(const struct node *list, struct attempt *attempt, struct error *err)
{
	size_t count = 0;

	attempt->requests = list;
	if (list && list->kind != NODE_LIST)
		return error_set(err, ERROR_TYPE, list, "requests is wrong: expected a list of requests");
	for (const struct node *one = list ? list->first : NULL; one; one = one->next)
		count++;
	if (count > REQUESTS_MOST)
		return error_set(err, ERROR_LIMIT, list, "too many requests: expected at most %d, got '%zu'",
		                 REQUESTS_MOST, count);
	return 0;
}

static int
read_attempt(const struct node *root, struct arena *arena, struct attempt *attempt, struct error *err)
{
	const struct node *history, *now;

	if (root->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, root,
		                 "the body is wrong: expected {policies, history, request, now, mode}");
	for (const struct node *member = root->first; member; member = member->next)
		if (!try_has_member(member->key))
			return error_set(
				err, ERROR_UNKNOWN, member,
				"unknown member '%.*s': expected policies, history, request, requests, now or mode",
				STR_ARG(member->key));
	if (try_read_documents(node_get(root, "policies"), arena, attempt, err) != 0 ||
	    try_read_mode(node_get(root, "mode"), &attempt->mode, err) != 0)
		return -(int)err->code;
	history = node_get(root, "history");
	if (history && rows_read(history, false, INT64_MAX, arena, &attempt->rows, &attempt->row_count, err) != 0)
		return -(int)err->code;
	if (attempt->row_count > ROWS_MOST)
		return error_set(err, ERROR_LIMIT, history, "the history is too long: expected at most %d operations",
		                 ROWS_MOST);
	now = node_get(root, "now");
	if (now && (now->kind != NODE_TEXT || time_parse_instant(now->text, &attempt->now_ms) != 0))
		return error_set(err, ERROR_TYPE, now, "now is wrong: expected a time such as 2026-04-14T12:00:00Z");
	attempt->request = node_get(root, "request");
	return read_requests(node_get(root, "requests"), attempt, err);
}

static void
try_write_findings(struct text *out, const struct diags *diags)
{
	const char *comma = "";

	text_add(out, STR("\"findings\":["));
	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		text_add(out, str_from(comma));
		text_add_finding(out, diag);
		comma = ",";
	}
	text_add(out, STR("]"));
}

/* Writes the fault of the history or of a request. */
static void
write_error(struct text *out, const struct error *err)
{
	text_add(out, STR("\"error\":"));
	text_add_json(out, str_from(err->text));
}

static int
read_question(const struct attempt *attempt, const struct node *node, struct arena *arena, struct request *ret,
              struct error *err)
{
	return request_read(node, (struct request_form){.mode = attempt->mode}, arena, ret, err);
}

/* The decision with its explanation. */
static void
decide_request(struct sandbox *sandbox, const struct attempt *attempt, struct arena *arena, struct text *out)
{
	struct explained why = {0};
	struct error err = {0};
	struct request request;
	struct decision decision;
	struct reply_body body;

	text_add(out, STR(","));
	if (read_question(attempt, attempt->request, arena, &request, &err) != 0) {
		write_error(out, &err);
		return;
	}
	(void)sandbox_decide(sandbox, &request, attempt->now_ms, arena, &decision,
	                     &why); /* a Deny when out of memory */
	body = reply_explained(&decision, &why, arena);
	text_add(out, STR("\"answer\":"));
	text_add(out, body.text.ptr ? body.text : STR("null"));
}

/* Many decisions, each without its explanation. */
static void
decide_requests(struct sandbox *sandbox, const struct attempt *attempt, struct arena *arena, struct text *out)
{
	text_add(out, STR(",\"answers\":["));
	for (const struct node *one = attempt->requests->first; one; one = one->next) {
		struct error err = {0};
		struct request request;
		struct decision decision;

		text_add(out, one == attempt->requests->first ? STR("{") : STR(",{"));
		if (read_question(attempt, one, arena, &request, &err) != 0) {
			write_error(out, &err);
		} else {
			(void)sandbox_decide(sandbox, &request, attempt->now_ms, NULL, &decision, NULL); /* as above */
			text_addf(out, "\"status\":\"%s\",\"reason\":\"%s\"", decision.permit ? "Permit" : "Deny",
			          reason_name[decision.reason]);
		}
		text_add(out, STR("}"));
	}
	text_add(out, STR("]"));
}

static void
decide_attempt(struct sandbox *sandbox, const struct attempt *attempt, struct arena *arena, struct text *out)
{
	struct error err = {0};

	if (sandbox_record(sandbox, attempt->rows, attempt->row_count, attempt->now_ms, &err) != 0) {
		text_add(out, STR(","));
		write_error(out, &err);
		return;
	}
	if (attempt->request)
		decide_request(sandbox, attempt, arena, out);
	if (attempt->requests)
		decide_requests(sandbox, attempt, arena, out);
}

static void
run_attempt(const struct attempt *attempt, struct arena *arena, struct text *out)
{
	struct engine_options options = engine_options_default;
	struct sandbox *sandbox = NULL;
	struct diags diags;
	int r;

	options.mode = attempt->mode;
	options.history.durable = false;
	options.history.map_bytes = MAP_BYTES;
	options.limits.bytes = TEXT_MOST;
	options.limits.nodes = NODES_MOST;
	options.policies_max = POLICIES_MOST;
	diags_init(&diags, arena);
	r = sandbox_open(&options, attempt->documents, attempt->document_count, &sandbox, &diags);
	text_addf(out, "{\"good\":%s,", r == 0 ? "true" : "false");
	try_write_findings(out, &diags);
	if (r == 0) {
		text_addf(out, ",\"guards\":%zu", sandbox_set(sandbox)->guards.count);
		decide_attempt(sandbox, attempt, arena, out);
	}
	text_add(out, STR("}"));
	sandbox_close(sandbox);
}

/* The thread for such attempts. */
static int
try_body(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	const struct list_request *look = call->context;
	const struct document_limits limits = {
		.bytes = TEXT_MOST, .depth = 64, .nodes = NODES_MOST, .aliases = 0, .scalar = TEXT_MOST};
	struct attempt *attempt = arena_alloc(&call->scratch, sizeof(*attempt));
	struct node *root;

	(void)reader;
	if (!attempt)
		return -ERROR_MEMORY;
	attempt->mode = look->service->mode;
	attempt->now_ms = engine_now(look->service->engine);
	if (json_read(call->raw, "", &limits, &call->scratch, &root, &call->err) != 0 ||
	    read_attempt(root, &call->scratch, attempt, &call->err) != 0)
		return 0; /* err tells */
	run_attempt(attempt, &call->scratch, out);
	return 0;
}

void
try_post(struct exchange *exchange)
{
	struct runtime_call *call;

	if (exchange->body.len > TEXT_MOST) {
		answer_refusal(exchange, 413, "the body is too long: expected at most 262144 bytes");
		return;
	}
	call = look_new(exchange, NULL);
	if (!call)
		return;
	call_take_body(exchange, call, NULL);
	answer_apart(exchange, call, try_body);
}
