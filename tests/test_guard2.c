/* test_guard2 - the Control Loop Guard 2.0.0: messages, three dialects, two modes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard2.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/document.h"
#include "tests/cmocka_all.h"

/* An operation that somebody performed. */
struct done {
	const char *actor, *operation, *target, *clname, *end;
};

static struct arena arena;
static struct diags diags;
static struct guard_list guards;
static struct pattern_scratch *scratch;
static struct done done[16];
static size_t done_count;
static enum guard_mode mode;
static enum reason reason;

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	scratch = pattern_scratch_new();
	done_count = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	pattern_scratch_free(scratch);
	return 0;
}

static bool
load(enum guard_mode as, const char *yaml)
{
	struct error err = {0};
	struct node *root;

	mode = as;
	guards = (struct guard_list){0};
	diags_init(&diags, &arena);
	if (yaml_read(str_from(yaml), "guard.yaml", &document_limits_default, &arena, &root, &err) != 0)
		fail_msg("%u: %s in:\n%s", err.line, err.text, yaml);
	return guard2_compile(root, as, &arena, NULL, &guards, &diags);
}

static void
loads(enum guard_mode as, const char *yaml)
{
	if (!load(as, yaml))
		fail_msg("%s at %u in:\n%s", diags.first->text, diags.first->line, yaml);
}

/* Exactly these findings, in order: "GUARD2-05 error, GUARD2-06 error". */
static void
finds(enum guard_mode as, const char *yaml, const char *expected)
{
	char found[1024] = "";
	size_t len = 0;

	(void)load(as, yaml);
	for (const struct diag *d = diags.first; d; d = d->next)
		len += (size_t)snprintf(found + len, sizeof(found) - len, "%s%s %s", len ? ", " : "",
		                        d->code ? d->code : "-", severity_name(d->severity));
	if (strcmp(found, expected) != 0)
		fail_msg("found '%s' (%s), not '%s', in:\n%s", found, diags.first ? diags.first->text : "", expected,
		         yaml);
}

static void
says(size_t number, const char *text)
{
	const struct diag *d = diags.first;

	for (; number > 0 && d; number--)
		d = d->next;
	assert_non_null(d);
	assert_string_equal(d->text, text);
}

static int64_t
instant(const char *text)
{
	int64_t ms;

	assert_int_equal(time_parse_instant(str_from(text), &ms), 0);
	return ms;
}

static bool
counted(struct str wanted, const char *value)
{
	return !wanted.ptr || (value && str_is(wanted, value));
}

static int
count(void *context, const struct count_query *query, struct count_result *ret)
{
	(void)context;
	*ret = (struct count_result){.limit_end = TIME_NONE};
	for (size_t i = 0; i < done_count; i++) {
		int64_t end = instant(done[i].end);

		if (counted(query->actor, done[i].actor) && counted(query->operation, done[i].operation) &&
		    counted(query->target, done[i].target) && counted(query->clname, done[i].clname) &&
		    end >= query->since_ms && end <= query->now_ms && ret->used < query->limit)
			ret->used++;
	}
	return 0;
}

static const struct history_view history = {.count = count};

static void
perform(const char *actor, const char *operation, const char *target, const char *clname, const char *end)
{
	done[done_count++] = (struct done){actor, operation, target, clname, end};
}

static bool
denies_count(const char *now, const char *actor, const char *operation, const char *target, const char *clname,
             const int32_t *vf_count)
{
	struct request request = {
		.attribute = {[ATTRIBUTE_ACTOR] = str_from(actor),
	                      [ATTRIBUTE_OPERATION] = str_from(operation),
	                      [ATTRIBUTE_TARGET] = str_from(target),
	                      [ATTRIBUTE_CLNAME] = str_from(clname)},
		.has_vf_count = vf_count != NULL,
		.vf_count = vf_count ? *vf_count : 0,
	};
	struct env env = {instant(now), &history, scratch};
	bool denied = false;

	reason = REASON_PERMIT;
	for (const struct guard *guard = guards.first; guard; guard = guard->next) {
		struct verdict verdict = {0};

		guard_evaluate(guard, &request, &env, &verdict);
		if (verdict.effect == EFFECT_INDETERMINATE && mode == GUARD_STRICT)
			fail_msg("an evaluation failed");
		if (verdict.effect == EFFECT_DENY && !denied)
			reason = verdict.reason;
		denied = denied || verdict.effect == EFFECT_DENY;
	}
	return denied;
}

static bool
denies(const char *now, const char *actor, const char *operation, const char *target, const char *clname)
{
	return denies_count(now, actor, operation, target, clname, NULL);
}

#define NOON "2026-04-14T12:00:00Z"
#define HEAD "guard:\n  version: 2.0.0\nguards:\n"
#define POLICY "  - id: g1\n    name: n1\n    actor: APPC\n    recipe: Restart\n    limit_constraints:\n"
#define POLICY_C(match) "  - id: g1\n    name: n1\n    match_parameters: " match "\n    limit_constraints:\n"
#define BLACK "      - blacklist: [vm-1]\n"

static void
both_find(const char *yaml, const char *expected)
{
	finds(GUARD_STRICT, yaml, expected);
	finds(GUARD_ONAP, yaml, expected);
}

static void
a_correct_document_has_no_message(void **state)
{
	(void)state;
	both_find(HEAD POLICY "      - {num: 5, duration: PT15M, time_in_range: {arg2: '05:00:00Z', "
	                      "arg3: '23:59:59Z'}}\n",
	          "");
	both_find(HEAD POLICY "      - {num: 5, duration: {value: 15, units: minute}}\n", "");
	both_find(HEAD POLICY BLACK, "");
	both_find(
		HEAD POLICY_C("{controlLoopName: cl, actor: SO, recipe: r, targets: [a, b]}") "      - "
											      "{freq_limit_per_target: "
											      "1, time_window: {value: "
											      "1, units: hour}}\n",
		"");
}

static void
an_empty_document_and_one_of_another_kind(void **state)
{
	(void)state;
	both_find("", "GUARD2-01 error");
	says(0, "Could not parse yaml specification.");
	both_find("[a]", "GUARD2-02 error");
	says(0, "Yaml could not parse specification into required ControlLoopGuard object");
	both_find("text", "GUARD2-02 error");
	diags_init(&diags, &arena);
	assert_false(guard2_check(NULL, GUARD_ONAP, &diags));
	assert_string_equal(diags.first->code, "GUARD2-03");
	says(0, "ControlLoop Guard cannot be null");
}

