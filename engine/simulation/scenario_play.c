/* scenario_play - what happens in a plant: elements change, loops act, operations cure */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/scenario_priv.h"

#include <stdlib.h>

#include "base/time.h"
#include "engine/simulation/sandbox.h"

#define NEVER INT64_MAX
#define FLAP_MS (60 * TIME_MS_SECOND)

/* splitmix64 */
static uint64_t
next_random(struct plant *plant)
{
	uint64_t x = plant->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* In [0, 1). */
static double
uniform(struct plant *plant)
{
	return (double)(next_random(plant) >> 11) * 0x1p-53;
}

/* Exponential with this mean, by von Neumann's comparisons: no logarithm. */
int64_t
plant_exponential(struct plant *plant, int64_t mean_ms)
{
	double whole = 0;

	for (;;) {
		double first = uniform(plant), last = first, next;
		int run = 1;

		while ((next = uniform(plant)) < last) {
			last = next;
			run++;
		}
		if (run % 2 == 1)
			return (int64_t)((whole + first) * (double)mean_ms) + 1;
		whole++;
	}
}

static void
no_memory(struct plant *plant)
{
	plant->status = error_set(plant->err, ERROR_MEMORY, NULL, "no memory for the plant");
}

/* When the element changes next. */
void
plant_schedule(struct plant *plant, const struct element *element)
{
	int64_t when = element->fails_ms;

	if (element->failed)
		when = element->recovers_ms < element->reports_ms ? element->recovers_ms : element->reports_ms;
	heap_set(&plant->changes, (uint32_t)(element - plant->elements), when);
}

static void carry_out(struct plant *plant, const struct actions *actions);

static void
send(struct plant *plant, struct event *event)
{
	struct actions actions;

	plant->tally.events++;
	plant->tally.transactions += loops_event(plant->loops, event, plant->now_ms, plant->now_ms, &actions);
	carry_out(plant, &actions);
}

static void
fail(struct plant *plant, struct element *element)
{
	const struct group *group = element->group;

	element->failed = true;
	element->failed_ms = plant->now_ms;
	element->recovers_ms =
		group->recovers_ms ? plant->now_ms + plant_exponential(plant, group->recovers_ms) : NEVER;
	element->reports_ms = group->repeats_ms ? plant->now_ms + group->repeats_ms : NEVER;
	plant->tally.failures++;
	plant_schedule(plant, element);
	send(plant, &element->onset);
}

/* The list with room for one more, grown by doubling; NULL when memory is out, and the old list stays. */
static void *
grow(struct plant *plant, void *list, size_t count, size_t *have, size_t size)
{
	size_t want = *have ? 2 * *have : 1024;
	void *grown;

	if (count < *have)
		return list;
	grown = reallocarray(list, want, size);
	if (grown)
		*have = want;
	else
		no_memory(plant);
	return grown;
}

static void
heal(struct plant *plant, struct element *element, bool by_operation)
{
	struct tally *tally = &plant->tally;
	bool flaps = by_operation && uniform(plant) < element->group->flaps;
	int64_t *times;

	if (!element->failed)
		return;
	element->failed = false;
	if (by_operation)
		tally->by_operation++;
	else
		tally->by_itself++;
	times = grow(plant, tally->healed_ms, tally->healed_count, &tally->healed_room, sizeof(*times));
	if (times) {
		tally->healed_ms = times;
		times[tally->healed_count++] = plant->now_ms - element->failed_ms;
	}
	element->fails_ms = plant->now_ms + (flaps ? 1 + (int64_t)(uniform(plant) * (double)FLAP_MS)
	                                           : plant_exponential(plant, element->group->fails_ms));
	plant_schedule(plant, element);
	send(plant, &element->abated);
}

static void
answer_later(struct plant *plant, const struct action *action, struct answer answer, int64_t after_ms)
{
	answer.generation = action->generation;
	plant->pending[action->run->slot] = (struct pending){.answer = answer};
	heap_set(&plant->answers, action->run->slot, plant->now_ms + after_ms);
}

/* For the limits: a question, or an attempt that ended. */
static void
note(struct plant *plant, const struct action *action, bool attempt)
{
	const struct element *element = action->event->context;
	struct tally *tally = &plant->tally;
	struct asked *asked = grow(plant, tally->asked, tally->asked_count, &tally->asked_room, sizeof(*asked));

	if (!asked)
		return;
	tally->asked = asked;
	asked[tally->asked_count++] = (struct asked){
		.directive = action->directive,
		.element = (uint32_t)(element - plant->elements),
		.attempt = attempt,
		.at_ms = attempt ? action->start_ms : plant->now_ms,
		.end_ms = action->end_ms,
	};
}

static void
ask_guard(struct plant *plant, const struct action *action)
{
	struct decision decision = {.permit = true};
	struct request request;

	run_request(action->run, &request);
	for (int i = SCOPE_ATTRIBUTES; i < ATTRIBUTE_COUNT; i++)
		request.attribute[i] = entries_get(action->event->aai, attribute_key[i]);
	note(plant, action, false);
	if (plant->trial && trial_decide(plant->trial, &request, plant->now_ms, NULL, &decision, NULL) < 0)
		plant->status = error_set(plant->err, ERROR_IO, NULL, "the operation counters cannot be read");
	answer_later(plant, action, (struct answer){.kind = ANSWER_GUARD, .good = decision.permit}, 0);
}

static void
ask_actor(struct plant *plant, const struct action *action)
{
	const struct element *element = action->event->context;
	struct cure cure = {.success = 1, .takes_ms = 60 * TIME_MS_SECOND};
	bool success;

	for (size_t i = 0; i < element->group->cure_count; i++) {
		if (str_equal(element->group->cures[i].operation, action->directive->id))
			cure = element->group->cures[i];
	}
	plant->tally.tried++;
	success = uniform(plant) < cure.success;
	answer_later(plant, action,
	             (struct answer){.kind = ANSWER_RESULT, .result = success ? RESULT_SUCCESS : RESULT_FAILURE},
	             cure.takes_ms);
	plant->pending[action->run->slot].cured = success;
}

static void
enter_row(struct plant *plant, const struct action *action)
{
	char id[SUBREQUEST_SIZE];
	struct operation row;

	if (plant->trial && action_row(action, id, &row) &&
	    trial_record(plant->trial, &row, 1, plant->now_ms, plant->err) < 0)
		plant->status = -(int)plant->err->code;
}

static void
carry_out_one(struct plant *plant, const struct action *action)
{
	const struct element *element = action->event->context;
	struct tally *tally = &plant->tally;

	enter_row(plant, action);
	switch (action->kind) {
	case ACTION_LOCK:
		answer_later(plant, action, (struct answer){.kind = ANSWER_LOCK, .good = true}, 0);
		break;
	case ACTION_QUERY:
		answer_later(plant, action,
		             (struct answer){.kind = ANSWER_QUERY,
		                             .good = true,
		                             .entity = element->onset.aai.list[0].value,
		                             .has_count = true,
		                             .vf_count = element->group->vf_count},
		             0);
		break;
	case ACTION_GUARD:
		ask_guard(plant, action);
		break;
	case ACTION_START:
		ask_actor(plant, action);
		break;
	case ACTION_GUARDED:
		tally->denied += !action->permit;
		break;
	case ACTION_ENDED:
	case ACTION_ABORT:
		tally->succeeded += action->kind == ACTION_ENDED && action->result == RESULT_SUCCESS;
		if (action->serial > 0)
			note(plant, action, true);
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
		heap_set(&plant->answers, action->run->slot, NEVER);
		break;
	default:
		break;
	}
}

static void
carry_out(struct plant *plant, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		carry_out_one(plant, &actions->list[i]);
}

static void
change(struct plant *plant, struct element *element)
{
	if (!element->failed) {
		fail(plant, element);
	} else if (plant->now_ms >= element->recovers_ms) {
		heal(plant, element, false);
	} else {
		element->reports_ms = plant->now_ms + element->group->repeats_ms;
		plant_schedule(plant, element);
		send(plant, &element->onset);
	}
}

/*
 * An operation that succeeded in time heals; the machine hears of it first, so that the final stands before what
 * follows.
 */
static void
give_answer(struct plant *plant, uint32_t slot)
{
	struct pending pending = plant->pending[slot];
	const struct event *event = loops_run(plant->loops, slot)->event;
	struct actions actions;

	heap_set(&plant->answers, slot, NEVER);
	if (!loops_answer(plant->loops, slot, &pending.answer, plant->now_ms, &actions))
		return;
	carry_out(plant, &actions);
	if (pending.cured && actions.count > 0 && actions.list[0].kind == ACTION_ENDED &&
	    actions.list[0].result == RESULT_SUCCESS)
		heal(plant, event->context, true);
}

int
plant_play(struct plant *plant)
{
	int64_t end = plant->scenario->start_ms + plant->scenario->duration_ms;

	for (uint64_t steps = 0; plant->status == 0; steps++) {
		int64_t due = loops_due(plant->loops), when = NEVER, changes = NEVER;
		uint32_t slot = 0, element = 0;
		bool answers = heap_first(&plant->answers, &slot, &when) && when < due;
		int64_t first = answers ? when : due;
		bool changed = heap_first(&plant->changes, &element, &changes) && changes < first;
		struct actions actions;

		first = changed ? changes : first;
		if (first > end)
			break;
		if (steps == plant->options->steps_max)
			return error_set(plant->err, ERROR_LIMIT, NULL, "the scenario takes more than %llu steps",
			                 (unsigned long long)plant->options->steps_max);
		plant->now_ms = first > plant->now_ms ? first : plant->now_ms;
		if (changed)
			change(plant, &plant->elements[element]);
		else if (answers)
			give_answer(plant, slot);
		else if (loops_tick(plant->loops, plant->now_ms, &actions))
			carry_out(plant, &actions);
	}
	return plant->status;
}
