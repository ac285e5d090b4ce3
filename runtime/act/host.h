/* host - the policy participant that is built in: elements that the runtime hosts itself */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_HOST_H
#define RUNTIME_ACT_HOST_H

#include "runtime/rows/rows.h"

/*
 * Elements whose participantType has the name in the setting policy_participant need no program: unless another
 * participant of that type is registered, the runtime hosts them itself and answers for them in the transaction that
 * asks. Policies come into force and go with the element's state, as those of any host do (runtime/act/deploy.h). Each
 * version of the type that is asked for has a participant of its own, clguard-policy with that version. It is a row
 * like the others, but no message is sent to it, none is taken from its name, and it is never silent.
 */

/* The one for a participant type, made when it is not there yet; absent when the type is another one. Writing txns. */
struct concept host_offer(struct txn *txn, struct concept type);

/* Answers for those elements of a phase that were just asked and that it hosts. */
void host_act(struct txn *txn, struct supervision *supervision, struct loop *loop, int64_t phase);

#endif
