/* time_range - when a guard is in force: daily ranges, absolute ones, and what ONAP makes of them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/time_range.h"

#include <inttypes.h>

#include "guards/guard.h"
#include "guards/kinds.h"

enum bound_kind { BOUND_BAD, BOUND_DAILY, BOUND_INSTANT };

struct bound {
	enum bound_kind kind;
	int64_t ms;      /* of the UTC day, or an instant */
	bool ends_day;   /* 24:00:00, PT24H */
	int64_t last_ms; /* what an end reaches beyond `ms` */
};

static bool
range_error(const struct node *where, struct diags *diags, const char *text)
{
	diags_error(diags, where, "%s", text);
	return false;
}

/* legacy: a 2.0.0 file's xs:time may leave the offset out; it is UTC then. */
static struct bound
strict_bound(struct str text, bool legacy)
{
	unsigned options = TIME_LEADING_T | TIME_END_OF_DAY | (legacy ? TIME_NO_OFFSET : 0);
	struct bound bound = {.kind = BOUND_BAD};
	struct duration since_midnight;
	struct time_of_day of_day;

	if (time_parse_of_day(text, options, &of_day) == 0) {
		bound.kind = BOUND_DAILY;
		bound.ends_day = of_day.local_ms == TIME_MS_DAY;
		/* As an end it means the whole of that second, up to midnight: nobody leaves one second a day unguarded. */
		if (of_day.local_ms == TIME_MS_DAY - TIME_MS_SECOND && !memchr(text.ptr, '.', text.len))
			bound.last_ms = TIME_MS_SECOND - 1;
		/* Elsewhere than at Greenwich the end of a day is within one of UTC's: its last millisecond. */
		of_day.local_ms -= bound.ends_day && of_day.offset_ms != 0;
		bound.ms = time_of_day_utc(of_day);
	} else if (time_parse_iso_duration(text, &since_midnight) == 0) {
		if (since_midnight.months == 0 && since_midnight.ms <= TIME_MS_DAY)
			bound.kind = BOUND_DAILY;
		bound.ms = since_midnight.ms;
		bound.ends_day = bound.ms == TIME_MS_DAY;
	} else if (time_parse_instant(text, &bound.ms) == 0) {
		bound.kind = BOUND_INSTANT;
	}
	return bound;
}

static bool
compile_strict(struct time_range *range, const struct node *start, const struct node *end, bool legacy,
               struct diags *diags)
{
	struct bound from = strict_bound(start->text, legacy), until = strict_bound(end->text, legacy);

	if (from.kind == BOUND_BAD || until.kind == BOUND_BAD) {
		const struct node *bad = from.kind == BOUND_BAD ? start : end;

		diags_error(
			diags, bad,
			"'%.*s' is not a time of day with an offset (08:00:00Z), time since midnight (PT8H) or instant "
			"(2026-01-31T08:00:00Z)",
			STR_ARG(bad->text));
		return false;
	}
	if (from.kind != until.kind)
		return range_error(end, diags, "start and end must both be times of day, or both instants");
	if (from.kind == BOUND_DAILY && from.ends_day)
		return range_error(start, diags, "24:00:00 ends a day and cannot start a range; 00:00:00 starts one");
	if (from.kind == BOUND_INSTANT && until.ms < from.ms)
		return range_error(end, diags, "the range ends before it starts");
	range->kind = from.kind == BOUND_DAILY ? RANGE_DAILY : RANGE_INSTANTS;
	range->start = from.ms;
	range->end = until.ms + until.last_ms;
	return true;
}

/* Parses a time as ONAP's Java does: an offset time, else an offset date-time, which its evaluation then cannot use. */
static struct bound
onap_bound(struct str text)
{
	struct bound bound = {.kind = BOUND_BAD};
	struct time_of_day of_day;

	if (time_parse_of_day(text, 0, &of_day) == 0) {
		bound.kind = BOUND_DAILY;
		bound.ms = time_of_day_utc(of_day);
	} else if (time_parse_instant(text, &bound.ms) == 0 && !memchr(text.ptr, ' ', text.len)) {
		bound.kind = BOUND_INSTANT;
	}
	return bound;
}

static bool
onap_bound_given(const struct node *bound, const char *key, struct diags *diags)
{
	if (node_is_null(bound))
		diags_error(diags, bound, "item \"%s\" is null", key);
	else if (!node_is_scalar(bound))
		diags_error(diags, bound, "Cannot decode TimeRangeDefinition from properties: %s must be text, not %s",
		            key, node_kind_phrase(bound));
	else if (str_trim(bound->text).len == 0)
		diags_error(diags, bound, "item \"%s\" is blank", key);
	else
		return true;
	return false;
}

static bool
compile_onap(struct time_range *range, const struct node *start, const struct node *end, struct diags *diags)
{
	bool given = onap_bound_given(start, "start_time", diags);
	struct bound from, until;

	if (!onap_bound_given(end, "end_time", diags) || !given)
		return false;
	from = onap_bound(start->text);
	until = onap_bound(end->text);
	if (from.kind == BOUND_BAD || until.kind == BOUND_BAD) {
		const struct node *bad = from.kind == BOUND_BAD ? start : end;

		diags_error(diags, bad, "timestamp %.*s could not be parsed", STR_ARG(bad->text));
		return false;
	}
	if (from.kind != until.kind)
		return range_error(end, diags, "start_time and end_time class types do not match");
	range->kind = from.kind == BOUND_DAILY ? RANGE_DAILY : RANGE_BROKEN;
	range->start = from.ms;
	range->end = until.ms;
	return true;
}

