/* time_range - when a guard is in force */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_TIME_RANGE_H
#define GUARDS_TIME_RANGE_H

#include "base/error.h"
#include "guards/attributes.h"

struct node;

/* When a guard is in force. */
struct time_range {
	enum {
		RANGE_ALWAYS,
		RANGE_DAILY,    /* start and end in ms of the UTC day, both inclusive; end < start wraps midnight */
		RANGE_INSTANTS, /* start and end are instants, both inclusive (strict) */
		RANGE_ANCHORED, /* onap's 2.0.0 files: UTC ms relative to one date, may be negative or pass a day, no wrap */
		RANGE_BROKEN /* onap: evaluation fails */
	} kind;
	int64_t start, end;
};

enum range_state { RANGE_IN, RANGE_OUT, RANGE_ERROR };

/* Strict mode looks at now_ms only; onap mode at the request's currentTime when it is given. */
enum range_state time_range_state(const struct time_range *range, enum guard_mode mode, const struct request *request,
                                  int64_t now_ms);

/* The first instant after now_ms at which a range that holds now no longer does; TIME_NONE for never. For explanations. */
int64_t time_range_ends(const struct time_range *range, int64_t now_ms);

/*
 * A time range from its bounds; both NULL: always. Strict forms: offset times ("08:00:00Z", "T08:00:00Z"; legacy also
 * without offset), 24:00:00 as end of day, durations since midnight ("PT5H", "PT24H"), full date-times (both). onap,
 * TOSCA: offset times; both full date-times become RANGE_BROKEN; anything else is an error. onap, legacy (2.0.0):
 * RANGE_ANCHORED, what is not an xs:time RANGE_BROKEN.
 */
bool time_range_compile(struct time_range *range, const struct node *start, const struct node *end,
                        enum guard_mode mode, bool legacy, struct diags *diags);

/* The first instant from `from_ms` on at which the range holds by the clock; TIME_NONE for never again. */
int64_t time_range_starts(const struct time_range *range, int64_t from_ms);

#endif
