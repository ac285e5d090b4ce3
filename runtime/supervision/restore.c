/* restore - elements that stand elsewhere than they should: reports, their absence, the way back */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/supervision/restore.h"

#include "runtime/supervision/supervise.h"

enum loop_state
element_target(const struct loop *loop, const struct element *element)
{
	bool ordered = !loop_busy(loop) || loop->replaces.ptr || element->asked || loop_element_done(loop, element);

	return ordered ? element->ordered : loop_state_from(element->state);
}

bool
loop_restores(const struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].restore != RESTORE_NONE)
			return true;
	return false;
}

/* The element's reservation serves an order of the instance, which ends it. */
static bool
is_ordered(const struct loop *loop, const struct element *element)
{
	return loop_busy(loop) && element->asked && !loop_element_done(loop, element);
}

static void
give_up(struct supervision *supervision, struct element *element)
{
	element->restore = RESTORE_NONE;
	element->faulty = true;
	task_notify(supervision, "ELEMENT_FAULTY", element);
}

/* Whether the same message is on its way already: one tells a host of all its elements of a phase. */
static bool
is_emitted(const struct supervision *supervision, const struct task *wanted)
{
	for (const struct task *task = supervision->first; task; task = task->next)
		if (task->kind == wanted->kind && task->phase == wanted->phase && task->element &&
		    task->ordered == wanted->ordered &&
		    concept_equal(task->element->participant_id, wanted->element->participant_id) &&
		    task->element->participant_id.name.ptr)
			return true;
	return false;
}

static void
emit_once(struct supervision *supervision, struct task task)
{
	if (!is_emitted(supervision, &task))
		task_emit(supervision, task);
}

/* Sends one step; the guard is asked unless the element has a reservation. */
static void
restore_ask(struct supervision *supervision, struct loop *loop, struct element *element, enum restore step)
{
	enum loop_state target = element_target(loop, element);
	bool update = step == RESTORE_UPDATE;

	element->tried_ms = supervision->now_ms;
	if (!element->reservation.ptr && !supervision->permit(supervision->context, loop, element, update, target)) {
		element->restore = RESTORE_WAITS; /* it is tried again after the wait */
		return;
	}
	element->restore = step;
	if (!update) {
		emit_once(supervision, (struct task){.kind = TASK_STATE_CHANGE,
		                                     .phase = element->phase,
		                                     .ordered = target,
		                                     .current = LOOP_PASSIVE,
		                                     .element = element});
		return;
	}
	if (element->phase != 0) /* participants that know nothing of the instance take all of it with phase 0 */
		emit_once(supervision, (struct task){.kind = TASK_UPDATE, .phase = 0, .element = element});
	emit_once(supervision, (struct task){.kind = TASK_UPDATE, .phase = element->phase, .element = element});
}

/* Elements that wait are asked when no element of a lower phase is under restoration. */
static void
proceed(struct supervision *supervision, struct loop *loop)
{
	int64_t phase = INT64_MAX;

	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].restore != RESTORE_NONE && loop->elements[i].phase < phase)
			phase = loop->elements[i].phase;
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->restore != RESTORE_WAITS || element->phase != phase || element->tried_ms != RESTORE_DUE)
			continue;
		restore_ask(supervision, loop, element,
		            element_target(loop, element) == LOOP_UNINITIALISED ? RESTORE_STATE : RESTORE_UPDATE);
	}
}

/* Once more from the beginning, or given up. */
static void
try_again(struct supervision *supervision, struct loop *loop, struct element *element)
{
	if (!is_ordered(loop, element))
		task_end_reservation(supervision, element, "Failure");
	if (element->tries >= supervision->limits->retries) {
		give_up(supervision, element);
	} else {
		element->restore = RESTORE_WAITS;
		element->tried_ms = RESTORE_DUE;
		element->tries++;
	}
	proceed(supervision, loop);
}

/* The element stands where it should. */
static void
restore_put_reservation(struct supervision *supervision, struct loop *loop, struct element *element)
{
	if (element->missing || element->tries || element->faulty)
		task_notify(supervision, "RIGHT_STATE", element);
	if (!is_ordered(loop, element))
		task_end_reservation(supervision, element, "Success");
	element->missing = element->faulty = false;
	element->tries = 0;
	element->restore = RESTORE_NONE;
	if (!loop_busy(loop))
		element->asked = false;
	proceed(supervision, loop);
}

static bool
is_reservation(const struct element *element)
{
	return !element->missing && !element->faulty && !element->tries && element->restore == RESTORE_NONE;
}

bool
loop_missing(struct supervision *supervision, struct loop *loop, struct element *element)
{
	bool known = element->missing;

	if (element_target(loop, element) == LOOP_UNINITIALISED)
		return false;
	if (!known) {
		element->missing = true;
		task_notify(supervision, "ELEMENT_MISSING", element);
	}
	if (element->restore != RESTORE_NONE || element->faulty ||
	    supervision->host(supervision->context, element) != HOST_WELL)
		return !known;
	try_again(supervision, loop, element);
	return true;
}