/* xs:time: seconds are required, the offset (14 hours at most) is not. Relative to one date, so it does not wrap. */
static bool
parse_xs_time(struct str text, int64_t *ret_ms)
{
	struct time_of_day of_day;

	if (text.len < 8 || text.ptr[5] != ':' || text.ptr[text.len - 1] == 'z')
		return false;
	if (time_parse_of_day(text, TIME_NO_OFFSET, &of_day) != 0)
		return false;
	if (of_day.offset_ms % TIME_MS_MINUTE != 0 || of_day.offset_ms > 14 * TIME_MS_HOUR ||
	    of_day.offset_ms < -14 * TIME_MS_HOUR)
		return false;
	*ret_ms = (int64_t)of_day.local_ms - of_day.offset_ms;
	return true;
}

static void
compile_anchored(struct time_range *range, const struct node *start, const struct node *end)
{
	range->kind = RANGE_BROKEN;
	if (!node_is_scalar(start) || !node_is_scalar(end))
		return;
	if (parse_xs_time(start->text, &range->start) && parse_xs_time(end->text, &range->end))
		range->kind = RANGE_ANCHORED;
}

bool
time_range_compile(struct time_range *range, const struct node *start, const struct node *end, enum guard_mode mode,
                   bool legacy, struct diags *diags)
{
	*range = (struct time_range){.kind = RANGE_ALWAYS};
	if (!start && !end)
		return true;
	if (mode == GUARD_ONAP && legacy) {
		compile_anchored(range, start, end);
		return true;
	}
	if (mode == GUARD_ONAP)
		return compile_onap(range, start, end, diags);
	if (node_is_null(start) || node_is_null(end))
		return range_error(start ? start : end, diags, "a time range needs both a start and an end");
	if (!node_is_scalar(start) || !node_is_scalar(end))
		return range_error(node_is_scalar(start) ? end : start, diags, "a bound of a time range must be text");
	return compile_strict(range, start, end, legacy, diags);
}

/* The time of day that a range looks at; anchored ones do not fold the offset into the day. */
static int64_t
time_of_request(const struct time_range *range, enum guard_mode mode, const struct request *request, int64_t now_ms)
{
	struct time_of_day given = request->current_time;

	if (mode == GUARD_STRICT || !request->has_current_time)
		return time_of_day_at(now_ms);
	if (range->kind == RANGE_ANCHORED)
		return (int64_t)given.local_ms - given.offset_ms;
	return time_of_day_utc(given);
}

enum range_state
time_range_state(const struct time_range *range, enum guard_mode mode, const struct request *request, int64_t now_ms)
{
	int64_t at = now_ms;
	bool in;

	if (range->kind == RANGE_ALWAYS)
		return RANGE_IN;
	if (range->kind == RANGE_BROKEN)
		return RANGE_ERROR;
	if (range->kind != RANGE_INSTANTS)
		at = time_of_request(range, mode, request, now_ms);
	if (range->kind == RANGE_DAILY && range->end < range->start)
		in = at >= range->start || at <= range->end;
	else
		in = range->start <= at && at <= range->end;
	return in ? RANGE_IN : RANGE_OUT;
}

static int64_t
instant_after(int64_t now_ms, int64_t ms)
{
	return now_ms > INT64_MAX - ms ? INT64_MAX : now_ms + ms;
}

int64_t
time_range_ends(const struct time_range *range, int64_t now_ms)
{
	const int64_t last = TIME_MS_DAY - 1;
	int64_t of_day = time_of_day_at(now_ms);
	int64_t start = range->start, end = range->end < last ? range->end : last;

	if (range->kind == RANGE_INSTANTS)
		return range->end == INT64_MAX ? TIME_NONE : range->end + 1;
	if (range->kind != RANGE_DAILY && range->kind != RANGE_ANCHORED)
		return TIME_NONE;
	if (range->kind == RANGE_ANCHORED && start < 0)
		start = 0;
	if (start == (end + 1) % TIME_MS_DAY) /* the next millisecond is in again, every day */
		return TIME_NONE;
	return instant_after(now_ms, (end - of_day + TIME_MS_DAY) % TIME_MS_DAY + 1);
}

int64_t
time_range_starts(const struct time_range *range, int64_t from_ms)
{
	const struct request none = {0};

	if (time_range_state(range, GUARD_STRICT, &none, from_ms) == RANGE_IN)
		return from_ms;
	if (range->kind == RANGE_INSTANTS)
		return from_ms < range->start ? range->start : TIME_NONE;
	if (range->kind != RANGE_DAILY)
		return TIME_NONE;
	return instant_after(from_ms, (range->start - time_of_day_at(from_ms) + TIME_MS_DAY) % TIME_MS_DAY);
}
