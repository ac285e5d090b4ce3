/* test_guard_explain - what the explanation of each kind of guard says */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "guards/kinds.h"
#include "tests/cmocka_all.h"
#include "tests/guard_fixture.h"

#define MIN(n) (NOON - (n)*TIME_MS_MINUTE)
#define WHO "actor: SO\noperation: Restart\n"
#define ASK "actor=SO operation=Restart "
#define DAY "\ntimeRange: {start_time: '08:00:00Z', end_time: '12:05:00Z'}"

/* permit_at: NULL for none. change, value: a part of the text; value is "name=value". */
static const struct row {
	enum guard_mode mode;
	const char *type, *properties, *request;
	const char *permit_at, *change, *value;
} rows[] = {
	{GUARD_STRICT, "common.Blacklist", WHO "blacklist:\n- vm-1\n- vm-2", ASK "target=vm-2", NULL,
         "remove 'vm-2' (line 9) from the blacklist", "target=vm-2"},
	{GUARD_STRICT, "common.Blacklist", WHO "blacklist:\n- vm-1\n- /x.*/", ASK "target=xy", NULL,
         "remove the pattern '/x.*/' (line 9) from the blacklist", "entry_line=9"},
	{GUARD_STRICT, "common.Blacklist", WHO "blacklist: [vm-1]" DAY, ASK "target=vm-1", "2026-04-14T12:05:00.001Z",
         "remove 'vm-1'", "target=vm-1"},
	{GUARD_STRICT, "common.Blacklist", WHO "blacklist: [vm-1]", ASK, NULL,
         "give target in the request ('x' was tried)", NULL},
	{GUARD_STRICT, "common.Blacklist", WHO "blacklist: [vm-1]", ASK "target=vm-3", NULL, NULL, "target=vm-3"},
	{GUARD_ONAP, "common.Blacklist", WHO "blacklist: [vm-1]" DAY, ASK "target=vm-1", "2026-04-14T12:05:00.001Z",
         "remove 'vm-1'", NULL},
	{GUARD_ONAP, "common.Blacklist", "actor: .*\nblacklist: [vm-1]", ASK "target=vm-1", NULL, NULL, NULL},
	{GUARD_STRICT, "common.MinMax", WHO "target: p\nmin: 2\nmax: 4", ASK "target=p vfCount=5", NULL,
         "vfCount 4 instead of 5", "max=4"},
	{GUARD_STRICT, "common.MinMax", WHO "target: p\nmin: 2\nmax: 4", ASK "target=p vfCount=1", NULL,
         "vfCount 2 instead of 1", "vfCount=1"},
	{GUARD_STRICT, "common.MinMax", WHO "target: p\nmin: 2\nmax: 4", ASK "target=p", NULL,
         "give vfCount in the request (2 was tried)", "min=2"},
	{GUARD_ONAP, "common.MinMax", WHO "target: p\nmin: 2\nmax: 4", ASK "target=p vfCount=4", NULL,
         "vfCount 3 instead of 4", NULL},
	{GUARD_ONAP, "common.MinMax", WHO "target: p\nmin: 9\nmax: 4", ASK "target=p vfCount=9", NULL,
         "vfCount 8 instead of 9", NULL},
	{GUARD_STRICT, "common.Filter",
         WHO
         "algorithm: blacklist-overrides\nfilters:\n- {field: vserver.vserver-id, filter: s, function: string-equal}",
         ASK "vserver.vserver-id=s", NULL, "remove the filter 's' (line 9)", "vserver.vserver-id=s"},
	{GUARD_STRICT, "coordination.FirstBlocksSecond", "controlLoop: [a, b]", "clname=b", "2026-04-14T12:30:00Z",
         "control loop 'a' must end its operations", "first=a"},
	{GUARD_ONAP, "coordination.FirstBlocksSecond", "controlLoop: [a, b]", "clname=b", NULL,
         "control loop 'a' must end its operations", NULL},
};

static const struct done history[] = {
	{"SO", "Restart", "vm-2", "a", MIN(-30), true},
	{"SO", "Restart", "vm-1", "a", MIN(3), false},
	{"SO", "Restart", "vm-1", "a", MIN(9), false},
	{0},
};

static bool
has_value(const struct explanation *explanation, const char *wanted)
{
	for (size_t i = 0; i < explanation->value_count; i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "%s=%.*s", explanation->values[i].name,
		               STR_ARG(explanation->values[i].value));
		if (strcmp(text, wanted) == 0)
			return true;
	}
	return false;
}

static int64_t
instant(const char *text)
{
	int64_t ms = TIME_NONE;

	if (text)
		assert_int_equal(time_parse_instant(str_from(text), &ms), 0);
	return ms;
}

