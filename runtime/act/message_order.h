/* message_order - orders to participants: CONTROL_LOOP_UPDATE and CONTROL_LOOP_STATE_CHANGE */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_MESSAGE_ORDER_H
#define RUNTIME_ACT_MESSAGE_ORDER_H

#include "runtime/rows/rows.h"

/*
 * CONTROL_LOOP_UPDATE: the instance with all its elements, by participant; `elementIds` names those of the phase that are
 * to act. element: NULL, or the message goes to its host alone, with what that hosts, for what is restored there.
 */
void message_update(struct txn *txn, const struct loop *loop, int64_t phase, const struct element *element);

/* CONTROL_LOOP_STATE_CHANGE, likewise: a TASK_STATE_CHANGE. */
void message_state_change(struct txn *txn, const struct loop *loop, const struct task *task);

/* CONTROL_LOOP_STATE_CHANGE to UNINITIALISED, to one participant, of elements that it should not have. ids: JSON list. */
void message_order_off(struct txn *txn, const struct participant *participant, struct concept loop, struct str ids);

#endif
