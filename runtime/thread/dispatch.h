/* dispatch - requests to actors over HTTP, as rows: sent after the commit, and again until somebody answered */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_THREAD_DISPATCH_H
#define RUNTIME_THREAD_DISPATCH_H

#include "runtime/rows/txn.h"

/*
 * One row for each transaction that waits for an actor with a URL: which process has the request on its way, until
 * when it says so, and the request's subRequestID. A process that dies stops saying so, and another takes over: an
 * actor may see one subRequestID twice, and should do its work once.
 */

/* The transaction's actor is to be called, by this process. id: subRequestID. */
void dispatch_put(struct turn *turn, uint64_t number, struct str id);

/* It waits for no call any more. */
void dispatch_drop(struct turn *turn, uint64_t number);

/* Sends what is to be sent. The runtime's thread, outside a turn. */
void dispatch_look(struct runtime *runtime);

/* The courier's `done`: an answer becomes a call of the runtime. */
struct parcel;
void dispatch_done(void *runtime, const struct parcel *parcel);

#endif
