/* operations - POST and GET operations: what others did, for the counters */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "api/bodies/operation_rows.h"
#include "api/bodies/reply.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/calls.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define PATH "/clguard/v1/operations/"

/* The committer's thread. */
static void
committed(void *context, const struct error *err)
{
	exchange_resume(context, err);
}

/* The worker's thread again. A commit that comes after the deadline stands: the client may send the same rows again. */
static void
answer_recorded(struct exchange *exchange)
{
	struct error late = {0};
	struct text out;

	if (exchange->timed_out) {
		(void)error_set(&late, ERROR_BUSY, NULL, "the commit did not come in time; it may still come");
		answer_error(exchange, &late);
	} else if (exchange->outcome->code) {
		answer_error(exchange, exchange->outcome);
	} else {
		metrics_add(&exchange->worker->metrics->recorded, exchange->note);
		text_init(&out, exchange->arena);
		text_addf(&out, "{\"recorded\":%" PRIu64 "}", exchange->note);
		answer_json(exchange, text_done(&out));
	}
	service_finished(exchange);
}

void
operations_post(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	struct operation *rows;
	struct error err = {0};
	struct node *root;
	int64_t latest_ms;
	size_t count;

	latest_ms = history_latest(engine_history(service->engine), engine_now(service->engine));
	if (read_body(exchange, &root, &err) != 0 ||
	    rows_read(root, true, latest_ms, exchange->arena, &rows, &count, &err) != 0) {
		answer_error(exchange, &err);
		return;
	}
	if (count == 0) {
		answer_json(exchange, STR("{\"recorded\":0}"));
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!exchange_covers(exchange, rows[i].actor))
			return;
	/* The committer keeps a copy of the rows until they are written. */
	if (!exchange_charge(exchange, exchange->body.len + count * sizeof(*rows))) {
		(void)error_set(&err, ERROR_MEMORY, NULL, "out of memory");
		answer_error(exchange, &err);
		return;
	}
	exchange->note = count;
	exchange_suspend(exchange, service->settings->commit_timeout_s * 1000, answer_recorded);
	if (engine_record_async(service->engine, rows, count, committed, exchange, &err) != 0)
		exchange_resume(exchange, &err);
}

static int
operations_read_time(struct exchange *exchange, const char *name, int64_t *ret, struct error *err)
{
	struct str text = exchange_query(exchange, name);

	*ret = TIME_NONE;
	if (text.ptr && time_parse_instant(text, ret) != 0)
		return error_set(err, ERROR_TYPE, NULL, "%s is no RFC 3339 time", name);
	return 0;
}

/* 1 to LIMIT_MAX, in digits; 0 for anything else. */
static size_t
parse_limit(struct str text)
{
	size_t limit = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || limit > LIMIT_MAX)
			return 0;
		limit = limit * 10 + (size_t)(text.ptr[i] - '0');
	}
	return limit <= LIMIT_MAX ? limit : 0;
}

/* Its texts live in the call's arena. */
static int
read_filter(struct exchange *exchange, struct arena *arena, struct operation_filter *ret, struct error *err)
{
	struct str limit = exchange_query(exchange, "limit");

	*ret = (struct operation_filter){
		.actor = arena_str(arena, exchange_query(exchange, "actor")),
		.operation = arena_str(arena, exchange_query(exchange, "operation")),
		.target = arena_str(arena, exchange_query(exchange, "target")),
		.clname = arena_str(arena, exchange_query(exchange, "closedLoopName")),
		.limit = limit.ptr ? parse_limit(limit) : LIMIT_DEFAULT,
		.undone = str_is(exchange_query(exchange, "undone"), "true"),
	};
	if (exchange->worker->service->mode == GUARD_STRICT && ret->operation.ptr)
		ret->operation = operation_canonical(ret->operation); /* as rows are kept */
	if (!ret->limit)
		return error_set(err, ERROR_RANGE, NULL, "limit is not within 1 to %d", LIMIT_MAX);
	if (arena->exhausted)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (operations_read_time(exchange, "from", &ret->from_ms, err) != 0)
		return -(int)err->code;
	return operations_read_time(exchange, "to", &ret->to_ms, err);
}

/* The listing's filter and form; in the call's arena. */
struct operations_listing {
	struct operation_filter filter;
	struct text *out;
	bool ids;
};

