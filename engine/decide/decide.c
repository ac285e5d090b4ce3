/* decide - one decision: probe the index, ask the guards, combine deny-overrides */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/decide.h"

#include <stdlib.h>

#include "engine/decide/remedies.h"

/*
 * What the guards said so far. Deny-overrides has no order, but the reason reported is that of the first denying guard in
 * load order, so the lowest order wins.
 */
struct tally {
	const struct guard *denier, *failed; /* the first in load order, NULL while none */
	struct verdict denial;
	bool permitted;
	uint32_t shadow_denials;
};

static void
tally_add(struct tally *tally, const struct guard *guard, const struct verdict *verdict)
{
	if (verdict->effect == EFFECT_NOT_APPLICABLE)
		return;
	if (guard->shadow) {
		tally->shadow_denials += verdict->effect == EFFECT_DENY;
		tally->permitted = true;
		return;
	}
	switch (verdict->effect) {
	case EFFECT_DENY:
		if (!tally->denier || guard->order < tally->denier->order) {
			tally->denier = guard;
			tally->denial = *verdict;
		}
		break;
	case EFFECT_INDETERMINATE:
		if (!tally->failed || guard->order < tally->failed->order)
			tally->failed = guard;
		break;
	default:
		tally->permitted = true;
	}
}

static void
decide_deny(struct decision *ret, const struct guard *guard, enum reason reason)
{
	ret->effect = EFFECT_DENY;
	ret->permit = false;
	ret->guard = guard;
	ret->reason = reason;
}

/*
 * Strict mode: a request that names no actor or no operation asks about nothing that a guard could be for. Otherwise a
 * guard that cannot say denies, as a guard that says no does; of both the first in load order gives the reason.
 */
static void
conclude_strict(const struct policyset *set, const struct request *request, const struct tally *tally,
                struct decision *ret)
{
	const struct guard *denier = tally->denier, *failed = tally->failed;

	ret->permit = true;
	if (request->attribute[ATTRIBUTE_ACTOR].len == 0 || request->attribute[ATTRIBUTE_OPERATION].len == 0) {
		decide_deny(ret, NULL, REASON_MISSING_ATTRIBUTE);
		ret->missing =
			attribute_key[request->attribute[ATTRIBUTE_ACTOR].len ? ATTRIBUTE_OPERATION : ATTRIBUTE_ACTOR];
	} else if (failed && !set->on_error_permit && (!denier || failed->order < denier->order)) {
		decide_deny(ret, failed, REASON_ERROR);
	} else if (denier) {
		decide_deny(ret, denier, tally->denial.reason);
		ret->missing = tally->denial.missing;
	} else if (set->refuses) {
		decide_deny(ret, NULL, set->refuses);
	} else if (failed) {
		ret->effect = EFFECT_INDETERMINATE;
		ret->reason = REASON_ERROR;
		ret->guard = failed;
	} else if (tally->permitted) {
		ret->effect = EFFECT_PERMIT;
		ret->reason = REASON_PERMIT;
	} else {
		ret->effect = EFFECT_NOT_APPLICABLE;
		ret->reason = REASON_NO_APPLICABLE_GUARD;
		ret->permit = !set->no_guard_deny;
	}
}

/* onap mode: the XACML answer, of which all but Deny is told as Permit (spec of the reference, 3.1). */
static void
conclude_onap(const struct policyset *set, const struct tally *tally, struct decision *ret)
{
	ret->permit = true;
	ret->reason = REASON_PERMIT;
	if (tally->denier) {
		decide_deny(ret, tally->denier, tally->denial.reason);
	} else if (set->refuses) {
		decide_deny(ret, NULL, set->refuses);
	} else if (tally->failed) {
		ret->effect = EFFECT_INDETERMINATE;
		ret->guard = tally->failed;
	} else if (tally->permitted) {
		ret->effect = EFFECT_PERMIT;
	} else {
		ret->effect = EFFECT_NOT_APPLICABLE;
		ret->reason = REASON_NO_APPLICABLE_GUARD;
	}
}

static void
conclude(const struct lookup *lookup, const struct env *env, const struct tally *tally, struct decision *ret)
{
	const struct policyset *set = lookup->set;

	*ret = (struct decision){
		.generation = set->generation,
		.now_ms = env->now_ms,
		.mode = set->mode,
		.shadow_denials = tally->shadow_denials,
	};
	if (set->mode == GUARD_ONAP)
		conclude_onap(set, tally, ret);
	else
		conclude_strict(set, lookup->request, tally, ret);
}

/* Requests may use seed 003's spellings of three operations; guards and history hold the canonical ones. */
static const struct request *
decide_canonical(const struct policyset *set, const struct request *request, struct request *copy)
{
	struct str given = request->attribute[ATTRIBUTE_OPERATION], operation;

	if (set->mode == GUARD_ONAP || !given.ptr)
		return request;
	operation = operation_canonical(given);
	if (operation.ptr == given.ptr)
		return request;
	*copy = *request;
	copy->attribute[ATTRIBUTE_OPERATION] = operation;
	return copy;
}

