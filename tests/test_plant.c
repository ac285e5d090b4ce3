/* test_plant - scenarios: what they report holds when it is tried */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/scenario.h"
#include "tests/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
static const char policy[] =
	"properties: {id: loop, timeout: 600, trigger: restart, operations: [\n"
	"  {id: restart, operation: {actor: APPC, operation: Restart, target: {targetType: VM}}, timeout: 90, retries: "
	"2,\n"
	"   failure_retries: rebuild},\n"
	"  {id: rebuild, operation: {actor: APPC, operation: Rebuild, target: {targetType: VM}}, timeout: 200}]}\n";

static const char scenario[] =
	"duration: 60 d\n"
	"seed: %d\n"
	"windows: [15 m]\n"
	"elements:\n"
	"  - {name: e, count: 20, loop: loop, fails: 1 d, recovers: 6 h, flaps: 0.3, repeats: 10 m,\n"
	"     cures: {restart: {success: 0.5, takes: 30 s}, rebuild: {success: 0.9, takes: 100 s}}}\n";

static const char guard[] =
	"type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	"type_version: 1.0.0\n"
	"properties: {actor: APPC, operation: Restart, timeWindow: 15, timeUnits: minute, limit: %d}\n";

/* A report, as text; limit 0: without guard. */
static json_t *
run(int seed, int limit)
{
	struct scenario_options options = scenario_options_default;
	struct document policies = {"policy.yaml", str_from(policy)}, document = {.name = "scenario.yaml"}, guards;
	char scenario_text[512], guard_text[512];
	struct arena arena;
	struct error err = {0};
	struct diags diags;
	json_t *report = NULL;

	(void)snprintf(scenario_text, sizeof(scenario_text), scenario, seed);
	(void)snprintf(guard_text, sizeof(guard_text), guard, limit);
	document.bytes = str_from(scenario_text);
	guards = (struct document){.name = "guard.yaml", .bytes = str_from(guard_text)};
	options.policies = &policies;
	options.policy_count = 1;
	options.guards = limit ? &guards : NULL;
	options.guard_count = 1;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (scenario_run(&document, &options, &report, &diags, &err) < 0)
		fail_msg("%s: %s", err.text, diags.first ? diags.first->text : "");
	arena_free(&arena);
	return report;
}

static json_int_t
number(const json_t *report, const char *group, const char *name)
{
	return json_integer_value(json_object_get(group ? json_object_get(report, group) : report, name));
}

/* What the report says a limiter for Restart would need. */
static json_int_t
restarts_needed(const json_t *report)
{
	const json_t *limit;
	size_t i;

	json_array_foreach(json_object_get(report, "limits"), i, limit)
	{
		if (strcmp(json_string_value(json_object_get(limit, "operation")), "Restart") == 0)
			return json_integer_value(json_object_get(limit, "per_target"));
	}
	return 0;
}

static void
the_limit_that_is_reported_denies_nothing_and_one_less_denies(void **state)
{
	json_t *open = run(1, 0), *enough, *short_by_one;
	json_int_t needed = restarts_needed(open);

	(void)state;
	assert_true(needed > 3);
	enough = run(1, (int)needed);
	assert_int_equal(number(enough, "operations", "denied"), 0);
	assert_true(json_equal(open, enough));
	short_by_one = run(1, (int)needed - 1);
	assert_true(number(short_by_one, "operations", "denied") > 0);
	json_decref(open);
	json_decref(enough);
	json_decref(short_by_one);
}

static void
a_seed_is_one_course_of_things(void **state)
{
	json_t *once = run(3, 0), *again = run(3, 0), *other = run(4, 0);

	(void)state;
	assert_true(json_equal(once, again));
	assert_false(json_equal(once, other));
	json_decref(once);
	json_decref(again);
	json_decref(other);
}

static void
failures_and_cures_add_up(void **state)
{
	json_t *report = run(5, 0);
	json_int_t failures = number(report, NULL, "failures"), tried = number(report, "operations", "tried");

	(void)state;
	assert_true(failures > 20 * 60 / 2); /* one a day and element, and some flap */
	assert_int_equal(failures, number(report, "heal", "by_operation") + number(report, "heal", "by_itself") +
	                                   number(report, "heal", "not_yet"));
	assert_true(tried >= number(report, "operations", "succeeded") + number(report, "operations", "failed"));
	assert_true(tried - number(report, "operations", "succeeded") - number(report, "operations", "failed") <= 20);
	json_decref(report);
}

static void
a_bad_scenario_is_an_error_with_its_place(void **state)
{
	static const struct {
		const char *text;
		uint32_t line;
		const char *says;
	} cases[] = {
		{"[]", 1, "a scenario must be a map"},
		{"elements: []", 1, "'duration' is missing"},
		{"duration: 1 d", 1, "'elements' must be a list"},
		{"duration: soon\nelements: []", 1, "must be a length of time, as in 6 h"},
		{"duration: 1 d\nelements:\n  - {name: a, loop: loop}", 3, "'fails' is missing"},
		{"duration: 1 d\nelements:\n  - {name: a, loop: loop, fails: 1 h,\n     flap: 1}", 4,
	         "unknown key 'flap'"},
		{"duration: 1 d\nelements:\n  - {name: a, loop: loop, fails: 1 h, flaps: 2}", 3,
	         "must be a number from 0 to 1"},
		{"duration: 1 d\nelements:\n  - {name: a, loop: none, fails: 1 h}", 0,
	         "no operational policy is for control loop 'none'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scenario_options options = scenario_options_default;
		struct document policies = {"policy.yaml", str_from(policy)};
		struct document document = {"scenario.yaml", str_from(cases[i].text)};
		struct arena arena;
		struct error err = {0};
		struct diags diags;
		json_t *report = NULL;

		options.policies = &policies;
		options.policy_count = 1;
		arena_init(&arena, 0);
		diags_init(&diags, &arena);
		assert_true(scenario_run(&document, &options, &report, &diags, &err) < 0);
		assert_string_equal(err.text, cases[i].says);
		assert_int_equal(err.line, cases[i].line);
		assert_null(report);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_that_is_reported_denies_nothing_and_one_less_denies),
		cmocka_unit_test(a_seed_is_one_course_of_things),
		cmocka_unit_test(failures_and_cures_add_up),
		cmocka_unit_test(a_bad_scenario_is_an_error_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
