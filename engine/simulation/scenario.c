/* scenario - elements that fail, recover and flap, under operational policies, for days of virtual time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/scenario.h"

#include <stdlib.h>

#include "engine/simulation/operational_set.h"
#include "engine/simulation/sandbox.h"
#include "engine/simulation/scenario_priv.h"

const struct scenario_options scenario_options_default = {.steps_max = 50000000};

/* Events of an element: they differ in nothing but the element. */
static int
make_element(struct playback *playback, struct scenario_element *element, const struct scenario_group *group,
             size_t number, struct arena *arena)
{
	bool physical = str_equal_nocase(group->key, STR("pnf.pnf-name"));
	char *name = arena_printf(arena, group->count > 1 ? "%.*s-%zu" : "%.*s", STR_ARG(group->name), number);
	struct entry *aai = arena_array(arena, group->aai_count + 1, sizeof(*aai));

	if (!name || !aai)
		return -1;
	aai[0] = (struct entry){group->key, str_from(name), false};
	for (size_t i = 0; i < group->aai_count; i++)
		aai[i + 1] = group->aai[i];
	element->group = group;
	element->onset = (struct event){
		.clname = group->loop,
		.status = STR("ONSET"),
		.request_id = str_from(name),
		.target = group->key,
		.target_type = physical ? STR("PNF") : STR("VNF"),
		.aai = {aai, group->aai_count + 1},
		.has_aai = true,
		.identity = str_from(arena_printf(arena, "%.*s/%s", STR_ARG(group->loop), name)),
		.aai_identity = str_from(name),
		.alarm_start_ms = TIME_NONE,
		.alarm_end_ms = TIME_NONE,
		.context = element,
	};
	element->abated = element->onset;
	element->abated.status = STR("ABATED");
	element->fails_ms = playback->now_ms + playback_exponential(playback, group->fails_ms);
	return element->onset.identity.ptr ? 0 : -1;
}

static int
scenario_build(struct playback *playback, const struct operational *policies, struct arena *arena)
{
	struct runs_options options = runs_options_default;
	size_t count = playback->scenario->elements, at = 0;

	options.runs_max = count ? count : 1;
	playback->elements = arena_array(arena, count, sizeof(*playback->elements));
	playback->pending = arena_array(arena, options.runs_max, sizeof(*playback->pending));
	playback->runs = runs_new(policies, &options);
	if (!playback->elements || !playback->pending || !playback->runs ||
	    heap_init(&playback->changes, options.runs_max) < 0 || heap_init(&playback->answers, options.runs_max) < 0)
		return -1;
	for (size_t i = 0; i < playback->scenario->group_count; i++) {
		const struct scenario_group *group = &playback->scenario->groups[i];

		for (int64_t j = 0; j < group->count; j++, at++) {
			if (make_element(playback, &playback->elements[at], group, (size_t)j + 1, arena) < 0)
				return -1;
			playback_schedule(playback, &playback->elements[at]);
		}
	}
	return 0;
}

static int
open_guards(struct playback *playback, struct diags *diags)
{
	struct engine_options options = engine_options_default;
	int r;

	options.mode = playback->options->mode;
	if (!playback->options->guards)
		return 0;
	r = sandbox_open(&options, playback->options->guards, playback->options->guard_count, &playback->sandbox,
	                 diags);
	return r < 0 ? error_set(playback->err, error_from(r), NULL, "the guards have errors") : 0;
}

/* Every loop that an element names must be somebody's. */
static int
scenario_check_loops(const struct scenario *scenario, const struct operational *policies, struct error *err)
{
	for (size_t i = 0; i < scenario->group_count; i++) {
		const struct operational *policy = policies;

		while (policy && !str_equal(policy->id, scenario->groups[i].loop))
			policy = policy->next;
		if (!policy)
			return error_set(err, ERROR_UNKNOWN, NULL, "no operational policy is for control loop '%.*s'",
			                 STR_ARG(scenario->groups[i].loop));
	}
	return 0;
}

int
scenario_run(const struct document *document, const struct scenario_options *options, json_t **ret, struct diags *diags,
             struct error *err)
{
	const struct operational *policies;
	struct scenario scenario;
	struct playback playback = {.scenario = &scenario, .options = options, .err = err};
	struct arena arena;
	struct node *root;
	int r;

	arena_init(&arena, 0);
	r = document_read(document->bytes, document->name, &document_limits_default, &arena, &root, err);
	if (r == 0)
		r = scenario_read(root, &arena, &scenario, err);
	if (r == 0 && !operational_set_compile(options->policies, options->policy_count, &arena, &policies, diags))
		r = error_set(err, ERROR_SYNTAX, NULL, "the policies have errors");
	if (r == 0)
		r = scenario_check_loops(&scenario, policies, err);
	if (r == 0)
		r = open_guards(&playback, diags);
	if (r == 0) {
		playback.random = scenario.seed;
		playback.now_ms = scenario.start_ms;
		r = scenario_build(&playback, policies, &arena) < 0
		            ? error_set(err, ERROR_MEMORY, NULL, "out of memory")
		            : playback_play(&playback);
	}
	if (r == 0) {
		for (size_t i = 0; i < scenario.elements; i++)
			playback.tally.not_yet += playback.elements[i].failed;
		*ret = tally_report(&playback.tally, &scenario);
		r = *ret ? 0 : error_set(err, ERROR_MEMORY, NULL, "no memory for the report");
	}
	free(playback.tally.healed_ms);
	free(playback.tally.asked);
	heap_done(&playback.changes);
	heap_done(&playback.answers);
	runs_free(playback.runs);
	sandbox_close(playback.sandbox);
	arena_free(&arena);
	return r;
}
