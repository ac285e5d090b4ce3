/* guard_explanation - why a guard says what it says: values, count and window */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD_EXPLANATION_H
#define GUARDS_GUARD_EXPLANATION_H

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"

/* The details that one guard adds to its verdict. Texts: the request's, the guard's, or in the arena given to explain. */
struct explanation {
	struct explanation_value {
		const char *name;
		struct str value;
	} values[12];
	size_t value_count;
	bool has_count;
	uint32_t used, limit;        /* used: all rows that count, more than limit too */
	char window[TIME_TEXT_SIZE]; /* "15 m", empty when there is none */
	/* The engine's part, for a guard that denies. */
	int64_t permit_at; /* earliest instant at which this guard would no longer deny, TIME_NONE when time alone does not help */
	struct str
		change;  /* what this guard needs so that the answer turns; absent when it does not stand in the way */
	struct str note; /* what keeps the guard from being evaluated, absent when nothing does */
};

/* Adds a value under a static name; absent ones are left out, and so are those without memory. Texts are borrowed. */
void explain_text(struct explanation *explanation, const char *name, struct str value);
void explain_number(struct explanation *explanation, const char *name, int64_t value,
                    struct arena *arena); /* NUL-terminated */

/* Notes what a person can do about a Deny with reason quarantine. until_ms: when it ends by itself; TIME_NONE: not known. */
void explain_quarantine(struct explanation *explanation, int64_t until_ms, struct arena *arena);

/* The same with reason verifying. */
void explain_verifying(struct explanation *explanation);

/* A formatted text, absent when out of memory. */
struct str explain_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
