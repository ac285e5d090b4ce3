/* guard - a compiled guard, and what a kind of guard is */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD_H
#define GUARDS_GUARD_H

#include "base/hash.h"
#include "guards/guard_explanation.h"
#include "guards/attributes.h"
#include "guards/scope.h"
#include "guards/time_range.h"
#include "guards/verdict.h"
#include "guards/view.h"

struct node;
struct policy;
struct change;
struct remedy;

/* One kind of guard: how a checked policy becomes data, and how the data answers. */
struct guard_kind {
	const char *name;     /* "FrequencyLimiter": in explanations and statistics */
	const char *types[3]; /* policy types it implements, today's first, NULL at the end */
	bool timeless;        /* looks at the time only through the guard's range */
	/* Fills guard->data (and scope, range) from a policy; findings go to diags. False when it had errors. */
	bool (*compile[GUARD_MODES])(const struct policy *policy, struct guard *guard, struct arena *arena,
	                             struct diags *diags);
	/* Pure: scope and, in strict mode, range hold already. ret is zeroed. */
	void (*check[GUARD_MODES])(const struct guard *guard, const struct request *request, const struct env *env,
	                           struct verdict *ret);
	/* Called after check, with its verdict, when somebody asked why: the values compared, counts and window. */
	void (*explain)(const struct guard *guard, const struct request *request, const struct env *env,
	                const struct verdict *verdict, struct arena *arena, struct explanation *ret);
	/* For a guard that denies: see guard_remedy, and guard_permit_at. frees: no later than the first instant that helps. */
	bool (*remedy)(const struct guard *guard, struct remedy *remedy, struct change *ret);
	int64_t (*frees)(const struct guard *guard, const struct request *request, const struct env *env);
};

/* One compiled guard: a policy, or one limit of a constraint of a 2.0.0 file. In the policy set's arena; const once sealed. */
struct guard {
	struct guard *next; /* load order */
	const struct guard_kind *kind;
	enum guard_mode mode;
	const void *data; /* the kind's own */
	struct scope scope;
	struct time_range range;
	bool legacy;                /* from a 2.0.0 file */
	bool shadow;                /* evaluated and reported, never denies */
	bool inert;                 /* onap: the reference cannot evaluate it: indeterminate for every request */
	uint32_t order;             /* load order, from 0 */
	struct str policy, version; /* version absent for 2.0.0 guards and bare bodies */
	const char *file;           /* of the tree while compiling, then of the policy set */
	struct str label;           /* sealed: what its explanation begins with, see explanation_label */
	const char *owner;          /* whose set of policies it belongs to; NULL: everybody's */
	const char *allow;          /* ids of findings that its author has allowed, a blank after each; NULL for none */
	uint32_t line, column;
	const struct hash_key
		*key; /* for tables that outsiders probe; borrowed while compiling, NULL for the zero key */
};

/* Metadata `allow` for guard->allow, in `arena`. False when out of memory. */
bool guard_allow_compile(const struct node *metadata, struct arena *arena, const char **ret);

/* Whether the guard's author has allowed the finding with this id. */
bool guard_allows(const struct guard *guard, const char *id);

/* Whether its answer is the same at all times, env->now_ms may then be anything. */
bool guard_is_timeless(const struct guard *guard);

/* Time range (strict) and check of a guard whose scope is known to match. An inert guard is indeterminate. */
void guard_ask(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret);

/* scope_match, then guard_ask. A pattern that cannot be decided is indeterminate. */
void guard_evaluate(const struct guard *guard, const struct request *request, const struct env *env,
                    struct verdict *ret);

/*
 * Whether a policy type is a guard, and of which kind: strict mode follows derived_from, onap mode takes today's five names
 * at exactly 1.0.0. NULL when it is none.
 */
const struct guard_kind *guard_kind_of(const struct policy *policy, enum guard_mode mode);

/* All kinds, in the order of the table, NULL at the end. */
extern const struct guard_kind *const guard_kinds[];

/*
 * Compiles one policy (checked by policy_check in strict mode; straight from its properties in onap mode).
 * key: becomes the guard's, copied by what needs it. ret: in `arena`. False, with findings, when it had errors.
 */
bool guard_compile(const struct policy *policy, const struct guard_kind *kind, enum guard_mode mode,
                   struct arena *arena, const struct hash_key *key, struct guard **ret, struct diags *diags);

#endif