static void
header_and_guards_are_needed(void **state)
{
	(void)state;
	both_find("guards:\n" POLICY BLACK, "GUARD2-04 error");
	says(0, "Guard version cannot be null");
	both_find("guard: {version: 2.0.0}", "GUARD2-05 error, GUARD2-06 error");
	says(0, "ControlLoop Guard should have at least one guard policies");
	says(1, "Guard policies should not be null");
	both_find("guard: {version: 2.0.0}\nguards:", "GUARD2-05 error, GUARD2-06 error");
	both_find("guard: {version: 2.0.0}\nguards: []", "GUARD2-05 error");
	both_find("{}", "GUARD2-04 error, GUARD2-05 error, GUARD2-06 error");
}

static void
a_policy_needs_a_constraint(void **state)
{
	(void)state;
	both_find(HEAD "  - {id: a, name: first, actor: SO, recipe: r}\n"
	               "  - {id: b, name: second, actor: SO, recipe: r, limit_constraints: []}\n",
	          "GUARD2-08 error, GUARD2-08 error");
	says(0, "Guard policy first does not have any limit constraint");
	says(1, "Guard policy second does not have any limit constraint");
	assert_int_equal(diags.first->line, 4);
	finds(GUARD_ONAP, HEAD "  - {actor: SO, recipe: r}\n", "GUARD2-08 error");
	says(0, "Guard policy null does not have any limit constraint");
}

#define GOOD(id) "  - {id: " id ", name: n, actor: SO, recipe: " id ", limit_constraints: [{blacklist: [a]}]}\n"

/* What --skip-bad-policies keeps; without it any error refuses the whole set. */
static void
a_policy_with_errors_leaves_the_others_their_guards(void **state)
{
	(void)state;
	assert_false(load(
		GUARD_STRICT,
		HEAD GOOD(
			"g1") "  - {id: bad, name: n, actor: SO, recipe: r, limit_constraints: [{num: 0, duration: "
			      "1h}]}\n"
			      "  - {id: worse, name: n, actor: /(/, recipe: r, limit_constraints: [{blacklist: [a]}]}\n"
			      "  - {id: worst, name: n, actor: SO, recipe: r, limit_constraints: [{blacklist: [a]}, "
			      "{blacklist: [/(/]}]}\n" GOOD("g2")));
	assert_int_equal(diags.count[SEVERITY_ERROR], 3);
	assert_int_equal(guards.count, 2);
	assert_true(str_is(guards.first->policy, "g1"));
	assert_true(str_is(guards.last->policy, "g2"));
	assert_null(guards.last->next);
	for (int m = 0; m < GUARD_MODES; m++) {
		assert_false(
			load((enum guard_mode)m,
		             HEAD GOOD("g1") "  - {id: [a], name: [{b: c}], limit_constraints: [[x]], colour: red}\n"
		                             "  - text\n" GOOD("g2")));
		assert_int_equal(diags.count[SEVERITY_ERROR], 5);
		assert_int_equal(guards.count, 2);
		assert_true(str_is(guards.last->policy, "g2"));
	}
	assert_false(load(GUARD_STRICT, "guard: {version: 1.0.0}\nguards:\n" GOOD("g1")));
	assert_int_equal(guards.count, 0);
	assert_false(load(GUARD_STRICT, "guard: {version: 2.0.0}\nextra: 1\nguards:\n" GOOD("g1")));
	assert_int_equal(guards.count, 0);
}

static void
equal_policies_are_told_once(void **state)
{
	const char *equal = HEAD POLICY BLACK POLICY BLACK POLICY BLACK;

	(void)state;
	finds(GUARD_ONAP, equal, "GUARD2-07 warning");
	says(0, "There are duplicate guard policies");
	assert_int_equal(diags.first->line, 10);
	finds(GUARD_STRICT, equal, "GUARD2-07 warning, GUARD2-16 error, GUARD2-16 error");
	says(1, "a guard policy before has the id 'g1' too");
	assert_int_equal(diags.first->next->line, 10);
	finds(GUARD_ONAP, HEAD POLICY BLACK POLICY "      - blacklist: [vm-2]\n", "");
	finds(GUARD_STRICT, HEAD POLICY BLACK POLICY "      - blacklist: [vm-2]\n", "GUARD2-16 error");
	finds(GUARD_STRICT,
	      HEAD POLICY BLACK "  - {id: g2, name: n1, actor: SO, recipe: r, limit_constraints: [{blacklist: [a]}]}",
	      "");
}

static void
equal_constraints_are_told_once_a_policy(void **state)
{
	(void)state;
	both_find(HEAD POLICY "      - {num: 1, duration: 1h}\n      - {duration: 1h, num: 1}\n      - {num: 1, "
	                      "duration: 1h}\n",
	          "GUARD2-09 warning");
	says(0, "Guard policy n1 has duplicate limit constraints");
	assert_int_equal(diags.first->line, 10);
	assert_int_equal(guards.count, 3);
	both_find(HEAD POLICY "      - {num: 1, duration: 1h}\n      - {num: 2, duration: 1h}\n      - {num: 1, "
	                      "duration: 12h}\n",
	          "");
	both_find(HEAD POLICY "      - {blacklist: [a, b]}\n      - {blacklist: [b, a]}\n      - {blacklist: [a]}\n",
	          "");
	both_find(HEAD POLICY BLACK "      - {blacklist: [vm-1], time_in_range: {arg2: '05:00:00Z', "
	                            "arg3: '06:00:00Z'}}\n",
	          "");
	finds(GUARD_STRICT,
	      HEAD POLICY_C("{actor: SO}") "      - {blacklist: [a], minVnfCount: 1}\n"
	                                   "      - {blacklist: [a], minVnfCount: 2}\n",
	      "GUARD2-09 warning");
}

