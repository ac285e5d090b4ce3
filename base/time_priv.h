/* time_priv - the calendar, for base/time*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TIME_PRIV_H
#define BASE_TIME_PRIV_H

#include <stdint.h>

/* Proleptic Gregorian. */
struct date {
	int64_t year;
	int month, day; /* from 1 */
};

/* Days of a month, 28 to 31. */
int time_month_length(int64_t year, int month);

/* Days since 1970-01-01, and back. Exact for every day that an instant can fall on, and 2^31 months around. */
int64_t time_day_from_date(struct date date);
struct date time_date_from_day(int64_t day);

#endif
