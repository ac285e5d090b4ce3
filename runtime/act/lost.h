/* lost - elements whose participant is gone: on_host_lost, another host, and what the old one is told when it returns */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_LOST_H
#define RUNTIME_ACT_LOST_H

#include "runtime/rows/rows.h"

/* The rule for elements whose participant is OFF_LINE or has left. */
struct lost_rule {
	bool move; /* another participant of the type hosts them, after wait_ms; else they wait for it */
	int64_t wait_ms;
};

/* Properties on_host_lost and host_lost_wait_ms of the instance's type, else the settings of these names. */
struct lost_rule lost_rule_of(struct txn *txn, const struct loop *loop);

/* The element's participant does not host it any more; it is told so when it is heard again. */
void lost_release(struct txn *txn, const struct loop *loop, const struct element *element);

/* The participant is heard again: what was released meanwhile is ordered off. */
void lost_notify_host(struct txn *txn, const struct participant *participant);

/*
 * Another healthy participant hosts the element from now on, by the selection rules; its old one is released. False: the
 * definition pins it with participant_id, or there is none.
 */
bool lost_move(struct txn *txn, const struct loop *loop, struct element *element);

#endif
