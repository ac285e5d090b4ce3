/* guard_source - where the parts of a guard stand in its document */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD_SOURCE_H
#define GUARDS_GUARD_SOURCE_H

#include "guards/kinds.h"

/* Nodes are NULL where the document has none. Borrowed from the tree and the compiled guard. */
struct guard_source {
	const struct guard_kind *kind;
	enum guard_mode mode;
	bool patterns;           /* onap, 2.0.0: actor, recipe and loop are patterns without slashes */
	bool legacy;             /* of a 2.0.0 file */
	bool inert;              /* as in struct guard */
	const struct node *body; /* of the policy, or the constraint of a 2.0.0 file */
	const struct node *metadata;
	const struct node *scope[SCOPE_ATTRIBUTES]; /* the target of a 2.0.0 file may be a list */
	const struct node *entries;                 /* of a Blacklist */
	const struct node *loops;                   /* of a FirstBlocksSecond */
	const struct node *filters;                 /* of a Filter */
	const struct node *min, *max;               /* of a MinMax */
	const struct node *limit;                   /* of a FrequencyLimiter */
	const struct limiter_spec *limiter;         /* the same, compiled */
	const struct node *range, *start, *end;
	const struct time_range *in_force; /* the range, compiled */
};

/* The source of a guard that guard_compile made of `policy`. */
void guard_source_of(const struct policy *policy, const struct guard *guard, struct guard_source *ret);

/*
 * Calls visit for each guard that guard2_compile makes of a 2.0.0 file, in the same order; guard: the first of the
 * file in the policy set's list. Out of memory, fewer are visited.
 */
typedef void guard_source_fn(void *context, const struct guard_source *source);
void guard2_each_source(const struct node *root, enum guard_mode mode, const struct guard *guard,
                        guard_source_fn *visit, void *context);

#endif
