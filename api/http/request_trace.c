/* request_trace - the trace that a request belongs to, and its span */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/request_trace.h"

#include <time.h>

#include "api/http/service.h"
#include "api/tracing/tracer.h"
#include "base/clock.h"

void
request_trace_begin(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct tracer *tracer = worker->service->tracer;
	struct trace_context *trace = &exchange->trace;
	bool given = exchange->traceparent.ptr && trace_read(exchange->traceparent, trace);

	exchange->trace_text[0] = '\0';
	exchange->reason = REASON_COUNT;
	if (!given && !tracer)
		return;
	memset(exchange->parent, 0, sizeof(exchange->parent));
	if (given)
		memcpy(exchange->parent, trace->span, sizeof(exchange->parent));
	else
		trace_make(worker->random, trace);
	if (!given)
		trace->sampled = tracer_samples(tracer, worker->number);
	else if (tracer)
		trace_make_span(worker->random, trace->span);
	trace_write(trace, exchange->trace_text);
}

struct str
request_trace_id(const struct exchange *exchange)
{
	return exchange->trace_text[0] ? (struct str){exchange->trace_text + TRACE_ID_AT, TRACE_ID_LEN} : STR_NONE;
}

void
request_trace_finish(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	const struct reply *reply = &exchange->reply;
	struct str id = reply->id[0] ? str_from(reply->id) : exchange->request_id;
	struct timespec now;
	struct span span;

	if (!service->tracer || !exchange->trace_text[0] || !exchange->trace.sampled)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	span = (struct span){
		.trace = exchange->trace,
		.end_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec,
		.name = route_label(service->routes, route_number(service->routes, exchange->route)),
		.status = reply->status,
		.reason = exchange->reason < REASON_COUNT ? reason_name[exchange->reason] : NULL,
		.permitted = exchange->permitted,
	};
	memcpy(span.parent, exchange->parent, sizeof(span.parent));
	span.start_ns = span.end_ns - (clock_monotonic_ns() - exchange->started_ns);
	if (id.ptr)
		memcpy(span.id, id.ptr, id.len < sizeof(span.id) ? id.len : sizeof(span.id) - 1);
	tracer_add(service->tracer, exchange->worker->number, &span);
}
