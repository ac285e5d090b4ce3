/* message - what the runtime says to participants, in its exact JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_MESSAGE_H
#define RUNTIME_ACT_MESSAGE_H

#include "runtime/rows/rows.h"

struct withdrawal;

/* Each goes to the runtime's topic in the turn's transaction. Source: CLAMP's participant protocol. */

/* Bytes. A turn that would send more fails with ERROR_LIMIT. */
#define MESSAGE_MAX ((size_t)16 << 20)

/* Whether a message can carry the definitions of everything commissioned: they must be refused otherwise. */
bool message_can_prime(struct turn *turn);

/* PARTICIPANT_UPDATE with the definitions of everything commissioned: to one participant, or to all (NULL). */
void message_prime(struct turn *turn, const struct participant *participant);

/* PARTICIPANT_UPDATE without definitions, to all. */
void message_deprime(struct turn *turn);

void message_register_ack(struct turn *turn, struct str response_to, const struct participant *participant);
void message_deregister_ack(struct turn *turn, struct str response_to);
void message_status_request(struct turn *turn, const struct participant *participant);

/* CONTROL_LOOP_UPDATE: the instance with all its elements, by participant. */
void message_update(struct turn *turn, const struct loop *loop, int64_t phase);

/* CONTROL_LOOP_STATE_CHANGE */
void message_state_change(struct turn *turn, const struct loop *loop, enum loop_state ordered, enum loop_state current,
                          int64_t phase);

/* From here on what is said to participants is said on the topic of automation compositions too, in their words. */
void message_to_compositions(struct turn *turn);

/* To the topic for notifications: {"notification": what, "timestamp", "controlLoopId", ..., "elementId", ...}. */
void notify_loop(struct turn *turn, struct str what, const struct loop *loop, const struct element *element);
/* An operational policy went out of force with its element; how many executions it had. */
void notify_withdrawal(struct turn *turn, const struct withdrawal *withdrawal, size_t executions);
void notify_refusal(struct turn *turn, const char *why); /* policies of control loops that cannot come into force */
void notify_participant(struct turn *turn, const char *what, const struct participant *participant);

#endif
