/* calls - requests to the runtime: the exchange waits while the runtime writes */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_CALLS_H
#define API_RESOURCES_CALLS_H

#include "api/http/service.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/runtime.h"

/* An empty call with the query's name and version; NULL, and answered with 500, when memory is out. */
struct runtime_call *call_new(struct exchange *exchange);

/* The request's body into the call. False, and answered, when it is none; the call is freed then. */
bool call_read_body(struct exchange *exchange, struct runtime_call *call);

/* Hands the call over and suspends the exchange; the runtime's answer becomes its reply. wait_ms: longer than usual. */
void call_submit(struct exchange *exchange, struct runtime_call *call, int64_t wait_ms);

/* A call that will not be submitted. */
void call_free(struct runtime_call *call);

/* Refuses in the words of this API: {"errorDetails": ...}. */
void answer_refusal(struct exchange *exchange, unsigned status, const char *sentence);

/*
 * A reading handler's work: `read` appends the answer to `out` from a snapshot, or calls call_refuse. The call holds
 * the query.
 */
void answer_read(struct exchange *exchange,
                 void (*read)(struct turn *turn, struct runtime_call *call, struct text *out));

/* The part of the path between the n-th and the next '/', from 0: "events" is 0 in /events/TOPIC. */
struct str path_part(struct str path, unsigned n);

#endif
