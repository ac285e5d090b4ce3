/* supervise - what becomes of an instance: orders, answers of participants, time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/supervision/supervise.h"

#include <inttypes.h>

#include "runtime/supervision/restore.h"

void
loop_release(struct supervision *supervision, struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		task_end_reservation(supervision, element, element->asked ? "Failure" : NULL);
		element->asked = false;
	}
	loop->renew_ms = 0;
}

/* The phase that is due: false when every element is done. */
static bool
due_phase(const struct loop *loop, int64_t *ret)
{
	bool up = loop->replaces.ptr || loop_state_rises(loop->state), found = false;

	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];

		if (loop_element_done(loop, element))
			continue;
		if (!found || (up ? element->phase < *ret : element->phase > *ret))
			*ret = element->phase;
		found = true;
	}
	return found;
}

/* True when a CONTROL_LOOP_UPDATE is under way. */
static bool
is_update(const struct loop *loop)
{
	return loop->replaces.ptr || loop->state == LOOP_UNINITIALISED2PASSIVE;
}

void
phase_send(struct supervision *supervision, const struct loop *loop, int64_t phase, struct element *element)
{
	task_emit(supervision, (struct task){.kind = is_update(loop) ? TASK_UPDATE : TASK_STATE_CHANGE,
	                                     .element = element,
	                                     .phase = phase,
	                                     .ordered = loop->ordered,
	                                     .current = loop_state_from(loop->state)});
}

static void
ask_phase(struct supervision *supervision, struct loop *loop, int64_t phase)
{
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->phase != phase || loop_element_done(loop, element))
			continue;
		element->asked = true;
		if (!loop->replaces.ptr)
			element->state = loop->state;
	}
	loop->phase = phase;
	loop->since_ms = supervision->now_ms;
	loop->retries = 0;
	loop->handed = false;
	phase_send(supervision, loop, phase, NULL);
}

static void
complete(struct supervision *supervision, struct loop *loop)
{
	task_notify(supervision, loop->replaces.ptr ? "CONFIGURATION_CHANGED" : "STATE_CHANGED", NULL);
	loop_release(supervision, loop);
	if (!loop->reverting)
		loop->failure = (struct failure){.time_ms = TIME_NONE};
	loop->state = loop->ordered;
	loop->result = CHANGE_NO_ERROR;
	loop->replaces = STR_NONE;
	loop->reverting = false;
	loop->phase = PHASE_NONE;
	for (size_t i = 0; i < loop->count; i++) {
		loop->elements[i].failed = false;
		loop->elements[i].failures = 0;
	}
}

/* After a transition that stood still: elements that gave their reservations back need new ones. */
static bool
may_go_on(struct supervision *supervision, struct loop *loop, int64_t phase)
{
	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].failed)
			return false;
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->phase == phase && !loop_element_done(loop, element) && !element->reservation.ptr &&
		    !supervision->permit(supervision->context, loop, element, is_update(loop), loop->ordered))
			return false;
	}
	return true;
}

void
loop_proceed(struct supervision *supervision, struct loop *loop)
{
	int64_t phase = 0;

	if (!due_phase(loop, &phase)) {
		complete(supervision, loop);
		return;
	}
	if (phase == loop->phase)
		return;
	if (loop->result != CHANGE_NO_ERROR && !may_go_on(supervision, loop, phase))
		return;
	loop->result = CHANGE_NO_ERROR;
	ask_phase(supervision, loop, phase);
}

bool
loop_order_asks(const struct loop *loop, const struct element *element, enum loop_state next)
{
	(void)loop;
	return element->state != loop_state_to(next);
}

bool
loop_has_reservations(const struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].reservation.ptr)
			return true;
	return false;
}

void
loop_order(struct supervision *supervision, struct loop *loop, enum loop_state next)
{
	bool whole = false;

	loop->state = next;
	loop->ordered = loop_state_to(next);
	loop->reverting = false;
	loop->result = CHANGE_NO_ERROR;
	loop->phase = PHASE_NONE;
	loop->renew_ms = loop_has_reservations(loop) ? supervision->now_ms + supervision->limits->lease_ms / 2 : 0;
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		element->ordered = loop->ordered;
		element->asked = element->failed = element->faulty = false;
		element->tries = element->failures = 0;
		element->restore = RESTORE_NONE;
		element->message = STR_NONE;
		if (next != LOOP_UNINITIALISED2PASSIVE || element->state == element->ordered)
			continue;
		whole |= element->state == LOOP_UNINITIALISED;
		element->state = next;
	}
	if (whole)
		ask_phase(supervision, loop,
		          0); /* tells every participant of all elements, even when none is of phase 0 */
	loop_proceed(supervision, loop);
}

