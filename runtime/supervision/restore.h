/* restore - elements that stand elsewhere than they should: reports, their absence, the way back */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SUPERVISION_RESTORE_H
#define RUNTIME_SUPERVISION_RESTORE_H

#include "runtime/supervision/task.h"

/*
 * Beside the transitions of the instance each element has a state in which it should stand on its participant: its target.
 * An element that its host has lost (it registered anew, its reports lack the element, it says that nothing is there), or
 * that another host takes over, is restored: CONTROL_LOOP_UPDATE, and, when it has answered with PASSIVE and should be
 * RUNNING, CONTROL_LOOP_STATE_CHANGE. Elements of the lowest start phase come first. Each step has a reservation, is repeated
 * when the answer is late or says no, `retries` times; then the element is faulty until it reports its target, its host
 * registers, or the instance is ordered. An element that reports another state than its target is ordered into it in the
 * same way, once a report.
 */

/* The state in which the element should stand on its participant now; UNINITIALISED: nothing need be there. */
enum loop_state element_target(const struct loop *loop, const struct element *element);

/* The instance has elements under restoration: a scan must look at it. */
bool loop_restores(const struct loop *loop);

/* An element's report. True when it changed anything; the caller has verified that the sender hosts the element. */
bool loop_report(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state);

/* The host's reports lack the element. True when it changed anything. */
bool loop_missing(struct supervision *supervision, struct loop *loop, struct element *element);

/* A participant registered anew: what it hosts is restored there. True when it changed anything. */
bool loop_returned(struct supervision *supervision, struct loop *loop, struct concept host);

/* The element has another host since now: it is restored there. */
void loop_moved(struct supervision *supervision, struct loop *loop, struct element *element);

/* The host answers an order by saying that nothing of the instance is there. True when it changed anything. */
bool loop_absent(struct supervision *supervision, struct loop *loop, struct element *element);

/* An answer, first seen here: true when it belonged to a restoration or to a report, and was no answer to an order. */
bool restore_answer(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state,
                    bool result, struct str message);

/* A scan by the timer. True when it changed anything. */
bool restore_tick(struct supervision *supervision, struct loop *loop);

#endif
