/* monitoring_http - /onap/controlloop/v2/monitoring: statistics of participants and elements, status of instances */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/monitoring.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

#define COUNT_MAX 1000000

static bool
monitoring_read_time(struct exchange *exchange, const char *name, int64_t *ret_ms)
{
	struct str text = exchange_query(exchange, name);

	*ret_ms = TIME_NONE;
	return !text.len || time_parse_instant(text, ret_ms) == 0;
}

static bool
read_count(struct exchange *exchange, const char *name, size_t *ret)
{
	struct str text = exchange_query(exchange, name);

	*ret = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || *ret > COUNT_MAX)
			return false;
		*ret = *ret * 10 + (size_t)(text.ptr[i] - '0');
	}
	return true;
}

static void
read_statistics(struct txn *txn, struct runtime_call *call, struct text *out)
{
	statistics_list(txn, call->context, out);
}

/* False, and answered, when the question is none. */
static bool
read_query(struct exchange *exchange, struct runtime_call *call, struct statistics_query *query)
{
	query->id = (struct concept){call->name, call->version};
	query->element = arena_str(&call->arena, exchange_query(exchange, "id"));
	if (!query->id.name.len)
		answer_refusal(exchange, 400, "name is required");
	else if (!monitoring_read_time(exchange, "startTime", &query->from_ms) ||
	         !monitoring_read_time(exchange, "endTime", &query->to_ms))
		answer_refusal(exchange, 400, "startTime and endTime are like 2021-01-10T13:45:00.000Z");
	else if (!read_count(exchange, "recordCount", &query->count) || !read_count(exchange, "offset", &query->offset))
		answer_refusal(exchange, 400, "recordCount and offset are numbers from 0 up");
	return !exchange->reply.status;
}

static void
answer_statistics(struct exchange *exchange, bool elements, bool loop)
{
	struct runtime_call *call = call_new(exchange);
	struct statistics_query *query = call ? arena_alloc(&call->arena, sizeof(*query)) : NULL;

	if (!query || !read_query(exchange, call, query)) {
		call_free(call);
		return;
	}
	query->elements = elements;
	query->loop = loop;
	call->context = query;
	answer_read_call(exchange, call, read_statistics);
}

void
monitoring_participant_get(struct exchange *exchange)
{
	answer_statistics(exchange, false, false);
}

void
monitoring_participants_get(struct exchange *exchange)
{
	answer_statistics(exchange, false, true);
}

void
monitoring_element_get(struct exchange *exchange)
{
	answer_statistics(exchange, true, false);
}

void
monitoring_elements_get(struct exchange *exchange)
{
	answer_statistics(exchange, true, true);
}

void
monitoring_status_get(struct exchange *exchange)
{
	answer_read(exchange, statistics_status);
}
