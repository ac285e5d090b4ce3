/* order_guard - a guard is asked before a participant acts on the far side */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_ORDER_GUARD_H
#define PARTICIPANTS_FRAMEWORK_ORDER_GUARD_H

#include "participants/framework/element_order.h"

/*
 * Takes the right for one try of the order at the clguardd that the setting guard names: actor is the participant's name,
 * operation UPDATE for a new or changed element, else the ordered state, target <definition>/<element id>, clname the
 * instance. ACT_DONE: it may act, and *ret_right is the right, NULL where no guard is asked. ACT_FAILED: a guard denies it.
 * ACT_AGAIN: there is no answer, so it may not. Else the order's message says why.
 */
enum act_result order_guard_take(struct element_order *order, const char **ret_right);

/* How the try went. Without an answer the right is settled by its lease, as used. */
void order_guard_settle(struct element_order *order, const char *right, bool good);

#endif
