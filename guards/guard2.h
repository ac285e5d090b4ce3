/* guard2 - the Control Loop Guard YAML 2.0.0: compliance messages, and translation to guards */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD2_H
#define GUARDS_GUARD2_H

#include "base/hash.h"
#include "base/node.h"
#include "guards/guard.h"

/* Guards in load order. */
struct guard_list {
	struct guard *first, *last;
	size_t count;
};

void guard_list_append(struct guard_list *list, struct guard *guard);

/*
 * The Control Loop Guard YAML 2.0.0, told by its keys to be of one of three dialects (guards/guard2_form.c). In
 * strict mode it means the same guards as policies do:
 *   actor, recipe, match_parameters   exact text, "/pattern/" or ".*"; in match_parameters absent or blank: any
 *   num, duration                     at most num operations of the request's actor and recipe in the window
 *   freq_limit_per_target             the same for each target; no target in the request: missing_attribute
 *   controlLoopName, targets          narrow the guard to these, and what a limiter counts; of several targets
 *                                     each counts for itself
 *   time_in_range, active_time_range  out of it the guard is not in force
 *   minVnfCount, maxVnfCount          the bounds of a MinMax, inclusive
 * In onap mode it does what the reference's generator made of it: every limiter counts per target of the request;
 * dialect C's match_parameters are patterns on the whole value, but targets bind limiters only, joined as the
 * generator's loop joins them; months are 2.628e9 ms and years 3.154e10 ms; a range does not wrap midnight. Unlike
 * the reference, every guard policy and every constraint counts, not the first one only, and a constraint without
 * time range is always in force.
 * source  README and code of ONAP's Control Loop Guard
 */

/*
 * Compliance: findings with the reference's messages verbatim at their levels, in strict mode also the README's own
 * rules, each with a stable code GUARD2-nn. Ranges and patterns are compiled to see whether they can be. root NULL:
 * GUARD2-03. True when there is no error.
 */
bool guard2_check(const struct node *root, enum guard_mode mode, struct diags *diags);

/*
 * The same, and one guard for each limiter, blacklist and pair of bounds of each constraint of each policy without
 * an error, appended to `list` in document order; none when the document as a whole has one. True without errors.
 * Guards: in `arena`; nothing of the tree is kept. guard->policy is the id, version is absent, the place is the
 * constraint's. key: of hash tables in the guards, borrowed until this returns; NULL for none, where nobody outside
 * chooses what is looked up.
 */
bool guard2_compile(const struct node *root, enum guard_mode mode, struct arena *arena, const struct hash_key *key,
                    struct guard_list *list, struct diags *diags);

/* Whether the reference's compiler throws after the finding with this code (may be NULL), beside the message. */
bool guard2_throws(const char *code);

#endif