static void
unknown_keys_and_wrong_kinds(void **state)
{
	static const char *const unknown[] = {
		HEAD POLICY "      - {blacklist: [a], limit: 3}\n",
		"guard: {version: 2.0.0, name: x}\nguards:\n" POLICY BLACK,
		"guard: {version: 2.0.0}\nextra: 1\nguards:\n" POLICY BLACK,
		HEAD "  - {id: a, name: b, actor: SO, recipe: r, target: t, limit_constraints: [{blacklist: [a]}]}\n",
		HEAD POLICY "      - {num: 1, duration: {value: 1, units: hour, unit: hour}}\n",
		HEAD POLICY_C("{actor: SO, target: a}") BLACK,
		HEAD POLICY_C("{actor: SO}") "      - {blacklist: [a], active_time_range: {start: '05:00:00Z', "
					     "end: '06:00:00Z', x: y}}\n",
	};
	static const char *const kinds[] = {
		"guard: 2.0.0\nguards:\n" POLICY BLACK,
		"guard: {version: [2]}\nguards:\n" POLICY BLACK,
		"guard: {version: 2.0.0}\nguards: {a: b}\n",
		"guard: {version: 2.0.0}\nguards: [null]\n",
		HEAD "  - {id: a, name: b, actor: SO, recipe: r, limit_constraints: {num: 1}}\n",
		HEAD POLICY "      - null\n",
		HEAD POLICY "      - num\n",
		HEAD POLICY "      - {blacklist: vm-1}\n",
		HEAD POLICY "      - {blacklist: [null]}\n",
		HEAD POLICY "      - {blacklist: [[a]]}\n",
		HEAD POLICY "      - {num: 1, duration: [PT1H]}\n",
		HEAD POLICY "      - {num: [1], duration: PT1H}\n",
		HEAD POLICY_C("{actor: SO}") "      - {freq_limit_per_target: 1, time_window: PT1H}\n",
		HEAD POLICY_C("APPC") BLACK,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		both_find(unknown[i], "GUARD2-10 error");
	both_find(unknown[0], "GUARD2-10 error");
	says(0, "unknown key 'limit' in a limit constraint");
	assert_int_equal(diags.first->line, 9);
	assert_int_equal(diags.first->column, 26); /* of the key */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		both_find(kinds[i], "GUARD2-11 error");
	both_find(kinds[0], "GUARD2-11 error");
	says(0, "the guard header cannot be a value of type text");
	finds(GUARD_STRICT,
	      HEAD POLICY "      - {blacklist: [a], time_in_range: {arg1: x, arg2: '05:00:00Z', arg3: '06:00:00Z'}}\n",
	      "GUARD2-10 error");
	finds(GUARD_ONAP,
	      HEAD POLICY "      - {blacklist: [a], time_in_range: {arg1: x, arg2: '05:00:00Z', arg3: '06:00:00Z'}}\n",
	      "");
}

static void
null_is_absent(void **state)
{
	(void)state;
	both_find(HEAD POLICY "      - {num: , duration: , time_in_range: , blacklist: [a]}\n", "");
	both_find(HEAD POLICY "      - {num: 1, duration: PT1H, blacklist: }\n", "");
	assert_int_equal(guards.count, 1);
}

static void
strict_wants_version_2_0_0(void **state)
{
	(void)state;
	finds(GUARD_STRICT, "guard: {version: 1.0.0}\nguards:\n" POLICY BLACK, "GUARD2-14 error");
	says(0, "the version of the guard must be 2.0.0, not '1.0.0'");
	finds(GUARD_STRICT, "guard: {version: 2.0}\nguards:\n" POLICY BLACK, "GUARD2-14 error");
	finds(GUARD_STRICT, "guard: {version: }\nguards:\n" POLICY BLACK, "GUARD2-14 error");
	finds(GUARD_STRICT, "guard: {version: '2.0.0'}\nguards:\n" POLICY BLACK, "");
	finds(GUARD_ONAP, "guard: {version: 1.0.0}\nguards:\n" POLICY BLACK, "");
	finds(GUARD_ONAP, "guard: {version: }\nguards:\n" POLICY BLACK, "");
}

static void
what_a_policy_must_have(void **state)
{
	(void)state;
	finds(GUARD_STRICT, HEAD "  - {actor: SO, recipe: r, limit_constraints: [{blacklist: [a]}]}\n",
	      "GUARD2-15 error, GUARD2-15 error");
	says(0, "a guard policy needs 'id'");
	says(1, "a guard policy needs 'name'");
	finds(GUARD_STRICT,
	      HEAD "  - {id: ' ', name: b, actor: SO, recipe: r, limit_constraints: [{blacklist: [a]}]}\n",
	      "GUARD2-15 error");
	finds(GUARD_ONAP, HEAD "  - {actor: SO, recipe: r, limit_constraints: [{blacklist: [a]}]}\n", "");
	both_find(HEAD "  - {id: a, name: b, limit_constraints: [{blacklist: [a]}]}\n",
	          "GUARD2-12 error, GUARD2-12 error");
	says(0, "a guard policy needs 'actor'");
	says(1, "a guard policy needs 'recipe'");
	both_find(HEAD "  - {id: a, name: b, match_parameters: {}, limit_constraints: [{blacklist: [a]}]}\n", "");
}

static void
a_constraint_limits_something(void **state)
{
	(void)state;
	finds(GUARD_STRICT, HEAD POLICY "      - {}\n", "GUARD2-17 error");
	says(0, "the limit constraint has neither a limiter nor a blacklist");
	finds(GUARD_STRICT, HEAD POLICY "      - {blacklist: []}\n", "GUARD2-17 error");
	finds(GUARD_ONAP, HEAD POLICY "      - {time_in_range: {arg2: '05:00:00Z', arg3: '06:00:00Z'}}\n",
	      "GUARD2-17 warning");
	assert_int_equal(guards.count, 0);
	both_find(HEAD POLICY "      - {num: 5}\n", "GUARD2-18 error");
	says(0, "the limiter has num but no duration");
	both_find(HEAD POLICY "      - {duration: PT1H}\n", "GUARD2-18 error");
	says(0, "the limiter has duration but no num");
	both_find(HEAD POLICY_C("{actor: SO}") "      - {freq_limit_per_target: 1}\n", "GUARD2-18 error");
	says(0, "the limiter has freq_limit_per_target but no time_window");
	both_find(HEAD POLICY_C("{actor: SO}") "      - {time_window: {value: 1, units: hour}}\n", "GUARD2-18 error");
	says(0, "the limiter has time_window but no freq_limit_per_target");
}

static void
strict_mixes_dialects_and_onap_does_not(void **state)
{
	const char *mixed = HEAD POLICY "      - {freq_limit_per_target: 1, duration: PT1H}\n";

	(void)state;
	finds(GUARD_STRICT, mixed, "");
	finds(GUARD_ONAP, mixed, "GUARD2-13 error");
	says(0, "'freq_limit_per_target' is of another dialect than the keys before it: no release of the reference "
	        "reads this "
	        "document");
	finds(GUARD_ONAP, HEAD POLICY "      - {freq_limit_per_target: 1, time_window: {value: 1, units: hour}}\n",
	      "GUARD2-13 error");
	finds(GUARD_ONAP,
	      HEAD POLICY BLACK "  - {match_parameters: {actor: SO}, limit_constraints: [{blacklist: [a]}]}\n",
	      "GUARD2-13 error");
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, freq_limit_per_target: 1, duration: PT1H}\n",
	      "GUARD2-19 error");
	says(0, "'num' and 'freq_limit_per_target' say the same: give one of them");
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: PT1H, time_window: {value: 1, units: hour}}\n",
	      "GUARD2-19 error");
	finds(GUARD_STRICT,
	      HEAD POLICY "      - {blacklist: [a], time_in_range: {arg2: PT1H, arg3: PT2H}, "
	                  "active_time_range: {start: PT1H, end: PT2H}}\n",
	      "GUARD2-19 error");
	finds(GUARD_STRICT,
	      HEAD "  - {id: a, name: b, actor: SO, recipe: r, match_parameters: {actor: SO}, "
	           "limit_constraints: [{blacklist: [a]}]}\n",
	      "GUARD2-19 error");
	says(0, "'actor' and 'match_parameters.actor' say the same: give one of them");
}

