/* run - one transaction: an event, and what is done about it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/run.h"

#include <assert.h>

#define NEVER INT64_MAX
#define VF_COUNT_MAX 1000000000 /* more is no count; leaves room for what a chain of operations adds */

const struct run_options run_options_default = {.guard_ms = 90000, .query_ms = 90000, .retry_ms = 1000};

static const struct directive *
directive_of(const struct run *run)
{
	return run->at >= 0 ? &run->policy->directives[run->at] : NULL;
}

static struct action *
push(struct actions *actions, enum action_kind kind, const struct run *run)
{
	struct action *action;

	assert(actions->count < ACTIONS_MAX);
	action = &actions->list[actions->count++];
	*action = (struct action){
		.kind = kind,
		.run = run,
		.event = run->event,
		.policy = run->policy,
		.directive = directive_of(run),
		.generation = run->generation,
		.attempt = run->attempt,
		.serial = run->serial,
	};
	return action;
}

/* A new state; answers to what was asked before are now stale. */
static void
run_enter(struct run *run, enum run_state state, int64_t due_ms)
{
	run->state = state;
	run->due_ms = due_ms;
	run->generation++;
}

/* now + ms, or never when that does not fit. */
static int64_t
later(int64_t now_ms, int64_t ms)
{
	return now_ms > NEVER - ms ? NEVER : now_ms + ms;
}

static void
done(struct run *run, struct actions *actions)
{
	run_enter(run, RUN_IDLE, NEVER);
	push(actions, ACTION_DONE, run);
}

/* The lock goes before the final is told, so that whoever hears it finds the target free. */
static void
run_finish(struct run *run, int final, const char *format, struct actions *actions)
{
	struct action *action;

	if (run->locked)
		push(actions, ACTION_UNLOCK, run);
	run->locked = false;
	action = push(actions, ACTION_FINAL, run);
	action->final = final;
	action->format = format;
	if (final == RESULT_FAILURE_EXCEPTION && !format)
		action->format = "Exception in processing closed loop";
	done(run, actions);
}

static void
start(struct run *run, int64_t now_ms, struct actions *actions)
{
	struct action *action;

	run->attempt++;
	run->serial++;
	run->attempt_ms = now_ms;
	run_enter(run, RUN_ATTEMPT, later(now_ms, directive_of(run)->timeout_s * INT64_C(1000)));
	action = push(actions, ACTION_START, run);
	action->start_ms = now_ms;
	action->end_ms = TIME_NONE;
}

static void
run_ask_guard(struct run *run, int64_t now_ms, struct actions *actions)
{
	if (run->options->guard_disabled) {
		push(actions, ACTION_GUARD_OFF, run);
		start(run, now_ms, actions);
		return;
	}
	run_enter(run, RUN_GUARD, later(now_ms, run->options->guard_ms));
	push(actions, ACTION_GUARD, run);
}

/* Begins a directive. At most two actions follow, so that a long chain cannot overflow the list. */
static void
direct(struct run *run, int32_t at, int64_t now_ms, struct actions *actions)
{
	run->at = at;
	run->attempt = 0;
	if (directive_of(run)->vf_change != 0 && !run->counted) {
		run_enter(run, RUN_COUNT, later(now_ms, run->options->query_ms));
		push(actions, ACTION_QUERY, run);
		return;
	}
	run_ask_guard(run, now_ms, actions);
}

static void
route(struct run *run, enum result result, int64_t now_ms, struct actions *actions)
{
	int32_t next = directive_of(run)->route[result];

	if (next != ROUTE_FINAL)
		direct(run, next, now_ms, actions);
	else if (result == RESULT_SUCCESS && run->policy->waits_for_abated && !run->abated)
		run_enter(run, RUN_ABATEMENT, NEVER);
	else
		run_finish(run, (int)result, NULL, actions);
}

/* Not permitted, for whatever reason: no attempt, no retry, a row that limiters do not count. */
static void
run_deny(struct run *run, int64_t now_ms, struct actions *actions)
{
	struct action *action;

	run->serial++;
	action = push(actions, ACTION_GUARDED, run);
	action->result = RESULT_FAILURE_GUARD;
	action->start_ms = action->end_ms = now_ms;
	route(run, RESULT_FAILURE_GUARD, now_ms, actions);
}

