/* test_analysis - what a whole set does that its authors cannot have meant, and the requests that show it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis.h"

#include <stdlib.h>
#include "engine/simulation/operational_set.h"
#include "tests/cmocka_all.h"

#define NOW INT64_C(1772366400000) /* 2026-03-01T12:00:00Z */

#define HEAD \
	"tosca_definitions_version: tosca_simple_yaml_1_1_0\n" \
	"topology_template:\n" \
	"  policies:\n"
#define GUARD(name, type, properties) \
	"    - " name ": {type: onap.policies.controlloop.guard." type ", type_version: 1.0.0, version: 1.0.0,\n" \
	"        properties: {" properties "}}\n"
#define LOOP(timeout, operations) NAMED("loop", timeout, operations)
#define NAMED(name, timeout, operations) \
	"    - " name ": {type: onap.policies.controlloop.operational.common.Drools, type_version: 1.0.0, version: " \
	"1.0.0,\n" \
	"        properties: {id: CL-1, timeout: " timeout ", trigger: a, operations: [" operations "]}}\n"
#define OPERATION(id, name, rest) \
	"{id: " id ", operation: {actor: APPC, operation: " name ", target: {targetType: VM}}, timeout: 10" rest "}"

#define GATED(name, schedule, condition, timeout) \
	"    - " name ": {type: onap.policies.controlloop.operational.TriggerStylePolicyType, type_version: 1.0.0,\n" \
	"        version: 1.0.0,\n" \
	"        properties: {controlLoopName: CL-1, timeout: " timeout "},\n" \
	"        triggers: {a: {event: ONSET, schedule: {" schedule "}, condition: " condition \
	", period: 60 s, evaluations: 3,\n" \
	"          action: [{call_operation: {operation: APPC.Restart, inputs: {targetType: VM, timeout: 10 " \
	"s}}}]}}}\n"

struct analysed {
	struct arena arena;
	struct policyset *set;
	struct diags diags;
	const struct witness *witnesses;
	struct document document;
};

static void
analyse(struct analysed *a, const char *text)
{
	struct compile_options options = {.limits = engine_options_default.limits,
	                                  .policies_max = engine_options_default.policies_max};
	struct error err = {0};

	*a = (struct analysed){.document = {"set.yaml", str_from(text)}};
	arena_init(&a->arena, 0);
	diags_init(&a->diags, &a->arena);
	assert_int_equal(policyset_builtin(&a->arena, &options.builtin, &err), 0);
	if (policyset_compile(&options, &a->document, 1, &a->set, &a->diags) != 0)
		fail_msg("%s", a->diags.first->text);
	assert_int_equal(analysis_run(a->set, a->set->operational, NOW, &a->arena, &a->diags, &a->witnesses), 0);
}

static void
done(struct analysed *a)
{
	policyset_drop(a->set);
	arena_free(&a->arena);
}

static size_t
count_code(const struct analysed *a, const char *code)
{
	size_t count = 0;

	for (const struct diag *diag = a->diags.first; diag; diag = diag->next)
		count += diag->code && strcmp(diag->code, code) == 0;
	return count;
}

/* Runs every witness; false when one does not behave as claimed. */
static bool
all_shown(const struct analysed *a, size_t *ret_count)
{
	FILE *out = fopen("/dev/null", "w");
	bool shown = true;

	assert_non_null(out);
	*ret_count = 0;
	for (const struct witness *witness = a->witnesses; witness; witness = witness->next, ++*ret_count)
		shown = witness_run(witness, &a->document, 1, out) && shown;
	fclose(out);
	return shown;
}

