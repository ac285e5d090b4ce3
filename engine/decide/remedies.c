/* remedies - what would turn a Deny: the changes that were tried, and the earliest instant */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/decide.h"
#include "engine/decide/remedies_priv.h"
#include "guards/kinds.h"

/* --- the history, with the changes so far --- */

static bool
loop_ends(const struct remedy_search *search, struct str loop)
{
	for (size_t i = 0; i < search->count; i++) {
		const struct change *change = &search->changes[i];

		if (change->kind == CHANGE_LOOP && !change->off && str_equal(change->value, loop))
			return true;
	}
	return false;
}

/* Questions that serve only an explanation leave no trace in the counters' memory. */
static int
search_count(void *context, const struct count_query *query, struct count_result *ret)
{
	const struct remedy_search *search = context;
	struct count_query aside = *query;

	aside.whether = false;
	return search->history->count(search->history->context, &aside, ret);
}

static int
search_loop_live(void *context, struct str loop, int64_t now_ms, int64_t *ret_until)
{
	const struct remedy_search *search = context;

	return loop_ends(search, loop) ? 0
	                               : search->history->loop_live(search->history->context, loop, now_ms, ret_until);
}

static int
search_loop_started(void *context, struct str loop)
{
	const struct remedy_search *search = context;

	return loop_ends(search, loop) ? 0 : search->history->loop_started(search->history->context, loop);
}

static void
search_init(struct remedy_search *search, const struct policyset *set, const struct request *request,
            const struct env *env, struct arena *arena)
{
	search->set = set;
	search->history = env->history;
	search->view = (struct history_view){search_count, search_loop_live, search_loop_started, search};
	search->env = (struct env){env->now_ms, &search->view, env->scratch};
	search->remedy = (struct remedy){
		.arena = arena,
		.env = &search->env,
		.request = *request,
		.asked = request,
		.vf_low = INT32_MIN,
		.vf_high = INT32_MAX,
	};
	search->count = 0;
}

/* --- deciding with the changes so far --- */

static struct change *
policy_change(struct remedy_search *search, const struct guard *guard)
{
	for (size_t i = 0; i < search->count; i++) {
		struct change *change = &search->changes[i];

		if (change->kind == CHANGE_POLICY && !change->off && change->guard == guard)
			return change;
	}
	return NULL;
}

static const struct guard *
amended(struct remedy_search *search, const struct guard *guard)
{
	const struct change *change = policy_change(search, guard);

	return change ? change->amended : guard;
}

bool
search_guard_denies(struct remedy_search *search, const struct guard *guard, struct verdict *ret)
{
	guard_evaluate(amended(search, guard), &search->remedy.request, &search->env, ret);
	return !guard->shadow && verdict_denies(ret, search->set->mode, search->set->on_error_permit);
}

/* A guard that denies, or NULL. ret_applicable: whether any guard had its say. */
static const struct guard *
denier_find(struct remedy_search *search, struct verdict *ret, bool *ret_applicable)
{
	struct lookup lookup;

	*ret_applicable = false;
	lookup_make(&lookup, search->set, &search->remedy.request);
	for (unsigned f = 0; f < lookup.count; f++) {
		const struct index_bucket *bucket = lookup.found[f];

		for (uint32_t i = 0; i < bucket->count; i++) {
			const struct guard *guard = bucket->entries[i].guard;

			if (search_guard_denies(search, guard, ret))
				return guard;
			*ret_applicable |= ret->effect != EFFECT_NOT_APPLICABLE;
		}
	}
	return NULL;
}

int
search_missing(const struct remedy_search *search)
{
	const struct str *given = search->remedy.request.attribute;

	if (search->set->mode == GUARD_ONAP)
		return -1;
	return given[ATTRIBUTE_ACTOR].len == 0       ? (int)ATTRIBUTE_ACTOR
	       : given[ATTRIBUTE_OPERATION].len == 0 ? (int)ATTRIBUTE_OPERATION
	                                             : -1;
}

static bool
is_permitted(struct remedy_search *search)
{
	struct verdict verdict;
	bool applicable;

	return search_missing(search) < 0 && !denier_find(search, &verdict, &applicable) &&
	       (applicable || search->set->mode == GUARD_ONAP || !search->set->no_guard_deny);
}

/* --- changes --- */

/* Without memory the request stays as it is, and the change turns nothing. */
static void
request_field_give(struct remedy_search *search, const struct request_field *field)
{
	struct request *request = &search->remedy.request;
	struct request_field *fields = arena_bytes(search->remedy.arena, (request->field_count + 1) * sizeof(*fields));

	if (!fields)
		return;
	if (request->field_count)
		memcpy(fields, request->fields, request->field_count * sizeof(*fields));
	fields[request->field_count++] = *field;
	request->fields = fields;
}

