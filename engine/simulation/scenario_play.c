/* scenario_play - what happens in a scenario: elements change, loops act, operations cure */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/scenario_priv.h"

#include <stdlib.h>

#include "base/time.h"
#include "engine/simulation/sandbox.h"

#define NEVER INT64_MAX
#define FLAP_MS (60 * TIME_MS_SECOND)

/* splitmix64 */
static uint64_t
playback_next_random(struct playback *playback)
{
	uint64_t x = playback->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* In [0, 1). */
static double
uniform(struct playback *playback)
{
	return (double)(playback_next_random(playback) >> 11) * 0x1p-53;
}

/* Exponential with this mean, by von Neumann's comparisons: no logarithm. */
int64_t
playback_exponential(struct playback *playback, int64_t mean_ms)
{
	double whole = 0;

	for (;;) {
		double first = uniform(playback), last = first, next;
		int run = 1;

		while ((next = uniform(playback)) < last) {
			last = next;
			run++;
		}
		if (run % 2 == 1)
			return (int64_t)((whole + first) * (double)mean_ms) + 1;
		whole++;
	}
}

static void
playback_no_memory(struct playback *playback)
{
	playback->status = error_set(playback->err, ERROR_MEMORY, NULL, "out of memory");
}

/* When the element changes next. */
void
playback_schedule(struct playback *playback, const struct scenario_element *element)
{
	int64_t when = element->fails_ms;

	if (element->failed)
		when = element->recovers_ms < element->reports_ms ? element->recovers_ms : element->reports_ms;
	heap_set(&playback->changes, (uint32_t)(element - playback->elements), when);
}

static void playback_carry_out(struct playback *playback, const struct actions *actions);

static void
playback_send(struct playback *playback, struct event *event)
{
	struct actions actions;

	playback->tally.events++;
	playback->tally.transactions += runs_event(playback->runs, event, playback->now_ms, playback->now_ms, &actions);
	playback_carry_out(playback, &actions);
}

static void
playback_fail(struct playback *playback, struct scenario_element *element)
{
	const struct scenario_group *group = element->group;

	element->failed = true;
	element->failed_ms = playback->now_ms;
	element->recovers_ms =
		group->recovers_ms ? playback->now_ms + playback_exponential(playback, group->recovers_ms) : NEVER;
	element->reports_ms = group->repeats_ms ? playback->now_ms + group->repeats_ms : NEVER;
	playback->tally.failures++;
	playback_schedule(playback, element);
	playback_send(playback, &element->onset);
}

/* The list with room for one more, grown by doubling; NULL when out of memory, and the old list stays. */
static void *
playback_grow(struct playback *playback, void *list, size_t count, size_t *have, size_t size)
{
	size_t want = *have ? 2 * *have : 1024;
	void *grown;

	if (count < *have)
		return list;
	grown = reallocarray(list, want, size);
	if (grown)
		*have = want;
	else
		playback_no_memory(playback);
	return grown;
}

static void
heal(struct playback *playback, struct scenario_element *element, bool by_operation)
{
	struct scenario_tally *tally = &playback->tally;
	bool flaps = by_operation && uniform(playback) < element->group->flaps;
	int64_t *times;

	if (!element->failed)
		return;
	element->failed = false;
	if (by_operation)
		tally->by_operation++;
	else
		tally->by_itself++;
	times = playback_grow(playback, tally->healed_ms, tally->healed_count, &tally->healed_room, sizeof(*times));
	if (times) {
		tally->healed_ms = times;
		times[tally->healed_count++] = playback->now_ms - element->failed_ms;
	}
	element->fails_ms = playback->now_ms + (flaps ? 1 + (int64_t)(uniform(playback) * (double)FLAP_MS)
	                                              : playback_exponential(playback, element->group->fails_ms));
	playback_schedule(playback, element);
	playback_send(playback, &element->abated);
}

static void
answer_later(struct playback *playback, const struct action *action, struct answer answer, int64_t after_ms)
{
	answer.generation = action->generation;
	playback->pending[action->run->slot] = (struct scenario_pending){.answer = answer};
	heap_set(&playback->answers, action->run->slot, playback->now_ms + after_ms);
}

/* For the limits: a question, or an attempt that ended. */
static void
note(struct playback *playback, const struct action *action, bool attempt)
{
	const struct scenario_element *element = action->event->context;
	struct scenario_tally *tally = &playback->tally;
	struct scenario_asked *asked =
		playback_grow(playback, tally->asked, tally->asked_count, &tally->asked_room, sizeof(*asked));

	if (!asked)
		return;
	tally->asked = asked;
	asked[tally->asked_count++] = (struct scenario_asked){
		.directive = action->directive,
		.element = (uint32_t)(element - playback->elements),
		.attempt = attempt,
		.at_ms = attempt ? action->start_ms : playback->now_ms,
		.end_ms = action->end_ms,
	};
}

static void
playback_ask_guard(struct playback *playback, const struct action *action)
{
	struct decision decision = {.permit = true};
	struct request request;

	run_request(action->run, &request);
	for (int i = SCOPE_ATTRIBUTES; i < ATTRIBUTE_COUNT; i++)
		request.attribute[i] = entries_get(action->event->aai, attribute_key[i]);
	note(playback, action, false);
	if (playback->sandbox &&
	    sandbox_decide(playback->sandbox, &request, playback->now_ms, NULL, &decision, NULL) < 0)
		playback->status = error_set(playback->err, ERROR_IO, NULL, "the operation counters cannot be read");
	answer_later(playback, action, (struct answer){.kind = ANSWER_GUARD, .good = decision.permit}, 0);
}

static void
playback_ask_actor(struct playback *playback, const struct action *action)
{
	const struct scenario_element *element = action->event->context;
	struct cure cure = {.success = 1, .takes_ms = 60 * TIME_MS_SECOND};
	bool success;

	for (size_t i = 0; i < element->group->cure_count; i++) {
		if (str_equal(element->group->cures[i].operation, action->directive->id))
			cure = element->group->cures[i];
	}
	playback->tally.tried++;
	success = uniform(playback) < cure.success;
	answer_later(playback, action,
	             (struct answer){.kind = ANSWER_RESULT, .result = success ? RESULT_SUCCESS : RESULT_FAILURE},
	             cure.takes_ms);
	playback->pending[action->run->slot].cured = success;
}

static void
playback_enter_row(struct playback *playback, const struct action *action)
{
	char id[SUBREQUEST_SIZE];
	struct operation row;

	if (playback->sandbox && action_row(action, id, &row) &&
	    sandbox_record(playback->sandbox, &row, 1, playback->now_ms, playback->err) < 0)
		playback->status = -(int)playback->err->code;
}

static void
carry_out_one(struct playback *playback, const struct action *action)
{
	const struct scenario_element *element = action->event->context;
	struct scenario_tally *tally = &playback->tally;

	playback_enter_row(playback, action);
	switch (action->kind) {
	case ACTION_LOCK:
		answer_later(playback, action, (struct answer){.kind = ANSWER_LOCK, .good = true}, 0);
		break;
	case ACTION_QUERY:
		answer_later(playback, action,
		             (struct answer){.kind = ANSWER_QUERY,
		                             .good = true,
		                             .entity = element->onset.aai.list[0].value,
		                             .has_count = true,
		                             .vf_count = element->group->vf_count},
		             0);
		break;
	case ACTION_GUARD:
		playback_ask_guard(playback, action);
		break;
	case ACTION_START:
		playback_ask_actor(playback, action);
		break;
	case ACTION_GUARDED:
		tally->denied += !action->permit;
		break;
	case ACTION_ENDED:
	case ACTION_ABORT:
		tally->succeeded += action->kind == ACTION_ENDED && action->result == RESULT_SUCCESS;
		if (action->serial > 0)
			note(playback, action, true);
		tally->failed += action->kind == ACTION_ENDED ? action->result != RESULT_SUCCESS : action->serial > 0;
		break;
	case ACTION_FINAL:
		tally->finals[action->final]++;
		break;
	case ACTION_REJECT:
		tally->rejected++;
		break;
	case ACTION_IGNORE:
		tally->ignored++;
		break;
	case ACTION_DONE:
		heap_set(&playback->answers, action->run->slot, NEVER);
		break;
	default:
		break;
	}
}

static void
playback_carry_out(struct playback *playback, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		carry_out_one(playback, &actions->list[i]);
}

static void
playback_change(struct playback *playback, struct scenario_element *element)
{
	if (!element->failed) {
		playback_fail(playback, element);
	} else if (playback->now_ms >= element->recovers_ms) {
		heal(playback, element, false);
	} else {
		element->reports_ms = playback->now_ms + element->group->repeats_ms;
		playback_schedule(playback, element);
		playback_send(playback, &element->onset);
	}
}

/*
 * An operation that succeeded in time heals; the machine hears of it first, so that the final stands before what
 * follows.
 */
static void
give_answer(struct playback *playback, uint32_t slot)
{
	struct scenario_pending pending = playback->pending[slot];
	const struct event *event = runs_run(playback->runs, slot)->event;
	struct actions actions;

	heap_set(&playback->answers, slot, NEVER);
	if (!runs_answer(playback->runs, slot, &pending.answer, playback->now_ms, &actions))
		return;
	playback_carry_out(playback, &actions);
	if (pending.cured && actions.count > 0 && actions.list[0].kind == ACTION_ENDED &&
	    actions.list[0].result == RESULT_SUCCESS)
		heal(playback, event->context, true);
}

int
playback_play(struct playback *playback)
{
	int64_t end = playback->scenario->start_ms + playback->scenario->duration_ms;

	for (uint64_t steps = 0; playback->status == 0; steps++) {
		int64_t due = runs_due(playback->runs), when = NEVER, changes = NEVER;
		uint32_t slot = 0, element = 0;
		bool answers = heap_first(&playback->answers, &slot, &when) && when < due;
		int64_t first = answers ? when : due;
		bool changed = heap_first(&playback->changes, &element, &changes) && changes < first;
		struct actions actions;

		first = changed ? changes : first;
		if (first > end)
			break;
		if (steps == playback->options->steps_max)
			return error_set(playback->err, ERROR_LIMIT, NULL, "the scenario takes more than %llu steps",
			                 (unsigned long long)playback->options->steps_max);
		playback->now_ms = first > playback->now_ms ? first : playback->now_ms;
		if (changed)
			playback_change(playback, &playback->elements[element]);
		else if (answers)
			give_answer(playback, slot);
		else if (runs_tick(playback->runs, playback->now_ms, &actions))
			playback_carry_out(playback, &actions);
	}
	return playback->status;
}
