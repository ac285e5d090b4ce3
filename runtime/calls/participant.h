/* participant - who takes part: what the runtime hears of participants and does about them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_PARTICIPANT_H
#define RUNTIME_CALLS_PARTICIPANT_H

#include "runtime/rows/rows.h"

/* Messages, by their type; `message` is the whole. Nothing happens when it lacks what it needs. */
void participant_register(struct turn *turn, const struct node *message);
void participant_deregister(struct turn *turn, const struct node *message);
void participant_update_ack(struct turn *turn, const struct node *message);
void participant_status(struct turn *turn, const struct node *message);

/* Whether anybody is there to be told; after a broadcast, everybody owes an answer. */
bool participants_any(struct turn *turn);
void participants_expect_update(struct turn *turn);

/* A scan. True when time alone may change something more. */
bool participants_scan(struct turn *turn);

/* {"participantList":[...]} for call->name and version, both optional (participant_list.c). */
void participants_list(struct turn *turn, struct runtime_call *call, struct text *out);

/* Any message proves life. False when the participant is unknown. */
bool participant_heard(struct turn *turn, const struct node *message, struct participant *ret);

#endif
