/* remedies_tell - what turns a Deny, in words and as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/text.h"
#include "engine/decide/remedies_priv.h"
#include "guards/kinds.h"

/* Whether a guard that denied needs this change of all. */
static bool
is_needed_by(struct remedy_search *search, struct change *change, const struct guard *guard)
{
	struct verdict verdict;
	bool needed;

	if (change->kind == CHANGE_POLICY || search->count == 1)
		return search->count == 1 || change->guard == guard;
	change->off = true;
	search_request_rebuild(search);
	needed = search_guard_denies(search, guard, &verdict);
	change->off = false;
	search_request_rebuild(search);
	return needed;
}

/* The changes that a guard needs, or all of them (NULL), joined. */
static struct str
changes_text(struct remedy_search *search, const struct guard *guard)
{
	struct text out;
	bool first = true;

	text_init(&out, search->remedy.arena);
	for (size_t i = 0; i < search->count; i++) {
		if (guard && !is_needed_by(search, &search->changes[i], guard))
			continue;
		text_add(&out, first ? STR("") : STR("; and "));
		text_add(&out, search->changes[i].text);
		first = false;
	}
	return text_done(&out);
}

static void
policy_json(struct text *out, const struct change *change)
{
	const struct guard *guard = change->guard;

	text_add(out, STR("{\"policy\":"));
	text_add_json(out, guard->policy);
	if (guard->version.ptr) {
		text_add(out, STR(",\"version\":"));
		text_add_json(out, guard->version);
	}
	text_add(out, STR(",\"file\":"));
	text_add_json(out, str_from(guard->file));
	text_addf(out, ",\"line\":%" PRIu32 ",\"edits\":[", guard->line);
	text_add(out, change->edits);
	text_add(out, STR("]}"));
}

static void
field_json(struct text *out, const struct request_field *field)
{
	/* The path is a policy's, of which no character needs escaping. */
	text_add(out, STR("{\"request\":{\""));
	text_add(out, field_root_text[field->root]);
	text_add(out, field->name);
	text_add(out, STR("\":"));
	text_add_json(out, field->value);
	text_add(out, STR("}}"));
}

static void
change_json(struct text *out, const struct change *change)
{
	if (change->kind == CHANGE_POLICY) {
		policy_json(out, change);
	} else if (change->kind == CHANGE_FIELD) {
		field_json(out, &change->field);
	} else if (change->kind == CHANGE_VF_COUNT) {
		text_addf(out, "{\"request\":{\"vfCount\":%" PRId32 "}}", change->vf_count);
	} else if (change->kind == CHANGE_LOOP) {
		text_add(out, STR("{\"end_operations_of\":"));
		text_add_json(out, change->value);
		text_add(out, STR("}"));
	} else {
		text_addf(out, "{\"request\":{\"%s\":",
		          change->kind == CHANGE_ATTRIBUTE ? attribute_key[change->attribute] : "currentTime");
		text_add_json(out, change->value);
		text_add(out, STR("}}"));
	}
}

static struct str
changes_json(const struct remedy_search *search)
{
	struct text out;

	text_init(&out, search->remedy.arena);
	text_add(&out, STR("["));
	for (size_t i = 0; i < search->count; i++) {
		if (i)
			text_add(&out, STR(","));
		change_json(&out, &search->changes[i]);
	}
	text_add(&out, STR("]"));
	return text_done(&out);
}

/* Why there is no remedy: for a guard that has none, or NULL. */
static struct str
failure_text(const struct remedy_search *search, const struct guard *guard)
{
	struct arena *arena = search->remedy.arena;
	struct verdict verdict;

	if (!guard)
		return explain_format(
			arena, "no guard applies, and when_no_guard is deny: no value of the request alone turns this");
	guard_evaluate(guard, &search->remedy.request, &search->env, &verdict);
	if (verdict.effect == EFFECT_INDETERMINATE)
		return explain_format(
			arena,
			"no change of the request or of a policy turns this: repair what policy '%.*s' reads, the "
			"operation history, or a pattern that takes too many steps on this value",
			STR_ARG(guard->policy));
	if (search->count == CHANGES_MOST)
		return explain_format(arena, "no %d changes of the request and the policies turn this", CHANGES_MOST);
	return explain_format(arena, "no change of the request or of policy '%.*s' was found that turns this",
	                      STR_ARG(guard->policy));
}

static struct str
with_wait(const struct remedy_search *search, int64_t permit_at, struct str text)
{
	char when[TIME_TEXT_SIZE];

	if (permit_at == TIME_NONE)
		return text;
	time_format_instant(permit_at, when);
	return explain_format(search->remedy.arena, "wait until %s, or %.*s", when, STR_ARG(text));
}

bool
stands_in_the_way(const struct remedy_search *search, const struct guard_result *result)
{
	return !result->guard->shadow &&
	       verdict_denies(&result->verdict, search->set->mode, search->set->on_error_permit);
}

void
changes_tell(struct remedy_search *search, bool found, const struct guard *failed, struct explained *ret)
{
	struct str all = found ? changes_text(search, NULL) : failure_text(search, failed);
	size_t deniers = 0;

	if (found)
		ret->changes = changes_json(search);
	ret->change = with_wait(search, ret->permit_at, all);
	for (size_t i = 0; i < ret->count; i++)
		deniers += stands_in_the_way(search, &ret->results[i]);
	for (size_t i = 0; i < ret->count; i++) {
		struct guard_result *result = &ret->results[i];

		if (!stands_in_the_way(search, result))
			continue;
		result->explanation.change = ret->change;
		if (found && deniers > 1)
			result->explanation.change = explain_format(
				search->remedy.arena, "%.*s; and what %zu other guard%s that den%s need%s",
				STR_ARG(changes_text(search, result->guard)), deniers - 1, deniers > 2 ? "s" : "",
				deniers > 2 ? "y" : "ies", deniers > 2 ? "" : "s");
	}
}