static void
strict_warns_of_mixed_guards_and_strange_actors(void **state)
{
	(void)state;
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: 1h, blacklist: [a]}\n", "GUARD2-20 warning");
	assert_int_equal(guards.count, 2);
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: 1h}\n" BLACK, "GUARD2-20 warning");
	finds(GUARD_ONAP, HEAD POLICY "      - {num: 1, duration: 1h, blacklist: [a]}\n", "");
	finds(GUARD_STRICT,
	      HEAD "  - {id: a, name: b, actor: RANC, recipe: r, limit_constraints: [{blacklist: [a]}]}\n",
	      "GUARD2-21 warning");
	says(0, "the actor 'RANC' is neither APPC nor SO");
	finds(GUARD_ONAP, HEAD "  - {id: a, name: b, actor: RANC, recipe: r, limit_constraints: [{blacklist: [a]}]}\n",
	      "");
	finds(GUARD_STRICT,
	      HEAD "  - {id: a, name: b, actor: /APPC|SO/, recipe: .*, limit_constraints: [{blacklist: [a]}]}\n", "");
	finds(GUARD_STRICT, HEAD "  - {id: a, name: b, actor: .*, recipe: r, limit_constraints: [{blacklist: [a]}]}\n",
	      "");
	finds(GUARD_STRICT, HEAD POLICY_C("{actor: appc}") BLACK, "GUARD2-21 warning");
}

static void
strict_refuses_bad_values(void **state)
{
	static const char *const numbers[] = {"0", "-1", "1.5", "five", "'5'", "true", "2147483648"};
	static const char *const windows[] = {"15", "PT0S", "P0D", "15 min", "2h", "5MIN", "pt5m", "P", "-PT5M", "''"};
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		(void)snprintf(yaml, sizeof(yaml), HEAD POLICY "      - {num: %s, duration: PT1H}\n", numbers[i]);
		finds(GUARD_STRICT, yaml, "GUARD2-22 error");
		(void)snprintf(yaml, sizeof(yaml), HEAD POLICY "      - {num: 1, duration: {value: %s, units: day}}\n",
		               numbers[i]);
		finds(GUARD_STRICT, yaml, "GUARD2-22 error");
	}
	says(0, "'value' must be an integer from 1 to 2147483647");
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		(void)snprintf(yaml, sizeof(yaml), HEAD POLICY "      - {num: 1, duration: %s}\n", windows[i]);
		finds(GUARD_STRICT, yaml, "GUARD2-23 error");
	}
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: {units: day}}\n", "GUARD2-24 error");
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: {}}\n", "GUARD2-24 error, GUARD2-24 error");
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: {value: 1, units: Day}}\n", "GUARD2-25 error");
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: {value: 178956970, units: year}}\n", "");
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: {value: 178956971, units: year}}\n",
	      "GUARD2-22 error");
	finds(GUARD_STRICT, HEAD POLICY "      - {num: 2147483647, duration: {value: 2147483647, units: week}}\n", "");
	finds(GUARD_STRICT, HEAD POLICY "      - {blacklist: [a], time_in_range: {arg2: PT5H}}\n", "GUARD2-29 error");
	says(0, "the time range has no 'arg3'");
	finds(GUARD_STRICT, HEAD POLICY "      - {blacklist: [a], time_in_range: {}}\n",
	      "GUARD2-29 error, GUARD2-29 error");
	finds(GUARD_STRICT, HEAD POLICY "      - {blacklist: [a], time_in_range: {arg2: early, arg3: late}}\n",
	      "- error");
	finds(GUARD_STRICT,
	      HEAD "  - {id: a, name: b, actor: SO, recipe: /(/, limit_constraints: [{blacklist: [a]}]}\n", "- error");
	finds(GUARD_STRICT, HEAD POLICY "      - {blacklist: [/(/]}\n", "- error");
	finds(GUARD_STRICT, HEAD POLICY "      - {blacklist: [a], minVnfCount: 3, maxVnfCount: 2}\n",
	      "GUARD2-26 error");
	finds(GUARD_STRICT, HEAD POLICY "      - {minVnfCount: 2, maxVnfCount: 2}\n", "");
	finds(GUARD_STRICT, HEAD POLICY "      - {minVnfCount: -1}\n", "GUARD2-22 error, GUARD2-17 error");
}

