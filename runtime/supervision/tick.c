/* tick - a scan by the timer: orders that are not answered are repeated, and given up */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/supervision/tick.h"

#include "runtime/supervision/restore.h"
#include "runtime/supervision/supervise.h"

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

		if (element->phase != loop->phase || loop_element_done(loop, element))
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
		if (loop->elements[i].reservation.ptr)
			task_emit(supervision,
			          (struct task){.kind = TASK_RENEW, .text = loop->elements[i].reservation});
	loop->renew_ms = loop_has_reservations(loop) ? supervision->now_ms + supervision->limits->lease_ms / 2 : 0;
	return true;
}

/* Times that lie ahead were written before somebody put the clock right: what waits for them begins to wait now. */
static bool
tick_put_reservation(struct supervision *supervision, struct loop *loop)
{
	int64_t now_ms = supervision->now_ms;
	bool since = loop->since_ms > now_ms, renew = loop->renew_ms > now_ms + supervision->limits->lease_ms;

	if (since)
		loop->since_ms = now_ms;
	if (renew)
		loop->renew_ms = now_ms;
	return since || renew;
}

/* Whether those who are asked have the order. One that is lost or silent needs not be waited for. */
static enum handing
phase_handing(struct supervision *supervision, const struct loop *loop)
{
	enum handing handing = HANDING_UNKNOWN;

	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		enum handing own = HANDING_UNKNOWN;

		if (!element->asked || loop_element_done(loop, element))
			continue;
		if (supervision->host(supervision->context, element) != HOST_LOST)
			own = supervision->handing(supervision->context, loop, element);
		if (own == HANDING_PENDING)
			return own;
		if (own == HANDING_DONE)
			handing = own;
	}
	return handing;
}

/* How long the phase waits until its next repetition, or, after the last, until it is given up. */
static int64_t
patience_ms(const struct supervision_limits *limits, const struct loop *loop, enum handing handing)
{
	unsigned doublings = loop->retries < 16 ? loop->retries : 16;

	return limits->wait_ms + (handing == HANDING_DONE ? limits->tick_ms * ((INT64_C(1) << doublings) - 1) : 0);
}

/* A transition under way: what time has brought its phase. */
enum phase_step {
	PHASE_WAITS,
	PHASE_HANDED, /* its addressees have it now */
	PHASE_AGAIN,
	PHASE_GIVEN_UP
};

static enum phase_step
phase_step(struct supervision *supervision, const struct loop *loop)
{
	const struct supervision_limits *limits = supervision->limits;
	int64_t waited_ms = supervision->now_ms - loop->since_ms;
	int64_t limit_ms = loop->replaces.ptr ? 0 : phase_limit_ms(loop);
	enum handing handing = phase_handing(supervision, loop);
	bool late = waited_ms > patience_ms(limits, loop, handing);

	if (handing == HANDING_PENDING)
		return PHASE_WAITS;
	if (handing == HANDING_DONE && !loop->handed)
		return PHASE_HANDED;
	if (limit_ms ? waited_ms > limit_ms : late && loop->retries >= limits->retries)
		return PHASE_GIVEN_UP;
	return late && loop->retries < limits->retries ? PHASE_AGAIN : PHASE_WAITS;
}

static bool
tick_phase(struct supervision *supervision, struct loop *loop)
{
	switch (phase_step(supervision, loop)) {
	case PHASE_WAITS:
		return false;
	case PHASE_HANDED:
		loop->handed = true;
		loop->since_ms = supervision->now_ms;
		break;
	case PHASE_AGAIN:
		loop->retries++;
		phase_send(supervision, loop, loop->phase, NULL);
		break;
	case PHASE_GIVEN_UP:
		loop_halt_transition(supervision, loop, CHANGE_TIMEOUT, NULL);
		break;
	}
	return true;
}

static bool
is_under_way(const struct loop *loop)
{
	return loop_busy(loop) && loop->result == CHANGE_NO_ERROR;
}

/* One that was asked beside the one that failed, and is silent, has its reservation until the wait is over. */
static bool
holds_reservations(const struct loop *loop)
{
	return loop->result == CHANGE_FAILED && loop_has_reservations(loop);
}

bool
loop_tick(struct supervision *supervision, struct loop *loop)
{
	bool changed = tick_put_reservation(supervision, loop);

	changed |= renew(supervision, loop);
	changed |= restore_tick(supervision, loop);
	if (holds_reservations(loop) && supervision->now_ms - loop->since_ms > supervision->limits->wait_ms) {
		loop_release(supervision, loop);
		return true;
	}
	if (is_under_way(loop))
		changed |= tick_phase(supervision, loop);
	return changed;
}

/* --- whether a tick is worth the while --- */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When an element under restoration is due; INT64_MAX: none is. */
static int64_t
restore_due_ms(const struct supervision_limits *limits, const struct loop *loop)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].restore != RESTORE_NONE && loop->elements[i].tried_ms != RESTORE_DUE)
			due_ms = earlier(due_ms, loop->elements[i].tried_ms + limits->wait_ms + 1);
	return due_ms;
}

int64_t
loop_due_ms(const struct supervision_limits *limits, const struct loop *loop)
{
	int64_t due_ms = restore_due_ms(limits, loop), limit_ms;

	if (loop->renew_ms)
		due_ms = earlier(due_ms, loop->renew_ms);
	if (holds_reservations(loop))
		due_ms = earlier(due_ms, loop->since_ms + limits->wait_ms + 1);
	if (!is_under_way(loop))
		return due_ms;
	if (!loop->handed)
		return INT64_MIN; /* when a participant reads the order is not a matter of time */
	limit_ms = loop->replaces.ptr ? 0 : phase_limit_ms(loop);
	if (limit_ms == 0 || (limit_ms > limits->wait_ms && loop->retries < limits->retries))
		limit_ms = limits->wait_ms;
	return earlier(due_ms, loop->since_ms + limit_ms + 1);
}

/* Times that lie ahead were written before somebody put the clock right. */
static bool
is_ahead(const struct supervision *supervision, const struct loop *loop)
{
	int64_t now_ms = supervision->now_ms;

	if (loop->since_ms > now_ms || loop->renew_ms > now_ms + supervision->limits->lease_ms)
		return true;
	for (size_t i = 0; i < loop->count; i++)
		if (loop->elements[i].restore != RESTORE_NONE && loop->elements[i].tried_ms > now_ms)
			return true;
	return false;
}

bool
loop_is_due(struct supervision *supervision, const struct loop *loop)
{
	int64_t now_ms = supervision->now_ms;

	return is_ahead(supervision, loop) || (loop->renew_ms && now_ms >= loop->renew_ms) ||
	       now_ms >= restore_due_ms(supervision->limits, loop) ||
	       (holds_reservations(loop) && now_ms - loop->since_ms > supervision->limits->wait_ms) ||
	       (is_under_way(loop) && phase_step(supervision, loop) != PHASE_WAITS);
}
