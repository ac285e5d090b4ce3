/* parts - what several guard kinds and the 2.0.0 reader build with: scopes, ranges, limits, lists */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_PARTS_H
#define GUARDS_PARTS_H

#include "base/node.h"
#include "guards/guard.h"

/*
 * A scope term from a document's text. `.*` and absent: TERM_ANY. Strict: "/x/" is a pattern on the whole value, blank
 * text an error; operations are made canonical. onap: any other text is exact. False, with a finding at `where`, for a
 * bad pattern or no memory.
 */
bool scope_term_compile(struct scope_term *term, enum attribute attribute, struct str text, enum guard_mode mode,
                        const struct node *where, struct arena *arena, struct diags *diags);

/*
 * A time range from its bounds; both NULL: always. Strict forms: offset times ("08:00:00Z", "T08:00:00Z"; legacy also
 * without offset), 24:00:00 as end of day, durations since midnight ("PT5H", "PT24H"), full date-times (both). onap,
 * TOSCA: offset times; both full date-times become RANGE_BROKEN; anything else is an error. onap, legacy (2.0.0):
 * RANGE_ANCHORED, what is no xs:time RANGE_BROKEN.
 */
bool time_range_compile(struct time_range *range, const struct node *start, const struct node *end,
                        enum guard_mode mode, bool legacy, struct diags *diags);

/* The first instant from `from_ms` on at which the range holds by the clock; TIME_NONE for never again. */
int64_t time_range_starts(const struct time_range *range, int64_t from_ms);

/* "/x/": strict mode takes it for a pattern. */
bool text_is_pattern(struct str text);

/* Compiles the pattern of a text for which text_is_pattern holds. False with a finding at `where`. */
bool pattern_build(struct str text, const struct node *where, struct arena *arena, const struct pattern **ret_pattern,
                   struct diags *diags);

/* What policies of all kinds say alike: actor, operation, id, target to the scope, timeRange to the range. Strict. */
bool common_compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags);

/* The same in onap mode, where Blacklist alone does not match by target. A guard without an exact term is inert. */
bool common_compile_onap(const struct policy *policy, struct guard *guard, bool with_target, struct arena *arena,
                         struct diags *diags);

/* What a limiter is made of, whatever document said so. */
struct limiter_spec {
	uint32_t limit;
	struct duration window;
	bool by_target, by_clname; /* count per target, per control loop of the request */
	struct str target, clname; /* or: narrowed to these, the guard's own */
	bool never_counts;         /* onap: units that ONAP's query cannot use: the count is -1 and permits */
	bool always_denies;        /* onap: no window given, or a limit below 0 */
	bool no_window;            /* onap: the first of these */
};

/* Sets kind, data of `guard`. False when memory is out (finding added). where: for findings. */
bool limiter_build(struct guard *guard, const struct limiter_spec *spec, const struct node *where, struct arena *arena,
                   struct diags *diags);

/*
 * entries: a NODE_LIST of scalars, taken as text. Strict: `.*` is everything, "/x/" a pattern. onap: a list among them
 * means that all its texts must equal the target. Sets kind, data of `guard`; its mode is set before, its key is used.
 */
bool blacklist_build(struct guard *guard, const struct node *entries, struct arena *arena, struct diags *diags);

/* The kinds; guard_kinds lists them. */
extern const struct guard_kind guard_frequency_limiter;
extern const struct guard_kind guard_blacklist;

/*
 * Strict: true when `all` surely denies whatever `some` denies, in scope and in force: each text of the one is listed
 * in the other, each pattern stands there too. False when `some` lists no text. ret: a text of it.
 */
bool blacklist_within(const struct guard *some, const struct guard *all, struct pattern_scratch *scratch,
                      struct str *ret);

/* The texts of a blacklist one by one, in no order; `at` begins at 0. False after the last. ret: the guard's. */
bool blacklist_next(const struct guard *guard, size_t *at, struct str *ret);

extern const struct guard_kind guard_min_max;
extern const struct guard_kind guard_filter;

struct text_test;

/* What a filter's rule of this index tests, and of which field (ATTRIBUTE_COUNT: a path's); NULL after the last. */
const struct text_test *filter_test(const struct guard *guard, size_t index, enum attribute *ret_field);
extern const struct guard_kind guard_first_blocks_second;

/* Whether a request has the attribute. In strict mode an empty text names nothing; to ONAP it is a value. */
static inline bool
is_given(const struct guard *guard, struct str value)
{
	return guard->mode == GUARD_STRICT ? value.len > 0 : value.ptr != NULL;
}

/* A Deny for want of a request's attribute. */
static inline void
verdict_missing(struct verdict *verdict, const char *key)
{
	*verdict = (struct verdict){EFFECT_DENY, REASON_MISSING_ATTRIBUTE, key};
}

/* The check itself failed; strict mode makes it a Deny by its setting on_error. */
static inline void
verdict_error(struct verdict *verdict)
{
	*verdict = (struct verdict){EFFECT_INDETERMINATE, REASON_ERROR, NULL};
}

/* Adds a value under a static name; absent ones are left out, and so are those without memory. Texts are borrowed. */
void explain_text(struct explanation *explanation, const char *name, struct str value);
void explain_number(struct explanation *explanation, const char *name, int64_t value,
                    struct arena *arena); /* NUL-terminated */

/* Notes what a person can do about a Deny with reason quarantine. until_ms: when it ends by itself; TIME_NONE: not known. */
void explain_quarantine(struct explanation *explanation, int64_t until_ms, struct arena *arena);

/* The same with reason verifying. */
void explain_verifying(struct explanation *explanation);

/* A formatted text, absent when memory is out. */
struct str explain_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A MinMax of a 2.0.0 file (minVnfCount, maxVnfCount), strict only; either bound may be NULL, not both. Sets kind and
 * data of `guard`. The caller has checked min <= max. False when memory is out (finding added).
 */
bool min_max_build(struct guard *guard, const int32_t *min, const int32_t *max, const struct node *where,
                   struct arena *arena, struct diags *diags);

#endif
