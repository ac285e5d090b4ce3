/* supervise - what becomes of an instance: orders, answers of participants, time */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SUPERVISION_SUPERVISE_H
#define RUNTIME_SUPERVISION_SUPERVISE_H

#include "runtime/supervision/task.h"

/*
 * Pure: an instance, what happened and the time go in; the changed instance and a list of tasks come out. The caller
 * writes the row and performs the tasks in one transaction.
 *
 * An order gives every element its ordered state at once. A transition asks phase by phase: up when it leads towards
 * RUNNING, down
 * when away from it. An element that is asked carries the transition as its state until it answers; when all of a
 * phase have
 * answered, the next phase is asked, at once. CONTROL_LOOP_UPDATE reaches every participant with its first phase, so
 * that
 * from then on every element is in doubt. An unanswered phase is sent again once a scan after its limit, then the
 * transition stands with the result TIMEOUT; an element that failed makes it FAILED. A late success still completes. With
 * on_failure: rollback an element that says no is ordered again `retries` times before it has failed. Of participants of
 * which is known how far they have read, the time runs from when they were handed the order, and repetitions back off.
 *
 * A changed configuration of an instance that is on its participants goes the same way, with `pending` in place of the
 * state.
 */

/*
 * Gives up what the instance holds of an earlier transition: reservations that were used end as failures, the others are
 * given back.
 */
void loop_release(struct supervision *supervision, struct loop *loop);

/* Begins the transition `next` that order_check found legal; elements that will be asked have their reservations already. */
void loop_order(struct supervision *supervision, struct loop *loop, enum loop_state next);

/* Whether the order would ask this element. */
bool loop_order_asks(const struct loop *loop, const struct element *element, enum loop_state next);

/* The order of a phase; element: the one that is asked again, or NULL for all of them. */
void phase_send(struct supervision *supervision, const struct loop *loop, int64_t phase, struct element *element);

/*
 * The change stands still, element: the one that refused, or NULL. What was asked and not answered counts as a failure,
 * the rest was never tried; then it is taken back, if that is to be.
 */
void loop_halt_transition(struct supervision *supervision, struct loop *loop, enum change_result result,
                          struct element *element);

bool loop_has_reservations(const struct loop *loop);

/* Begins to bring a changed configuration to the participants: `replaces` is set, all elements are pending. */
void loop_change(struct supervision *supervision, struct loop *loop);

/* An element's answer; true when it changed anything. Strangers' answers were refused before. */
bool loop_answer(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state,
                 bool result, struct str message);

/* An element of a lost host need not answer any more: it counts as being in the settled state `to`. */
void loop_release_element(struct supervision *supervision, struct element *element, enum loop_state to);

/* Asks the next phase of a transition when the last one is done; ends it after the last. */
void loop_proceed(struct supervision *supervision, struct loop *loop);

#endif