static void
onap_takes_what_the_reference_takes(void **state)
{
	(void)state;
	finds(GUARD_ONAP, HEAD POLICY "      - {num: '1', duration: {value: '2', units: HOUR}}\n", "");
	finds(GUARD_ONAP, HEAD POLICY "      - {num: one, duration: 1h}\n", "GUARD2-22 error");
	perform("APPC", "Restart", "a", "cl", NOON);
	finds(GUARD_ONAP, HEAD POLICY "      - {num: 1, duration: {value: 1, units: fortnight}}\n",
	      "GUARD2-25 warning");
	assert_false(denies(NOON, "APPC", "Restart", "a", NULL));
	loads(GUARD_ONAP, HEAD POLICY "      - {num: 1, duration: {value: -1, units: hour}}\n");
	assert_false(denies(NOON, "APPC", "Restart", "a", NULL));
	loads(GUARD_ONAP, HEAD POLICY "      - {num: 1, duration: {value: 0, units: hour}}\n");
	assert_true(denies(NOON, "APPC", "Restart", "a", NULL));
	done_count = 0;
	finds(GUARD_ONAP, HEAD POLICY "      - {blacklist: [a], time_in_range: {arg2: early, arg3: late}}\n", "");
	finds(GUARD_ONAP, HEAD POLICY "      - {blacklist: [a], time_in_range: {arg2: '05:00:00Z'}}\n",
	      "GUARD2-29 warning");
	assert_false(denies(NOON, "APPC", "Restart", "a", NULL));
	finds(GUARD_ONAP, HEAD POLICY "      - {blacklist: [a], time_in_range: {}}\n",
	      "GUARD2-29 warning, GUARD2-29 warning");
	assert_false(denies(NOON, "APPC", "Restart", "a", NULL));
	finds(GUARD_ONAP, HEAD POLICY_C("{actor: SO}") "      - {blacklist: [a], minVnfCount: 3}\n",
	      "GUARD2-27 warning");
	finds(GUARD_ONAP, HEAD POLICY_C("{actor: '('}") BLACK, "GUARD2-28 warning");
	assert_int_equal(guards.count, 0);
	loads(GUARD_ONAP, HEAD "  - {match_parameters: {actor: SO}, limit_constraints: [{blacklist: [b]}]}\n"
	                       "  - {match_parameters: {actor: '('}, limit_constraints: [{blacklist: [c]}]}\n");
	assert_int_equal(guards.count, 1);
	assert_null(guards.first->next);
	for (const char *const *num = (const char *const[]){"0", "-1", NULL}; *num; num++) {
		char yaml[256];

		(void)snprintf(yaml, sizeof(yaml), HEAD POLICY "      - {num: %s, duration: 1h}\n", *num);
		loads(GUARD_ONAP, yaml);
		assert_true(denies(NOON, "APPC", "Restart", "a", NULL));
	}
}

static void
guards_know_their_place(void **state)
{
	const struct guard *guard;

	(void)state;
	loads(GUARD_STRICT, HEAD POLICY "      - {num: 1, duration: 1h, blacklist: [a]}\n      - minVnfCount: 1\n");
	assert_int_equal(guards.count, 3);
	guard = guards.first;
	assert_true(str_is(guard->policy, "g1"));
	assert_null(guard->version.ptr);
	assert_string_equal(guard->file, "guard.yaml");
	assert_int_equal(guard->line, 9);
	assert_int_equal(guard->column, 9);
	assert_true(guard->legacy);
	assert_string_equal(guard->kind->name, "FrequencyLimiter");
	assert_string_equal(guard->next->kind->name, "Blacklist");
	assert_string_equal(guard->next->next->kind->name, "MinMax");
	assert_int_equal(guard->next->next->line, 10);
}

/* At the end of the window an operation counts, a millisecond before not. */
static void
window_is(enum guard_mode as, const char *window, const char *counted_end, const char *past_end)
{
	char yaml[512];

	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY "      - {num: 1, duration: %s}\n", window);
	loads(as, yaml);
	done_count = 0;
	perform("APPC", "Restart", "vm", "cl", past_end);
	if (denies("2026-03-31T12:00:00Z", "APPC", "Restart", "vm", "cl"))
		fail_msg("%s counts %s", window, past_end);
	perform("APPC", "Restart", "vm", "cl", counted_end);
	if (!denies("2026-03-31T12:00:00Z", "APPC", "Restart", "vm", "cl"))
		fail_msg("%s does not count %s", window, counted_end);
	assert_int_equal(reason, REASON_LIMIT_REACHED);
}

static void
windows_have_three_forms(void **state)
{
	(void)state;
	for (int as = 0; as < GUARD_MODES; as++) {
		window_is(as, "PT15M", "2026-03-31T11:45:00Z", "2026-03-31T11:44:59.999Z");
		window_is(as, "5min", "2026-03-31T11:55:00Z", "2026-03-31T11:54:59.999Z");
		window_is(as, "10min", "2026-03-31T11:50:00Z", "2026-03-31T11:49:59.999Z");
		window_is(as, "30min", "2026-03-31T11:30:00Z", "2026-03-31T11:29:59.999Z");
		window_is(as, "1h", "2026-03-31T11:00:00Z", "2026-03-31T10:59:59.999Z");
		window_is(as, "12h", "2026-03-31T00:00:00Z", "2026-03-30T23:59:59.999Z");
		window_is(as, "1d", "2026-03-30T12:00:00Z", "2026-03-30T11:59:59.999Z");
		window_is(as, "5d", "2026-03-26T12:00:00Z", "2026-03-26T11:59:59.999Z");
		window_is(as, "1w", "2026-03-24T12:00:00Z", "2026-03-24T11:59:59.999Z");
		window_is(as, "{value: 30, units: second}", "2026-03-31T11:59:30Z", "2026-03-31T11:59:29.999Z");
		window_is(as, "{value: 2, units: minute}", "2026-03-31T11:58:00Z", "2026-03-31T11:57:59.999Z");
		window_is(as, "{value: 1, units: hour}", "2026-03-31T11:00:00Z", "2026-03-31T10:59:59.999Z");
		window_is(as, "{value: 1, units: day}", "2026-03-30T12:00:00Z", "2026-03-30T11:59:59.999Z");
		window_is(as, "{value: 1, units: week}", "2026-03-24T12:00:00Z", "2026-03-24T11:59:59.999Z");
	}
	/* Calendar: 31 March goes back to 28 February. */
	window_is(GUARD_STRICT, "1mon", "2026-02-28T12:00:00Z", "2026-02-28T11:59:59.999Z");
	window_is(GUARD_STRICT, "{value: 1, units: month}", "2026-02-28T12:00:00Z", "2026-02-28T11:59:59.999Z");
	window_is(GUARD_STRICT, "{value: 1, units: quarter}", "2025-12-31T12:00:00Z", "2025-12-31T11:59:59.999Z");
	window_is(GUARD_STRICT, "{value: 1, units: year}", "2025-03-31T12:00:00Z", "2025-03-31T11:59:59.999Z");
	window_is(GUARD_STRICT, "P1Y", "2025-03-31T12:00:00Z", "2025-03-31T11:59:59.999Z");
	/* The reference: 30 d 10 h, three of these, 365 d 1 h 6 min 40 s. */
	window_is(GUARD_ONAP, "1mon", "2026-03-01T02:00:00Z", "2026-03-01T01:59:59.999Z");
	window_is(GUARD_ONAP, "{value: 1, units: month}", "2026-03-01T02:00:00Z", "2026-03-01T01:59:59.999Z");
	window_is(GUARD_ONAP, "{value: 1, units: quarter}", "2025-12-30T06:00:00Z", "2025-12-30T05:59:59.999Z");
	window_is(GUARD_ONAP, "{value: 1, units: year}", "2025-03-31T10:53:20Z", "2025-03-31T10:53:19.999Z");
	window_is(GUARD_ONAP, "P1Y", "2025-03-31T10:53:20Z", "2025-03-31T10:53:19.999Z");
	window_is(GUARD_ONAP, "{value: 2147483647, units: year}", "0001-01-01T00:00:00Z", "2026-03-31T12:00:00.001Z");
}