void
loop_change(struct supervision *supervision, struct loop *loop)
{
	loop->result = CHANGE_NO_ERROR;
	loop->phase = PHASE_NONE;
	loop->renew_ms = loop_has_reservations(loop) ? supervision->now_ms + supervision->limits->lease_ms / 2 : 0;
	for (size_t i = 0; i < loop->count; i++) {
		loop->elements[i].asked = loop->elements[i].failed = false;
		loop->elements[i].failures = 0;
	}
	ask_phase(supervision, loop, 0);
	loop_proceed(supervision, loop);
}

/* The element that stands out in a failure: the given one, else the first that has not answered. */
static const struct element *
failing_element(const struct loop *loop, const struct element *element)
{
	for (size_t i = 0; i < loop->count && !element; i++)
		if (loop->elements[i].asked && !loop_element_done(loop, &loop->elements[i]))
			element = &loop->elements[i];
	return element;
}

/* Keeps what failed, for whoever looks later. */
static void
keep_failure(struct supervision *supervision, struct loop *loop, const struct element *element, const char *done)
{
	int64_t waited_ms = supervision->now_ms - loop->since_ms;
	bool silent = loop->result == CHANGE_TIMEOUT;
	char *text = NULL, *kept;

	element = failing_element(loop, element);
	if (silent)
		text = arena_printf(supervision->arena, "no answer to %s within %" PRId64 " s",
		                    is_update(loop) ? "CONTROL_LOOP_UPDATE" : loop_state_name[loop->ordered],
		                    waited_ms / 1000);
	kept = arena_printf(supervision->arena, "ordered again %u times; %s",
	                    silent    ? loop->retries
	                    : element ? element->failures
	                              : 0,
	                    done);
	if (!kept || (silent && !text))
		supervision->failed = true;
	loop->failure = (struct failure){
		.time_ms = supervision->now_ms,
		.element = element ? element->id : STR_NONE,
		.participant = element ? element->participant_id : (struct concept){STR_NONE, STR_NONE},
		.message = text      ? str_from(text)
	                   : element ? element->message
	                             : STR_NONE,
		.done = kept ? str_from(kept) : STR_NONE,
	};
}

void
loop_halt_transition(struct supervision *supervision, struct loop *loop, enum change_result result,
                     struct element *element)
{
	bool restore = loop->replaces.ptr && (result == CHANGE_FAILED || supervision->limits->rollback);
	bool back = !loop->replaces.ptr && supervision->limits->rollback && !loop->reverting;

	loop->result = result;
	keep_failure(supervision, loop, element,
	             restore           ? "the former configuration came back"
	             : back            ? "ordered back"
	             : loop->reverting ? "the way back stands as it is"
	                               : "it stands as it is");
	task_notify(supervision, change_result_name[result], element);
	for (size_t i = 0; i < loop->count; i++) {
		struct element *other = &loop->elements[i];

		if (!other->asked)
			task_end_reservation(supervision, other, NULL);
		else if (result == CHANGE_TIMEOUT || restore) /* else the others may still answer */
			task_end_reservation(supervision, other, "Failure");
	}
	if (restore)
		task_emit(supervision, (struct task){.kind = TASK_RESTORE, .text = loop->replaces});
	else if (back)
		task_emit(supervision, (struct task){.kind = TASK_ROLL_BACK});
}

/* An element says no: it is ordered again, or the transition has failed. */
static void
supervise_refuse(struct supervision *supervision, struct loop *loop, struct element *element)
{
	task_end_reservation(supervision, element, "Failure");
	if (supervision->limits->rollback && loop->result == CHANGE_NO_ERROR &&
	    element->failures < supervision->limits->retries) {
		task_notify(supervision, "ORDERED_AGAIN", element);
		if (supervision->permit(supervision->context, loop, element, is_update(loop), loop->ordered)) {
			element->failures++;
			loop->since_ms = supervision->now_ms;
			loop->retries = 0;
			loop->handed = false;
			phase_send(supervision, loop, element->phase, element);
			return;
		}
	}
	element->failed = true;
	loop_halt_transition(supervision, loop, CHANGE_FAILED, element);
}

bool
loop_answer(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state,
            bool result, struct str message)
{
	if (restore_answer(supervision, loop, element, state, result, message))
		return true;
	if (!loop_busy(loop) || loop_element_done(loop, element) ||
	    (result ? state != element->ordered : !element->asked || element->failed))
		return false; /* told before, or meant for another order */
	element->message = message;
	if (!result) {
		supervise_refuse(supervision, loop, element);
		return true;
	}
	task_end_reservation(supervision, element, "Success");
	element->failed = element->pending = false;
	element->missing = false;
	if (!loop->replaces.ptr)
		element->state = state;
	loop->since_ms = supervision->now_ms;
	loop->retries = 0;
	loop_proceed(supervision, loop);
	return true;
}

void
loop_release_element(struct supervision *supervision, struct element *element, enum loop_state to)
{
	task_end_reservation(supervision, element, "Success");
	element->restore = RESTORE_NONE;
	element->asked = element->failed = element->pending = element->faulty = false;
	element->missing = to != LOOP_UNINITIALISED;
	element->message = STR("released: its participant is lost");
	element->state = to;
}
