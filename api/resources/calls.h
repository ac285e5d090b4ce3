/* calls - requests to the runtime: the exchange waits while the runtime writes */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_CALLS_H
#define API_RESOURCES_CALLS_H

#include "api/http/service.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/runtime.h"

/* An empty call with the query's name and version; NULL, and answered with 503, when memory or the budget is out. */
struct runtime_call *call_new(struct exchange *exchange);

/* The request's body becomes the call's; the runtime's thread reads it, as a document within the limits for bodies. */
void call_take_document(struct exchange *exchange, struct runtime_call *call);

/* The same, but `read` makes of it what it likes. */
void call_take_body(struct exchange *exchange, struct runtime_call *call, int (*read)(struct runtime_call *call));

/* Hands the call over and suspends the exchange; the runtime's answer becomes its reply. wait_ms: longer than usual. */
void call_submit(struct exchange *exchange, struct runtime_call *call, int64_t wait_ms);

/* A call that will not be submitted. Takes NULL. */
void call_free(struct runtime_call *call);

/* Refuses in the words of this API: {"errorDetails": ...}. */
void answer_refusal(struct exchange *exchange, unsigned status, const char *sentence);

/*
 * A reading handler's work, off the worker: `read` appends the answer to `out` from a snapshot, or calls call_refuse. It
 * looks at the call only, which holds the query and its page, and not at the exchange, which may end meanwhile. The call
 * is taken.
 */
void answer_read_call(struct exchange *exchange, struct runtime_call *call,
                      void (*read)(struct txn *txn, struct runtime_call *call, struct text *out));

/* The same with a new call. */
void answer_read(struct exchange *exchange, void (*read)(struct txn *txn, struct runtime_call *call, struct text *out));

/* The query's offset and limit, 0 where they are not given. errors  ERROR_TYPE */
int call_read_page(struct exchange *exchange, struct runtime_call *call, struct error *err);

/* The same for what has no rows of the runtime: a negative result fails, with call->err if that is set. */
void answer_history(struct exchange *exchange, struct runtime_call *call,
                    int (*read)(struct history_reader *reader, struct runtime_call *call, struct text *out));

/*
 * As answer_history, on a thread of its own, where compiling and the like hold up no lists. Refused when too many wait.
 */
void answer_apart(struct exchange *exchange, struct runtime_call *call,
                  int (*read)(struct history_reader *reader, struct runtime_call *call, struct text *out));

/*
 * The answer of a call, before it is submitted, shall have more: when it is 200, `add` appends to its JSON object, on the same
 * thread as answer_apart. True, or refused when too much is being tried; then the call has been freed.
 */
bool call_add_apart(struct exchange *exchange, struct runtime_call *call,
                    void (*add)(struct service *service, struct runtime_call *call, struct arena *scratch,
                                struct text *out));

/* The part of the path between the n-th and the next '/', from 0: "events" is 0 in /events/TOPIC. */
struct str path_part(struct str path, unsigned n);

#endif