static void
what_a_limiter_counts(void **state)
{
	const char *a = HEAD POLICY "      - {num: 2, duration: PT10M}\n";
	const char *c = HEAD POLICY_C("{actor: APPC, recipe: Restart}") "      - {freq_limit_per_target: 2, "
									"time_window: {value: 10, units: minute}}\n";

	(void)state;
	perform("APPC", "Restart", "vm-1", "cl-1", "2026-04-14T11:55:00Z");
	perform("APPC", "Restart", "vm-2", "cl-2", "2026-04-14T11:56:00Z");
	perform("APPC", "Stop", "vm-3", "cl-1", "2026-04-14T11:56:00Z");
	loads(GUARD_STRICT, a);
	assert_true(denies(NOON, "APPC", "Restart", "vm-3", NULL));
	assert_true(denies(NOON, "APPC", "Restart", NULL, NULL));
	assert_false(denies(NOON, "APPC", "Stop", "vm-3", NULL));
	assert_false(denies(NOON, "SO", "Restart", "vm-3", NULL));
	loads(GUARD_STRICT, c);
	assert_false(denies(NOON, "APPC", "Restart", "vm-1", NULL));
	assert_true(denies(NOON, "APPC", "Restart", NULL, NULL));
	assert_int_equal(reason, REASON_MISSING_ATTRIBUTE);
	perform("APPC", "Restart", "vm-1", "cl-2", "2026-04-14T11:57:00Z");
	assert_true(denies(NOON, "APPC", "Restart", "vm-1", NULL));
	assert_false(denies(NOON, "APPC", "Restart", "vm-2", NULL));
	loads(GUARD_ONAP, a);
	assert_true(denies(NOON, "APPC", "Restart", "vm-1", NULL));
	assert_false(denies(NOON, "APPC", "Restart", "vm-2", NULL));
	loads(GUARD_ONAP, c);
	assert_true(denies(NOON, "APPC", "Restart", "vm-1", NULL));
	assert_false(denies(NOON, "APPC", "Restart", "vm-2", NULL));
	assert_false(denies(NOON, "APPC", "Restart", NULL, NULL));
}

static void
a_named_loop_narrows_the_count(void **state)
{
	const char *limit = "      - {num: 1, duration: PT10M}\n";
	char yaml[512];

	(void)state;
	perform("APPC", "Restart", "vm-1", "cl-2", "2026-04-14T11:55:00Z");
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{controlLoopName: cl-1}") "%s", limit);
	loads(GUARD_STRICT, yaml);
	assert_false(denies(NOON, "APPC", "Restart", "vm-1", "cl-1"));
	assert_false(denies(NOON, "APPC", "Restart", "vm-1", "cl-2"));
	perform("APPC", "Restart", "vm-9", "cl-1", "2026-04-14T11:55:00Z");
	assert_true(denies(NOON, "APPC", "Restart", "vm-1", "cl-1"));
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{controlLoopName: '/cl-[13]/'}") "%s", limit);
	loads(GUARD_STRICT, yaml);
	assert_true(denies(NOON, "APPC", "Restart", "vm-1", "cl-1"));
	assert_false(denies(NOON, "APPC", "Restart", "vm-1", "cl-3"));
	assert_false(denies(NOON, "APPC", "Restart", "vm-1", NULL));
}

static void
strict_matches_exactly_by_pattern_or_all(void **state)
{
	(void)state;
	loads(GUARD_STRICT,
	      HEAD "  - {id: a, name: b, actor: /AP+C/, recipe: .*, limit_constraints: [{blacklist: [t, 7, /x.*/]}]}");
	assert_true(denies(NOON, "APC", "any", "t", NULL));
	assert_int_equal(reason, REASON_BLACKLISTED);
	assert_true(denies(NOON, "APPPC", NULL, "7", NULL));
	assert_true(denies(NOON, "APC", "any", "xyz", NULL));
	assert_false(denies(NOON, "APCX", "any", "t", NULL));
	assert_false(denies(NOON, "APC", "any", "u", NULL));
	loads(GUARD_STRICT,
	      HEAD "  - {id: a, name: b, actor: SO, recipe: VFModuleCreate, limit_constraints: [{blacklist: [t]}]}");
	assert_true(denies(NOON, "SO", "VF Module Create", "t", NULL));
	loads(GUARD_STRICT, HEAD POLICY_C("{actor: '', recipe: A.B}") "      - {blacklist: [t]}\n");
	assert_true(denies(NOON, NULL, "A.B", "t", NULL));
	assert_false(denies(NOON, NULL, "AxB", "t", NULL));
}

