/* remedies_time - the earliest instant at which a denied request is permitted */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/decide.h"
#include "engine/decide/remedies_priv.h"
#include "guards/kinds.h"

#define INSTANTS_MOST 256 /* at which the whole request is decided again */

/* The latest of the instants before which some guard surely denies; TIME_NONE when one always does. */
static int64_t
not_before(struct remedy_search *search, bool *ret_applicable, bool *ret_denied)
{
	const struct policyset *set = search->set;
	int64_t latest = search->env.now_ms;
	struct lookup lookup;

	*ret_applicable = *ret_denied = false;
	lookup_make(&lookup, set, &search->remedy.request);
	for (unsigned f = 0; f < lookup.count; f++) {
		for (uint32_t i = 0; i < lookup.found[f]->count; i++) {
			const struct guard *guard = lookup.found[f]->entries[i].guard;
			struct verdict verdict;
			int64_t at;

			if (!search_guard_denies(search, guard, &verdict)) {
				*ret_applicable |= verdict.effect != EFFECT_NOT_APPLICABLE;
				continue;
			}
			*ret_denied = true;
			at = guard_permit_at(guard, &search->remedy.request, &search->env, set->on_error_permit);
			if (at == TIME_NONE)
				return TIME_NONE;
			latest = at > latest ? at : latest;
		}
	}
	return latest;
}

/* When the next of the guards in scope, all out of their ranges, comes into force. */
static int64_t
next_in_force(struct remedy_search *search)
{
	int64_t next = TIME_NONE;
	struct lookup lookup;

	lookup_make(&lookup, search->set, &search->remedy.request);
	for (unsigned f = 0; f < lookup.count; f++) {
		for (uint32_t i = 0; i < lookup.found[f]->count; i++) {
			const struct guard *guard = lookup.found[f]->entries[i].guard;
			int64_t at = time_range_starts(&guard->range, search->env.now_ms);

			if (at > search->env.now_ms && (next == TIME_NONE || at < next) &&
			    scope_match(&guard->scope, &search->remedy.request, search->env.scratch) == 1)
				next = at;
		}
	}
	return next;
}

int64_t
search_permit_at(struct remedy_search *search)
{
	bool needs_guard = search->set->mode == GUARD_STRICT && search->set->no_guard_deny;

	if (search_missing(search) >= 0)
		return TIME_NONE;
	for (int i = 0; i < INSTANTS_MOST; i++) {
		bool applicable, denied;
		int64_t at = not_before(search, &applicable, &denied);

		if (at != TIME_NONE && !denied && (applicable || !needs_guard))
			return at;
		if (at != TIME_NONE && !denied)
			at = next_in_force(search);
		if (at == TIME_NONE || at <= search->env.now_ms)
			return TIME_NONE;
		search->env.now_ms = at;
	}
	return TIME_NONE;
}
