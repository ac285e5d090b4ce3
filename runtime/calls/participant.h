/* participant - who takes part: what the runtime hears of participants and does about them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_PARTICIPANT_H
#define RUNTIME_CALLS_PARTICIPANT_H

#include "runtime/rows/rows.h"

/* Messages, by their type; `message` is the whole. Nothing happens when it lacks what it needs. */
void participant_register(struct txn *txn, const struct node *message);
void participant_deregister(struct txn *txn, const struct node *message);
void participant_update_ack(struct txn *txn, const struct node *message);
void participant_status(struct txn *txn, const struct node *message);

/* Whether anybody is there to be told; after a broadcast, everybody owes an answer. */
bool participants_any(struct txn *txn);
void participants_expect_update(struct txn *txn);

/* A scan. True when time alone may change something more. */
bool participants_scan(struct txn *txn);

/* {"participantList":[...]} for call->name and version, both optional (participant_list.c). */
void participants_list(struct txn *txn, struct runtime_call *call, struct text *out);

/* Any message proves life. False when the participant is unknown. */
bool participant_heard(struct txn *txn, const struct node *message, struct participant *ret);

#endif
