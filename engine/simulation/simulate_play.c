/* simulate_play - the outside of the machine: a clock that jumps, and answers from the script or from guards */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/simulate_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/machine/heap.h"
#include "engine/simulation/sandbox.h"

#define WORD_SIZE 32

/* The scripted answer to one run. A newer question takes the place of an older one: nothing waits for that any more. */
struct play_pending {
	struct answer answer;
	char word[WORD_SIZE]; /* the guard's, for the trace */
};

struct play {
	struct script *script;
	const struct simulate_options *options;
	struct sandbox *sandbox;
	struct recorder *recorder;
	struct runs *runs;
	struct play_pending *pending; /* by slot */
	struct heap answers;          /* when they come */
	int64_t now_ms;
	int status; /* negative after a failure */
	struct error *err;
};

/* The next result for this operation, or NULL. *first: those before it are used up. */
static struct script_result *
next_result(struct script_result *list, size_t count, size_t *first, struct str op)
{
	while (*first < count && list[*first].used)
		++*first;
	for (size_t i = *first; i < count; i++) {
		if (!list[i].used && (!list[i].op.ptr || str_equal(list[i].op, op))) {
			list[i].used = true;
			return &list[i];
		}
	}
	return NULL;
}

static void
play_answer_later(struct play *play, const struct action *action, const struct answer *answer, int64_t after_ms)
{
	struct play_pending *pending = &play->pending[action->run->slot];

	pending->answer = *answer;
	pending->answer.generation = action->generation;
	heap_set(&play->answers, action->run->slot, play->now_ms + after_ms);
}

static void
play_word_set(struct play *play, const struct action *action, struct str word)
{
	(void)snprintf(play->pending[action->run->slot].word, WORD_SIZE, "%.*s", STR_ARG(word)); /* cut: only shown */
}

/* The guards of the options decide, and count what the machine has done so far. */
static void
ask_sandbox(struct play *play, const struct action *action, struct request *request)
{
	struct decision decision;
	int r;

	event_attributes(action->event, request);
	r = sandbox_decide(play->sandbox, request, play->now_ms, NULL, &decision, NULL);
	if (r < 0)
		play->status = error_set(play->err, ERROR_IO, NULL, "the operation counters cannot be read");
	play_word_set(play, action, decision.permit ? STR("Permit") : STR("Deny"));
	play_answer_later(play, action, &(struct answer){.kind = ANSWER_GUARD, .good = decision.permit}, 0);
}

/* Permit and Indeterminate go on; whatever else the guard's answer is, it is no permission. */
static void
play_ask_guard(struct play *play, size_t index, const struct action *action)
{
	struct script *script = play->script;
	struct script_result *result;
	struct request request;
	struct answer answer = {.kind = ANSWER_GUARD};

	run_request(action->run, &request);
	if (play->sandbox) {
		ask_sandbox(play, action, &request);
		recorder_request(play->recorder, index, &request);
		return;
	}
	recorder_request(play->recorder, index, &request);
	result = next_result(script->guards, script->guard_count, &script->guard_first, action->directive->id);
	play_word_set(play, action, STR("TIMEOUT"));
	if (!result || str_is(result->word, "TIMEOUT")) {
		heap_set(&play->answers, action->run->slot, INT64_MAX);
		return;
	}
	play_word_set(play, action, result->word);
	answer.good =
		str_equal_nocase(result->word, STR("Permit")) || str_equal_nocase(result->word, STR("Indeterminate"));
	play_answer_later(play, action, &answer, result->after_ms);
}

static void
play_ask_actor(struct play *play, const struct action *action)
{
	static const enum result results[] = {
		[SCRIPT_SUCCESS] = RESULT_SUCCESS,
		[SCRIPT_FAILURE] = RESULT_FAILURE,
		[SCRIPT_EXCEPTION] = RESULT_FAILURE_EXCEPTION,
	};
	struct script *script = play->script;
	const struct script_result *result =
		next_result(script->results, script->result_count, &script->result_first, action->directive->id);

	if (!result || result->outcome == SCRIPT_NONE) {
		heap_set(&play->answers, action->run->slot, INT64_MAX);
		return;
	}
	play_answer_later(
		play, action,
		&(struct answer){.kind = ANSWER_RESULT, .result = results[result->outcome], .message = result->message},
		result->after_ms);
}

static void
ask_inventory(struct play *play, size_t index, const struct action *action)
{
	const struct script *script = play->script;

	if (action->run->state == RUN_ENTITY)
		recorder_token(play->recorder, index, play->now_ms, "aai:CustomQuery");
	else
		play_word_set(play, action, STR("NO_VFCOUNT")); /* what is said if it fails */
	play_answer_later(play, action,
	                  &(struct answer){
				  .kind = ANSWER_QUERY,
				  .good = script->has_query,
				  .entity = script->vnf_id,
				  .has_count = script->has_count,
				  .vf_count = script->vf_count,
			  },
	                  0);
}

static void
play_ask_lock(struct play *play, const struct action *action)
{
	const struct script *script = play->script;
	bool granted = true;

	for (size_t i = 0; i < script->lock_count; i++)
		granted = granted && !str_equal(script->locks[i], action->run->target);
	play_answer_later(play, action, &(struct answer){.kind = ANSWER_LOCK, .good = granted}, 0);
}

static void
play_enter_row(struct play *play, const struct action *action)
{
	char id[SUBREQUEST_SIZE];
	struct operation row;

	if (play->sandbox && action_row(action, id, &row) &&
	    sandbox_record(play->sandbox, &row, 1, play->now_ms, play->err) < 0)
		play->status = -(int)play->err->code;
}