static void
onap_matches_exactly_but_dialect_c_by_pattern(void **state)
{
	(void)state;
	loads(GUARD_ONAP,
	      HEAD "  - {id: a, name: b, actor: A.*, recipe: /x/, limit_constraints: [{blacklist: [t, 7]}]}");
	assert_true(denies(NOON, "A.*", "/x/", "t", NULL));
	assert_true(denies(NOON, "A.*", "/x/", "7", NULL));
	assert_false(denies(NOON, "Ab", "x", "t", NULL));
	loads(GUARD_ONAP, HEAD "  - {id: a, name: b, actor: .*, recipe: x, limit_constraints: [{blacklist: [t]}]}");
	assert_true(denies(NOON, ".*", "x", "t", NULL));
	assert_false(denies(NOON, "A", "x", "t", NULL));
	loads(GUARD_ONAP,
	      HEAD POLICY_C("{controlLoopName: ' ', actor: 'A.*', recipe: B}") "      - {blacklist: [t]}\n");
	assert_true(denies(NOON, "Abc", "B", "t", NULL));
	assert_true(denies(NOON, "Abc", "B", "t", "cl"));
	assert_false(denies(NOON, "xAbc", "B", "t", NULL));
	assert_false(denies(NOON, "Abc", "BB", "t", NULL));
}

static void
targets_are_a_scope(void **state)
{
	const char *limit = "      - {freq_limit_per_target: 1, time_window: {value: 10, units: minute}, "
			    "blacklist: [vm-3]}\n";
	char yaml[512];

	(void)state;
	for (const char *const *vm = (const char *const[]){"vm-1", "vm-2", "vm-3", "a)b", "xx", "a", "", NULL}; *vm;
	     vm++)
		perform("SO", "r", *vm, "cl", "2026-04-14T11:55:00Z");
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{actor: SO, targets: [vm-1]}") "%s", limit);
	loads(GUARD_STRICT, yaml);
	assert_true(denies(NOON, "SO", "r", "vm-1", "cl"));
	assert_false(denies(NOON, "SO", "r", "vm-2", "cl"));
	assert_false(denies(NOON, "SO", "r", "vm-3", "cl"));
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{actor: SO, targets: [vm-1, vm-3]}") "%s", limit);
	loads(GUARD_STRICT, yaml);
	assert_true(denies(NOON, "SO", "r", "vm-1", "cl"));
	assert_false(denies(NOON, "SO", "r", "vm-2", "cl"));
	assert_true(denies(NOON, "SO", "r", "vm-3", "cl"));
	assert_false(denies(NOON, "SO", "r", "vm-1vm-3", "cl"));
	(void)snprintf(yaml, sizeof(yaml),
	               HEAD POLICY_C("{actor: SO, targets: ['a)b', '/(a)(c)/', '/v(m)-[1]|(x)\\2/']}") "%s", limit);
	loads(GUARD_STRICT, yaml);
	assert_true(denies(NOON, "SO", "r", "vm-1", "cl"));
	assert_true(denies(NOON, "SO", "r", "a)b", "cl"));
	assert_false(denies(NOON, "SO", "r", "vm-2", "cl"));
	assert_true(denies(NOON, "SO", "r", "xx", "cl"));
	assert_false(denies(NOON, "SO", "r", "a", "cl"));
	assert_false(denies(NOON, "SO", "r", "", "cl"));
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{actor: SO, targets: [vm-1, '.*']}") "%s", limit);
	loads(GUARD_STRICT, yaml);
	assert_true(denies(NOON, "SO", "r", "vm-2", "cl"));
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{actor: SO, targets: ['/(/', '/)/']}") "%s", limit);
	finds(GUARD_STRICT, yaml, "GUARD2-20 warning, - error, - error");
}

static void
onap_joins_targets_as_its_generator_did(void **state)
{
	const char *limit = "      - {freq_limit_per_target: 1, time_window: {value: 10, units: minute}, "
			    "blacklist: [vm-7]}\n";
	char yaml[512];

	(void)state;
	for (const char *const *t = (const char *const[]){"s1", "s2", "s3", "s1s2", NULL}; *t; t++)
		perform("SO", "r", *t, "cl", "2026-04-14T11:55:00Z");
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{actor: SO, targets: [s1, s2, s3]}") "%s", limit);
	loads(GUARD_ONAP, yaml);
	assert_true(denies(NOON, "SO", "r", "s1s2", "cl"));
	assert_true(denies(NOON, "SO", "r", "s3", "cl"));
	assert_false(denies(NOON, "SO", "r", "s1", "cl"));
	assert_false(denies(NOON, "SO", "r", "s2", "cl"));
	assert_true(denies(NOON, "SO", "r", "vm-7", "cl"));
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY_C("{actor: SO, targets: ['s[12]']}") "%s", limit);
	loads(GUARD_ONAP, yaml);
	assert_true(denies(NOON, "SO", "r", "s1", "cl"));
	assert_true(denies(NOON, "SO", "r", "s2", "cl"));
	assert_false(denies(NOON, "SO", "r", "s3", "cl"));
}

static void
in_force_within_its_range_only(void **state)
{
	const char *range = "      - {blacklist: [t], time_in_range: {arg2: %s, arg3: %s}}\n";
	char yaml[512], text[256];

	(void)state;
	(void)snprintf(text, sizeof(text), range, "PT5H", "PT24H");
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY "%s", text);
	loads(GUARD_STRICT, yaml);
	assert_false(denies("2026-04-14T04:59:59.999Z", "APPC", "Restart", "t", NULL));
	assert_true(denies("2026-04-14T05:00:00Z", "APPC", "Restart", "t", NULL));
	assert_true(denies("2026-04-14T23:59:59.999Z", "APPC", "Restart", "t", NULL));
	assert_false(denies("2026-04-15T00:00:00Z", "APPC", "Restart", "t", NULL));
	loads(GUARD_ONAP, yaml);
	assert_false(denies(NOON, "APPC", "Restart", "t", NULL));
	(void)snprintf(text, sizeof(text), range, "'22:00:00Z'", "'06:00:00Z'");
	(void)snprintf(yaml, sizeof(yaml), HEAD POLICY "%s", text);
	loads(GUARD_STRICT, yaml);
	assert_true(denies("2026-04-14T23:00:00Z", "APPC", "Restart", "t", NULL));
	assert_true(denies("2026-04-14T06:00:00Z", "APPC", "Restart", "t", NULL));
	assert_false(denies("2026-04-14T06:00:00.001Z", "APPC", "Restart", "t", NULL));
	loads(GUARD_ONAP, yaml);
	assert_false(denies("2026-04-14T23:00:00Z", "APPC", "Restart", "t", NULL));
	loads(GUARD_ONAP, HEAD POLICY_C("{actor: SO}") "      - {blacklist: [t], active_time_range: {start: "
	                                               "'00:00:00-05:00', end: '23:59:59-05:00'}}\n");
	assert_false(denies("2026-04-14T04:59:59.999Z", "SO", "r", "t", NULL));
	assert_true(denies("2026-04-14T05:00:00Z", "SO", "r", "t", NULL));
}

