/* request_trace - the trace that a request belongs to, and its span */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_REQUEST_TRACE_H
#define API_HTTP_REQUEST_TRACE_H

#include "api/server/exchange.h"

/*
 * Takes a caller's traceparent, or, where traces are exported, begins a trace. The caller's word holds on whether it is sampled. Without
 * export the caller's span stands for ours too, so that what is handed on still leads to it.
 */
void request_trace_begin(struct exchange *exchange);

/* The span, where there is one. After the reply is known. */
void request_trace_finish(struct exchange *exchange);

/* The trace's id, as logs have it; absent when there is none. As long as the exchange. */
struct str request_trace_id(const struct exchange *exchange);

#endif
