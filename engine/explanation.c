/* explanation - why a decision was taken, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/explanation.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *
text(struct str s)
{
	return json_stringn(s.ptr ? s.ptr : "", s.len);
}

static json_t *
instant(int64_t ms)
{
	char buf[TIME_TEXT_SIZE];

	time_format_instant(ms, buf);
	return json_string(buf);
}

/* A member that does not apply is left out. Failures to allocate surface when the whole is written. */
static void
set_text(json_t *object, const char *key, struct str value)
{
	if (value.ptr)
		json_object_set_new(object, key, text(value));
}

/* What the guard did to the answer: a shadow guard's own reason is told beside the word shadow. */
static void
set_verdict(json_t *object, const struct spoken *spoken)
{
	const struct guard *guard = spoken->guard;
	const struct verdict *verdict = &spoken->verdict;
	const char *reason = reason_name[verdict->reason];

	if (verdict->effect == EFFECT_NOT_APPLICABLE)
		reason = reason_name[REASON_NO_APPLICABLE_GUARD];
	else if (verdict->effect == EFFECT_INDETERMINATE)
		reason = reason_name[REASON_ERROR];
	if (guard->shadow && verdict->effect == EFFECT_DENY)
		reason = reason_name[REASON_SHADOW];
	json_object_set_new(object, "verdict", json_string(effect_name[verdict->effect]));
	json_object_set_new(object, "reason", json_string(reason));
	if (guard->shadow && verdict->effect == EFFECT_DENY)
		json_object_set_new(object, "shadow_reason", json_string(reason_name[verdict->reason]));
	if (verdict->missing)
		json_object_set_new(object, "missing", json_string(verdict->missing));
	json_object_set_new(object, "shadow", json_boolean(guard->shadow));
	if (!spoken->in_force)
		json_object_set_new(object, "in_force", json_false());
}

static json_t *
guard_json(const struct spoken *spoken)
{
	const struct guard *guard = spoken->guard;
	const struct explanation *why = &spoken->explanation;
	json_t *object = json_object(), *values = json_object();

	set_text(object, "policy", guard->policy);
	set_text(object, "version", guard->version);
	json_object_set_new(object, "kind", json_string(guard->kind->name));
	json_object_set_new(object, "file", json_string(guard->file));
	json_object_set_new(object, "line", json_integer(guard->line));
	json_object_set_new(object, "column", json_integer(guard->column));
	set_verdict(object, spoken);
	for (size_t i = 0; i < why->value_count; i++)
		json_object_set_new(values, why->values[i].name, text(why->values[i].value));
	json_object_set_new(object, "values", values);
	if (why->has_count) {
		json_object_set_new(object, "used", json_integer(why->used));
		json_object_set_new(object, "limit", json_integer(why->limit));
	}
	if (why->window[0])
		json_object_set_new(object, "window", json_string(why->window));
	if (why->permit_at != TIME_NONE)
		json_object_set_new(object, "permit_at", instant(why->permit_at));
	set_text(object, "change", why->change);
	return object;
}

struct str
explanation_json(const struct decision *decision, const struct spoken *spoken, size_t count, struct arena *arena)
{
	json_t *root = json_object(), *guards = json_array();
	struct str copy = STR_NONE;
	char *bytes;

	json_object_set_new(root, "generation", json_integer((json_int_t)decision->generation));
	json_object_set_new(root, "now", instant(decision->now_ms));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(guards, guard_json(&spoken[i]));
	json_object_set_new(root, "guards", guards);
	bytes = json_dumps(root, JSON_COMPACT);
	if (bytes)
		copy = arena_str(arena, str_from(bytes));
	free(bytes);
	json_decref(root);
	return copy;
}
