/* pdp_send - what PDPs are told: updates of their policies, changes of their state */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_PDP_SEND_H
#define RUNTIME_POLICIES_PDP_SEND_H

#include "runtime/policies/pdp.h"

#define PDP_HEARTBEAT_MS INT64_C(120000) /* how often a PDP is to be heard */

/* Each is a message with a request id that the PDP is to answer; the caller saves the PDP. added, removed: NULL for none. */
void pdp_send_update(struct txn *txn, struct pdp *pdp, const struct concepts *added, const struct concepts *removed);
void pdp_send_state(struct txn *txn, struct pdp *pdp, struct str state);

/* The first sending of an update: its policies wait for the answer. Saves the PDP. */
void pdp_update(struct txn *txn, struct pdp *pdp, const struct concepts *added, const struct concepts *removed);

#endif
