/* supervise - what becomes of an instance: orders, answers of participants, time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/supervise.h"

void
supervision_init(struct supervision *supervision)
{
	supervision->first = NULL;
	supervision->last = &supervision->first;
	supervision->failed = false;
}

static void
act(struct supervision *supervision, struct task given)
{
	struct task *task = arena_alloc(supervision->arena, sizeof(*task));

	if (!task) {
		supervision->failed = true;
		return;
	}
	*task = given;
	*supervision->last = task;
	supervision->last = &task->next;
}

static void
notify(struct supervision *supervision, const char *what, const struct element *element)
{
	act(supervision, (struct task){.kind = TASK_NOTIFY, .text = str_from(what), .element = element});
}

/* The right ends: with an outcome when it was used, else it is given back. */
static void
end_right(struct supervision *supervision, struct element *element, const char *outcome)
{
	if (!element->right.ptr)
		return;
	act(supervision, (struct task){.kind = outcome ? TASK_SETTLE : TASK_ABORT,
	                               .text = element->right,
	                               .outcome = str_from(outcome)});
	element->right = STR_NONE;
}

void
loop_release(struct supervision *supervision, struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		end_right(supervision, element, element->asked ? "Failure" : NULL);
		element->asked = false;
	}
	loop->renew_ms = 0;
}

static bool
is_done(const struct loop *loop, const struct element *element)
{
	return loop->replaces.ptr ? !element->pending : element->state == element->ordered;
}

/* The phase that is due: false when every element is done. */
static bool
due_phase(const struct loop *loop, int64_t *ret)
{
	bool up = loop->replaces.ptr || loop_state_rises(loop->state), found = false;

	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];

		if (is_done(loop, element))
			continue;
		if (!found || (up ? element->phase < *ret : element->phase > *ret))
			*ret = element->phase;
		found = true;
	}
	return found;
}

static void
send_phase(struct supervision *supervision, const struct loop *loop, int64_t phase)
{
	bool update = loop->replaces.ptr || loop->state == LOOP_UNINITIALISED2PASSIVE;

	act(supervision, (struct task){.kind = update ? TASK_UPDATE : TASK_STATE_CHANGE,
	                               .phase = phase,
	                               .ordered = loop->ordered,
	                               .current = loop_state_from(loop->state)});
}

static void
ask_phase(struct supervision *supervision, struct loop *loop, int64_t phase)
{
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->phase != phase || is_done(loop, element))
			continue;
		element->asked = true;
		if (!loop->replaces.ptr)
			element->state = loop->state;
	}
	loop->phase = phase;
	loop->since_ms = supervision->now_ms;
	loop->retries = 0;
	send_phase(supervision, loop, phase);
}

static void
complete(struct supervision *supervision, struct loop *loop)
{
	notify(supervision, loop->replaces.ptr ? "CONFIGURATION_CHANGED" : "STATE_CHANGED", NULL);
	loop_release(supervision, loop);
	loop->state = loop->ordered;
	loop->result = CHANGE_NO_ERROR;
	loop->replaces = STR_NONE;
	loop->reverting = false;
	loop->phase = PHASE_NONE;
	for (size_t i = 0; i < loop->count; i++)
		loop->elements[i].failed = false;
}

/* After a transition that stood still: elements that gave their rights back need new ones. */
static bool
may_go_on(struct supervision *supervision, struct loop *loop, int64_t phase)
{
	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].failed)
			return false;
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->phase == phase && !is_done(loop, element) && !element->right.ptr &&
		    !supervision->permit(supervision->context, loop, element))
			return false;
	}
	return true;
}

/* Asks the next phase when the last one is done; ends the transition after the last. */
static void
proceed(struct supervision *supervision, struct loop *loop)
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

static bool
has_rights(const struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].right.ptr)
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
	loop->renew_ms = has_rights(loop) ? supervision->now_ms + supervision->limits->lease_ms / 2 : 0;
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		element->ordered = loop->ordered;
		element->asked = element->failed = element->faulty = false;
		element->wrong = 0;
		element->message = STR_NONE;
		if (next != LOOP_UNINITIALISED2PASSIVE || element->state == element->ordered)
			continue;
		whole |= element->state == LOOP_UNINITIALISED;
		element->state = next;
	}
	if (whole)
		ask_phase(supervision, loop,
		          0); /* tells every participant of all elements, even when none is of phase 0 */
	proceed(supervision, loop);
}

void
loop_change(struct supervision *supervision, struct loop *loop)
{
	loop->result = CHANGE_NO_ERROR;
	loop->phase = PHASE_NONE;
	loop->renew_ms = has_rights(loop) ? supervision->now_ms + supervision->limits->lease_ms / 2 : 0;
	for (size_t i = 0; i < loop->count; i++)
		loop->elements[i].asked = loop->elements[i].failed = false;
	ask_phase(supervision, loop, 0);
	proceed(supervision, loop);
}

/* The change stands still: what was asked and not answered counts as a failure, the rest was never tried. */
static void
stand(struct supervision *supervision, struct loop *loop, enum change_result result, const struct element *element)
{
	bool restore = loop->replaces.ptr && (result == CHANGE_FAILED || supervision->limits->rollback);

	loop->result = result;
	notify(supervision, change_result_name[result], element);
	for (size_t i = 0; i < loop->count; i++) {
		struct element *other = &loop->elements[i];

		if (!other->asked)
			end_right(supervision, other, NULL);
		else if (result == CHANGE_TIMEOUT || restore) /* else the others may still answer */
			end_right(supervision, other, "Failure");
	}
	if (restore)
		act(supervision, (struct task){.kind = TASK_RESTORE, .text = loop->replaces});
	else if (!loop->replaces.ptr && supervision->limits->rollback && !loop->reverting)
		act(supervision, (struct task){.kind = TASK_ROLL_BACK});
}