static void
request_change(struct remedy_search *search, const struct change *change)
{
	struct remedy *remedy = &search->remedy;

	if (change->kind == CHANGE_FIELD) {
		request_field_give(search, &change->field);
	} else if (change->kind == CHANGE_ATTRIBUTE) {
		remedy->request.attribute[change->attribute] = change->value;
		remedy->changed |= 1u << change->attribute;
	} else if (change->kind == CHANGE_VF_COUNT) {
		remedy->request.has_vf_count = true;
		remedy->request.vf_count = change->vf_count;
	} else if (change->kind == CHANGE_CURRENT_TIME) {
		remedy->request.has_current_time = true;
		remedy->request.current_time = change->time;
		remedy->changed |= REMEDY_CURRENT_TIME;
	}
}

void
search_request_rebuild(struct remedy_search *search)
{
	search->remedy.request = *search->remedy.asked;
	for (size_t i = 0; i < search->count; i++) {
		if (!search->changes[i].off)
			request_change(search, &search->changes[i]);
	}
}

/* The change that this one goes together with, or NULL. */
static struct change *
change_find(struct remedy_search *search, const struct change *change)
{
	for (size_t i = 0; change->kind == CHANGE_VF_COUNT && i < search->count; i++) {
		if (search->changes[i].kind == CHANGE_VF_COUNT)
			return &search->changes[i];
	}
	return change->kind == CHANGE_POLICY ? policy_change(search, change->guard) : NULL;
}

/* False when there would be too many, or out of memory. */
static bool
change_add(struct remedy_search *search, const struct change *change)
{
	struct change *with = change_find(search, change);

	if (with && change->kind == CHANGE_POLICY) {
		with->edits =
			explain_format(search->remedy.arena, "%.*s,%.*s", STR_ARG(with->edits), STR_ARG(change->edits));
		with->text = explain_format(search->remedy.arena, "%.*s and %.*s", STR_ARG(with->text),
		                            STR_ARG(change->text));
		with->amended = change->amended;
		return with->edits.ptr && with->text.ptr;
	}
	if (!with && search->count == CHANGES_MOST)
		return false;
	*(with ? with : &search->changes[search->count++]) = *change;
	request_change(search, change);
	return true;
}

/* Gives the attributes that every answer needs, whatever the guards are. */
static bool
missing_give(struct remedy_search *search)
{
	int missing;

	while ((missing = search_missing(search)) >= 0) {
		struct change change = {0};

		search->remedy.request.attribute[missing] = STR_NONE; /* it may be there and empty */
		if (!remedy_attribute(&search->remedy, (enum attribute)missing, STR("x"), &change) ||
		    !change_add(search, &change))
			return false;
	}
	return true;
}

/* Each step takes a guard that denies and makes one change for it. False when one has none, which ret_guard then is. */
static bool
changes_make(struct remedy_search *search, const struct guard **ret_guard)
{
	for (int step = 0; step < 2 * CHANGES_MOST; step++) {
		struct verdict verdict;
		struct change change;
		bool applicable;
		const struct guard *guard = denier_find(search, &verdict, &applicable);

		*ret_guard = guard;
		if (!guard)
			return is_permitted(search);
		if (!guard_remedy(amended(search, guard), &verdict, &search->remedy, &change))
			return false;
		change.guard = guard;
		if (!change_add(search, &change))
			return false;
	}
	return false;
}

/* Leaves out what a later change has made needless. */
static void
changes_reduce(struct remedy_search *search)
{
	size_t kept = 0;

	for (size_t i = 0; search->count > 1 && i < search->count; i++) {
		search->changes[i].off = true;
		search_request_rebuild(search);
		search->changes[i].off = is_permitted(search);
	}
	for (size_t i = 0; i < search->count; i++) {
		if (!search->changes[i].off)
			search->changes[kept++] = search->changes[i];
	}
	search->count = kept;
	search_request_rebuild(search);
}

void
remedies_find(const struct policyset *set, const struct request *request, const struct env *env, struct arena *arena,
              struct explained *ret)
{
	const struct guard *failed = NULL;
	struct remedy_search search;
	bool found;

	search_init(&search, set, request, env, arena);
	ret->permit_at = search_permit_at(&search);
	search.env.now_ms = env->now_ms;
	for (size_t i = 0; i < ret->count; i++) {
		struct guard_result *result = &ret->results[i];

		if (verdict_denies(&result->verdict, set->mode, set->on_error_permit))
			result->explanation.permit_at =
				guard_permit_at(result->guard, request, &search.env, set->on_error_permit);
	}
	found = missing_give(&search) && changes_make(&search, &failed);
	if (found)
		changes_reduce(&search);
	changes_tell(&search, found, failed, ret);
}