/* A row; with its id where that is asked for; one that was undone with who did it and why in place of its message. */
static int
operations_write_row(void *context, const struct operation *row)
{
	struct operations_listing *listing = context;
	struct text *out = listing->out;
	struct operation shown = *row;
	struct str by, why;

	if (out->len > 1)
		text_add(out, STR(","));
	if (!listing->ids && !listing->filter.undone) {
		rows_write(out, row);
		return out->failed ? -ERROR_MEMORY : 0;
	}
	text_addf(out, "{\"id\":\"%" PRIu64 "\"", row->number);
	if (listing->filter.undone) {
		operation_undone(row, &by, &why);
		text_add(out, STR(",\"undone_by\":"));
		text_add_json(out, by);
		text_add(out, STR(",\"undone_why\":"));
		text_add_json(out, why);
		shown.message = STR_NONE;
	}
	rows_write_members(out, &shown);
	return out->failed ? -ERROR_MEMORY : 0;
}

static int
list_operations(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	struct operations_listing *listing = call->context;
	int r;

	listing->out = out;
	text_add(out, STR("["));
	r = history_each(reader, &listing->filter, operations_write_row, listing);
	text_add(out, STR("]"));
	return r;
}

/* A filter that little passes reads the whole log: not on a worker. */
void
operations_get(struct exchange *exchange)
{
	struct runtime_call *call = call_new(exchange);
	struct operations_listing *listing = call ? arena_alloc(&call->arena, sizeof(*listing)) : NULL;
	struct error err = {0};

	if (!call)
		return;
	if (!listing) {
		(void)error_set(&err, ERROR_MEMORY, NULL, "out of memory");
	} else {
		*listing = (struct operations_listing){.ids = str_is(exchange_query(exchange, "ids"), "true")};
		(void)read_filter(exchange, &call->arena, &listing->filter, &err); /* err tells */
	}
	if (err.code) {
		call_free(call);
		answer_error(exchange, &err);
		return;
	}
	call->context = listing;
	answer_history(exchange, call, list_operations);
}

static void
answer_undone(struct exchange *exchange)
{
	struct error late = {0};
	struct text out;

	if (exchange->timed_out) {
		(void)error_set(&late, ERROR_BUSY, NULL, "the commit did not come in time; it may still come");
		answer_error(exchange, &late);
	} else if (exchange->outcome->code == ERROR_UNKNOWN) {
		answer_problem(exchange, 404, exchange->outcome);
	} else if (exchange->outcome->code) {
		answer_error(exchange, exchange->outcome);
	} else {
		text_init(&out, exchange->arena);
		text_addf(&out, "{\"undone\":\"%" PRIu64 "\"}", exchange->note);
		answer_json(exchange, text_done(&out));
	}
	service_finished(exchange);
}

/* DELETE operations/{id}?why=...&by=... */
void
operation_delete(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	struct str why = exchange_query(exchange, "why"), by = exchange_query(exchange, "by"), id = exchange->path;
	struct error err = {0};
	uint64_t number = 0;

	id.ptr += sizeof(PATH) - 1;
	id.len -= sizeof(PATH) - 1;
	for (size_t i = 0; i < id.len; i++) {
		if (id.ptr[i] < '0' || id.ptr[i] > '9' || number > UINT64_MAX / 10 - 1) {
			(void)error_set(&err, ERROR_UNKNOWN, NULL,
			                "the id of an operation is wrong: expected digits, got '%.*s'", STR_ARG(id));
			answer_problem(exchange, 404, &err);
			return;
		}
		number = number * 10 + (uint64_t)(id.ptr[i] - '0');
	}
	if (exchange->identity.name[0])
		by = str_from(exchange->identity.name); /* who it is, not who it says it is */
	if (why.len == 0 || by.len == 0 || memchr(by.ptr, '\n', by.len)) {
		(void)error_set(
			&err, ERROR_MISSING, NULL,
			"undoing an operation needs who does it and why: ?by=NAME&why=TEXT, kept for the audit");
		answer_error(exchange, &err);
		return;
	}
	exchange->note = number;
	exchange_suspend(exchange, service->settings->commit_timeout_s * 1000, answer_undone);
	if (history_undo_async(engine_history(service->engine), number, by, why, committed, exchange, &err) != 0)
		exchange_resume(exchange, &err);
}