static void
end_attempt(struct run *run, enum result result, struct str message, int64_t now_ms, struct actions *actions)
{
	const struct directive *d = directive_of(run);
	bool again = result == RESULT_FAILURE && run->attempt <= (uint32_t)d->retries;
	struct action *action = push(actions, ACTION_ENDED, run);

	if (result == RESULT_FAILURE && d->retries > 0 && !again)
		result = RESULT_FAILURE_RETRIES;
	action->result = result;
	action->word = message;
	action->start_ms = run->attempt_ms;
	action->end_ms = now_ms;
	if (result == RESULT_SUCCESS)
		run->vf_count += d->vf_change;
	if (again)
		run_enter(run, RUN_WAIT, later(now_ms, run->options->retry_ms));
	else
		route(run, result, now_ms, actions);
}

static void
reject(struct run *run, const char *format, struct str word, struct actions *actions)
{
	struct action *action = push(actions, ACTION_REJECT, run);

	action->format = format;
	action->word = word;
	done(run, actions);
}

/* No route is taken. Before ACTIVE the run was never accepted: it is rejected. */
static void
abort_run(struct run *run, const char *format, bool timed_out, int64_t now_ms, struct actions *actions)
{
	struct action *action;

	if (run->state == RUN_ENTITY || run->state == RUN_LOCK) {
		reject(run, format, STR_NONE, actions);
		return;
	}
	action = push(actions, ACTION_ABORT, run);
	action->timed_out = timed_out;
	action->format = format;
	action->result = timed_out ? RESULT_FAILURE_TIMEOUT : RESULT_FAILURE;
	action->start_ms = run->attempt_ms;
	action->end_ms = now_ms;
	if (run->state != RUN_ATTEMPT)
		action->serial = 0; /* nothing was under way: no row */
	run_finish(run, FINAL_NONE, format, actions);
}

static void
ask_lock(struct run *run, struct actions *actions)
{
	run_enter(run, RUN_LOCK, NEVER);
	push(actions, ACTION_LOCK, run);
}

void
run_begin(struct run *run, const struct operational *policy, const struct event *event, int64_t now_ms,
          struct actions *actions)
{
	const char *why = NULL;
	struct str key = STR_NONE;
	struct action *action;

	run->policy = policy;
	run->event = event;
	run->at = policy->trigger;
	run->attempt = run->serial = 0;
	run->locked = run->counted = run->abated = false;
	run->vf_count = 0;
	run->began_ms = now_ms;
	run->deadline_ms = later(now_ms, policy->timeout_s * INT64_C(1000));
	if (policy->trigger < 0) {
		push(actions, ACTION_ACTIVE, run);
		run_finish(run, RESULT_COUNT, NULL, actions);
		return;
	}
	switch (event_entity(event, directive_of(run)->target_type, &run->target, &why, &key)) {
	case ENTITY_KNOWN:
		ask_lock(run, actions);
		return;
	case ENTITY_QUERY:
		run_enter(run, RUN_ENTITY, later(now_ms, run->options->query_ms));
		push(actions, ACTION_QUERY, run);
		return;
	case ENTITY_MISFIT:
		break;
	}
	run_finish(run, RESULT_FAILURE_EXCEPTION, why, actions);
	action = &actions->list[actions->count - 2]; /* FINAL, DONE */
	action->word = key;
}

static void
queried(struct run *run, const struct answer *answer, int64_t now_ms, struct actions *actions)
{
	run->counted = answer->good && answer->has_count && answer->vf_count >= 0 && answer->vf_count <= VF_COUNT_MAX;
	if (run->counted)
		run->vf_count = answer->vf_count;
	if (run->state == RUN_COUNT) {
		if (run->counted)
			run_ask_guard(run, now_ms, actions);
		else
			run_enter(run, RUN_DENIED, now_ms);
		return;
	}
	if (!answer->good || answer->entity.len == 0 || answer->entity.len > ATTRIBUTE_SIZE_MAX) {
		reject(run, "A&AI custom query failed", STR_NONE, actions);
		return;
	}
	memcpy(run->entity, answer->entity.ptr, answer->entity.len);
	run->target = (struct str){run->entity, answer->entity.len};
	ask_lock(run, actions);
}

static void
lock_answered(struct run *run, bool granted, int64_t now_ms, struct actions *actions)
{
	struct action *action;

	if (!granted) {
		run->serial++;
		action = push(actions, ACTION_LOCK_DENIED, run);
		action->result = RESULT_FAILURE_GUARD;
		action->start_ms = action->end_ms = now_ms;
		reject(run, "The target %s is already locked", run->target, actions);
		return;
	}
	run->locked = true;
	push(actions, ACTION_LOCKED, run);
	push(actions, ACTION_ACTIVE, run);
	direct(run, run->at, now_ms, actions);
}

