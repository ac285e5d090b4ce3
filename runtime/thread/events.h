/* events - what is posted to a topic and fetched from it, as calls */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_THREAD_EVENTS_H
#define RUNTIME_THREAD_EVENTS_H

#include "runtime/rows/txn.h"

/*
 * call->read: the messages of call->raw, by call->media, into call->texts: application/json is one object or an array of them;
 * application/cambria
 * is <partition length>.<length>.<partition><message> in a row; text/plain is one a line. Anything else is read as
 * JSON.
 * errors  ERROR_SYNTAX, ERROR_TYPE, ERROR_LIMIT, ERROR_MEMORY
 */
int events_read(struct runtime_call *call);

/*
 * call->run: call->texts to the topic call->other; those of topics that the runtime listens to are
 * handled in the same transaction.
 */
int events_publish(struct txn *txn, struct runtime_call *call);

/*
 * call->run: up to limit messages for call->question; waits while there is none, until target_ms (0: not at all) is
 * over.
 */
int events_fetch(struct txn *txn, struct runtime_call *call);

#endif
