/* test_check - a policy's properties against its type */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/policy.h"

#include <stdio.h>

#include "tests/cmocka_all.h"
#include "tests/types_fixture.h"

#define VERSION "tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
#define SCOPE "actor: SO, operation: Restart, "

/* Checks the policy p of a guard type with these properties, as YAML flow text. */
static const char *
check_guard(struct types_fixture *f, const char *type, const char *properties)
{
	types_load(f,
	           VERSION "policies:\n  p:\n    type: onap.policies.controlloop.guard.%s\n"
	                   "    properties: {%s}\n",
	           type, properties);
	assert_true((types_check(f) == 1) == (f->diags.count[SEVERITY_ERROR] == 0));
	return types_findings(f, false);
}

/* Checks a policy of a type with the one property x, which is defined and given in YAML flow text. */
static const char *
check_value(struct types_fixture *f, const char *definition, const char *value)
{
	types_load(f,
	           VERSION
	           "data_types:\n  pair: {properties: {a: {type: integer}, b: {type: string, default: z}}}\n"
	           "policy_types:\n  t: {properties: {x: {%s}}}\npolicies:\n  p: {type: t, properties: {x: %s}}\n",
	           definition, value);
	assert_string_equal(types_findings(f, false), "");
	assert_true((types_check(f) == 1) == (f->diags.count[SEVERITY_ERROR] == 0));
	return types_findings(f, false);
}

