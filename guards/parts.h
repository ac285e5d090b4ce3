/* parts - what several guard kinds and the 2.0.0 reader build with: scopes, ranges, limits, lists */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_PARTS_H
#define GUARDS_PARTS_H

#include "base/node.h"
#include "guards/guard.h"

/*
 * A scope term from a document's text. `.*` and absent: TERM_ANY. Strict: "/x/" is a pattern on the whole value; operations
 * are made canonical. onap: any other text is exact. False, with a finding at `where`, for a bad pattern or no memory.
 */
bool scope_term_compile(struct scope_term *term, enum attribute attribute, struct str text, enum guard_mode mode,
                        const struct node *where, struct arena *arena, struct diags *diags);

/*
 * A time range from its bounds. Strict forms: offset times ("08:00:00Z", "T08:00:00Z"), 24:00:00 as end of day, durations
 * since midnight ("PT5H", "PT24H"), full date-times (both). onap, TOSCA: offset times; both full date-times become
 * RANGE_BROKEN; anything else is an error. onap, legacy (2.0.0): RANGE_ANCHORED, what is no xs:time RANGE_BROKEN.
 */
bool time_range_compile(struct time_range *range, const struct node *start, const struct node *end, enum guard_mode mode,
                        bool legacy, struct diags *diags);

/* What a limiter is made of, whatever document said so. */
struct limiter_spec {
	uint32_t limit;
	struct duration window;
	bool by_target, by_clname; /* count per target, per control loop of the request */
	struct str target, clname; /* or: narrowed to these, the guard's own */
	bool never_counts; /* onap: units that ONAP's query cannot use: the count is -1 and permits */
	bool always_denies; /* onap: no window given */
};

/* Sets kind, data of `guard`. False when memory is out (finding added). where: for findings. */
bool limiter_build(struct guard *guard, const struct limiter_spec *spec, const struct node *where, struct arena *arena,
                   struct diags *diags);

/* entries: a NODE_LIST of scalars, taken as text. Strict: `.*` is everything, "/x/" a pattern. */
bool blacklist_build(struct guard *guard, const struct node *entries, struct arena *arena, struct diags *diags);

#endif
