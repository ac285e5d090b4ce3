/* kinds - the kinds of guards, and what other readers build them from */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_KINDS_H
#define GUARDS_KINDS_H

#include "base/node.h"
#include "guards/guard.h"

/* guard_kinds lists them. */
extern const struct guard_kind guard_frequency_limiter;
extern const struct guard_kind guard_blacklist;
extern const struct guard_kind guard_min_max;
extern const struct guard_kind guard_filter;
extern const struct guard_kind guard_first_blocks_second;

/* The parameters of a limiter, whatever document they came from. */
struct limiter_spec {
	uint32_t limit;
	struct duration window;
	bool by_target, by_clname; /* count per target, per control loop of the request */
	struct str target, clname; /* or: narrowed to these, the guard's own */
	bool never_counts;         /* onap: units that ONAP's query cannot use: the count is -1 and permits */
	bool always_denies;        /* onap: no window given, or a limit below 0 */
	bool no_window;            /* onap: the first of these */
};

/* Sets kind, data of `guard`. False when out of memory (finding added). where: for findings. */
bool limiter_build(struct guard *guard, const struct limiter_spec *spec, const struct node *where, struct arena *arena,
                   struct diags *diags);

/*
 * entries: a NODE_LIST of scalars, taken as text. Strict: `.*` is everything, "/x/" a pattern. onap: a list among them
 * means that all its texts must equal the target. Sets kind, data of `guard`; its mode is set before, its key is used.
 */
bool blacklist_build(struct guard *guard, const struct node *entries, struct arena *arena, struct diags *diags);

/*
 * Strict: true when `all` surely denies whatever `some` denies, in scope and in force: each text of the one is listed
 * in the other, each pattern stands there too. False when `some` lists no text. ret: a text of it.
 */
bool blacklist_within(const struct guard *some, const struct guard *all, struct pattern_scratch *scratch,
                      struct str *ret);

/* The texts of a blacklist one by one, in no order; `at` begins at 0. False after the last. ret: the guard's. */
bool blacklist_next(const struct guard *guard, size_t *at, struct str *ret);
struct text_test;

/* The test and the field of the filter's rule at this index (ATTRIBUTE_COUNT: of a path); NULL after the last. */
const struct text_test *filter_test(const struct guard *guard, size_t index, enum attribute *ret_field);

/*
 * A MinMax of a 2.0.0 file (minVnfCount, maxVnfCount), strict only; either bound may be NULL, not both. Sets kind and
 * data of `guard`. The caller has checked min <= max. False when out of memory (finding added).
 */
bool min_max_build(struct guard *guard, const int32_t *min, const int32_t *max, const struct node *where,
                   struct arena *arena, struct diags *diags);

/* Whether a request has the attribute. In strict mode an empty text names nothing; to ONAP it is a value. */
static inline bool
is_given(const struct guard *guard, struct str value)
{
	return guard->mode == GUARD_STRICT ? value.len > 0 : value.ptr != NULL;
}

#endif
