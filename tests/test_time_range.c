/* test_time_range - when a guard is in force, by both modes */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "guards/kinds.h"
#include "tests/cmocka_all.h"
#include "tests/guard_fixture.h"

enum form { STRICT, STRICT_LEGACY, ONAP, LEGACY, FORMS };

static const char *const form_name[FORMS] = {"strict", "strict 2.0.0", "onap", "onap 2.0.0"};

static const struct {
	enum guard_mode mode;
	bool legacy;
} form_of[FORMS] = {{GUARD_STRICT, false}, {GUARD_STRICT, true}, {GUARD_ONAP, false}, {GUARD_ONAP, true}};

static struct node *
bound(struct fixture *fixture, const char *text)
{
	struct node *node = node_new(&fixture->arena, NODE_TEXT, 1, 1);

	assert_non_null(node);
	node_set_plain(node, str_from(text));
	return node;
}

static bool
compile(struct fixture *fixture, enum form form, const char *start, const char *end, struct time_range *range)
{
	return time_range_compile(range, bound(fixture, start), bound(fixture, end), form_of[form].mode,
	                          form_of[form].legacy, &fixture->diags);
}

/* at: what the clock says, or with `current` what the request says. */
struct row {
	enum form form;
	const char *start, *end, *at, *current;
	enum range_state state;
};