static void
each_kind_of_value_takes_its_own_and_nothing_else(void **state)
{
	static const struct {
		const char *type, *good[4], *bad[6], *wanted;
	} cases[] = {
		{"string", {"text", "5", "true", "''"}, {"[a]", "{a: b}", "~"}, "text"},
		{"integer",
	         {"0", "-7", "010", "0x10"},
	         {"1.5", "'5'", "ten", "1e3", "99999999999999999999", "true"},
	         "an integer"},
		{"float", {"1", "1.5", "-2e3"}, {".inf", ".nan", "'1.5'", "x"}, "a number"},
		{"boolean", {"true", "False"}, {"yes", "'true'", "1", "on"}, "true or false"},
		{"timestamp",
	         {"2026-04-14T12:00:00Z", "2026-04-14", "2026-04-14 12:00:00+02:00"},
	         {"12:00:00Z", "2026-13-14", "5", "2026-04-1x"},
	         "a timestamp such as '2026-04-14T12:00:00Z'"},
		{"version", {"1.0", "1.0.0", "1.2.3.beta-4"}, {"1", "v1.0", "1.0.x"}, "a version such as '1.0.0'"},
		{"range",
	         {"[1, 4]", "[1, 1]", "[0, UNBOUNDED]"},
	         {"[4, 1]", "[1]", "[1, 2, 3]", "[UNBOUNDED, 1]", "4"},
	         "a range such as '[1, 4]' or '[1, UNBOUNDED]'"},
		{"scalar-unit.time",
	         {"10 m", "600s", "1.5 h"},
	         {"10", "10 x", "m", "-1 s"},
	         "a length of time such as '10 m'"},
		{"scalar-unit.size",
	         {"4 GiB", "1.5MB", "7 B"},
	         {"4", "4 gib", "GiB", "-1 B"},
	         "a size such as '4 GiB'"},
		{"scalar-unit.frequency", {"2.4 GHz", "5Hz"}, {"2.4", "2.4 Ghz"}, "a frequency such as '2.4 GHz'"},
		{"scalar-unit.bitrate", {"10 Mbps", "1 MBps"}, {"10 bits"}, "a bit rate such as '10 Mbps'"},
		{"list", {"[]", "[a, {b: c}]"}, {"a", "{a: b}"}, "a list"},
		{"map", {"{}", "{a: [b]}"}, {"a", "[a]"}, "a map"},
		{"any", {"a", "[a]", "{a: b}", "~"}, {NULL}, NULL},
		{"pair", {"{a: 1}", "{a: 1, b: y}"}, {"a", "[a]"}, "a map"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char definition[64], wanted[128];

		(void)snprintf(definition, sizeof(definition), "type: %s", cases[i].type);
		(void)snprintf(wanted, sizeof(wanted), "error: property 'x' must be %s, is ", cases[i].wanted);
		for (size_t j = 0; j < 4 && cases[i].good[j]; j++)
			assert_string_equal(check_value(f, definition, cases[i].good[j]), "");
		for (size_t j = 0; j < 6 && cases[i].bad[j]; j++) {
			const char *found = check_value(f, definition, cases[i].bad[j]);

			if (!strstr(found, wanted))
				fail_msg("%s %s: %s", cases[i].type, cases[i].bad[j], found);
		}
	}
}

static void
each_constraint_has_two_sides(void **state)
{
	static const struct {
		const char *type, *constraint, *good[3], *bad[2], *must;
	} cases[] = {
		{"integer", "equal: 5", {"5", "0x5"}, {"6", "4"}, "be 5"},
		{"string", "equal: five", {"five"}, {"Five"}, "be five"},
		{"boolean", "equal: true", {"true", "True"}, {"false"}, "be true"},
		{"integer", "greater_than: 0", {"1"}, {"0", "-1"}, "be greater than 0"},
		{"integer", "greater_or_equal: 1", {"1", "2"}, {"0"}, "be at least 1"},
		{"integer", "less_than: 5", {"4", "-9"}, {"5"}, "be less than 5"},
		{"integer", "less_or_equal: 5", {"5", "4"}, {"6"}, "be at most 5"},
		{"integer", "in_range: [2, 4]", {"2", "3", "4"}, {"1", "5"}, "be in the range 2 to 4"},
		{"integer", "in_range: [2, UNBOUNDED]", {"2", "999"}, {"1"}, "be in the range 2 to UNBOUNDED"},
		{"integer", "in_range: [UNBOUNDED, 4]", {"-9", "4"}, {"5"}, "be in the range UNBOUNDED to 4"},
		{"float", "greater_than: 1.5", {"1.6", "2"}, {"1.5", "1"}, "be greater than 1.5"},
		{"float", "in_range: [0, 1]", {"0.5", "1"}, {"1.01"}, "be in the range 0 to 1"},
		{"timestamp",
	         "less_than: 2026-01-01",
	         {"2025-12-31T23:59:59Z"},
	         {"2026-01-01T00:00:00Z"},
	         "be less than 2026-01-01"},
		{"version", "greater_or_equal: 1.9.0", {"1.10.0", "2.0"}, {"1.8.9"}, "be at least 1.9.0"},
		{"scalar-unit.time", "greater_than: 1 m", {"61 s", "1 h"}, {"60 s", "1 s"}, "be greater than 1 m"},
		{"scalar-unit.time", "valid_values: [1 m, 1 h]", {"60 s", "60 m"}, {"2 h"}, "be one of 1 m, 1 h"},
		{"scalar-unit.size", "less_or_equal: 1 GiB", {"1024 MiB", "1 GB"}, {"1025 MiB"}, "be at most 1 GiB"},
		{"scalar-unit.frequency", "less_than: 1 GHz", {"999 MHz"}, {"1000 MHz"}, "be less than 1 GHz"},
		{"string", "valid_values: [a, b]", {"a", "b"}, {"A", "ab"}, "be one of a, b"},
		{"string",
	         "valid_values: [a23456789012345678901234567890, b23456789012345678901234567890, "
	         "c23456789012345678901234567890, d23456789012345678901234567890, e]", /* a cut list says so */
	         {"e"},
	         {"x"},
	         "be one of a23456789012345678901234567890, b23456789012345678901234567890, "
	         "c23456789012345678901234567890, ..., is 'x'"},
		{"integer", "valid_values: [1, 3]", {"1", "3"}, {"2"}, "be one of 1, 3"},
		{"string",
	         "length: 3",
	         {"abc", "\xc3\xa4\xc3\xb6\xc3\xbc"},
	         {"ab", "abcd"},
	         "have exactly 3 characters, has "},
		{"string", "min_length: 2", {"ab", "abc"}, {"a"}, "have at least 2 characters, has 1"},
		{"string", "max_length: 2", {"ab", "''"}, {"abc"}, "have at most 2 characters, has 3"},
		{"list", "length: 2", {"[a, b]"}, {"[a]", "[a, b, c]"}, "have exactly 2 entries, has "},
		{"list", "min_length: 1", {"[a]"}, {"[]"}, "have at least 1 entries, has 0"},
		{"map", "max_length: 1", {"{a: b}", "{}"}, {"{a: b, c: d}"}, "have at most 1 entries, has 2"},
		{"string", "pattern: 'a+'", {"a", "aaa"}, {"ab", "ba"}, "match 'a+'"},
		{"string", "pattern: '[0-9]{2}'", {"12"}, {"123", "1"}, "match '[0-9]{2}'"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char list[256], map[256], must[256];

		(void)snprintf(list, sizeof(list), "type: %s, constraints: [%s]", cases[i].type, cases[i].constraint);
		(void)snprintf(map, sizeof(map), "type: %s, constraints: {%s}", cases[i].type, cases[i].constraint);
		(void)snprintf(must, sizeof(must), "error: property 'x' must %s", cases[i].must);
		for (size_t j = 0; j < 3 && cases[i].good[j]; j++) {
			assert_string_equal(check_value(f, list, cases[i].good[j]), "");
			assert_string_equal(check_value(f, map, cases[i].good[j]), "");
		}
		for (size_t j = 0; j < 2 && cases[i].bad[j]; j++) {
			const char *found = check_value(f, list, cases[i].bad[j]);

			if (strncmp(found, must, strlen(must)) != 0 || f->diags.count[SEVERITY_ERROR] != 1)
				fail_msg("%s %s: %s", cases[i].constraint, cases[i].bad[j], found);
		}
	}
}

static void
constraints_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *definition, *finding;
	} cases[] = {
		{"type: string, constraints: [greater_than: 1]",
	         "the constraint 'greater_than' does not apply to text"},
		{"type: integer, constraints: [pattern: a]", "the constraint 'pattern' does not apply to an integer"},
		{"type: integer, constraints: [length: 1]", "the constraint 'length' does not apply to an integer"},
		{"type: list, constraints: [valid_values: [a]]",
	         "the constraint 'valid_values' does not apply to a list"},
		{"type: any, constraints: [equal: a]", "the constraint 'equal' does not apply to a value"},
		{"type: integer, constraints: [greater_then: 1]",
	         "unknown constraint 'greater_then'; did you mean 'greater_than'?"},
		{"type: integer, constraints: [schema: x]", "unknown constraint 'schema'"},
		{"type: integer, constraints: [greater_than: x]", "'greater_than' must be an integer, is 'x'"},
		{"type: integer, constraints: [equal: '5']", "'equal' must be an integer, is the text '5'"},
		{"type: integer, constraints: [in_range: 5]", "'in_range' takes a list of a lower and an upper bound"},
		{"type: integer, constraints: [in_range: [1, 2, 3]]",
	         "'in_range' takes a list of a lower and an upper bound"},
		{"type: integer, constraints: [in_range: [1, x]]",
	         "a bound of 'in_range' must be an integer or UNBOUNDED, is 'x'"},
		{"type: integer, constraints: [in_range: [2, 1]]",
	         "the lower bound '2' of 'in_range' is greater than the upper one '1'"},
		{"type: integer, constraints: [valid_values: 5]", "'valid_values' takes a list of values"},
		{"type: integer, constraints: [valid_values: []]", "'valid_values' takes a list of values"},
		{"type: integer, constraints: [valid_values: [1, b]]",
	         "a value of 'valid_values' must be an integer, is 'b'"},
		{"type: string, constraints: [length: -1]",
	         "'length' must be an integer that is not negative, is '-1'"},
		{"type: string, constraints: [max_length: x]",
	         "'max_length' must be an integer that is not negative, is 'x'"},
		{"type: string, constraints: [pattern: [a]]", "'pattern' must be text, is a list"},
		{"type: string, constraints: text",
	         "'constraints' must be a map, or a list of maps with one name each, found text"},
		{"type: string, constraints: [text]",
	         "an entry of 'constraints' must be a map with one name as its key"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		types_load(f, VERSION "policy_types:\n  t: {properties: {x: {%s}}}\n", cases[i].definition);
		assert_int_equal(f->diags.kept, 1);
		assert_string_equal(f->diags.first->text, cases[i].finding);
	}
	types_load(f, VERSION "policy_types:\n  t: {properties: {x: {type: string, constraints: [pattern: '(']}}}\n");
	assert_int_equal(f->diags.count[SEVERITY_ERROR], 1);
	assert_int_equal(f->diags.first->line, 3);
	assert_string_equal(f->diags.first->file, "t.yaml");
}

static void
possible_values_only_warn(void **state)
{
	struct types_fixture *f = *state;

	assert_string_equal(check_value(f, "type: string, constraints: [possible_values: [a, b]]", "a"), "");
	assert_string_equal(check_value(f, "type: string, constraints: [possible_values: [a, b]]", "c"),
	                    "warning: property 'x' usually is one of a, b, is 'c'\n");
	assert_int_equal(f->policies.first->value_count, 1);
	assert_true(schema_check(&f->policies.first->type->properties[0].schema, policy_get(f->policies.first, "x"),
	                         f->catalogue, &f->diags));
}

static void
constraints_spelled_with_hyphens_hold_too(void **state)
{
	struct types_fixture *f = *state;

	assert_string_equal(check_value(f, "type: integer, constraints: [greater-or-equal: 1]", "0"),
	                    "error: property 'x' must be at least 1, is '0'\n");
}

static void
parts_are_checked_all_the_way_down(void **state)
{
	static const struct {
		const char *definition, *value, *findings;
	} cases[] = {
		{"type: list, entry_schema: {type: integer}", "[1, 2]", ""},
		{"type: list, entry_schema: {type: integer}", "[1, b]",
	         "error: entry 2 of 'x' must be an integer, is 'b'\n"},
		{"type: list, entry_schema: {type: integer, constraints: [less_than: 2]}", "[1, 2]",
	         "error: entry 2 of 'x' must be less than 2, is '2'\n"},
		{"type: list, entry_schema: string", "[~]", "error: entry 1 of 'x' must be text, is empty\n"},
		{"type: list, entry_schema: {type: list, entry_schema: integer}", "[[1], [x]]",
	         "error: the value must be an integer, is 'x'\n"},
		{"type: map, entry_schema: integer", "{a: 1, b: x}",
	         "error: property 'b' must be an integer, is 'x'\n"},
		{"type: map, key_schema: {type: string, constraints: [max_length: 1]}", "{a: 1, bb: 2}",
	         "error: property 'bb' must have at most 1 characters, has 2\n"},
		{"type: map, key_schema: integer", "{1: a, b: a}", "error: property 'b' must be an integer, is 'b'\n"},
		{"type: pair", "{}", "error: property 'x' lacks the required property 'a'\n"},
		{"type: pair", "{a: b}", "error: property 'a' must be an integer, is 'b'\n"},
		{"type: pair", "{a: 1, c: 2}", "error: unknown property 'c' of pair\n"},
		{"type: list, entry_schema: pair", "[{a: 1}, {b: 2}]",
	         "error: entry 2 of 'x' lacks the required property 'a'\n"},
		{"entry_schema: {type: pair}", "{a: 1}", ""},
		{"entry_schema: {type: pair}", "name", ""},
		{"entry_schema: {type: pair}", "{a: b}", "error: property 'a' must be an integer, is 'b'\n"},
		{"entry_schema: {type: pair}", "[a]", "error: property 'x' must be a map, is a list\n"},
		{"entry_schema: {type: integer}", "5", ""},
		{"entry_schema: {type: integer}", "five", "error: property 'x' must be an integer, is 'five'\n"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(check_value(f, cases[i].definition, cases[i].value), cases[i].findings);
}

#define MISSING(name) "error: required property '" name "' is missing\n"
#define TWO_WINDOWS(name) "error: 'time_window' and '" name "' are two forms of the same property; give one of them\n"

static void
guards_of_both_generations_take_the_names_of_both(void **state)
{
	static const struct {
		const char *type, *properties, *findings;
	} cases[] = {
		/* Today's limiter. */
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: 1", ""},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: 1, target: t", ""},
		{"common.FrequencyLimiter", SCOPE "time_window: 10 m, limit: 1, controlLoopName: c", ""},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, limit: 1", MISSING("timeUnits")},
		{"common.FrequencyLimiter", SCOPE "timeUnits: minute, limit: 1", MISSING("timeWindow")},
		{"common.FrequencyLimiter", SCOPE "limit: 1", MISSING("timeWindow") MISSING("timeUnits")},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, time_window: 10 m, limit: 1",
	         TWO_WINDOWS("timeWindow")},
		{"common.FrequencyLimiter", SCOPE "timeUnits: hour, time_window: 10 m, limit: 1",
	         TWO_WINDOWS("timeUnits")},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minutes, limit: 0",
	         "error: property 'timeUnits' must be one of second, minute, hour, day, week, month, year, is "
	         "'minutes'\n"
	         "error: property 'limit' must be greater than 0, is '0'\n"},
		{"common.FrequencyLimiter", SCOPE "timeWindows: 10, timeUnits: minute, limit: 1",
	         "error: unknown property 'timeWindows'; did you mean 'timeWindow'?\n" MISSING("timeWindow")},
		{"common.FrequencyLimiter", SCOPE "time_windw: 10 m, limit: 1",
	         "error: unknown property 'time_windw'; did you mean 'time_window'?\n" MISSING("timeWindow")
	                 MISSING("timeUnits")},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: 4.9",
	         "error: property 'limit' must be an integer, is '4.9'\n"},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: '10'",
	         "error: property 'limit' must be an integer, is the text '10'\n"},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: ",
	         "error: property 'limit' must be an integer, is empty\n"},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: 1, targt: t",
	         "error: unknown property 'targt'; did you mean 'target'?\n"},
		{"common.FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: 1, target: [t]",
	         "error: property 'target' must be text, is a list\n"},
		{"common.FrequencyLimiter", "timeWindow: 10, timeUnits: minute, limit: 1",
	         MISSING("actor") MISSING("operation")},
		/* The first draft's limiter. */
		{"FrequencyLimiter", SCOPE "time_window: 10 m, limit: 1", ""},
		{"FrequencyLimiter", SCOPE "timeWindow: 10, timeUnits: minute, limit: 1, id: c", ""},
		{"FrequencyLimiter", SCOPE "timeWindow: 10, limit: 1", MISSING("timeUnits")},
		{"FrequencyLimiter", SCOPE "timeUnits: minute, limit: 1", MISSING("timeWindow")},
		{"FrequencyLimiter", SCOPE "limit: 1", MISSING("time_window")},
		{"FrequencyLimiter", SCOPE "time_window: 600, limit: 1",
	         "error: property 'time_window' must be a length of time such as '10 m', is '600'\n"},
		{"FrequencyLimiter", SCOPE "time_window: 10 m, timeWindow: 5, timeUnits: day, limit: 1",
	         TWO_WINDOWS("timeWindow")},
		/* Control loop and time range under either name. */
		{"common.Blacklist", SCOPE "blacklist: [], controlLoopName: c", ""},
		{"common.Blacklist", SCOPE "blacklist: [1, a], id: c, target: t", ""},
		{"common.Blacklist", SCOPE "blacklist: [a], id: c, controlLoopName: c",
	         "error: 'id' and 'controlLoopName' are the same property; give one of them\n"},
		{"common.Blacklist",
	         SCOPE "blacklist: [a], time_range: {start_time: 'T06:00:00Z', end_time: 24:00:00Z}", ""},
		{"Blacklist", SCOPE "blacklist: [a], timeRange: {start_time: 06:00:00Z, end_time: PT5H}", ""},
		{"Blacklist", SCOPE "blacklist: [a], timeRange: {start_time: 06:00:00Z}",
	         "error: property 'timeRange' lacks the required property 'end_time'\n"},
		{"Blacklist", SCOPE "blacklist: [a], time_range: {start_time: 06:00:00Z, end_time: [a]}",
	         "error: property 'end_time' must be text, is a list\n"},
		{"Blacklist",
	         SCOPE
	         "blacklist: [a], timeRange: {start_time: a, end_time: b}, time_range: {start_time: a, end_time: b}",
	         "error: 'timeRange' and 'time_range' are the same property; give one of them\n"},
		{"common.Blacklist", SCOPE "blacklist: [a, [b]]",
	         "error: entry 2 of 'blacklist' must be text, is a list\n"},
		{"common.Blacklist", SCOPE "blacklist: a", "error: property 'blacklist' must be a list, is 'a'\n"},
		/* Bounds. */
		{"common.MinMax", SCOPE "target: t, min: 1", ""},
		{"common.MinMax", SCOPE "target: t, min_vf_module_instances: 1, max_vf_module_instances: 2", ""},
		{"common.MinMax", SCOPE "target: t", ""}, /* min or max: the guard's own rule */
		{"common.MinMax", SCOPE "min: 1", MISSING("target")},
		{"common.MinMax", SCOPE "target: t, min: 1, min_vf_module_instances: 1",
	         "error: 'min' and 'min_vf_module_instances' are the same property; give one of them\n"},
		{"MinMax", SCOPE "min_vf_module_instances: 1", ""},
		{"MinMax", SCOPE "min: 1, max: 2, target: t", ""},
		{"MinMax", SCOPE "max: 2", MISSING("min_vf_module_instances")},
		{"MinMax", SCOPE "min: one", "error: property 'min' must be an integer, is 'one'\n"},
		/* Guards of one generation only. */
		{"common.Filter",
	         SCOPE "controlLoopName: c, target: t, filters: [{field: generic-vnf.vnf-id, filter: a, function: "
	               "string-equal}]",
	         ""},
		{"common.Filter",
	         SCOPE "filters: [{field: vnf, filter: 5, function: string-equal, blacklist: yes}], algorithm: none",
	         "error: property 'blacklist' must be true or false, is 'yes'\n"
	         "error: property 'algorithm' must be one of blacklist-overrides, whitelist-overrides, is 'none'\n"},
		{"common.Filter", SCOPE "filters: [], time_window: 1 m", "error: unknown property 'time_window'\n"},
		{"coordination.FirstBlocksSecond", "controlLoop: [a, b], target: t", ""},
		{"coordination.FirstBlocksSecond", "controlLoop: [a, b, c]",
	         "error: property 'controlLoop' must have exactly 2 entries, has 3\n"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found = check_guard(f, cases[i].type, cases[i].properties);

		if (strcmp(found, cases[i].findings) != 0)
			fail_msg("%s {%s}:\n%s-- expected\n%s", cases[i].type, cases[i].properties, found,
			         cases[i].findings);
	}
}