/* Each finding is found once, with a witness that shows it; its neighbour that is in order is not found. */
static void
each_fault_of_a_set_is_found_and_shown(void **state)
{
	static const struct {
		const char *code, *bad, *good;
	} cases[] = {
		{"SET-01",
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: Restart, blacklist: ['.*']")
	                 LOOP("100", OPERATION("a", "Restart", "")),
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: Restart, blacklist: [x]")
	                 LOOP("100", OPERATION("a", "Restart", ""))},
		{"SET-01", /* two windows that together are the whole day */
	         HEAD GUARD("g", "common.Blacklist",
	                    "actor: APPC, operation: Restart, blacklist: ['.*'], timeRange: {start_time: '06:00:00Z', "
	                    "end_time: '18:00:00Z'}") GUARD("h", "common.Blacklist",
	                                                    "actor: APPC, operation: Restart, blacklist: ['.*'], "
	                                                    "timeRange: {start_time: '18:00:00Z', "
	                                                    "end_time: '06:00:00Z'}")
	                 LOOP("100", OPERATION("a", "Restart", "")),
	         HEAD GUARD("g", "common.Blacklist",
	                    "actor: APPC, operation: Restart, blacklist: ['.*'], timeRange: {start_time: '06:00:00Z', "
	                    "end_time: '18:00:00Z'}") LOOP("100", OPERATION("a", "Restart", ""))},
		{"SET-01", /* filters that leave no name of a VNF, and such that leave one */
	         HEAD GUARD("g", "common.Filter",
	                    "actor: APPC, operation: Restart, algorithm: blacklist-overrides, filters: ["
	                    "{field: generic-vnf.vnf-id, function: string-less-than, filter: m, blacklist: true}, "
	                    "{field: generic-vnf.vnf-id, function: string-greater-than-or-equal, filter: m, blacklist: "
	                    "true}]") LOOP("100", OPERATION("a", "Restart", "")),
	         HEAD GUARD("g", "common.Filter",
	                    "actor: APPC, operation: Restart, algorithm: blacklist-overrides, filters: ["
	                    "{field: generic-vnf.vnf-id, function: string-less-than, filter: m, blacklist: true}, "
	                    "{field: generic-vnf.vnf-id, function: string-greater-than, filter: m, blacklist: true}]")
	                 LOOP("100", OPERATION("a", "Restart", ""))},
		{"SET-01", /* here the only names left lie between two that are named */
	         HEAD GUARD("g", "common.Filter",
	                    "actor: APPC, operation: Restart, algorithm: blacklist-overrides, filters: ["
	                    "{field: generic-vnf.vnf-id, function: string-less-than-or-equal, filter: m, "
	                    "blacklist: true}, "
	                    "{field: generic-vnf.vnf-id, function: string-greater-than, filter: m, blacklist: true}]")
	                 LOOP("100", OPERATION("a", "Restart", "")),
	         HEAD GUARD("g", "common.Filter",
	                    "actor: APPC, operation: Restart, algorithm: blacklist-overrides, filters: ["
	                    "{field: generic-vnf.vnf-id, function: string-less-than-or-equal, filter: m, "
	                    "blacklist: true}, "
	                    "{field: generic-vnf.vnf-id, function: string-greater-than-or-equal, filter: n, "
	                    "blacklist: true}]") LOOP("100", OPERATION("a", "Restart", ""))},
		{"SET-02",
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: '.*', blacklist: ['.*']")
	                 GUARD("h", "common.FrequencyLimiter",
	                       "actor: APPC, operation: Restart, timeWindow: 1, timeUnits: hour, limit: 3"),
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: Rebuild, blacklist: ['.*']")
	                 GUARD("h", "common.FrequencyLimiter",
	                       "actor: APPC, operation: Restart, timeWindow: 1, timeUnits: hour, limit: 3")},
		{"SET-02",
	         HEAD GUARD("g", "common.MinMax", "actor: SO, operation: x, target: '.*', min: 2, max: 4")
	                 GUARD("h", "common.MinMax", "actor: SO, operation: x, target: t, min: 1, max: 5"),
	         HEAD GUARD("g", "common.MinMax", "actor: SO, operation: x, target: '.*', min: 2, max: 4")
	                 GUARD("h", "common.MinMax", "actor: SO, operation: x, target: t, min: 1, max: 3")},
		{"SET-02", /* of two lists the longer one shadows the other, in a scope as wide */
	         HEAD GUARD("g", "common.Blacklist",
	                    "actor: APPC, operation: '.*', blacklist: [x, a-long-name-of-a-target, /z.*/, z-1]")
	                 GUARD("h", "common.Blacklist",
	                       "actor: APPC, operation: Restart, blacklist: [a-long-name-of-a-target, /z.*/, z-2]"),
	         HEAD GUARD("g", "common.Blacklist",
	                    "actor: APPC, operation: '.*', blacklist: [x, a-long-name-of-a-target, /z.*/, z-1]")
	                 GUARD("h", "common.Blacklist",
	                       "actor: APPC, operation: Restart, blacklist: [a-long-name-of-a-target, y-2]")},
		{"SET-02", /* two equal lists: the later one is told; a wider scope is not shadowed */
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: Restart, blacklist: [x, y]")
	                 GUARD("h", "common.Blacklist", "actor: APPC, operation: Restart, blacklist: [y, x]"),
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: Restart, blacklist: [x, y]")
	                 GUARD("h", "common.Blacklist", "actor: APPC, operation: '.*', blacklist: [x]")},
		{"SET-03",
	         HEAD GUARD("g", "common.MinMax", "actor: SO, operation: x, target: '.*', min: 5")
	                 GUARD("h", "common.MinMax", "actor: SO, operation: x, target: t, max: 4"),
	         HEAD GUARD("g", "common.MinMax", "actor: SO, operation: x, target: '.*', min: 5")
	                 GUARD("h", "common.MinMax", "actor: SO, operation: x, target: t, max: 5")},
		{"SET-04",
	         HEAD GUARD("g", "common.FrequencyLimiter",
	                    "actor: APPC, operation: Restart, timeWindow: 2, timeUnits: hour, limit: 2")
	                 GUARD("h", "common.FrequencyLimiter",
	                       "actor: APPC, operation: Restart, timeWindow: 1, timeUnits: hour, limit: 3"),
	         HEAD GUARD("g", "common.FrequencyLimiter",
	                    "actor: APPC, operation: Restart, timeWindow: 30, timeUnits: minute, limit: 2")
	                 GUARD("h", "common.FrequencyLimiter",
	                       "actor: APPC, operation: Restart, timeWindow: 1, timeUnits: hour, limit: 3")},
		{"SET-04", /* one that counts all targets is stricter than one for each, not the other way round */
	         HEAD GUARD("g", "FrequencyLimiter", "actor: APPC, operation: Restart, time_window: 1 h, limit: 3")
	                 GUARD("h", "common.FrequencyLimiter",
	                       "actor: APPC, operation: Restart, timeWindow: 1, timeUnits: hour, limit: 3"),
	         HEAD GUARD("g", "FrequencyLimiter", "actor: APPC, operation: Restart, time_window: 1 h, limit: 4")
	                 GUARD("h", "common.FrequencyLimiter",
	                       "actor: APPC, operation: Restart, timeWindow: 1, timeUnits: hour, limit: 3")},
		{"SET-05",
	         HEAD GUARD(
			 "g", "common.Blacklist",
			 "actor: APPC, operation: x, blacklist: [y], timeRange: {start_time: '2025-01-01T00:00:00Z', "
			 "end_time: '2026-03-01T11:59:59Z'}"),
	         HEAD GUARD(
			 "g", "common.Blacklist",
			 "actor: APPC, operation: x, blacklist: [y], timeRange: {start_time: '2025-01-01T00:00:00Z', "
			 "end_time: '2026-03-01T12:00:00Z'}")},
		{"SET-05",
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: x, target: a, blacklist: [b, c]"),
	         HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: x, target: a, blacklist: [b, a]")},
		{"SET-06",
	         HEAD GUARD("g", "coordination.FirstBlocksSecond", "controlLoop: [one, two]")
	                 GUARD("h", "coordination.FirstBlocksSecond", "controlLoop: [two, three]")
	                         GUARD("i", "coordination.FirstBlocksSecond", "controlLoop: [three, one]"),
	         HEAD GUARD("g", "coordination.FirstBlocksSecond", "controlLoop: [one, two]")
	                 GUARD("h", "coordination.FirstBlocksSecond", "controlLoop: [two, three]")
	                         GUARD("i", "coordination.FirstBlocksSecond", "controlLoop: [one, three]")},
		{"OPV-25",
	         HEAD LOOP("25", OPERATION("a", "Restart", ", retries: 2, failure_retries: b") ", " OPERATION(
					 "b", "Rebuild", ", failure: c") ", " OPERATION("c", "Migrate", "")),
	         HEAD LOOP("52", OPERATION("a", "Restart", ", retries: 2, failure_retries: b") ", " OPERATION(
					 "b", "Rebuild", ", failure: c") ", " OPERATION("c", "Migrate", ""))},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct analysed a;
		size_t witnesses;

		analyse(&a, cases[i].bad);
		if (count_code(&a, cases[i].code) != 1)
			fail_msg("case %zu: %s is found %zu times", i, cases[i].code, count_code(&a, cases[i].code));
		if (!all_shown(&a, &witnesses) || witnesses != 1)
			fail_msg("case %zu: %zu witnesses, not all shown", i, witnesses);
		done(&a);
		analyse(&a, cases[i].good);
		for (const struct diag *diag = a.diags.first; diag; diag = diag->next) {
			if (!diag->code || strncmp(diag->code, "LINT-", 5) != 0) /* about one guard, not the set */
				fail_msg("case %zu: what is in order is found: %s", i, diag->text);
		}
		assert_null(a.witnesses);
		done(&a);
	}
}

/* A timeout that cuts off a path is shown, whatever the event and the path need; or it is said why not. */
static void
each_timeout_that_cuts_off_is_shown_or_said_why_not(void **state)
{
	static const struct {
		const char *text;
		size_t witnesses, infos;
	} cases[] = {
		/* a gate that asks for a time, a condition, and three events */
		{HEAD GATED("gated", "start_time: '06:00:00Z', end_time: '07:00:00Z'",
	                    "[severity: {greater_than: 4}, {not: [vendor: [{equal: x}]]}, 'pnf.site': here]", "5 s"),
	         1, 0},
		{HEAD GATED("gated", "start_time: '2025-01-01T00:00:00Z', end_time: '2025-02-01T00:00:00Z'",
	                    "[severity: 4]", "5 s"),
	         0, 1},
		{HEAD GATED("gated", "start_time: '06:00:00Z', end_time: '07:00:00Z'",
	                    "[severity: [{greater_than: 4}, {less_than: 4}]]", "5 s"),
	         0, 1},
		{HEAD GATED("gated", "start_time: '06:00:00Z', end_time: '07:00:00Z'",
	                    "[{and: [severity: {greater_than: 4}, severity: {less_than: 4}]}]", "5 s"),
	         0, 1},
		{HEAD GATED("gated", "start_time: '06:00:00Z', end_time: '07:00:00Z'", "[severity: 4]", "10 s"), 0, 0},
		/* the only way on is failure_guard */
		{HEAD LOOP("25", OPERATION("a", "Restart", ", failure_guard: b") ", " OPERATION(
					 "b", "Rebuild", ", failure: c") ", " OPERATION("c", "Migrate", "")),
	         1, 0},
		{HEAD LOOP("100", "{id: a, operation: {actor: APPC, operation: Restart, target: {targetType: VM}}, "
	                          "timeout: 95, failure_guard: b}, " OPERATION("b", "Rebuild", "")),
	         0, 1},
		/* retries, as many as there can be */
		{HEAD LOOP("2000", OPERATION("a", "Restart", ", retries: 2147483647")), 1, 0},
		{HEAD LOOP("2100000000",
	                   "{id: a, operation: {actor: APPC, operation: Restart, target: {targetType: VM}}, "
	                   "timeout: 1, retries: 2147483647}"),
	         0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t witnesses, infos = 0;
		struct analysed a;

		analyse(&a, cases[i].text);
		for (const struct diag *diag = a.diags.first; diag; diag = diag->next)
			infos += strncmp(diag->text, "no request can show", 19) == 0;
		if (!all_shown(&a, &witnesses) || witnesses != cases[i].witnesses || infos != cases[i].infos)
			fail_msg("case %zu: %zu witnesses, not all shown, or %zu reasons", i, witnesses, infos);
		done(&a);
	}
}

/* Each of two policies for one loop takes the event of the witness; where there is none, that is said. */
static void
two_policies_for_one_loop_are_shown_to_take_one_event(void **state)
{
	static const struct {
		const char *text;
		size_t witnesses;
	} cases[] = {
		{HEAD LOOP("25", OPERATION("a", "Restart", "")) NAMED("other", "26", OPERATION("a", "Rebuild", "")), 1},
		{HEAD LOOP("25", OPERATION("a", "Restart", ""))
	                 GATED("other", "start_time: '06:00:00Z', end_time: '07:00:00Z'", "[severity: 4]", "10 s"),
	         1},
		{HEAD GATED("gated", "start_time: '06:00:00Z', end_time: '07:00:00Z'", "[severity: 4]", "10 s")
	                 GATED("other", "start_time: '06:00:00Z', end_time: '07:00:00Z'", "[severity: 5]", "10 s"),
	         0},
		{HEAD GATED("gated", "start_time: '06:00:00Z', end_time: '07:00:00Z'", "[severity: 4]", "10 s")
	                 GATED("other", "start_time: '08:00:00Z', end_time: '09:00:00Z'", "[severity: 4]", "10 s"),
	         0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct analysed a = {.document = {"set.yaml", str_from(cases[i].text)}};
		const struct operational *list;
		struct witness wrong;
		size_t witnesses;

		arena_init(&a.arena, 0);
		diags_init(&a.diags, &a.arena);
		assert_false(operational_set_compile(&a.document, 1, &a.arena, &list, &a.diags));
		if (count_code(&a, "OPV-35") != 1)
			fail_msg("case %zu: %s", i, a.diags.first->text);
		assert_int_equal(analysis_doubles(list, NOW, &a.arena, &a.diags, &a.witnesses), 0);
		if (!all_shown(&a, &witnesses) || witnesses != cases[i].witnesses)
			fail_msg("case %zu: %zu witnesses, not all shown", i, witnesses);
		assert_int_equal(count_code(&a, "OPV-35"), witnesses ? 1 : 2);
		if (a.witnesses) {
			FILE *out = fopen("/dev/null", "w");

			assert_non_null(out);
			wrong = *a.witnesses;
			wrong.script = "{\"events\":[{\"closedLoopControlName\":\"CL-2\",\"closedLoopEventStatus\":"
				       "\"ONSET\",\"requestID\":\"r\"}]}";
			assert_false(witness_run(&wrong, &a.document, 1, out));
			fclose(out);
		}
		arena_free(&a.arena);
	}
}

static void
a_witness_that_shows_something_else_is_not_taken(void **state)
{
	struct witness wrong;
	struct analysed a;
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(out);
	analyse(&a, HEAD GUARD("g", "common.Blacklist", "actor: APPC, operation: Restart, blacklist: ['.*']")
	                    LOOP("100", OPERATION("a", "Restart", "")));
	assert_non_null(a.witnesses);
	wrong = *a.witnesses;
	wrong.request.attribute[ATTRIBUTE_OPERATION] = STR("Rebuild");
	assert_false(witness_run(&wrong, &a.document, 1, out));
	fclose(out);
	done(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_of_a_set_is_found_and_shown),
		cmocka_unit_test(each_timeout_that_cuts_off_is_shown_or_said_why_not),
		cmocka_unit_test(two_policies_for_one_loop_are_shown_to_take_one_event),
		cmocka_unit_test(a_witness_that_shows_something_else_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
