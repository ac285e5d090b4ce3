/* transport - where messages go and come from: the few functions that a carrier of messages has */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_TRANSPORT_H
#define RUNTIME_ROWS_TRANSPORT_H

#include "runtime/supervision/task.h"
#include "runtime/rows/txn.h"

/*
 * `send` runs inside the txn that writes the rows: it keeps the message in the same transaction, so that neither is
 * there
 * without the other. The bus keeps it in its own log, which is then its outbox; a carrier outside the process would
 * keep
 * it in an outbox and hand it on in `committed`, again and again until it is taken: at least once.
 */
struct transport {
	/* A message for a topic: JSON, or any text. Copied. Failures are the txn's. */
	void (*send)(struct txn *txn, struct str topic, struct str message);
	/* The number of the topic's last message. */
	uint64_t (*last)(struct txn *txn, struct str topic);
	/* Whether a participant was handed the message of that number, as far as the carrier can tell. */
	enum handing (*handing)(struct txn *txn, struct str topic, uint64_t number, struct concept participant);
	/* The txn was committed: the messages that it sent may leave. Runtime's thread. NULL: nothing to hand on. */
	void (*committed)(struct runtime *runtime, const struct topic_name *topics);
};

/* The bus inside the process: runtime/rows/bus.c. */
extern const struct transport bus_transport;

#endif
