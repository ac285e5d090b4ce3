/* participant_instance - which run of a program speaks under a participant's name */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_PARTICIPANT_INSTANCE_H
#define RUNTIME_CALLS_PARTICIPANT_INSTANCE_H

#include "runtime/rows/rows.h"

/* Which run of a program sent the message; absent: it does not say. */
struct str participant_instance_of(const struct node *message);

/*
 * Notes who speaks. A run that speaks again after another one did: two programs use the name, and take each other's messages;
 * that is told. The caller saves the participant.
 */
void participant_notice_instance(struct txn *txn, const struct node *message, struct participant *participant);

#endif