bool
loop_returned(struct supervision *supervision, struct loop *loop, struct concept host)
{
	bool any = false;

	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];
		enum loop_state target = element_target(loop, element);

		if (!concept_equal(element->participant_id, host) || (loop_busy(loop) && element->failed))
			continue;
		if (target == LOOP_UNINITIALISED && !is_ordered(loop, element)) {
			if (loop->state == LOOP_UNINITIALISED2PASSIVE)
				emit_once(supervision,
				          (struct task){.kind = TASK_UPDATE, .phase = 0, .element = element});
			continue;
		}
		element->missing = target != LOOP_UNINITIALISED;
		element->faulty = false;
		element->tries = 0;
		element->restore = RESTORE_WAITS;
		element->tried_ms = RESTORE_DUE;
		any = true;
	}
	proceed(supervision, loop);
	return any;
}

void
loop_moved(struct supervision *supervision, struct loop *loop, struct element *element)
{
	element->missing = true;
	element->faulty = false;
	element->tries = 0;
	element->restore = RESTORE_WAITS;
	element->tried_ms = RESTORE_DUE;
	proceed(supervision, loop);
}

bool
loop_absent(struct supervision *supervision, struct loop *loop, struct element *element)
{
	bool ordered = is_ordered(loop, element);

	if (ordered && element->ordered == LOOP_UNINITIALISED)
		return loop_answer(supervision, loop, element, LOOP_UNINITIALISED, true,
		                   STR("nothing of it is on the participant"));
	if (element->restore == RESTORE_UPDATE || element->restore == RESTORE_WAITS || element->faulty ||
	    element_target(loop, element) == LOOP_UNINITIALISED)
		return false; /* it says so of an order that is older than the update */
	if (!element->missing)
		task_notify(supervision, "ELEMENT_MISSING", element);
	element->missing = true;
	try_again(supervision, loop, element);
	return true;
}

/* A settled instance's element reports another state than its own, of which it has something or nothing. */
static void
wrong_report(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state)
{
	task_end_reservation(supervision, element, "Failure");
	element->missing = false;
	if (element->tries >= supervision->limits->retries) {
		give_up(supervision, element);
		return;
	}
	element->tries++;
	task_notify(supervision, "WRONG_STATE", element);
	if (state == LOOP_UNINITIALISED) {
		element->restore = RESTORE_WAITS;
		element->tried_ms = RESTORE_DUE;
		proceed(supervision, loop);
	} else if (supervision->permit(supervision->context, loop, element, false, element->state)) {
		element->asked = true;
		element->tried_ms = supervision->now_ms;
		task_emit(supervision, (struct task){.kind = TASK_STATE_CHANGE,
		                                     .phase = element->phase,
		                                     .ordered = element->state,
		                                     .current = state,
		                                     .element = element});
	}
}

bool
loop_report(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state)
{
	if (!loop_state_settled(state))
		return false;
	if (state == element_target(loop, element)) {
		if (is_reservation(element))
			return false;
		restore_put_reservation(supervision, loop, element);
		return true;
	}
	if (element->restore == RESTORE_UPDATE && state == LOOP_PASSIVE)
		return restore_answer(supervision, loop, element, state, true, element->message);
	if (loop_busy(loop) || element->faulty || element->restore != RESTORE_NONE)
		return false; /* one under restoration has its own time */
	wrong_report(supervision, loop, element, state);
	return true;
}

bool
restore_answer(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state,
               bool result, struct str message)
{
	enum loop_state target = element_target(loop, element);
	bool ordered = is_ordered(loop, element);

	if (result && element->restore == RESTORE_UPDATE && state == LOOP_PASSIVE && target == LOOP_RUNNING) {
		if (!ordered)
			task_end_reservation(supervision, element, "Success");
		restore_ask(supervision, loop, element, RESTORE_STATE);
		return true;
	}
	if (ordered) { /* the answer is the order's, too */
		if (result && state == target && !is_reservation(element))
			restore_put_reservation(supervision, loop, element);
		return false;
	}
	if (is_reservation(element) || (result && state != target))
		return false;
	if (result) {
		restore_put_reservation(supervision, loop, element);
		return true;
	}
	if (element->restore == RESTORE_NONE && !element->reservation.ptr)
		return false; /* nobody asked */
	element->message = message;
	if (element->restore == RESTORE_NONE)
		task_end_reservation(supervision, element, "Failure"); /* the next report decides */
	else
		try_again(supervision, loop, element);
	return true;
}

bool
restore_tick(struct supervision *supervision, struct loop *loop)
{
	bool changed = false;

	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->restore == RESTORE_NONE || element->tried_ms == RESTORE_DUE)
			continue;                              /* those that are due wait for a lower phase */
		if (element->tried_ms > supervision->now_ms) { /* the clock was wrong then */
			element->tried_ms = supervision->now_ms;
			changed = true;
		}
		if (supervision->now_ms - element->tried_ms <= supervision->limits->wait_ms)
			continue;
		changed = true;
		if (supervision->host(supervision->context, element) == HOST_WELL) {
			try_again(supervision, loop, element);
			continue;
		}
		element->restore = RESTORE_NONE; /* goes on when the host is heard again */
		if (!is_ordered(loop, element))
			task_end_reservation(supervision, element, "Failure");
		proceed(supervision, loop);
	}
	return changed;
}
