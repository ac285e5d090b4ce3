/* log_show - lines of a decision log for people, and which of them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REPLAY_LOG_SHOW_H
#define API_REPLAY_LOG_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

#define LOG_FILTERS(X) \
	X(DOOR, "door") \
	X(EVENT, "event") \
	X(STATUS, "status") \
	X(REASON, "reason") \
	X(POLICY, "policy") \
	X(ACTOR, "actor") \
	X(OPERATION, "operation") \
	X(TARGET, "target") \
	X(CLNAME, "clname") \
	X(REQUEST, "requestId") \
	X(USER, "user")

enum log_filter_member {
#define X(name, key) LOG_FILTER_##name,
	LOG_FILTERS(X)
#undef X
		LOG_FILTER_COUNT
};

struct log_filter {
	const char *values[LOG_FILTER_COUNT]; /* NULL: any */
	int64_t from_ms, to_ms;               /* inclusive; TIME_NONE: open */
	bool json;                            /* lines as they are */
};

/* RFC 3339; NULL: open. False after a message on stderr. */
bool log_filter_times(struct log_filter *filter, const char *from, const char *to);

bool log_passes(const struct log_filter *filter, struct str line);

/* Prints the line when it passes: "TIME DOOR [EVENT] STATUS, REASON by POLICY: actor=..." A line that is not JSON is printed as it is. */
void log_show_line(FILE *out, const struct log_filter *filter, struct str line);

#endif