void
lookup_make(struct lookup *lookup, const struct policyset *set, const struct request *request)
{
	lookup->set = set;
	lookup->request = decide_canonical(set, request, &lookup->copy);
	lookup->count = index_probe(&set->index, lookup->request, lookup->found);
	lookup->timeless = true;
	for (unsigned f = 0; f < lookup->count; f++)
		lookup->timeless &= lookup->found[f]->timeless;
}

void
lookup_decide(const struct lookup *lookup, const struct env *env, struct decision *ret)
{
	const struct request *request = lookup->request;
	struct tally tally = {0};

	for (unsigned f = 0; f < lookup->count; f++) {
		const struct index_bucket *bucket = lookup->found[f];

		for (uint32_t i = 0; i < bucket->count; i++) {
			const struct index_entry *entry = &bucket->entries[i];
			struct verdict verdict;

			/* A later guard cannot change the answer; a bucket is in load order. */
			if (tally.denier && entry->guard->order > tally.denier->order)
				break;
			if (entry->exact)
				guard_ask(entry->guard, request, env, &verdict);
			else
				guard_evaluate(entry->guard, request, env, &verdict);
			tally_add(&tally, entry->guard, &verdict);
		}
	}
	conclude(lookup, env, &tally, ret);
}

void
decide_with(const struct policyset *set, const struct request *request, const struct env *env, struct decision *ret)
{
	struct lookup lookup;

	lookup_make(&lookup, set, request);
	lookup_decide(&lookup, env, ret);
}

static int
guard_result_compare(const void *left, const void *reservation)
{
	const struct guard_result *a = left, *b = reservation;

	return (a->guard->order > b->guard->order) - (a->guard->order < b->guard->order);
}

/* As the guards of one bucket are, and mostly those of all. */
static bool
is_sorted(const struct guard_result *result, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (guard_result_compare(&result[i - 1], &result[i]) > 0)
			return false;
	}
	return true;
}

/* Empty. Not cleared as a whole: most of it is room for values. */
static void
explanation_start(struct explanation *explanation)
{
	explanation->value_count = 0;
	explanation->has_count = false;
	explanation->used = explanation->limit = 0;
	explanation->window[0] = '\0';
	explanation->permit_at = TIME_NONE;
	explanation->change = explanation->note = STR_NONE;
}

/* Asks one guard; its result is kept even outside its time range: that too explains an answer. */
static bool
speak(const struct index_entry *entry, const struct request *request, const struct env *env, struct arena *arena,
      struct guard_result *ret)
{
	const struct guard *guard = entry->guard;
	int matched = entry->exact || guard->inert ? 1 : scope_match(&guard->scope, request, env->scratch);

	if (matched == 0)
		return false;
	ret->guard = guard;
	explanation_start(&ret->explanation);
	if (matched > 0)
		guard_ask(guard, request, env, &ret->verdict);
	else /* cannot be decided: says so itself */
		guard_evaluate(guard, request, env, &ret->verdict);
	ret->in_force = time_range_state(&guard->range, guard->mode, request, env->now_ms) == RANGE_IN;
	guard->kind->explain(guard, request, env, &ret->verdict, arena, &ret->explanation);
	if (guard->inert)
		ret->explanation.note =
			STR("as it is, ONAP cannot evaluate this policy: name an actor, operation or control "
		            "loop in it, and write its blacklist as quoted text without .*");
	return true;
}

int
decide_explain(const struct policyset *set, const struct request *request, const struct env *env, struct arena *arena,
               struct decision *ret, struct explained *ret_why)
{
	struct lookup lookup;
	struct tally tally = {0};
	struct guard_result *result;
	size_t most = 0, count = 0;

	lookup_make(&lookup, set, request);
	for (unsigned f = 0; f < lookup.count; f++)
		most += lookup.found[f]->count;
	result = arena_bytes(arena, most * sizeof(*result)); /* at most INDEX_ENTRIES_MAX: no overflow */
	if (!result) {
		*ret = (struct decision){.generation = set->generation, .now_ms = env->now_ms, .mode = set->mode};
		decide_deny(ret, NULL, REASON_ERROR);
		return -ERROR_MEMORY;
	}
	for (unsigned f = 0; f < lookup.count; f++) {
		const struct index_bucket *bucket = lookup.found[f];

		for (uint32_t i = 0; i < bucket->count; i++) {
			if (!speak(&bucket->entries[i], lookup.request, env, arena, &result[count]))
				continue;
			tally_add(&tally, result[count].guard, &result[count].verdict);
			count++;
		}
	}
	if (!is_sorted(result, count))
		qsort(result, count, sizeof(*result), guard_result_compare);
	conclude(&lookup, env, &tally, ret);
	*ret_why = (struct explained){.results = result, .count = count, .permit_at = TIME_NONE};
	if (!ret->permit)
		remedies_find(set, lookup.request, env, arena, ret_why);
	return 0;
}