static void
checked_values_stand_under_todays_names(void **state)
{
	struct types_fixture *f = *state;
	const struct policy *p;

	assert_string_equal(check_guard(f, "MinMax",
	                                SCOPE "min_vf_module_instances: 1, max_vf_module_instances: 2, "
	                                      "controlLoopName: c, time_range: {start_time: a, end_time: b}"),
	                    "");
	p = f->policies.first;
	assert_int_equal(p->value_count, 6);
	assert_int_equal(policy_get(p, "min")->integer, 1);
	assert_int_equal(policy_get(p, "max")->integer, 2);
	assert_true(str_is(policy_get(p, "id")->text, "c"));
	assert_non_null(policy_get(p, "timeRange"));
	assert_null(policy_get(p, "min_vf_module_instances"));
	assert_null(policy_get(p, "target"));
	assert_true(str_is(p->values[2].definition->name, "min_vf_module_instances"));
	assert_true(str_is(p->type->name, "onap.policies.controlloop.guard.MinMax"));
}

static void
defaults_are_filled_in(void **state)
{
	struct types_fixture *f = *state;

	assert_string_equal(check_guard(f, "common.Filter", SCOPE "filters: []"), "");
	assert_true(str_is(policy_get(f->policies.first, "algorithm")->text, "blacklist-overrides"));
	types_load(f,
	           VERSION "policy_types:\n"
	                   "  my.Limiter:\n"
	                   "    derived_from: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	                   "    properties:\n"
	                   "      actor: {type: string, default: SO}\n"
	                   "      timeWindow: {type: integer, default: 10}\n"
	                   "      timeUnits: {type: string, default: minute}\n"
	                   "policies:\n"
	                   "- a: {type: my.Limiter, properties: {operation: o, limit: 1}}\n"
	                   "- b: {type: my.Limiter, properties: {operation: o, limit: 1, time_window: 1 h, actor: A}}\n"
	                   "- c: {type: my.Limiter, properties: {operation: o, limit: 1, timeWindow: 0}}\n");
	assert_int_equal(types_check(f), 2);
	assert_string_equal(types_findings(f, true),
	                    "12:74: error: property 'timeWindow' must be greater than 0, is '0'\n");
	assert_int_equal(f->policies.first->value_count, 5);
	assert_int_equal(policy_get(f->policies.first, "timeWindow")->integer, 10);
	assert_true(str_is(policy_get(f->policies.first, "actor")->text, "SO"));
	assert_null(policy_get(f->policies.first->next, "timeWindow"));
	assert_true(str_is(policy_get(f->policies.first->next, "actor")->text, "A"));
}

