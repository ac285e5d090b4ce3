/* time - the calendar and the windows that policies count in */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include "base/time_priv.h"

#define DAYS_TO_1970 INT64_C(719528) /* from 0000-01-01, proleptic Gregorian */
#define DAYS_IN_400_YEARS INT64_C(146097)

/* Days before each month of a year without a leap day; the thirteenth is the whole year. */
static const int month_starts[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

/* Sums stay in their type, whatever comes in. */
static int64_t
add_clamped(int64_t a, int64_t b)
{
	if (b > 0 && a > INT64_MAX - b)
		return INT64_MAX;
	if (b < 0 && a < INT64_MIN - b)
		return INT64_MIN;
	return a + b;
}

static int64_t
subtract_clamped(int64_t a, int64_t b)
{
	if (b >= 0)
		return a < INT64_MIN + b ? INT64_MIN : a - b;
	return a > INT64_MAX + b ? INT64_MAX : a - b;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
day_of(int64_t ms)
{
	return floor_div(ms, TIME_MS_DAY);
}

/* The instant `of_day_ms` after the start of a day counted from 1970. */
static int64_t
instant_of(int64_t day, int64_t of_day_ms)
{
	if (day > day_of(INT64_MAX))
		return INT64_MAX;
	if (day < day_of(INT64_MIN))
		return INT64_MIN;
	if (day < 0) /* counted from the next midnight: the first day's own start may lie below the type */
		return add_clamped((day + 1) * TIME_MS_DAY, of_day_ms - TIME_MS_DAY);
	return add_clamped(day * TIME_MS_DAY, of_day_ms);
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_start(int64_t year, int month)
{
	return month_starts[month - 1] + (month > 2 && is_leap(year));
}

int
time_month_length(int64_t year, int month)
{
	return month_start(year, month + 1) - month_start(year, month);
}

/* Days from 0000-01-01 to the first day of a year; year 0 is a leap year. */
static int64_t
year_start(int64_t year)
{
	int64_t before = year - 1;

	return year * 365 + floor_div(before, 4) - floor_div(before, 100) + floor_div(before, 400) + 1;
}

int64_t
time_day_from_date(struct date date)
{
	return year_start(date.year) + month_start(date.year, date.month) + date.day - 1 - DAYS_TO_1970;
}

struct date
time_date_from_day(int64_t day)
{
	/*
	 * Years that begin on 1 March: a leap day is the last of its year, and so is the longest year of four, of a
	 * hundred and of four hundred. Months from March on have 153 days in five.
	 */
	int64_t n = day + DAYS_TO_1970 - 60, era = floor_div(n, DAYS_IN_400_YEARS);
	int of_era = (int)(n - era * DAYS_IN_400_YEARS);
	int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year + year / 4 - year / 100);
	int month = (5 * of_year + 2) / 153; /* from March, 0 */

	return (struct date){
		.year = era * 400 + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = of_year - (153 * month + 2) / 5 + 1,
	};
}

/* The day `months` earlier (later if negative), at most the last of its month. */
static int64_t
day_months_back(int64_t day, int64_t months)
{
	struct date date = time_date_from_day(day);
	int64_t month = date.year * 12 + date.month - 1 - months;
	int last;

	date.year = floor_div(month, 12);
	date.month = (int)(month - date.year * 12) + 1;
	last = time_month_length(date.year, date.month);
	if (date.day > last)
		date.day = last;
	return time_day_from_date(date);
}

int64_t
time_months_back(int64_t ms, int32_t months)
{
	int64_t day = day_of(ms);

	return instant_of(day_months_back(day, months), time_of_day_at(ms));
}

int64_t
time_back(int64_t ms, struct duration d)
{
	int64_t start = subtract_clamped(ms, d.ms);

	return d.months ? time_months_back(start, d.months) : start;
}

/*
 * Going back by months is not monotone in t: with one month, 29 March 12:00 leads to 28 February 12:00, and 30 March
 * 10:00 to 28 February 10:00. So it is solved by days. The day that t goes back to never decreases as t grows, and
 * within one day the time of day is kept. The answer lies on the first day that goes back to the day of `ms`, or to a
 * later one, and still has an instant left that is late enough.
 */
int64_t
time_window_leaves(int64_t ms, struct duration d, int64_t from)
{
	int64_t left = day_of(ms), left_of_day = time_of_day_at(ms);
	int64_t earliest, day;

	if (d.months == 0) {
		int64_t t = add_clamped(add_clamped(ms, d.ms), 1);

		return t > from ? t : from;
	}
	earliest = subtract_clamped(from, d.ms);
	day = day_months_back(left, -(int64_t)d.months);
	if (day < day_of(earliest))
		day = day_of(earliest);
	for (;; day++) {
		int64_t back = day_months_back(day, d.months), t;

		if (back < left || (back == left && left_of_day == TIME_MS_DAY - 1))
			continue;
		t = instant_of(day, back == left ? left_of_day + 1 : 0);
		return add_clamped(t > earliest ? t : earliest, d.ms);
	}
}

int32_t
time_of_day_at(int64_t ms)
{
	int64_t of_day = ms % TIME_MS_DAY;

	return (int32_t)(of_day < 0 ? of_day + TIME_MS_DAY : of_day);
}

int32_t
time_of_day_utc(struct time_of_day t)
{
	if (t.local_ms == TIME_MS_DAY && t.offset_ms == 0)
		return t.local_ms;
	return time_of_day_at((int64_t)t.local_ms - t.offset_ms);
}
