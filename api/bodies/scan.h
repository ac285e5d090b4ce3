/* scan - steps of the readers that go through a usual body in one pass, without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_SCAN_H
#define API_BODIES_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * No step reports an error: whatever is not plainly good is left to the readers that keep places, so each only has to be
 * sure of what it accepts. The NUL behind a body is neither white space nor a character that is looked for, so every
 * step stops at it by itself.
 */

/* White space skipped; for a place that does not end a token. */
const char *scan_space(const char *at);

/* Where the character stands, after white space. Mostly it stands right there. */
static inline const char *
scan_to(const char *at, char c)
{
	return *at == c ? at : scan_space(at);
}

/* A string of printable ASCII without escapes: where it ends, NULL when it is none. */
const char *scan_text(const char *at, struct str *ret);

/* An integer of at most nine digits. What may not follow a number is neither a comma nor a brace. */
static inline const char *
scan_integer(const char *at, int32_t *ret)
{
	bool negative = *(at = scan_to(at, '-')) == '-';
	const char *start = at += negative;
	int32_t value = 0;

	for (; *at >= '0' && *at <= '9' && at - start < 9; at++)
		value = value * 10 + (*at - '0');
	if (at == start || (*start == '0' && at - start > 1))
		return NULL;
	*ret = negative ? -value : value;
	return at;
}

#endif
