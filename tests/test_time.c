/* test_time - instants, times of day, durations and windows, against brute force */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "tests/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR TIME_MS_HOUR
#define DAY TIME_MS_DAY

static int64_t
instant(const char *text)
{
	int64_t ms;

	if (time_parse_instant(str_from(text), &ms) != 0)
		fail_msg("no instant: %s", text);
	return ms;
}

static void
refuses_instant(const char *text)
{
	int64_t ms = 77;

	if (time_parse_instant(str_from(text), &ms) != -1)
		fail_msg("accepted: %s", text);
	assert_int_equal(ms, 77);
}

static void
instants_are_read_to_the_millisecond(void **state)
{
	(void)state;
	assert_int_equal(instant("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(instant("1969-12-31T23:59:59.999Z"), -1);
	assert_int_equal(instant("2026-04-14T12:00:00Z"), INT64_C(1776168000000));
	assert_int_equal(instant("2026-04-14t12:00:00.5z"), INT64_C(1776168000500));
	assert_int_equal(instant("2026-04-14 12:00Z"), INT64_C(1776168000000));
	assert_int_equal(instant("2026-04-14T17:30:00+05:30"), INT64_C(1776168000000));
	assert_int_equal(instant("2026-04-14T08:00:00-04:00:00"), INT64_C(1776168000000));
	assert_int_equal(instant("2026-04-14T12:00:00.001999999Z"), INT64_C(1776168000001));
	assert_int_equal(instant("2000-02-29T00:00:00Z"), INT64_C(951782400000));
	assert_int_equal(instant("0000-01-01T00:00:00Z"), INT64_C(-62167219200000));
	assert_int_equal(instant("9999-12-31T23:59:59.999Z"), INT64_C(253402300799999));
	assert_int_equal(instant("1970-01-01T18:00:00+18:00"), 0);
	assert_int_equal(instant("1969-12-31T06:00:00-18:00"), 0);
}

static void
what_is_no_instant_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-04-14",
		"2026-04-14T12:00:00",
		"2026-04-14T12Z",
		"2026-04-14T24:00:00Z",
		"2026-04-14T12:60:00Z",
		"2026-04-14T12:00:60Z",
		"2016-12-31T23:59:60Z",
		"2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-04-14T12:00:00.Z",
		"2026-04-14T12:00.5Z",
		"2026-04-14T12:00:00.1234567890Z",
		"2026-04-14T12:00:00,5Z",
		"2026-04-14T12:00:00+18:01",
		"2026-04-14T12:00:00-18:00:01",
		"2026-04-14T12:00:00+0500",
		"2026-04-14T12:00:00+05",
		"2026-04-14T12:00:00+05:60",
		"2026-04-14T12:00:00Z ",
		" 2026-04-14T12:00:00Z",
		"2026-4-14T12:00:00Z",
		"+2026-04-14T12:00:00Z",
		"2026-04-14T12:00:00Z[UTC]",
		"2026-04-14_12:00:00Z",
		"20260414T120000Z",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses_instant(bad[i]);
	assert_int_equal(time_parse_instant(STR_NONE, &ms), -1);
	assert_int_equal(time_parse_instant((struct str){"2026-04-14T12:00:00\0Z", 21}, &ms), -1);
}

static void
every_day_of_four_centuries_is_written_as_it_is_read(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t expected = instant("1890-01-01T00:00:00Z");
	char text[64], back[TIME_TEXT_SIZE];

	(void)state;
	for (int year = 1890; year < 2290; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

		for (int month = 1; month <= 12; month++) {
			for (int day = 1; day <= lengths[month - 1] + (leap && month == 2); day++) {
				snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", year, month, day);
				assert_int_equal(instant(text), expected);
				time_format_instant(expected, back);
				assert_string_equal(back, text);
				expected += DAY;
			}
		}
	}
}

static void
instants_are_written_with_milliseconds_only_where_there_are_some(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{INT64_C(1776168000050), "2026-04-14T12:00:00.050Z"},
		{INT64_C(-62167219200000), "0000-01-01T00:00:00Z"},
		{INT64_C(-62167219200001), "0000-01-01T00:00:00Z"},
		{TIME_NONE, "0000-01-01T00:00:00Z"},
		{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
		{INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
		{INT64_MAX, "9999-12-31T23:59:59.999Z"},
	};
	char text[TIME_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		time_format_instant(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* The UTC time of day, or -1 when the text is refused. */
static int64_t
of_day(const char *text, unsigned options)
{
	struct time_of_day t;

	return time_parse_of_day(str_from(text), options, &t) == 0 ? time_of_day_utc(t) : -1;
}

static void
times_of_day_follow_offset_time(void **state)
{
	static const char *const bad[] = {
		"",
		"08:00",
		"08:00:00",
		"T08:00:00Z",
		"24:00:00Z",
		"8:00:00Z",
		"08:00:00+0500",
		"08:00:00+05",
		"08:0:00Z",
		"08:00:00[UTC]",
		"08:00:00Z[UTC]",
		"08:60:00Z",
		"08:00:60Z",
		"25:00:00Z",
		"08:00:00+18:00:01",
		"08:00:00.Z",
		"08:00:00 Z",
		"08:00:00ZZ",
		"08:00:00.1234567890Z",
		"08Z",
		"PT5H",
		"08:00:00UTC",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (of_day(bad[i], 0) != -1)
			fail_msg("accepted: %s", bad[i]);
	}
	assert_int_equal(of_day("08:00:00Z", 0), 8 * HOUR);
	assert_int_equal(of_day("08:00z", 0), 8 * HOUR);
	assert_int_equal(of_day("08:00:00.0019Z", 0), 8 * HOUR + 1);
	assert_int_equal(of_day("23:59:59.999Z", 0), DAY - 1);
	assert_int_equal(of_day("00:00:00+05:00", 0), 19 * HOUR);
	assert_int_equal(of_day("23:59:59-05:00", 0), 5 * HOUR - 1000);
	assert_int_equal(of_day("00:00-18:00", 0), 18 * HOUR);
	assert_int_equal(of_day("12:00+01:02:03", 0), 12 * HOUR - 3723000);
}

static void
options_widen_what_is_a_time_of_day(void **state)
{
	struct time_of_day t;

	(void)state;
	assert_int_equal(of_day("T06:00:00Z", TIME_LEADING_T), 6 * HOUR);
	assert_int_equal(of_day("06:00:00Z", TIME_LEADING_T), 6 * HOUR);
	assert_int_equal(of_day("t06:00:00Z", TIME_LEADING_T), -1);
	assert_int_equal(of_day("24:00:00Z", TIME_END_OF_DAY), DAY);
	assert_int_equal(of_day("24:00Z", TIME_END_OF_DAY), DAY);
	assert_int_equal(of_day("24:00:00-05:00", TIME_END_OF_DAY), 5 * HOUR);
	assert_int_equal(of_day("24:00:01Z", TIME_END_OF_DAY), -1);
	assert_int_equal(of_day("24:01:00Z", TIME_END_OF_DAY), -1);
	assert_int_equal(of_day("24:00:00.0000001Z", TIME_END_OF_DAY), -1);
	assert_int_equal(of_day("24:00:00", TIME_END_OF_DAY | TIME_NO_OFFSET), DAY);
	assert_int_equal(time_parse_of_day(STR("06:00"), TIME_NO_OFFSET, &t), 0);
	assert_false(t.has_offset);
	assert_int_equal(time_parse_of_day(STR("06:00-02:00"), TIME_NO_OFFSET, &t), 0);
	assert_true(t.has_offset);
	assert_int_equal(t.local_ms, 6 * HOUR);
	assert_int_equal(t.offset_ms, -2 * HOUR);
}

static void
the_time_of_day_of_any_instant_is_within_the_day(void **state)
{
	(void)state;
	assert_int_equal(time_of_day_at(0), 0);
	assert_int_equal(time_of_day_at(-1), DAY - 1);
	assert_int_equal(time_of_day_at(-DAY), 0);
	assert_int_equal(time_of_day_at(INT64_C(1776168000050)), 12 * HOUR + 50);
	assert_in_range(time_of_day_at(INT64_MIN), 0, DAY - 1);
	assert_in_range(time_of_day_at(INT64_MAX), 0, DAY - 1);
}

static void
iso_durations_are_months_and_milliseconds(void **state)
{
	static const struct {
		const char *text;
		int32_t months;
		int64_t ms;
	} good[] = {
		{"PT15M", 0, 900000},
		{"P1D", 0, DAY},
		{"P2W", 0, 14 * DAY},
		{"P1M", 1, 0},
		{"P1Y2M", 14, 0},
		{"PT1.5S", 0, 1500},
		{"PT0.0019S", 0, 1},
		{"PT24H", 0, DAY},
		{"P0D", 0, 0},
		{"P1Y1M1W1DT1H1M1.001S", 13, 8 * DAY + 3661001},
		{"P2147483647M", INT32_MAX, 0},
		{"PT9223372036854775S", 0, INT64_C(9223372036854775000)},
	};
	static const char *const bad[] = {
		"",
		"P",
		"PT",
		"P1",
		"1D",
		"P1DT",
		"PT1D",
		"P1H",
		"PT1H1D",
		"P1M1Y",
		"PT1M1M",
		"-P1D",
		"P-1D",
		"P1.5D",
		"PT1.S",
		"PT.5S",
		"PT1,5S",
		"p1d",
		"PT15M ",
		" PT15M",
		"P1Y2",
		"P2147483648M",
		"P178956971Y",
		"PT9223372036854776S",
		"PT99999999999999999999S",
		"P1S",
		"PT1.0000000001S",
		"PTT1S",
		"P1DT1HT1M",
	};
	struct duration d;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (time_parse_iso_duration(str_from(good[i].text), &d) != 0)
			fail_msg("refused: %s", good[i].text);
		assert_int_equal(d.months, good[i].months);
		assert_int_equal(d.ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (time_parse_iso_duration(str_from(bad[i]), &d) != -1)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void
scalar_units_are_milliseconds(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"10 m", 600000},
		{"600s", 600000},
		{"1.5 h", 5400000},
		{"1 d", DAY},
		{"7  d", 7 * DAY},
		{"250 ms", 250},
		{"1999 us", 1},
		{"999999 ns", 0},
		{"1000000ns", 1},
		{"0.0015 s", 1},
		{"1.5 ms", 1},
		{"0.1 d", 8640000},
		{"0 s", 0},
		{"9223372036854775807 ms", INT64_MAX},
		{"106751991167 d", INT64_C(106751991167) * DAY},
	};
	static const char *const bad[] = {
		"",
		"10",
		"m",
		"10 M",
		"10 min",
		"-1 s",
		"+1 s",
		"1. s",
		".5 s",
		"1e3 s",
		"1 s ",
		" 1 s",
		"1 w",
		"1\ts",
		"106751991168 d",
		"9223372036854775808 ms",
		"9223372036854775807.5 s",
		"0.1234567891 s",
		"10 m 5 s",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (time_parse_scalar_unit(str_from(good[i].text), &ms) != 0)
			fail_msg("refused: %s", good[i].text);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (time_parse_scalar_unit(str_from(bad[i]), &ms) != -1)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void
durations_are_written_in_the_largest_exact_unit(void **state)
{
	static const struct {
		struct duration d;
		const char *text;
	} cases[] = {
		{{0, 900000}, "15 m"},
		{{0, DAY}, "1 d"},
		{{0, 90000}, "90 s"},
		{{1, 0}, "1 month"},
		{{3, 0}, "3 months"},
		{{12, 0}, "1 year"},
		{{24, 0}, "2 years"},
		{{14, 0}, "14 months"},
		{{0, 1500}, "1500 ms"},
		{{0, 0}, "0 s"},
		{{1, 7200000}, "1 month 2 h"},
		{{0, 7 * DAY}, "7 d"},
		{{0, INT64_MAX}, "9223372036854775807 ms"},
	};
	char text[TIME_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		time_format_duration(cases[i].d, text);
		assert_string_equal(text, cases[i].text);
	}
	time_format_duration((struct duration){INT32_MIN, INT64_MIN}, text);
	assert_in_range(strlen(text), 1, TIME_TEXT_SIZE - 1);
}

static void
months_back_keep_the_time_and_clamp_the_day(void **state)
{
	static const struct {
		const char *from;
		int32_t months;
		const char *to;
	} cases[] = {
		{"2026-03-31T10:20:30.400Z", 1, "2026-02-28T10:20:30.400Z"},
		{"2024-03-31T10:20:30Z", 1, "2024-02-29T10:20:30Z"},
		{"2026-03-28T23:59:59.999Z", 1, "2026-02-28T23:59:59.999Z"},
		{"2026-01-15T00:00:00Z", 1, "2025-12-15T00:00:00Z"},
		{"2024-02-29T06:00:00Z", 12, "2023-02-28T06:00:00Z"},
		{"2024-02-29T06:00:00Z", 48, "2020-02-29T06:00:00Z"},
		{"1970-01-31T00:00:00Z", 2, "1969-11-30T00:00:00Z"},
		{"2026-01-31T00:00:00Z", -1, "2026-02-28T00:00:00Z"},
		{"2026-05-31T00:00:00Z", 0, "2026-05-31T00:00:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(time_months_back(instant(cases[i].from), cases[i].months), instant(cases[i].to));
}

static void
windows_of_both_kinds_start_where_their_parts_say(void **state)
{
	(void)state;
	assert_int_equal(time_back(5000, (struct duration){0, 1500}), 3500);
	assert_int_equal(time_back(instant("2026-04-01T01:00:00Z"), (struct duration){1, 2 * HOUR}),
	                 instant("2026-02-28T23:00:00Z"));
}

static void
extremes_are_clamped(void **state)
{
	static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
	static const int32_t months[] = {INT32_MIN, -1, 0, 1, INT32_MAX};

	(void)state;
	assert_int_equal(time_back(TIME_NONE, (struct duration){0, 1}), INT64_MIN);
	assert_int_equal(time_back(TIME_NONE, (struct duration){1, 0}), INT64_MIN);
	assert_int_equal(time_back(INT64_MIN + 10, (struct duration){0, 11}), INT64_MIN);
	assert_int_equal(time_back(INT64_MIN + 10, (struct duration){0, 9}), INT64_MIN + 1);
	assert_int_equal(time_back(0, (struct duration){0, INT64_MAX}), -INT64_MAX);
	assert_int_equal(time_window_leaves(INT64_MAX, (struct duration){0, 1}, 0), INT64_MAX);
	assert_int_equal(time_window_leaves(INT64_MAX, (struct duration){1, 0}, 0), INT64_MAX);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) { /* no sanitizer may speak, no loop may hang */
		for (size_t j = 0; j < sizeof(ends) / sizeof(ends[0]); j++) {
			for (size_t k = 0; k < sizeof(months) / sizeof(months[0]); k++) {
				struct duration d = {months[k], ends[j]};

				(void)time_back(ends[i], d);
				(void)time_window_leaves(ends[i], d, ends[i]);
				(void)time_window_leaves(ends[i], d, TIME_NONE);
			}
		}
	}
}

/* The same by trying, in order, every instant at which the answer can change. */
static int64_t
leaves_by_search(int64_t ms, struct duration d, int64_t from)
{
	int64_t first_day = (from - d.ms) - time_of_day_at(from - d.ms);

	if (time_back(from, d) > ms)
		return from;
	for (int64_t day = first_day;; day += DAY) {
		int64_t midnight = day + d.ms, same_time = midnight + time_of_day_at(ms) + 1;

		if (midnight >= from && time_back(midnight, d) > ms)
			return midnight;
		if (same_time >= from && time_back(same_time, d) > ms)
			return same_time;
	}
}

static void
a_calendar_window_is_left_at_the_exact_instant(void **state)
{
	static const char *const starts[] = {"2024-01-27T00:00:00Z", "2025-01-27T00:00:00Z", "2023-11-27T00:00:00Z",
	                                     "2027-12-26T00:00:00Z", "1999-12-27T00:00:00Z"};
	static const int64_t times[] = {0, 1, 12 * HOUR, DAY - 2, DAY - 1};
	static const int32_t months[] = {1, 2, 3, 11, 12, 13, 25, 48};
	static const int64_t lengths[] = {0, 1, 90000, 36 * HOUR};
	struct duration d;

	(void)state;
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (int day = 0; day < 40; day++) {
			int64_t base = instant(starts[s]) + day * DAY;

			for (size_t i = 0; i < 5 * 8 * 4; i++) {
				int64_t ms = base + times[i % 5], leaves, search_from;

				d = (struct duration){months[i / 5 % 8], lengths[i / 40]};
				search_from = ms + d.ms + (28 * (int64_t)d.months - 1) * DAY; /* no month is shorter */
				leaves = time_window_leaves(ms, d, ms);
				assert_int_equal(leaves, leaves_by_search(ms, d, search_from));
				assert_true(time_back(leaves, d) > ms);
				assert_true(time_back(leaves - 1, d) <= ms);
			}
		}
	}
}

static void
a_window_that_takes_an_end_in_again_is_left_after_the_given_instant(void **state)
{
	const struct duration month = {1, 0};
	int64_t ended = instant("2026-02-28T12:00:00Z");

	(void)state;
	assert_int_equal(time_window_leaves(ended, month, ended), instant("2026-03-28T12:00:00.001Z"));
	assert_int_equal(time_window_leaves(ended, month, instant("2026-03-29T05:00:00Z")),
	                 instant("2026-03-29T12:00:00.001Z"));
	assert_int_equal(time_window_leaves(ended, month, instant("2026-03-30T18:00:00Z")),
	                 instant("2026-03-30T18:00:00Z"));
	for (int64_t from = ended; from < ended + 40 * DAY; from += 5 * HOUR + 1)
		assert_int_equal(time_window_leaves(ended, month, from), leaves_by_search(ended, month, from));
}

static void
a_fixed_window_is_left_a_millisecond_after_its_length(void **state)
{
	const struct duration minute = {0, 60000};

	(void)state;
	assert_int_equal(time_window_leaves(1000, minute, 1000), 61001);
	assert_int_equal(time_window_leaves(1000, minute, 61000), 61001);
	assert_int_equal(time_window_leaves(1000, minute, 70000), 70000);
	assert_true(time_back(61001, minute) > 1000);
	assert_false(time_back(61000, minute) > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instants_are_read_to_the_millisecond),
		cmocka_unit_test(what_is_no_instant_is_refused),
		cmocka_unit_test(every_day_of_four_centuries_is_written_as_it_is_read),
		cmocka_unit_test(instants_are_written_with_milliseconds_only_where_there_are_some),
		cmocka_unit_test(times_of_day_follow_offset_time),
		cmocka_unit_test(options_widen_what_is_a_time_of_day),
		cmocka_unit_test(the_time_of_day_of_any_instant_is_within_the_day),
		cmocka_unit_test(iso_durations_are_months_and_milliseconds),
		cmocka_unit_test(scalar_units_are_milliseconds),
		cmocka_unit_test(durations_are_written_in_the_largest_exact_unit),
		cmocka_unit_test(months_back_keep_the_time_and_clamp_the_day),
		cmocka_unit_test(windows_of_both_kinds_start_where_their_parts_say),
		cmocka_unit_test(extremes_are_clamped),
		cmocka_unit_test(a_calendar_window_is_left_at_the_exact_instant),
		cmocka_unit_test(a_window_that_takes_an_end_in_again_is_left_after_the_given_instant),
		cmocka_unit_test(a_fixed_window_is_left_a_millisecond_after_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