/* index: of the event. */
static void
play_carry_out(struct play *play, size_t index, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++) {
		const struct action *action = &actions->list[i];
		const char *word = action->run ? play->pending[action->run->slot].word : "";

		recorder_action(play->recorder, index, play->now_ms, action, word);
		play_enter_row(play, action);
		if (action->kind == ACTION_QUERY)
			ask_inventory(play, index, action);
		else if (action->kind == ACTION_LOCK)
			play_ask_lock(play, action);
		else if (action->kind == ACTION_GUARD)
			play_ask_guard(play, index, action);
		else if (action->kind == ACTION_START)
			play_ask_actor(play, action);
		else if (action->kind == ACTION_DONE)
			heap_set(&play->answers, action->run->slot, INT64_MAX);
	}
}

static size_t
index_of(const struct play *play, const struct actions *actions)
{
	const struct script_event *event = actions->list[0].event->context;

	return (size_t)(event - play->script->events);
}

static void
play_event(struct play *play, size_t index)
{
	struct script_event *event = &play->script->events[index];
	struct actions actions;

	if (event->broken) {
		recorder_token(play->recorder, index, play->now_ms, "discard:undecodable");
		return;
	}
	event->event.context = event;
	(void)runs_event(play->runs, &event->event, play->now_ms, event->wall_ms, &actions); /* events stay */
	/* An ABATED event may end another event's run: what comes of that belongs there. */
	if (actions.count > 0)
		play_carry_out(play, actions.list[0].run ? index_of(play, &actions) : index, &actions);
}

static void
play_lock_lost(struct play *play, size_t runs_max)
{
	struct actions actions;

	play->script->lock_lost_ms = SCRIPT_NEVER;
	for (uint32_t slot = 0; slot < runs_max; slot++) {
		const struct run *run = runs_run(play->runs, slot);

		if (run->state != RUN_IDLE && run->locked &&
		    runs_lock_lost(play->runs, run->target, play->now_ms, &actions))
			play_carry_out(play, index_of(play, &actions), &actions);
	}
}

/* A step is due at *when. At one instant deadlines come first, then answers, then what happens to us. */
static enum step {
	STEP_NONE,
	STEP_TIMER,
	STEP_ANSWER,
	STEP_LOST,
	STEP_EVENT
} next_step(const struct play *play, size_t event, int64_t *when, uint32_t *slot)
{
	const struct script *script = play->script;
	enum step step = STEP_NONE;
	int64_t answer;

	*when = runs_due(play->runs);
	if (*when != INT64_MAX)
		step = STEP_TIMER;
	if (heap_first(&play->answers, slot, &answer) && answer < *when) {
		*when = answer;
		step = STEP_ANSWER;
	}
	if (script->lock_lost_ms < *when) {
		*when = script->lock_lost_ms;
		step = STEP_LOST;
	}
	if (event < script->event_count && script->events[event].at_ms < *when) {
		*when = script->events[event].at_ms;
		step = STEP_EVENT;
	}
	return step;
}

static int
run_steps(struct play *play, size_t runs_max)
{
	size_t event = 0;
	int64_t when;

	for (uint64_t steps = 0; play->status == 0; steps++) {
		struct actions actions;
		struct answer answer;
		uint32_t slot = 0;
		enum step step = next_step(play, event, &when, &slot);

		if (step == STEP_NONE ||
		    (step == STEP_LOST && event == play->script->event_count && runs_running(play->runs) == 0))
			return 0;
		if (steps == play->options->steps_max)
			return error_set(play->err, ERROR_LIMIT, NULL, "the script takes more than %llu steps",
			                 (unsigned long long)play->options->steps_max);
		if (when > play->now_ms)
			play->now_ms = when;
		if (step == STEP_TIMER) {
			if (runs_tick(play->runs, play->now_ms, &actions) && actions.count > 0)
				play_carry_out(play, index_of(play, &actions), &actions);
		} else if (step == STEP_ANSWER) {
			heap_set(&play->answers, slot, INT64_MAX);
			answer = play->pending[slot].answer;
			if (runs_answer(play->runs, slot, &answer, play->now_ms, &actions) && actions.count > 0)
				play_carry_out(play, index_of(play, &actions), &actions);
		} else if (step == STEP_LOST) {
			play_lock_lost(play, runs_max);
		} else {
			play_event(play, event++);
		}
	}
	return play->status;
}

int
simulate_play(struct script *script, const struct operational *policies, const struct simulate_options *options,
              struct sandbox *sandbox, struct recorder *recorder, struct error *err)
{
	struct runs_options runs_options = runs_options_default;
	struct play play = {.script = script, .options = options, .sandbox = sandbox, .recorder = recorder, .err = err};
	int r;

	runs_options.runs_max = script->event_count ? script->event_count : 1;
	runs_options.run.guard_disabled = script->guard_disabled;
	play.now_ms = script->start_ms;
	play.runs = runs_new(policies, &runs_options);
	play.pending = calloc(runs_options.runs_max, sizeof(*play.pending));
	if (heap_init(&play.answers, runs_options.runs_max) < 0 || !play.runs || !play.pending)
		r = error_set(err, ERROR_MEMORY, NULL, "no memory for the simulation");
	else
		r = run_steps(&play, runs_options.runs_max);
	heap_done(&play.answers);
	free(play.pending);
	runs_free(play.runs);
	return r;
}
