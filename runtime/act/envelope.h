/* envelope - what all messages of the runtime have in common */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_ENVELOPE_H
#define RUNTIME_ACT_ENVELOPE_H

#include "runtime/rows/rows.h"

/* A request's envelope, up to its own members; envelope_end closes it and sends it to the runtime's topic. */
void envelope_begin(struct txn *txn, struct text *out, const char *type);
void envelope_end(struct txn *txn, struct text *out);

/* From here on what is said to participants is said on the topic of automation compositions too, in their words. */
void envelope_to_compositions(struct txn *txn);

/* Finished text for a topic. The txn fails with ERROR_LIMIT beyond MESSAGE_MAX. */
void envelope_send(struct txn *txn, struct str topic, struct text *out);

/* participantType and participantId: the message is for that one alone. */
void envelope_address(struct text *out, const struct participant *participant);

void envelope_member(struct text *out, const char *key, struct str value);
void envelope_concept(struct text *out, const char *key, struct concept concept);

#endif
