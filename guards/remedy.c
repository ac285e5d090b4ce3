/* remedy - changes that may turn a guard's Deny: a kind proposes them, the engine tries them before it tells */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/remedy.h"

#include "guards/kinds.h"

#define STEPS_MOST 1000 /* instants at which guard_permit_at asks */

bool
remedy_attribute(const struct remedy *remedy, enum attribute attribute, struct str value, struct change *ret)
{
	if (remedy->request.attribute[attribute].ptr)
		return false;
	ret->kind = CHANGE_ATTRIBUTE;
	ret->attribute = attribute;
	ret->value = arena_str(remedy->arena, value);
	ret->text = explain_format(remedy->arena, "give %s in the request ('%.*s' was tried)", attribute_key[attribute],
	                           STR_ARG(value));
	return ret->value.ptr && ret->text.ptr;
}

bool
remedy_field(const struct remedy *remedy, const struct request_field *field, struct change *ret)
{
	struct str path = field_path(field, remedy->arena);

	if (!path.ptr || field_find(&remedy->request, remedy->request.fields, field->root, field->name))
		return false;
	ret->kind = CHANGE_FIELD;
	ret->field = *field;
	ret->field.value = ret->value = arena_str(remedy->arena, field->value);
	ret->text = explain_format(remedy->arena, "give %s in the request ('%.*s' was tried)", path.ptr,
	                           STR_ARG(field->value));
	return ret->value.ptr && ret->text.ptr;
}

bool
remedy_policy(const struct remedy *remedy, const struct guard *guard, const void *data, struct str edit,
              struct str text, struct change *ret)
{
	struct guard *amended = arena_alloc(remedy->arena, sizeof(*amended));

	if (!amended || !data || !edit.ptr || !text.ptr)
		return false;
	*amended = *guard;
	amended->data = data;
	ret->kind = CHANGE_POLICY;
	ret->amended = amended;
	ret->edits = edit;
	ret->text = text;
	return true;
}

bool
remedy_range(const struct remedy *remedy, const struct guard *guard, struct change *ret)
{
	char when[TIME_TEXT_SIZE];
	struct guard *amended;

	if (guard->range.kind == RANGE_DAILY && !(remedy->changed & REMEDY_CURRENT_TIME)) {
		time_format_instant(guard->range.start, when);
		ret->kind = CHANGE_CURRENT_TIME;
		ret->time = (struct time_of_day){.local_ms = (int32_t)guard->range.start};
		ret->value = arena_str(remedy->arena, str_from(when + 11)); /* behind "1970-01-01T" */
		ret->text = explain_format(remedy->arena, "ask within the guard's time range, with currentTime %s",
		                           when + 11);
		return ret->value.ptr && ret->text.ptr;
	}
	if (!remedy_policy(remedy, guard, guard->data, STR("{\"remove\":{\"timeRange\":[]}}"),
	                   STR("take timeRange out of the policy"), ret))
		return false;
	amended = arena_alloc(remedy->arena, sizeof(*amended));
	if (!amended)
		return false;
	*amended = *ret->amended;
	amended->range = (struct time_range){.kind = RANGE_ALWAYS};
	ret->amended = amended;
	return true;
}

bool
guard_remedy(const struct guard *guard, const struct verdict *verdict, struct remedy *remedy, struct change *ret)
{
	*ret = (struct change){0};
	return verdict->effect == EFFECT_DENY && guard->kind->remedy(guard, remedy, ret);
}

bool
verdict_denies(const struct verdict *verdict, enum guard_mode mode, bool on_error_permit)
{
	return verdict->effect == EFFECT_DENY ||
	       (verdict->effect == EFFECT_INDETERMINATE && mode == GUARD_STRICT && !on_error_permit);
}

int64_t
range_frees(const struct guard *guard, const struct request *request, const struct env *env)
{
	if (guard->mode == GUARD_ONAP && request->has_current_time)
		return TIME_NONE;
	return time_range_ends(&guard->range, env->now_ms);
}

/* A guard that kept denying may be free again at each instant that its kind names; only asking tells. */
int64_t
guard_permit_at(const struct guard *guard, const struct request *request, const struct env *env, bool on_error_permit)
{
	struct env then = *env;

	for (int i = 0; i < STEPS_MOST; i++) {
		int64_t at = guard->kind->frees(guard, request, &then);
		struct verdict verdict;

		if (at == TIME_NONE || at <= then.now_ms)
			return TIME_NONE;
		then.now_ms = at;
		guard_evaluate(guard, request, &then, &verdict);
		if (!verdict_denies(&verdict, guard->mode, on_error_permit))
			return at;
	}
	return TIME_NONE;
}
