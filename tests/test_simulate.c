/* test_simulate - scripts of events and results, played against what they must lead to */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include "engine/decide/load.h"
#include "tests/cmocka_all.h"

/* Equal, where each '*' of the pattern stands for any text. */
static bool
text_matches(const char *text, const char *pattern)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool
contains(const json_t *list, const json_t *item)
{
	const json_t *at;
	size_t i;

	json_array_foreach(list, i, at)
	{
		if (json_equal(at, item))
			return true;
	}
	return false;
}

static bool
same_set(const json_t *a, const json_t *b)
{
	const json_t *at;
	size_t i;

	if (json_array_size(a) != json_array_size(b))
		return false;
	json_array_foreach(a, i, at)
	{
		if (!contains(b, at))
			return false;
	}
	return true;
}

static bool
same_texts(const json_t *got, const json_t *wanted)
{
	const json_t *at;
	size_t i;

	if (json_array_size(got) != json_array_size(wanted))
		return false;
	json_array_foreach(wanted, i, at)
	{
		if (!text_matches(json_string_value(json_array_get(got, i)), json_string_value(at)))
			return false;
	}
	return true;
}

static void
show(const char *id, const char *member, const json_t *got, const json_t *wanted)
{
	char *a = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY),
	     *b = json_dumps(wanted, JSON_COMPACT | JSON_ENCODE_ANY);

	print_error("%s: %s\n  got    %s\n  wanted %s\n", id, member, a ? a : "nothing", b ? b : "nothing");
	free(a);
	free(b);
}

/* Members that the case does not name have the defaults of the format. */
static size_t
compare(const char *id, const json_t *got, const json_t *expect)
{
	static const char *const exact[] = {"sequence", "final", "history", "guard_requests"};
	json_t *ok = json_string("ok"), *none = json_array();
	const json_t *compile = json_object_get(expect, "compile");
	const json_t *diagnostics = json_object_get(expect, "diagnostics");
	size_t wrong = 0;

	compile = compile ? compile : ok;
	diagnostics = diagnostics ? diagnostics : none;
	if (!json_equal(json_object_get(got, "compile"), compile))
		wrong++, show(id, "compile", json_object_get(got, "compile"), compile);
	if (!same_set(json_object_get(got, "diagnostics"), diagnostics))
		wrong++, show(id, "diagnostics", json_object_get(got, "diagnostics"), diagnostics);
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		const json_t *wanted = json_object_get(expect, exact[i]);

		if (wanted && !json_equal(json_object_get(got, exact[i]), wanted))
			wrong++, show(id, exact[i], json_object_get(got, exact[i]), wanted);
	}
	if (json_object_get(expect, "notifications") &&
	    !same_texts(json_object_get(got, "notifications"), json_object_get(expect, "notifications")))
		wrong++, show(id, "notifications", json_object_get(got, "notifications"),
		              json_object_get(expect, "notifications"));
	json_decref(ok);
	json_decref(none);
	return wrong;
}

/* Plays one case; `guards` of a case are texts of guard policies. Returns the number of members that differ. */
static size_t
run_case(json_t *test)
{
	const char *id = json_string_value(json_object_get(test, "id"));
	const json_t *guards = json_object_get(test, "guards");
	struct simulate_options options = simulate_options_default;
	struct document documents[8];
	struct arena arena;
	struct error err = {0};
	struct diags diags;
	json_t *got = NULL;
	size_t wrong;

	assert_true(json_array_size(guards) <= 8);
	for (size_t i = 0; i < json_array_size(guards); i++) {
		documents[i] = (struct document){.name = "guard.yaml",
		                                 .bytes = str_from(json_string_value(json_array_get(guards, i)))};
		options.guards = documents;
		options.guard_count = i + 1;
	}
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (simulate(test, &options, &got, &diags, &err) < 0) {
		print_error("%s: %s: %s\n", id, err.text, diags.first ? diags.first->text : "");
		arena_free(&arena);
		return 1;
	}
	wrong = compare(id, got, json_object_get(test, "expect"));
	json_decref(got);
	arena_free(&arena);
	return wrong;
}

