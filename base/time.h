/* time - instants, times of day, durations, in the forms that policies use */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Instants are milliseconds since the Unix epoch, UTC. Finer digits are cut off. Pure functions; any thread. */

#define TIME_MS_SECOND INT64_C(1000)
#define TIME_MS_MINUTE (60 * TIME_MS_SECOND)
#define TIME_MS_HOUR (60 * TIME_MS_MINUTE)
#define TIME_MS_DAY (24 * TIME_MS_HOUR)
#define TIME_NONE INT64_MIN /* "no instant" */

#define TIME_TEXT_SIZE 32

/* RFC 3339 "2026-04-14T12:00:00.5Z", "...+05:30", also "Z" in lower case, a space for T, seconds left out. 0, or -1 when it is none. */
int time_parse_instant(struct str text, int64_t *ret_ms);

/* "2026-04-14T12:00:00Z", with ".123" before the Z when there are milliseconds. Years 0 to 9999; outside them it prints the bound. Returns its length. */
size_t time_format_instant(int64_t ms, char buf[TIME_TEXT_SIZE]);

/* A time of day as written. */
struct time_of_day {
	int32_t local_ms;  /* 0 .. 86,400,000; 86,400,000 only for 24:00:00 where that is allowed */
	int32_t offset_ms; /* east of UTC, within +-18 h; 0 when absent */
	bool has_offset;
};

enum {
	TIME_LEADING_T = 1,  /* "T06:00:00Z" is allowed */
	TIME_END_OF_DAY = 2, /* "24:00:00" is allowed */
	TIME_NO_OFFSET = 4   /* the offset may be left out */
};

/* HH:mm[:ss[.n]](Z|z|+HH:MM[:SS]), as Java's OffsetTime; options: TIME_ bits. 0 or -1. */
int time_parse_of_day(struct str text, unsigned options, struct time_of_day *ret);

/* UTC time of day of `t` in 0 .. 86,399,999, wrapping; 24:00:00 with offset 0 stays 86,400,000. */
int32_t time_of_day_utc(struct time_of_day t);

/* UTC time of day of an instant: 0 .. 86,399,999. */
int32_t time_of_day_at(int64_t ms);

/* A length of time: calendar months and milliseconds; at most one of them is used by windows. */
struct duration {
	int32_t months;
	int64_t ms;
};

/* ISO 8601 "PT15M", "P1D", "P2W", "P1M", "P1Y2M", "PT1.5S". Not negative. 0, or -1 when it is none or too large. */
int time_parse_iso_duration(struct str text, struct duration *ret);

/* TOSCA scalar-unit.time: "10 m", "600s", "1.5 h", units d h m s ms us ns. 0, or -1; under a millisecond rounds down. */
int time_parse_scalar_unit(struct str text, int64_t *ret_ms);

/* "15 m", "1 d", "90 s", "1 month": the shortest exact form, for people. */
void time_format_duration(struct duration d, char buf[TIME_TEXT_SIZE]);

/* n calendar months before an instant, UTC: time of day kept, day clamped to the month's last (java.time's minusMonths). */
int64_t time_months_back(int64_t ms, int32_t months);

/* The start of a window of length d that ends at ms: ms - d.ms, then d.months back. Clamped to what 64 bits hold. */
int64_t time_back(int64_t ms, struct duration d);

/*
 * The earliest instant t >= from with time_back(t, d) > ms: when something that ended at ms has left the window. `from` is
 * needed because a window of months may take it in again at the end of a month (31 days go back to 28). Clamped.
 */
int64_t time_window_leaves(int64_t ms, struct duration d, int64_t from);

#endif
