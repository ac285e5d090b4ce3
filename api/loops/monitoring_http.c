/* monitoring_http - /onap/controlloop/v2/monitoring: statistics of participants and elements, status of instances */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/monitoring.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

#define COUNT_MAX 1000000

static bool
read_time(struct exchange *exchange, const char *name, int64_t *ret_ms)
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
answer_statistics(struct exchange *exchange, bool elements, bool loop)
{
	struct history_reader *reader = session_reader(exchange->worker->session);
	struct statistics_query query = {
		.id = {exchange_query(exchange, "name"), exchange_query(exchange, "version")},
		.element = exchange_query(exchange, "id"),
		.elements = elements,
		.loop = loop,
	};
	struct turn turn = {0};
	struct text out;

	if (!query.id.name.len)
		answer_refusal(exchange, 400, "name is required");
	else if (!read_time(exchange, "startTime", &query.from_ms) || !read_time(exchange, "endTime", &query.to_ms))
		answer_refusal(exchange, 400, "startTime and endTime are like 2021-01-10T13:45:00.000Z");
	else if (!read_count(exchange, "recordCount", &query.count) || !read_count(exchange, "offset", &query.offset))
		answer_refusal(exchange, 400, "recordCount and offset are numbers from 0 up");
	if (exchange->reply.status)
		return;
	if (!query.id.version.len)
		query.id.version = STR_NONE;
	text_init(&out, exchange->arena);
	if (history_reader_begin(reader) == 0) {
		runtime_read(exchange->worker->service->runtime, reader, exchange->arena, &turn);
		statistics_list(&turn, &query, &out);
	} else {
		turn.failed = -ERROR_IO;
	}
	history_reader_end(reader);
	if (turn.failed)
		answer_refusal(exchange, 500, "cannot read the runtime's database");
	else
		answer_json(exchange, text_done(&out));
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