static void
run_file(const char *name, size_t least)
{
	const char *top = getenv("top_srcdir");
	json_error_t where;
	char path[4096];
	json_t *cases, *test;
	size_t i, wrong = 0;

	(void)snprintf(path, sizeof(path), "%s/tests/conformance/%s", top ? top : ".", name);
	cases = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	if (!cases)
		fail_msg("%s:%d: %s", path, where.line, where.text);
	assert_true(json_array_size(cases) >= least);
	json_array_foreach(cases, i, test) wrong += run_case(test);
	json_decref(cases);
	assert_int_equal(wrong, 0);
}

static void
every_case_of_onaps_behaviour_plays_as_it_must(void **state)
{
	(void)state;
	run_file("operational.json", 40);
}

static void
every_case_of_our_own_plays_as_it_must(void **state)
{
	(void)state;
	run_file("operational-own.json", 40);
}

static void
a_script_that_is_none_is_an_error_that_says_why(void **state)
{
	static const struct {
		const char *script, *text;
	} cases[] = {
		{"[]", "a script must be an object"},
		{"{\"events\": {}}", "'events' must be a list"},
		{"{\"events\": [1]}", "an event must be an object"},
		{"{\"events\": [{\"t\": -1}]}", "'t' must be a number of seconds from 0 to 1e10"},
		{"{\"events\": [{\"t\": 0, \"time\": \"noon\"}]}",
	         "'time' must be a time such as 2026-03-01T12:00:00Z"},
		{"{\"operation_results\": [{\"result\": \"MAYBE\"}]}",
	         "the result of an operation must be SUCCESS, FAILURE, EXCEPTION or NONE"},
		{"{\"guard_results\": [{}]}", "an entry of 'guard_results' must have a result"},
		{"{\"start\": \"soon\"}", "'start' must be a time such as 2026-03-01T12:00:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *script = json_loads(cases[i].script, 0, NULL), *got = NULL;
		struct arena arena;
		struct error err = {0};
		struct diags diags;

		arena_init(&arena, 0);
		diags_init(&diags, &arena);
		assert_true(simulate(script, &simulate_options_default, &got, &diags, &err) < 0);
		assert_string_equal(err.text, cases[i].text);
		assert_null(got);
		json_decref(script);
		arena_free(&arena);
	}
}

static void
a_script_longer_than_the_limit_of_steps_is_refused(void **state)
{
	static const char text[] =
		"{\"policy\": \"properties: {id: c, timeout: 100000000, trigger: a, operations: [{id: a, operation: "
		"{actor: APPC,"
		" operation: Restart, target: {targetType: VM}}, timeout: 1, retries: 10000000}]}\", \"events\": "
		"[{\"t\": 0,"
		" \"closedLoopControlName\": \"c\", \"closedLoopEventStatus\": \"ONSET\", \"requestID\": \"r\", "
		"\"target\":"
		" \"generic-vnf.vnf-id\", \"target_type\": \"VNF\", \"AAI\": {\"generic-vnf.vnf-id\": \"v\"}}],"
		" \"guard_results\": [{\"result\": \"Permit\"}]%s}";
	static const char results[] = ", \"operation_results\": [{\"result\": \"FAILURE\"}, {\"result\": \"FAILURE\"},"
				      " {\"result\": \"FAILURE\"}]";
	struct simulate_options options = simulate_options_default;
	char buf[2048];
	json_t *script, *got = NULL;
	struct arena arena;
	struct error err = {0};
	struct diags diags;

	(void)state;
	(void)snprintf(buf, sizeof(buf), text, results);
	script = json_loads(buf, 0, NULL);
	options.steps_max = 6;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	assert_int_equal(simulate(script, &options, &got, &diags, &err), -ERROR_LIMIT);
	options.steps_max = 10;
	err = (struct error){0};
	diags_init(&diags, &arena);
	assert_int_equal(simulate(script, &options, &got, &diags, &err), 0);
	json_decref(got);
	json_decref(script);
	arena_free(&arena);
}

static json_t *
play_example(bool topic)
{
	const char *top = getenv("top_srcdir");
	struct simulate_options options = simulate_options_default;
	struct document policy;
	struct arena arena;
	struct error err = {0};
	struct diags diags;
	json_t *script, *result = NULL;

	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	policy.name = arena_printf(&arena, "%s/examples/operational/flat.yaml", top ? top : ".");
	assert_int_equal(load_file(policy.name, 1 << 20, &arena, &policy.bytes, &err), 0);
	script = json_load_file(arena_printf(&arena, "%s/examples/operational/script.json", top ? top : "."), 0, NULL);
	assert_non_null(script);
	options.policies = &policy;
	options.policy_count = 1;
	options.topic = topic;
	options.timeline = !topic;
	assert_int_equal(simulate(script, &options, &result, &diags, &err), 0);
	json_decref(script);
	arena_free(&arena);
	return result;
}

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void
the_topic_carries_who_what_when_and_the_attempts(void **state)
{
	json_t *result = play_example(true);
	const json_t *topic = json_object_get(result, "topic");
	const json_t *final = json_array_get(topic, json_array_size(topic) - 1);
	const json_t *first = json_array_get(json_object_get(final, "history"), 0);

	(void)state;
	assert_int_equal(json_array_size(topic), json_array_size(json_object_get(result, "notifications")));
	assert_string_equal(text_of(final, "notification"), "FINAL: SUCCESS");
	assert_null(json_object_get(final, "message")); /* what is unknown is left out */
	assert_string_equal(text_of(final, "version"), "1.0.2");
	assert_string_equal(text_of(final, "from"), "policy");
	assert_string_equal(text_of(final, "requestId"), "r-1");
	assert_string_equal(text_of(final, "closedLoopControlName"), "ControlLoop-Firewall");
	assert_string_equal(text_of(final, "policyName"), "operational.firewall");
	assert_string_equal(text_of(final, "notificationTime"), "2026-03-01 12:05:01.000000+00:00");
	assert_string_equal(text_of(json_object_get(final, "AAI"), "vserver.vserver-name"), "fw-1");
	assert_int_equal(json_array_size(json_object_get(final, "history")), 3);
	assert_string_equal(text_of(first, "outcome"), "Failure");
	assert_string_equal(text_of(first, "message"), "no answer from the console");
	assert_int_equal(json_integer_value(json_object_get(first, "end")) -
	                         json_integer_value(json_object_get(first, "start")),
	                 30000);
	/* the second failed attempt tells of both, the rebuild only of itself */
	assert_int_equal(json_array_size(json_object_get(json_array_get(topic, 6), "history")), 2);
	assert_int_equal(json_array_size(json_object_get(json_array_get(topic, 10), "history")), 1);
	json_decref(result);
}

static void
the_timeline_tells_in_order_of_time(void **state)
{
	json_t *result = play_example(false);
	const json_t *timeline = json_object_get(result, "timeline"), *line;
	double last = 0;
	size_t i;

	(void)state;
	assert_true(json_array_size(timeline) > 10);
	json_array_foreach(timeline, i, line)
	{
		double now = strtod(json_string_value(line), NULL);

		assert_true(now >= last);
		last = now;
	}
	assert_true(last == 301);
	json_decref(result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_of_onaps_behaviour_plays_as_it_must),
		cmocka_unit_test(every_case_of_our_own_plays_as_it_must),
		cmocka_unit_test(the_topic_carries_who_what_when_and_the_attempts),
		cmocka_unit_test(the_timeline_tells_in_order_of_time),
		cmocka_unit_test(a_script_that_is_none_is_an_error_that_says_why),
		cmocka_unit_test(a_script_longer_than_the_limit_of_steps_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