static const struct row rows[] = {
	{STRICT, "09:00:00Z", "17:30:00Z", "2026-04-14T09:00:00Z", NULL, RANGE_IN},
	{STRICT, "09:00:00Z", "17:30:00Z", "2026-04-14T08:59:59.999Z", NULL, RANGE_OUT},
	{STRICT, "09:00:00Z", "17:30:00Z", "2026-04-14T17:30:00Z", NULL, RANGE_IN},
	{STRICT, "09:00:00Z", "17:30:00Z", "2026-04-14T17:30:00.001Z", NULL, RANGE_OUT},
	{STRICT, "T09:00:00Z", "T17:30:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	{STRICT, "09:00:00+02:00", "17:30:00+02:00", "2026-04-14T07:00:00Z", NULL, RANGE_IN},
	{STRICT, "09:00:00+02:00", "17:30:00+02:00", "2026-04-14T15:30:01Z", NULL, RANGE_OUT},
	/* past midnight */
	{STRICT, "22:30:00Z", "05:15:00Z", "2026-04-14T22:29:59.999Z", NULL, RANGE_OUT},
	{STRICT, "22:30:00Z", "05:15:00Z", "2026-04-14T22:30:00Z", NULL, RANGE_IN},
	{STRICT, "22:30:00Z", "05:15:00Z", "2026-04-15T00:00:00Z", NULL, RANGE_IN},
	{STRICT, "22:30:00Z", "05:15:00Z", "2026-04-15T05:15:00Z", NULL, RANGE_IN},
	{STRICT, "22:30:00Z", "05:15:00Z", "2026-04-15T05:15:00.001Z", NULL, RANGE_OUT},
	{STRICT, "00:00:00-05:00", "23:59:59-05:00", "2026-04-14T04:00:00Z", NULL, RANGE_IN},
	{STRICT, "00:00:00-05:00", "23:59:59-05:00", "2026-04-14T04:59:59.999Z", NULL, RANGE_IN},
	/* the last second of a day is whole as an end, unless it is given to the millisecond */
	{STRICT, "06:00:00Z", "T23:59:59Z", "2026-04-14T23:59:59.999Z", NULL, RANGE_IN},
	{STRICT, "06:00:00Z", "T23:59:59Z", "2026-04-15T00:00:00Z", NULL, RANGE_OUT},
	{STRICT, "06:00:00Z", "23:59:59.000Z", "2026-04-14T23:59:59.001Z", NULL, RANGE_OUT},
	{STRICT, "06:00:00Z", "23:59:58Z", "2026-04-14T23:59:58.001Z", NULL, RANGE_OUT},
	{STRICT, "23:59:59Z", "06:00:00Z", "2026-04-14T23:59:58.999Z", NULL, RANGE_OUT},
	/* one instant */
	{STRICT, "12:00:00Z", "12:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	{STRICT, "12:00:00Z", "12:00:00Z", "2026-04-14T12:00:00.001Z", NULL, RANGE_OUT},
	/* end of day, and time since midnight */
	{STRICT, "05:00:00Z", "24:00:00Z", "2026-04-14T23:59:59.999Z", NULL, RANGE_IN},
	{STRICT, "05:00:00Z", "24:00:00Z", "2026-04-14T00:00:00Z", NULL, RANGE_OUT},
	{STRICT, "PT5H", "PT24H", "2026-04-14T05:00:00Z", NULL, RANGE_IN},
	{STRICT, "PT5H", "PT24H", "2026-04-14T04:59:59.999Z", NULL, RANGE_OUT},
	{STRICT, "PT5H", "PT24H", "2026-04-14T23:59:59.999Z", NULL, RANGE_IN},
	/* the end of another zone's day is its last millisecond */
	{STRICT, "00:00:00-05:00", "24:00:00-05:00", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	{STRICT, "00:00:00-05:00", "24:00:00-05:00", "2026-04-14T04:59:59.999Z", NULL, RANGE_IN},
	{STRICT, "00:00:00-05:00", "24:00:00-05:00", "2026-04-14T05:00:00Z", NULL, RANGE_IN},
	{STRICT, "08:00:00-05:00", "24:00:00-05:00", "2026-04-14T04:59:59.999Z", NULL, RANGE_IN},
	{STRICT, "08:00:00-05:00", "24:00:00-05:00", "2026-04-14T05:00:00Z", NULL, RANGE_OUT},
	/* absolute */
	{STRICT, "2026-04-14T12:00:00Z", "2026-04-15T12:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	{STRICT, "2026-04-14T12:00:00Z", "2026-04-15T12:00:00Z", "2026-04-14T11:59:59.999Z", NULL, RANGE_OUT},
	{STRICT, "2026-04-14T12:00:00Z", "2026-04-15T12:00:00Z", "2026-04-15T12:00:00Z", NULL, RANGE_IN},
	{STRICT, "2026-04-14T12:00:00Z", "2026-04-15T12:00:00Z", "2026-04-15T12:00:00.001Z", NULL, RANGE_OUT},
	/* a request cannot choose its time */
	{STRICT, "09:00:00Z", "10:00:00Z", "2026-04-14T12:00:00Z", "09:30:00Z", RANGE_OUT},
	{STRICT_LEGACY, "09:00:00", "17:30:00", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	{STRICT_LEGACY, "PT5H", "PT24H", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	/* ... but in onap mode it can */
	{ONAP, "09:00:00Z", "10:00:00Z", "2026-04-14T12:00:00Z", "09:30:00Z", RANGE_IN},
	{ONAP, "09:00:00Z", "10:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_OUT},
	{ONAP, "11:00:00Z", "13:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	{ONAP, "09:00:00Z", "17:30:00Z", "2026-04-14T00:00:00Z", "18:00:00+05:30", RANGE_IN},
	{ONAP, "09:00:00Z", "17:30:00Z", "2026-04-14T00:00:00Z", "23:30:00+05:30", RANGE_OUT},
	{ONAP, "22:30:00Z", "05:15:00Z", "2026-04-14T12:00:00Z", "23:59:59Z", RANGE_IN},
	{ONAP, "2020-01-01T00:00:00Z", "2036-01-01T00:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_ERROR},
	/* 2.0.0 files: no wrap, offsets are not folded into the day, and what is no xs:time never holds */
	{LEGACY, "22:30:00Z", "05:15:00Z", "2026-04-14T23:00:00Z", NULL, RANGE_OUT},
	{LEGACY, "00:00:00-05:00", "23:59:59-05:00", "2026-04-14T05:00:00Z", NULL, RANGE_IN},
	{LEGACY, "00:00:00-05:00", "23:59:59-05:00", "2026-04-14T04:59:59Z", NULL, RANGE_OUT},
	{LEGACY, "00:00:00", "23:59:59", "2026-04-14T12:00:00Z", NULL, RANGE_IN},
	{LEGACY, "13:00:00Z", "14:00:00Z", "2026-04-14T00:00:00Z", "12:59:59Z", RANGE_OUT},
	{LEGACY, "13:00:00Z", "14:00:00Z", "2026-04-14T00:00:00Z", "13:00:00Z", RANGE_IN},
	{LEGACY, "13:00:00Z", "14:00:00Z", "2026-04-14T00:00:00Z", "18:30:00+05:00", RANGE_IN},
	{LEGACY, "09:00+01:00", "17:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_ERROR},
	{LEGACY, "09:00:00+15:00", "17:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_ERROR},
	{LEGACY, "PT5H", "PT24H", "2026-04-14T12:00:00Z", NULL, RANGE_ERROR},
	{LEGACY, "09:00Z", "17:00:00Z", "2026-04-14T12:00:00Z", NULL, RANGE_ERROR},
};

static void
a_range_holds_within_its_bounds(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct request request = {.has_current_time = row->current != NULL};
		struct time_range range;
		enum range_state got;
		int64_t now;

		assert_true(compile(f, row->form, row->start, row->end, &range));
		assert_int_equal(time_parse_instant(str_from(row->at), &now), 0);
		if (row->current)
			assert_int_equal(time_parse_of_day(str_from(row->current), 0, &request.current_time), 0);
		got = time_range_state(&range, form_of[row->form].mode, &request, now);
		if (got != row->state)
			fail_msg("%s %s..%s at %s %s: %d", form_name[row->form], row->start, row->end, row->at,
			         row->current ? row->current : "", got);
	}
}

static const struct {
	enum form form;
	const char *start, *end, *finding;
} bad[] = {
	{STRICT, "08:00:00", "17:00:00Z", "'08:00:00' is not a time"},
	{STRICT, "08:00:00Z", "17:00:00", "'17:00:00' is not a time"},
	{STRICT, "08:00:00Z", "25:00:00Z", "'25:00:00Z' is not a time"},
	{STRICT, "24:00:00Z", "08:00:00Z", "24:00:00 ends a day"},
	{STRICT, "PT24H", "PT24H", "24:00:00 ends a day"},
	{STRICT, "24:00:00-05:00", "08:00:00Z", "24:00:00 ends a day"},
	{STRICT, "PT5H", "PT24H1S", "'PT24H1S' is not a time"},
	{STRICT, "PT5H", "P1M", "'P1M' is not a time"},
	{STRICT, "08:00:00Z", "2026-04-14T12:00:00Z", "both be times of day, or both instants"},
	{STRICT, "2026-04-14T12:00:00Z", "2026-04-14T11:59:59Z", "ends before it starts"},
	{STRICT, "~", "08:00:00Z", "both a start and an end"},
	{ONAP, "08:00:00", "17:00:00", "timestamp 08:00:00 could not be parsed"},
	{ONAP, "T08:00:00Z", "17:00:00Z", "timestamp T08:00:00Z could not be parsed"},
	{ONAP, "08:00:00Z", "24:00:00Z", "timestamp 24:00:00Z could not be parsed"},
	{ONAP, "PT5H", "PT24H", "timestamp PT5H could not be parsed"},
	{ONAP, "2026-04-14 12:00:00Z", "2027-04-14T12:00:00Z", "timestamp 2026-04-14 12:00:00Z could not be parsed"},
	{ONAP, "08:00:00Z", "2026-04-14T12:00:00Z", "class types do not match"},
	{ONAP, "~", "08:00:00Z", "item \"start_time\""},
	{ONAP, "08:00:00Z", "~", "item \"end_time\""},
};

static void
a_bad_bound_is_refused_with_its_text(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct time_range range;

		diags_init(&f->diags, &f->arena);
		if (compile(f, bad[i].form, bad[i].start, bad[i].end, &range) || !fixture_found(f, bad[i].finding))
			fail_msg("%s %s..%s: %s", form_name[bad[i].form], bad[i].start, bad[i].end,
			         f->diags.first ? f->diags.first->text : "accepted");
	}
}

static void
no_bounds_are_always(void **state)
{
	struct fixture *f = *state;
	struct request request = {0};
	struct time_range range;

	assert_true(time_range_compile(&range, NULL, NULL, GUARD_STRICT, false, &f->diags));
	assert_int_equal(time_range_state(&range, GUARD_STRICT, &request, NOON), RANGE_IN);
	assert_true(time_range_ends(&range, NOON) == TIME_NONE);
	assert_true(time_range_starts(&range, NOON) == NOON);
}

static const struct {
	enum form form;
	const char *start, *end, *now, *ends; /* NULL for never */
} ends[] = {
	{STRICT, "09:00:00Z", "17:30:00Z", "2026-04-14T12:00:00Z", "2026-04-14T17:30:00.001Z"},
	{STRICT, "09:00:00Z", "17:30:00Z", "2026-04-14T17:30:00Z", "2026-04-14T17:30:00.001Z"},
	{STRICT, "22:30:00Z", "05:15:00Z", "2026-04-14T23:00:00Z", "2026-04-15T05:15:00.001Z"},
	{STRICT, "22:30:00Z", "05:15:00Z", "2026-04-15T01:00:00Z", "2026-04-15T05:15:00.001Z"},
	{STRICT, "05:00:00Z", "24:00:00Z", "2026-04-14T12:00:00Z", "2026-04-15T00:00:00Z"},
	{STRICT, "00:00:00Z", "24:00:00Z", "2026-04-14T12:00:00Z", NULL},
	{STRICT, "12:00:00Z", "11:59:59.999Z", "2026-04-14T12:00:00Z", NULL},
	{STRICT, "00:00:00-05:00", "23:59:59-05:00", "2026-04-14T12:00:00Z", NULL},
	{STRICT, "2026-04-14T12:00:00Z", "2026-04-15T12:00:00Z", "2026-04-14T12:00:00Z", "2026-04-15T12:00:00.001Z"},
	{LEGACY, "00:00:00-05:00", "23:59:59-05:00", "2026-04-14T12:00:00Z", "2026-04-15T00:00:00Z"},
	{LEGACY, "00:00:00+05:00", "23:59:59+05:00", "2026-04-14T12:00:00Z", "2026-04-14T18:59:59.001Z"},
};

static void
a_range_ends_a_millisecond_after_its_end(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct request request = {0};
		struct time_range range;
		int64_t now, wanted = TIME_NONE, got;

		assert_true(compile(f, ends[i].form, ends[i].start, ends[i].end, &range));
		assert_int_equal(time_parse_instant(str_from(ends[i].now), &now), 0);
		if (ends[i].ends)
			assert_int_equal(time_parse_instant(str_from(ends[i].ends), &wanted), 0);
		got = time_range_ends(&range, now);
		if (got != wanted)
			fail_msg("%s..%s at %s: %lld", ends[i].start, ends[i].end, ends[i].now, (long long)got);
		if (wanted == TIME_NONE)
			continue;
		assert_int_equal(time_range_state(&range, form_of[ends[i].form].mode, &request, got - 1), RANGE_IN);
		assert_int_equal(time_range_state(&range, form_of[ends[i].form].mode, &request, got), RANGE_OUT);
	}
}

static void
a_daily_range_starts_again_and_an_absolute_one_does_not(void **state)
{
	struct fixture *f = *state;
	struct time_range range;

	assert_true(compile(f, STRICT, "09:00:00Z", "10:00:00Z", &range));
	assert_true(time_range_starts(&range, NOON) == NOON + 21 * TIME_MS_HOUR);
	assert_true(time_range_starts(&range, NOON - 4 * TIME_MS_HOUR) == NOON - 3 * TIME_MS_HOUR);
	assert_true(compile(f, STRICT, "2026-04-14T13:00:00Z", "2026-04-14T14:00:00Z", &range));
	assert_true(time_range_starts(&range, NOON) == NOON + TIME_MS_HOUR);
	assert_true(time_range_starts(&range, NOON + 3 * TIME_MS_HOUR) == TIME_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_range_holds_within_its_bounds),
		TEST(a_bad_bound_is_refused_with_its_text),
		TEST(no_bounds_are_always),
		TEST(a_range_ends_a_millisecond_after_its_end),
		TEST(a_daily_range_starts_again_and_an_absolute_one_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
