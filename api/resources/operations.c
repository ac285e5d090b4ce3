/* operations - POST and GET operations: what others did, for the counters */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "api/bodies/operation_rows.h"
#include "api/bodies/reply.h"
#include "api/http/resources.h"
#include "api/http/service.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

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
	size_t count;

	if (read_body(exchange, &root, &err) != 0 || rows_read(root, true, exchange->arena, &rows, &count, &err) != 0) {
		answer_error(exchange, &err);
		return;
	}
	if (count == 0) {
		answer_json(exchange, STR("{\"recorded\":0}"));
		return;
	}
	exchange->note = count;
	exchange_suspend(exchange, service->settings->commit_timeout_s * 1000, answer_recorded);
	if (engine_record_async(service->engine, rows, count, committed, exchange, &err) != 0)
		exchange_resume(exchange, &err);
}

static int
read_time(struct exchange *exchange, const char *name, int64_t *ret, struct error *err)
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

static int
read_filter(struct exchange *exchange, struct operation_filter *ret, struct error *err)
{
	struct str limit = exchange_query(exchange, "limit");

	*ret = (struct operation_filter){
		.actor = exchange_query(exchange, "actor"),
		.operation = exchange_query(exchange, "operation"),
		.target = exchange_query(exchange, "target"),
		.clname = exchange_query(exchange, "closedLoopName"),
		.limit = limit.ptr ? parse_limit(limit) : LIMIT_DEFAULT,
	};
	if (exchange->worker->service->mode == GUARD_STRICT && ret->operation.ptr)
		ret->operation = operation_canonical(ret->operation); /* as rows are kept */
	if (!ret->limit)
		return error_set(err, ERROR_RANGE, NULL, "limit is not within 1 to %d", LIMIT_MAX);
	if (read_time(exchange, "from", &ret->from_ms, err) != 0)
		return -(int)err->code;
	return read_time(exchange, "to", &ret->to_ms, err);
}

static int
write_row(void *context, const struct operation *row)
{
	struct text *out = context;

	if (out->len > 1)
		text_add(out, STR(","));
	rows_write(out, row);
	return out->failed ? -ERROR_MEMORY : 0;
}

void
operations_get(struct exchange *exchange)
{
	struct history_reader *reader = session_reader(exchange->worker->session);
	struct operation_filter filter;
	struct error err = {0};
	struct text out;

	text_init(&out, exchange->arena);
	text_add(&out, STR("["));
	if (read_filter(exchange, &filter, &err) == 0) {
		if (history_reader_begin(reader) != 0 || history_each(reader, &filter, write_row, &out) != 0)
			(void)error_set(&err, ERROR_IO, NULL, "the operation history cannot be read");
		history_reader_end(reader);
	}
	text_add(&out, STR("]"));
	if (err.code)
		answer_error(exchange, &err);
	else
		answer_json(exchange, text_done(&out));
}
