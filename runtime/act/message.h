/* message - what the runtime says to participants, in its exact JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_MESSAGE_H
#define RUNTIME_ACT_MESSAGE_H

#include "runtime/rows/rows.h"

struct withdrawal;

/* Each goes to the runtime's topic in the txn's transaction. Source: CLAMP's participant protocol. */

/* Bytes. A txn that would send more fails with ERROR_LIMIT. */
#define MESSAGE_MAX ((size_t)16 << 20)

/* Whether a message can carry the definitions of everything commissioned: they must be refused otherwise. */
bool message_can_prime(struct txn *txn);

/* PARTICIPANT_UPDATE with the definitions of everything commissioned: to one participant, or to all (NULL). */
void message_prime(struct txn *txn, const struct participant *participant);

/* PARTICIPANT_UPDATE without definitions, to all. */
void message_deprime(struct txn *txn);

/* refusal: why it is not taken, or NULL. */
void message_register_ack(struct txn *txn, struct str response_to, const struct participant *participant,
                          const char *refusal);
void message_deregister_ack(struct txn *txn, struct str response_to);
void message_status_request(struct txn *txn, const struct participant *participant);

/* To the topic for notifications: {"notification": what, "timestamp", "controlLoopId", ..., "elementId", ...}. */
void notify_loop(struct txn *txn, struct str what, const struct loop *loop, const struct element *element);
/* An operational policy went out of force with its element; how many executions it had. */
void notify_withdrawal(struct txn *txn, const struct withdrawal *withdrawal, size_t executions);
void notify_stray(struct txn *txn, const struct participant *participant, struct concept loop, struct str element);
/* what: POLICIES_REFUSED, policies of control loops that cannot come into force, or MESSAGE_REFUSED. */
void notify_refusal(struct txn *txn, const char *what, const char *why);
void notify_participant(struct txn *txn, const char *what, const struct participant *participant);

/* The same, with words: `key` and `value` are a member more. */
void notify_participant_more(struct txn *txn, const char *what, const struct participant *participant, const char *key,
                             struct str value);

#endif