/* What a settled instance hears: the answer to an order that put something right, or an echo. */
static bool
answer_settled(struct supervision *supervision, struct element *element, enum loop_state state, bool result)
{
	if (!element->right.ptr || !element->wrong || state != element->state)
		return false;
	end_right(supervision, element, result ? "Success" : "Failure");
	element->asked = false;
	if (result) {
		element->wrong = 0;
		notify(supervision, "RIGHT_STATE", element);
	}
	return true;
}

bool
loop_answer(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state,
            bool result, struct str message)
{
	bool doubted = loop->replaces.ptr ? element->pending : !loop_state_settled(element->state);

	if (!loop_busy(loop))
		return answer_settled(supervision, element, state, result);
	if (is_done(loop, element) || (result ? state != element->ordered : !doubted || element->failed))
		return false; /* told before, or meant for another order */
	element->message = message;
	end_right(supervision, element, result ? "Success" : "Failure");
	if (!result) {
		element->failed = true;
		stand(supervision, loop, CHANGE_FAILED, element);
		return true;
	}
	element->failed = element->pending = false;
	if (!loop->replaces.ptr)
		element->state = state;
	loop->since_ms = supervision->now_ms;
	loop->retries = 0;
	proceed(supervision, loop);
	return true;
}

/* The limit that the definitions give for the phase under way: the longest; 0 when one of them gives none. */
static int64_t
phase_limit_ms(const struct loop *loop)
{
	static const enum timeout_kind kinds[LOOP_STATE_COUNT] = {
		[LOOP_UNINITIALISED2PASSIVE] = TIMEOUT_TO_PASSIVE,
		[LOOP_PASSIVE2RUNNING] = TIMEOUT_TO_RUNNING,
		[LOOP_RUNNING2PASSIVE] = TIMEOUT_FROM_RUNNING,
		[LOOP_PASSIVE2UNINITIALISED] = TIMEOUT_TO_UNINITIALISED,
	};
	int64_t longest_s = 0;

	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		int64_t timeout_s = element->timeout_s[kinds[loop->state]];

		if (element->phase != loop->phase || is_done(loop, element))
			continue;
		if (timeout_s == 0)
			return 0;
		if (timeout_s > longest_s)
			longest_s = timeout_s;
	}
	return longest_s * 1000;
}

static bool
renew(struct supervision *supervision, struct loop *loop)
{
	if (loop->renew_ms == 0 || supervision->now_ms < loop->renew_ms)
		return false;
	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].right.ptr)
			act(supervision, (struct task){.kind = TASK_RENEW, .text = loop->elements[i].right});
	loop->renew_ms = has_rights(loop) ? supervision->now_ms + supervision->limits->lease_ms / 2 : 0;
	return true;
}

/* Times that lie ahead were written before somebody put the clock right: what waits for them begins to wait now. */
static bool
put_right(struct supervision *supervision, struct loop *loop)
{
	int64_t now_ms = supervision->now_ms;
	bool since = loop->since_ms > now_ms, renew = loop->renew_ms > now_ms + supervision->limits->lease_ms;

	if (since)
		loop->since_ms = now_ms;
	if (renew)
		loop->renew_ms = now_ms;
	return since || renew;
}

bool
loop_tick(struct supervision *supervision, struct loop *loop)
{
	const struct supervision_limits *limits = supervision->limits;
	int64_t waited_ms = supervision->now_ms - loop->since_ms, limit_ms;
	bool changed = put_right(supervision, loop), late = waited_ms > limits->wait_ms;

	changed |= renew(supervision, loop);
	if (loop->result == CHANGE_FAILED && late && has_rights(loop)) {
		loop_release(supervision,
		             loop); /* of those who were asked beside the one that failed, and are silent */
		return true;
	}
	if (!loop_busy(loop) || loop->result != CHANGE_NO_ERROR)
		return changed;
	limit_ms = loop->replaces.ptr ? 0 : phase_limit_ms(loop);
	if (limit_ms ? waited_ms > limit_ms : late && loop->retries >= limits->retries) {
		stand(supervision, loop, CHANGE_TIMEOUT, NULL);
		return true;
	}
	if (!late || loop->retries >= limits->retries)
		return changed;
	loop->retries++;
	send_phase(supervision, loop, loop->phase);
	return true;
}

bool
loop_report(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state)
{
	bool lost = state == LOOP_UNINITIALISED;

	if (loop_busy(loop) || !loop_state_settled(state))
		return false;
	if (state == element->state) {
		bool changed = element->wrong || element->faulty;

		if (changed)
			notify(supervision, "RIGHT_STATE", element);
		end_right(supervision, element, "Success");
		element->wrong = 0;
		element->faulty = element->asked = false;
		return changed;
	}
	if (element->faulty)
		return false;
	end_right(supervision, element, "Failure");
	if (element->wrong >= supervision->limits->retries) {
		element->faulty = true;
		notify(supervision, "ELEMENT_FAULTY", element);
		return true;
	}
	element->wrong++;
	notify(supervision, "WRONG_STATE", element);
	if (!supervision->permit(supervision->context, loop, element))
		return true;
	element->asked = true;
	if (lost)
		act(supervision, (struct task){.kind = TASK_UPDATE, .phase = 0});
	if (!lost || element->phase != 0)
		act(supervision, (struct task){.kind = lost ? TASK_UPDATE : TASK_STATE_CHANGE,
		                               .phase = element->phase,
		                               .ordered = element->state,
		                               .current = state});
	return true;
}
