/* dispatch - requests to actors over HTTP, as rows: sent after the commit, and again until somebody answered */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_THREAD_DISPATCH_H
#define RUNTIME_THREAD_DISPATCH_H

#include "runtime/rows/txn.h"

/* Sends what is to be sent. The runtime's thread, outside a txn. */
void dispatch_look(struct runtime *runtime);

/* The client's `done`: an answer becomes a call of the runtime. */
struct http_response;
void dispatch_done(void *runtime, const struct http_response *response);

#endif