static void
findings_have_the_place_of_the_value_or_of_the_name(void **state)
{
	struct types_fixture *f = *state;

	types_load(f, VERSION "topology_template:\n"
	                      "  policies:\n"
	                      "    - my.policy:\n"
	                      "        type: onap.policies.controlloop.guard.common.Blacklist\n"
	                      "        properties:\n"
	                      "          actor: [SO]\n"
	                      "          blacklist:\n"
	                      "            - a\n"
	                      "            - {b: c}\n"
	                      "          extra: 1\n");
	assert_int_equal(types_check(f), 0);
	assert_string_equal(types_findings(f, true), "7:18: error: property 'actor' must be text, is a list\n"
	                                             "10:15: error: entry 2 of 'blacklist' must be text, is a map\n"
	                                             "11:11: error: unknown property 'extra'\n"
	                                             "4:7: error: required property 'operation' is missing\n");
	assert_string_equal(f->diags.first->path, "topology_template.policies[0].my.policy.properties.actor");
	assert_string_equal(f->diags.first->file, "t.yaml");
}

static void
an_unknown_type_is_an_error_and_another_domains_a_warning(void **state)
{
	static const struct {
		const char *type, *findings;
	} cases[] = {
		{"onap.policies.controlloop.guard.common.MinMaxx",
	         "error: unknown policy type 'onap.policies.controlloop.guard.common.MinMaxx'; did you mean "
	         "'onap.policies.controlloop.guard.common.MinMax'?\n"},
		{"onap.policies.controlloop.guard.common.MinMax, type_version: 7.0.0",
	         "error: the policy type 'onap.policies.controlloop.guard.common.MinMax' has no version '7.0.0'; there "
	         "is '1.0.0'\n"},
		{"onap.policies.monitoring.tca",
	         "warning: policy 'p' of type 'onap.policies.monitoring.tca' is skipped: clguard does not handle that "
	         "type\n"},
		{"onap.policies.Naming",
	         "warning: policy 'p' of type 'onap.policies.Naming' is skipped: clguard does not handle that type\n"},
		{"onap.policies.controlloopish", "error: unknown policy type 'onap.policies.controlloopish': expected "
	                                         "one that 'clguard types' lists or "
	                                         "a document declares\n"},
		/* short names, in any form */
		{"FrequencyLimiter", "error: unknown policy type 'FrequencyLimiter'; did you mean "
	                             "'onap.policies.controlloop.guard.common.FrequencyLimiter'?\n"},
		{"limiter", "error: unknown policy type 'limiter'; did you mean "
	                    "'onap.policies.controlloop.guard.common.FrequencyLimiter'?\n"},
		{"min-max", "error: unknown policy type 'min-max'; did you mean "
	                    "'onap.policies.controlloop.guard.common.MinMax'?\n"},
		{"guard.blaklist", "error: unknown policy type 'guard.blaklist'; did you mean "
	                           "'onap.policies.controlloop.guard.common.Blacklist'?\n"},
		{"first_blocks_second", "error: unknown policy type 'first_blocks_second'; did you mean "
	                                "'onap.policies.controlloop.guard.coordination.FirstBlocksSecond'?\n"},
		{"zzz",
	         "error: unknown policy type 'zzz': expected one that 'clguard types' lists or a document declares\n"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		types_load(f, VERSION "policies: {p: {type: %s}}\n", cases[i].type);
		assert_int_equal(types_check(f), 0);
		assert_null(f->policies.first->type);
		assert_string_equal(types_findings(f, false), cases[i].findings);
	}
}

static void
targets_and_triggers_of_a_guard_are_warned_of(void **state)
{
	struct types_fixture *f = *state;

	types_load(f, VERSION "policies:\n  p:\n    type: onap.policies.controlloop.guard.common.Blacklist\n"
	                      "    targets: [a]\n    triggers: []\n"
	                      "    properties: {actor: a, operation: o, blacklist: []}\n");
	assert_int_equal(types_check(f), 1);
	assert_string_equal(types_findings(f, true), "5:14: warning: 'targets' has no effect on a guard\n");
}

static void
one_value_can_be_checked_alone(void **state)
{
	struct types_fixture *f = *state;
	const struct schema *schema;

	assert_string_equal(check_value(f, "type: pair", "{a: 1}"), "");
	schema = &f->policies.first->type->properties[0].schema;
	assert_true(schema_check(schema, policy_get(f->policies.first, "x"), f->catalogue, &f->diags));
	assert_false(schema_check(schema, f->policies.first->properties, f->catalogue, &f->diags));
	assert_string_equal(types_findings(f, true),
	                    "7:29: error: unknown property 'x' of pair\n"
	                    "7:28: error: property 'properties' lacks the required property 'a'\n");
}

static void
what_is_long_is_cut_between_characters(void **state)
{
	struct types_fixture *f = *state;
	const char *found;
	char value[256] = "'a";

	for (size_t i = 0; i < 60; i++)
		strcat(value, "\xc3\xa4");
	strcat(value, "'");
	found = check_value(f, "type: integer", value);
	assert_non_null(strstr(found, "\xc3\xa4'...\n"));
	assert_int_equal(strlen(found), strlen("error: property 'x' must be an integer, is the text ''...\n") + 59);
}

static void
running_out_of_memory_is_an_error(void **state)
{
	struct types_fixture *f = *state;
	size_t refused = 0;

	for (size_t room = 1; room < 4096; room += 16) {
		struct arena arena;

		(void)check_guard(f, "common.FrequencyLimiter", SCOPE "timeWindow: 1, timeUnits: day, limit: 1");
		arena_init(&arena, room);
		if (!policy_check(f->policies.first, f->catalogue, &arena, &f->diags)) {
			assert_string_equal(types_findings(f, false), "error: out of memory\n");
			refused++;
		}
		arena_free(&arena);
	}
	assert_true(refused > 0 && refused < 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_value_takes_its_own_and_nothing_else),
		cmocka_unit_test(each_constraint_has_two_sides),
		cmocka_unit_test(constraints_that_make_no_sense_are_refused),
		cmocka_unit_test(possible_values_only_warn),
		cmocka_unit_test(constraints_spelled_with_hyphens_hold_too),
		cmocka_unit_test(parts_are_checked_all_the_way_down),
		cmocka_unit_test(guards_of_both_generations_take_the_names_of_both),
		cmocka_unit_test(checked_values_stand_under_todays_names),
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(findings_have_the_place_of_the_value_or_of_the_name),
		cmocka_unit_test(an_unknown_type_is_an_error_and_another_domains_a_warning),
		cmocka_unit_test(targets_and_triggers_of_a_guard_are_warned_of),
		cmocka_unit_test(one_value_can_be_checked_alone),
		cmocka_unit_test(what_is_long_is_cut_between_characters),
		cmocka_unit_test(running_out_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, types_setup, types_teardown);
}