bool
run_answer(struct run *run, const struct answer *answer, int64_t now_ms, struct actions *actions)
{
	static const enum answer_kind wanted[] = {
		[RUN_ENTITY] = ANSWER_QUERY, [RUN_LOCK] = ANSWER_LOCK,      [RUN_COUNT] = ANSWER_QUERY,
		[RUN_GUARD] = ANSWER_GUARD,  [RUN_ATTEMPT] = ANSWER_RESULT,
	};

	if (run->state == RUN_IDLE || run->state > RUN_ATTEMPT || answer->generation != run->generation ||
	    answer->kind != wanted[run->state])
		return false;
	if (now_ms >= run_due(run))
		return run_tick(run, now_ms, actions);
	if (answer->kind == ANSWER_QUERY) {
		queried(run, answer, now_ms, actions);
	} else if (answer->kind == ANSWER_LOCK) {
		lock_answered(run, answer->good, now_ms, actions);
	} else if (answer->kind == ANSWER_RESULT) {
		end_attempt(run, answer->result, answer->message, now_ms, actions);
	} else if (answer->good) {
		push(actions, ACTION_GUARDED, run)->permit = true;
		start(run, now_ms, actions);
	} else {
		run_deny(run, now_ms, actions);
	}
	return true;
}

bool
run_tick(struct run *run, int64_t now_ms, struct actions *actions)
{
	if (now_ms < run_due(run))
		return false;
	if (now_ms >= run->deadline_ms) {
		if (run->state == RUN_ABATEMENT)
			run_finish(run, RESULT_SUCCESS, NULL, actions);
		else
			abort_run(run, "Control Loop timed out", true, now_ms, actions);
		return true;
	}
	switch (run->state) {
	case RUN_ENTITY:
		reject(run, "A&AI custom query failed", STR_NONE, actions);
		break;
	case RUN_COUNT:
	case RUN_GUARD:
	case RUN_DENIED:
		run_deny(run, now_ms, actions);
		break;
	case RUN_ATTEMPT:
		end_attempt(run, RESULT_FAILURE_TIMEOUT, STR_NONE, now_ms, actions);
		break;
	case RUN_WAIT:
		start(run, now_ms, actions);
		break;
	case RUN_IDLE:
	case RUN_LOCK:
	case RUN_ABATEMENT:
		return false;
	}
	return true;
}

void
run_lock_lost(struct run *run, int64_t now_ms, struct actions *actions)
{
	if (!run->locked)
		return;
	run->locked = false;
	if (run->state == RUN_ABATEMENT)
		run_finish(run, RESULT_SUCCESS, NULL, actions);
	else
		abort_run(run, "Target Lock was lost", false, now_ms, actions);
}

void
run_withdrawn(struct run *run, int64_t now_ms, struct actions *actions)
{
	if (run->state == RUN_ABATEMENT)
		run_finish(run, RESULT_SUCCESS, NULL, actions);
	else if (run->state != RUN_IDLE)
		abort_run(run, "Policy was withdrawn", false, now_ms, actions);
}

void
run_abated(struct run *run, int64_t now_ms, struct actions *actions)
{
	(void)now_ms; /* kept: each input of the machine has its time */
	run->abated = true;
	if (run->state == RUN_ABATEMENT)
		run_finish(run, RESULT_SUCCESS, NULL, actions);
}

int64_t
run_due(const struct run *run)
{
	if (run->state == RUN_IDLE)
		return NEVER;
	return run->due_ms < run->deadline_ms ? run->due_ms : run->deadline_ms;
}

void
run_request(const struct run *run, struct request *ret)
{
	const struct directive *d = directive_of(run);

	*ret = (struct request){.request_id = run->event->request_id};
	ret->attribute[ATTRIBUTE_ACTOR] = d->actor;
	ret->attribute[ATTRIBUTE_OPERATION] = d->operation;
	ret->attribute[ATTRIBUTE_TARGET] = run->target;
	ret->attribute[ATTRIBUTE_CLNAME] = run->policy->id;
	if (d->vf_change != 0) {
		ret->has_vf_count = true;
		ret->vf_count = run->vf_count + d->vf_change;
	}
}