static void
strict_enforces_the_bounds_of_dialect_c(void **state)
{
	(void)state;
	loads(GUARD_STRICT, HEAD POLICY_C("{actor: SO, recipe: r}") "      - {minVnfCount: 2, maxVnfCount: 4}\n");
	assert_true(denies_count(NOON, "SO", "r", "t", NULL, &(int32_t){1}));
	assert_int_equal(reason, REASON_BELOW_MIN);
	assert_false(denies_count(NOON, "SO", "r", "t", NULL, &(int32_t){2}));
	assert_false(denies_count(NOON, "SO", "r", "t", NULL, &(int32_t){4}));
	assert_true(denies_count(NOON, "SO", "r", "t", NULL, &(int32_t){5}));
	assert_int_equal(reason, REASON_ABOVE_MAX);
	loads(GUARD_STRICT, HEAD POLICY_C("{actor: SO, recipe: r}") "      - {maxVnfCount: 4}\n");
	assert_false(denies_count(NOON, "SO", "r", "t", NULL, &(int32_t){0}));
	loads(GUARD_ONAP, HEAD POLICY_C("{actor: SO, recipe: r}") "      - {maxVnfCount: 4}\n");
	assert_false(denies_count(NOON, "SO", "r", "t", NULL, &(int32_t){5}));
}

static void
every_policy_and_every_constraint_counts(void **state)
{
	(void)state;
	for (int as = 0; as < GUARD_MODES; as++) {
		loads(as, HEAD POLICY "      - {blacklist: [a]}\n      - {blacklist: [b]}\n"
		                      "  - {id: g2, name: x, actor: APPC, recipe: Restart, "
		                      "limit_constraints: [{blacklist: [c]}]}\n");
		assert_int_equal(guards.count, 3);
		assert_true(denies(NOON, "APPC", "Restart", "a", NULL));
		assert_true(denies(NOON, "APPC", "Restart", "b", NULL));
		assert_true(denies(NOON, "APPC", "Restart", "c", NULL));
		assert_false(denies(NOON, "APPC", "Restart", "d", NULL));
	}
}

static void
errors_of_one_policy_do_not_hide_the_next(void **state)
{
	(void)state;
	finds(GUARD_STRICT,
	      HEAD POLICY "      - {num: 0, duration: never}\n      - {}\n"
	                  "  - {id: g2, name: x, actor: APPC, recipe: Restart}\n",
	      "GUARD2-23 error, GUARD2-22 error, GUARD2-17 error, GUARD2-08 error");
}

static void
thrown_findings_are_known(void **state)
{
	(void)state;
	assert_true(guard2_throws("GUARD2-08"));
	assert_false(guard2_throws("GUARD2-04"));
	assert_false(guard2_throws("GUARD2-77"));
	assert_false(guard2_throws(NULL));
}

static void
no_memory_is_an_error(void **state)
{
	const char *yaml = HEAD POLICY_C(
		"{actor: /S./, recipe: r, targets: [a, /b/]}") "      - {freq_limit_per_target: 1, time_window: "
							       "{value: 1, units: day}, blacklist: [a], "
							       "minVnfCount: 1}\n";
	struct node *root;

	(void)state;
	assert_int_equal(yaml_read(str_from(yaml), "f", &document_limits_default, &arena, &root, NULL), 0);
	for (size_t limit = 0, good = 0; !good; limit += 24) {
		struct guard_list list = {0};
		struct arena small;

		diags_init(&diags, &arena);
		arena_init(&small, limit ? limit : 1);
		good = guard2_compile(root, GUARD_STRICT, &small, NULL, &list, &diags);
		assert_int_equal(good, diags.count[SEVERITY_ERROR] == 0);
		assert_int_equal(list.count, good ? 3 : 0);
		arena_free(&small);
		assert_true(limit < 100000);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_correct_document_has_no_message),
		TEST(an_empty_document_and_one_of_another_kind),
		TEST(header_and_guards_are_needed),
		TEST(a_policy_needs_a_constraint),
		TEST(a_policy_with_errors_leaves_the_others_their_guards),
		TEST(equal_policies_are_told_once),
		TEST(equal_constraints_are_told_once_a_policy),
		TEST(unknown_keys_and_wrong_kinds),
		TEST(null_is_absent),
		TEST(strict_wants_version_2_0_0),
		TEST(what_a_policy_must_have),
		TEST(a_constraint_limits_something),
		TEST(strict_mixes_dialects_and_onap_does_not),
		TEST(strict_warns_of_mixed_guards_and_strange_actors),
		TEST(strict_refuses_bad_values),
		TEST(onap_takes_what_the_reference_takes),
		TEST(guards_know_their_place),
		TEST(windows_have_three_forms),
		TEST(what_a_limiter_counts),
		TEST(a_named_loop_narrows_the_count),
		TEST(strict_matches_exactly_by_pattern_or_all),
		TEST(onap_matches_exactly_but_dialect_c_by_pattern),
		TEST(targets_are_a_scope),
		TEST(onap_joins_targets_as_its_generator_did),
		TEST(in_force_within_its_range_only),
		TEST(strict_enforces_the_bounds_of_dialect_c),
		TEST(every_policy_and_every_constraint_counts),
		TEST(errors_of_one_policy_do_not_hide_the_next),
		TEST(thrown_findings_are_known),
		TEST(no_memory_is_an_error),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
