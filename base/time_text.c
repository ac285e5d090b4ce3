/* time_text - instants, times of day and durations read and written */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/time_priv.h"

#define OFFSET_LIMIT_MS (18 * TIME_MS_HOUR)
#define FRACTION_DIGITS 9

/* The unread rest of a text. Each take_ function advances past the part it takes, or takes nothing and returns false. */
struct time_reader {
	const char *next, *end;
};

static struct time_reader
reader_of(struct str text)
{
	const char *start = text.ptr ? text.ptr : "";

	return (struct time_reader){start, start + text.len};
}

static bool
time_is_digit(const struct time_reader *reader)
{
	return reader->next < reader->end && *reader->next >= '0' && *reader->next <= '9';
}

static bool
time_take(struct time_reader *reader, char c)
{
	if (reader->next == reader->end || *reader->next != c)
		return false;
	reader->next++;
	return true;
}

/* Exactly `count` digits, at most four. */
static bool
take_digits(struct time_reader *reader, int count, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (!time_is_digit(reader))
			return false;
		value = value * 10 + (*reader->next++ - '0');
	}
	*ret_value = value;
	return true;
}

/* One digit or more, no sign. False also when the number is beyond 64 bits. */
static bool
take_number(struct time_reader *reader, int64_t *ret_value)
{
	int64_t value = 0;

	if (!time_is_digit(reader))
		return false;
	while (time_is_digit(reader)) {
		int digit = *reader->next++ - '0';

		if (value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

/* The digits after a point, 1 to 9, as billionths. */
static bool
take_fraction(struct time_reader *reader, int64_t *ret_billionths)
{
	int64_t value = 0;
	int digits = 0;

	for (; time_is_digit(reader) && digits < FRACTION_DIGITS; digits++)
		value = value * 10 + (*reader->next++ - '0');
	if (digits == 0 || time_is_digit(reader))
		return false;
	for (; digits < FRACTION_DIGITS; digits++)
		value *= 10;
	*ret_billionths = value;
	return true;
}

/* HH:mm[:ss[.n]], to the end of the day if 24:00:00 is allowed. */
static bool
take_clock(struct time_reader *reader, bool end_of_day, int32_t *ret_ms)
{
	int hour, minute, second = 0;
	int64_t billionths = 0;

	if (!take_digits(reader, 2, &hour) || !time_take(reader, ':') || !take_digits(reader, 2, &minute))
		return false;
	if (time_take(reader, ':')) {
		if (!take_digits(reader, 2, &second))
			return false;
		if (time_take(reader, '.') && !take_fraction(reader, &billionths))
			return false;
	}
	if (hour == 24 && !(end_of_day && minute == 0 && second == 0 && billionths == 0))
		return false;
	if (hour > 24 || minute > 59 || second > 59)
		return false;
	*ret_ms = (int32_t)(hour * TIME_MS_HOUR + minute * TIME_MS_MINUTE + second * TIME_MS_SECOND +
	                    billionths / 1000000);
	return true;
}

/* Z, z or +HH:MM[:SS]. */
static bool
take_offset(struct time_reader *reader, int32_t *ret_ms)
{
	bool west;
	int hours, minutes, seconds = 0;
	int64_t ms;

	if (time_take(reader, 'Z') || time_take(reader, 'z')) {
		*ret_ms = 0;
		return true;
	}
	west = time_take(reader, '-');
	if (!west && !time_take(reader, '+'))
		return false;
	if (!take_digits(reader, 2, &hours) || !time_take(reader, ':') || !take_digits(reader, 2, &minutes))
		return false;
	if (time_take(reader, ':') && !take_digits(reader, 2, &seconds))
		return false;
	ms = hours * TIME_MS_HOUR + minutes * TIME_MS_MINUTE + seconds * TIME_MS_SECOND;
	if (minutes > 59 || seconds > 59 || ms > OFFSET_LIMIT_MS)
		return false;
	*ret_ms = (int32_t)(west ? -ms : ms);
	return true;
}

int
time_parse_instant(struct str text, int64_t *ret_ms)
{
	struct time_reader reader = reader_of(text);
	int year, month, day;
	int32_t of_day, offset;

	if (!take_digits(&reader, 4, &year) || !time_take(&reader, '-') || !take_digits(&reader, 2, &month) ||
	    !time_take(&reader, '-') || !take_digits(&reader, 2, &day))
		return -1;
	if (month < 1 || month > 12 || day < 1 || day > time_month_length(year, month))
		return -1;
	if (!time_take(&reader, 'T') && !time_take(&reader, 't') && !time_take(&reader, ' '))
		return -1;
	if (!take_clock(&reader, false, &of_day) || !take_offset(&reader, &offset) || reader.next != reader.end)
		return -1;
	*ret_ms = time_day_from_date((struct date){year, month, day}) * TIME_MS_DAY + of_day - offset;
	return 0;
}

int
time_parse_of_day(struct str text, unsigned options, struct time_of_day *ret)
{
	struct time_reader reader = reader_of(text);
	struct time_of_day t = {0};

	if (options & TIME_LEADING_T)
		(void)time_take(&reader, 'T'); /* allowed, not required */
	if (!take_clock(&reader, (options & TIME_END_OF_DAY) != 0, &t.local_ms))
		return -1;
	t.has_offset = reader.next != reader.end;
	if (t.has_offset ? !take_offset(&reader, &t.offset_ms) : !(options & TIME_NO_OFFSET))
		return -1;
	if (reader.next != reader.end)
		return -1;
	*ret = t;
	return 0;
}

/* Adds count * unit to *sum. */
static bool
add_units(int64_t *sum, int64_t count, int64_t unit)
{
	if (count > (INT64_MAX - *sum) / unit)
		return false;
	*sum += count * unit;
	return true;
}

static const struct duration_part {
	char letter;
	bool in_time; /* after the T */
	bool is_months;
	int64_t unit; /* months or milliseconds */
} duration_parts[] = {
	{'Y', false, true, 12},
	{'M', false, true, 1},
	{'W', false, false, 7 * TIME_MS_DAY},
	{'D', false, false, TIME_MS_DAY},
	{'H', true, false, TIME_MS_HOUR},
	{'M', true, false, TIME_MS_MINUTE},
	{'S', true, false, TIME_MS_SECOND},
};

#define DURATION_PARTS (sizeof(duration_parts) / sizeof(duration_parts[0]))

int
time_parse_iso_duration(struct str text, struct duration *ret)
{
	struct time_reader reader = reader_of(text);
	int64_t months = 0, ms = 0;
	size_t next = 0; /* parts come in the table's order, each at most once */
	bool in_time = false;

	if (!time_take(&reader, 'P'))
		return -1;
	do {
		int64_t count, billionths = 0;
		bool fraction;

		if (!in_time)
			in_time = time_take(&reader, 'T');
		if (!take_number(&reader, &count))
			return -1;
		fraction = time_take(&reader, '.');
		if (fraction && !take_fraction(&reader, &billionths))
			return -1;
		while (next < DURATION_PARTS &&
		       !(duration_parts[next].in_time == in_time && time_take(&reader, duration_parts[next].letter)))
			next++;
		if (next == DURATION_PARTS || (fraction && duration_parts[next].letter != 'S'))
			return -1;
		if (!add_units(duration_parts[next].is_months ? &months : &ms, count, duration_parts[next].unit))
			return -1;
		if (!add_units(&ms, billionths / 1000000, 1) || months > INT32_MAX)
			return -1;
		next++;
	} while (reader.next != reader.end);
	*ret = (struct duration){(int32_t)months, ms};
	return 0;
}

int
time_parse_scalar_unit(struct str text, int64_t *ret_ms)
{
	static const struct {
		const char *name;
		int64_t ms, per_ms; /* one of them is 1 */
	} units[] = {
		{"d", TIME_MS_DAY, 1}, {"h", TIME_MS_HOUR, 1}, {"m", TIME_MS_MINUTE, 1}, {"s", TIME_MS_SECOND, 1},
		{"ms", 1, 1},          {"us", 1, 1000},        {"ns", 1, 1000000},
	};
	struct time_reader reader = reader_of(text);
	int64_t count, billionths = 0;
	struct str name;

	if (!take_number(&reader, &count) || (time_take(&reader, '.') && !take_fraction(&reader, &billionths)))
		return -1;
	while (time_take(&reader, ' ')) {
	}
	name = (struct str){reader.next, (size_t)(reader.end - reader.next)};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t ms = 0;

		if (!str_is(name, units[i].name))
			continue;
		if (!add_units(&ms, count / units[i].per_ms, units[i].ms))
			return -1;
		if (units[i].per_ms == 1 && !add_units(&ms, billionths * units[i].ms / 1000000000, 1))
			return -1;
		*ret_ms = ms;
		return 0;
	}
	return -1;
}

/* `digits` digits with zeros in front, and what follows them. By hand: every explanation has one of these. */
static char *
put_digits(char *at, int32_t number, int digits, char then)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	at[digits] = then;
	return at + digits + 1;
}

static char *
put_two(char *at, int32_t number, char then)
{
	at[0] = (char)('0' + number / 10);
	at[1] = (char)('0' + number % 10);
	at[2] = then;
	return at + 3;
}

size_t
time_format_instant(int64_t ms, char buf[TIME_TEXT_SIZE])
{
	const int64_t first = INT64_C(-62167219200000), last = INT64_C(253402300799999); /* of the years 0 and 9999 */
	struct date date;
	int32_t of_day;
	char *at = buf;

	if (ms < first)
		ms = first;
	if (ms > last)
		ms = last;
	date = time_date_from_day((ms - time_of_day_at(ms)) / TIME_MS_DAY);
	of_day = time_of_day_at(ms);
	at = put_digits(at, (int32_t)date.year, 4, '-');
	at = put_two(at, date.month, '-');
	at = put_two(at, date.day, 'T');
	at = put_two(at, of_day / TIME_MS_HOUR, ':');
	at = put_two(at, of_day / TIME_MS_MINUTE % 60, ':');
	at = put_two(at, of_day / TIME_MS_SECOND % 60, of_day % TIME_MS_SECOND ? '.' : 'Z');
	if (of_day % TIME_MS_SECOND)
		at = put_digits(at, of_day % TIME_MS_SECOND, 3, 'Z');
	*at = '\0'; /* 25 of 32 bytes at most */
	return (size_t)(at - buf);
}

void
time_format_duration(struct duration d, char buf[TIME_TEXT_SIZE])
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"d", TIME_MS_DAY}, {"h", TIME_MS_HOUR}, {"m", TIME_MS_MINUTE}, {"s", TIME_MS_SECOND}, {"ms", 1}};
	bool years = d.months % 12 == 0;
	int32_t count = years ? d.months / 12 : d.months;
	int len = 0;
	size_t i = 0;

	if (d.months)
		len = snprintf(buf, TIME_TEXT_SIZE, "%" PRId32 " %s%s", count, years ? "year" : "month",
		               count == 1 ? "" : "s");
	if (d.months && d.ms == 0)
		return;
	while (d.ms % units[i].ms != 0)
		i++;
	if (d.ms == 0)
		i = 3; /* "0 s" */
	/* Cut off only for more milliseconds than any clock has seen together with months. */
	(void)snprintf(buf + len, TIME_TEXT_SIZE - (size_t)len, "%s%" PRId64 " %s", d.months ? " " : "",
	               d.ms / units[i].ms, units[i].name);
}