static void
an_explanation_names_values_change_and_the_time_that_helps(void **state)
{
	struct fixture *f = *state;

	f->done = history;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		const struct guard *guard = fixture_guard(f, row->mode, row->type, row->properties, NULL);
		struct explanation got;

		if (!guard)
			fail_msg("row %zu is refused: %s", i, f->diags.first ? f->diags.first->text : "");
		got = fixture_explain(f, guard, row->request);
		if (got.permit_at != instant(row->permit_at))
			fail_msg("row %zu: permit_at %lld", i, (long long)got.permit_at);
		if (row->change ? !got.change.ptr || !strstr(got.change.ptr, row->change) : got.change.ptr != NULL)
			fail_msg("row %zu: change '%.*s'", i, STR_ARG(got.change));
		if (row->value && !has_value(&got, row->value))
			fail_msg("row %zu: no value %s", i, row->value);
	}
}

/* Asks again at the time an explanation gave, and a millisecond before. */
static void
exact(struct fixture *f, const struct guard *guard, const char *request, const char *permit_at)
{
	struct explanation got;

	f->now = NOON;
	got = fixture_explain(f, guard, request);
	if (got.permit_at != instant(permit_at))
		fail_msg("permit_at %lld", (long long)got.permit_at);
	f->now = got.permit_at - 1;
	assert_int_equal(fixture_ask(f, guard, request).effect, EFFECT_DENY);
	f->now = got.permit_at;
	assert_int_not_equal(fixture_ask(f, guard, request).effect, EFFECT_DENY);
}

static void
a_limiter_tells_the_exact_time_at_which_it_permits_again(void **state)
{
	static const char limiter[] = WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 2";
	struct fixture *f = *state;
	struct explanation got;

	f->done = history;
	exact(f, fixture_guard(f, GUARD_STRICT, "common.FrequencyLimiter", limiter, NULL), ASK "target=vm-1",
	      "2026-04-14T12:01:00.001Z");
	exact(f, fixture_guard(f, GUARD_STRICT, "FrequencyLimiter", WHO "time_window: 10 m\nlimit: 1", NULL), ASK,
	      "2026-04-14T12:40:00.001Z");
	exact(f,
	      fixture_guard(f, GUARD_STRICT, "common.FrequencyLimiter",
	                    WHO "timeWindow: 1\ntimeUnits: day\nlimit: 2" DAY, NULL),
	      ASK "target=vm-1", "2026-04-14T12:05:00.001Z");
	exact(f, fixture_guard(f, GUARD_ONAP, "common.FrequencyLimiter", limiter, NULL), ASK "target=vm-1",
	      "2026-04-14T12:01:00.001Z");
	/* onap: denied out of the range, so not before the next day's */
	exact(f,
	      fixture_guard(f, GUARD_ONAP, "common.FrequencyLimiter",
	                    WHO "timeWindow: 6\ntimeUnits: hour\nlimit: 2" DAY, NULL),
	      ASK "target=vm-1", "2026-04-15T08:00:00Z");
	f->now = NOON;
	got = fixture_explain(f, fixture_guard(f, GUARD_STRICT, "common.FrequencyLimiter", limiter, NULL),
	                      ASK "target=vm-1");
	assert_true(got.has_count);
	assert_int_equal(got.used, 2);
	assert_int_equal(got.limit, 2);
	assert_string_equal(got.window, "10 m");
	assert_string_equal(got.change.ptr, "raise the limit above 2");
}

static void
a_limiter_with_room_tells_its_count(void **state)
{
	struct fixture *f = *state;
	struct explanation got;

	f->done = history;
	got = fixture_explain(f,
	                      fixture_guard(f, GUARD_STRICT, "common.FrequencyLimiter",
	                                    WHO "timeWindow: 5\ntimeUnits: minute\nlimit: 2", NULL),
	                      ASK "target=vm-1");
	assert_int_equal(got.used, 1);
	assert_true(got.permit_at == TIME_NONE);
	assert_null(got.change.ptr);
}

static void
an_explanation_survives_any_failed_allocation(void **state)
{
	struct fixture *f = *state;
	const struct guard *guard = fixture_guard(f, GUARD_STRICT, "common.Blacklist", WHO "blacklist: [vm-1]", NULL);
	struct request request = fixture_request(f, ASK "target=vm-1");
	struct env env = {.now_ms = NOON, .scratch = f->scratch};
	struct verdict verdict;

	guard_evaluate(guard, &request, &env, &verdict);
	for (size_t limit = 1; limit < 400; limit++) {
		struct explanation explanation = {0};
		struct arena arena;

		arena_init(&arena, limit);
		guard->kind->explain(guard, &request, &env, &verdict, &arena, &explanation);
		assert_true(limit < 300 || explanation.value_count == 2);
		arena_free(&arena);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_explanation_names_values_change_and_the_time_that_helps),
		TEST(a_limiter_tells_the_exact_time_at_which_it_permits_again),
		TEST(a_limiter_with_room_tells_its_count),
		TEST(an_explanation_survives_any_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
