/* explanation - why a decision was taken, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/explanation.h"

#include "base/text.h"

/* One member of a map; the key is written with its comma and colon. */
#define MEMBER(key) STR(",\"" key "\":")

static inline char *
explanation_put_text(char *at, struct str member, struct str value)
{
	return put_json(put_piece(at, member), value);
}

/* A name needs no escaping, and is too short for two calls into the C library. */
static inline char *
put_name(char *at, const char *name)
{
	while (*name)
		*at++ = *name++;
	return at;
}

static inline char *
put_plain(char *at, struct str member, const char *value)
{
	at = put_piece(put_piece(at, member), STR("\""));
	return put_piece(put_name(at, value), STR("\""));
}

static inline char *
put_count(char *at, struct str member, int64_t value)
{
	return put_number(put_piece(at, member), value);
}

static char *
put_instant(char *at, struct str member, int64_t ms)
{
	at = put_piece(put_piece(at, member), STR("\""));
	at += time_format_instant(ms, at);
	return put_piece(at, STR("\""));
}

/* clang-format off */
#define PIECE(text) {text, sizeof(text) - 1}
/* clang-format on */

static const struct str effect_member[EFFECT_COUNT] = {
#define X(name, text) [EFFECT_##name] = PIECE(",\"verdict\":\"" text "\""),
	EFFECTS(X)
#undef X
};

static const struct str reason_member[REASON_COUNT] = {
#define X(name, text) [REASON_##name] = PIECE(",\"reason\":\"" text "\""),
	REASONS(X)
#undef X
};

/* Writes the guard's effect on the answer: a shadow guard's own reason stands beside the word shadow. */
static char *
put_verdict(char *at, const struct guard_result *result)
{
	const struct guard *guard = result->guard;
	const struct verdict *verdict = &result->verdict;
	enum reason reason = verdict->reason;

	if (verdict->effect == EFFECT_NOT_APPLICABLE)
		reason = REASON_NO_APPLICABLE_GUARD;
	else if (verdict->effect == EFFECT_INDETERMINATE)
		reason = REASON_ERROR;
	if (guard->shadow && verdict->effect == EFFECT_DENY)
		reason = REASON_SHADOW;
	at = put_piece(at, effect_member[verdict->effect]);
	at = put_piece(at, reason_member[reason]);
	if (guard->shadow && verdict->effect == EFFECT_DENY)
		at = put_plain(at, MEMBER("shadow_reason"), reason_name[verdict->reason]);
	if (verdict->missing)
		at = put_plain(at, MEMBER("missing"), verdict->missing);
	at = put_piece(at, guard->shadow ? STR(",\"shadow\":true") : STR(",\"shadow\":false"));
	return result->in_force ? at : put_piece(at, STR(",\"in_force\":false"));
}

static char *
put_values(char *at, const struct explanation *why)
{
	at = put_piece(at, STR(",\"values\":{"));
	for (size_t i = 0; i < why->value_count; i++) {
		at = put_piece(at, i ? STR(",\"") : STR("\""));
		at = put_name(at, why->values[i].name);
		at = explanation_put_text(at, STR("\":"), why->values[i].value);
	}
	return put_piece(at, STR("}"));
}

#define NAMES_MOST 800 /* of what add_guard writes without texts and values: keys, reasons, numbers, instants */
#define NAME_MOST 64   /* of a value: attributes' keys are the longest */

static size_t
guard_most(const struct guard_result *result)
{
	const struct guard *guard = result->guard;
	const struct explanation *why = &result->explanation;
	size_t texts = why->change.len + why->note.len;

	for (size_t i = 0; i < why->value_count; i++)
		texts += why->values[i].value.len;
	return guard->label.len + PUT_JSON_MOST(texts) + why->value_count * NAME_MOST + NAMES_MOST;
}

static struct str
label_of(const struct guard *guard, struct arena *room)
{
	size_t texts = guard->policy.len + guard->version.len + strlen(guard->file);
	struct text out;
	char *at;

	text_init(&out, room);
	at = text_open(&out, PUT_JSON_MOST(texts) + NAMES_MOST);
	if (at) {
		if (guard->policy.ptr)
			at = put_piece(explanation_put_text(at, STR("\"policy\":"), guard->policy), STR(","));
		if (guard->version.ptr)
			at = put_piece(explanation_put_text(at, STR("\"version\":"), guard->version), STR(","));
		at = put_plain(at, STR("\"kind\":"), guard->kind->name);
		at = explanation_put_text(at, MEMBER("file"), str_from(guard->file));
		at = put_count(at, MEMBER("line"), guard->line);
		text_close(&out, put_count(at, MEMBER("column"), guard->column));
	}
	return text_done(&out);
}

bool
explanation_label(struct guard *guards, struct arena *arena)
{
	struct arena room;
	bool good = true;

	arena_init(&room, 0);
	for (struct guard *guard = guards; guard && good; guard = guard->next) {
		guard->label = arena_str(arena, label_of(guard, &room));
		good = guard->label.ptr != NULL;
		arena_reset(&room);
	}
	arena_free(&room);
	return good;
}

/* A member that does not apply is left out. */
static void
add_guard(struct text *out, const struct guard_result *result)
{
	const struct guard *guard = result->guard;
	const struct explanation *why = &result->explanation;
	char *at = text_open(out, guard_most(result));

	if (!at)
		return;
	at = put_piece(put_piece(at, STR("{")), guard->label);
	at = put_verdict(at, result);
	at = put_values(at, why);
	if (why->has_count) {
		at = put_count(at, MEMBER("used"), why->used);
		at = put_count(at, MEMBER("limit"), why->limit);
	}
	if (why->window[0])
		at = put_plain(at, MEMBER("window"), why->window);
	if (why->permit_at != TIME_NONE)
		at = put_instant(at, MEMBER("permit_at"), why->permit_at);
	if (why->change.ptr)
		at = explanation_put_text(at, MEMBER("change"), why->change);
	if (why->note.ptr)
		at = explanation_put_text(at, MEMBER("note"), why->note);
	text_close(out, put_piece(at, STR("}")));
}

void
explanation_add(struct text *out, const struct decision *decision, const struct explained *why)
{
	char *at = text_open(out, NAMES_MOST + PUT_JSON_MOST(why->change.len) + why->changes.len);

	if (!at)
		return;
	at = put_count(at, STR("{\"generation\":"), (int64_t)decision->generation);
	at = put_instant(at, MEMBER("now"), decision->now_ms);
	if (why->permit_at != TIME_NONE)
		at = put_instant(at, MEMBER("permit_at"), why->permit_at);
	if (why->change.ptr)
		at = explanation_put_text(at, MEMBER("change"), why->change);
	if (why->changes.ptr)
		at = put_piece(put_piece(at, MEMBER("changes")), why->changes);
	text_close(out, put_piece(at, STR(",\"guards\":[")));
	for (size_t i = 0; i < why->count; i++) {
		if (i)
			text_add(out, STR(","));
		add_guard(out, &why->results[i]);
	}
	text_add(out, STR("]}"));
}

struct str
explanation_json(const struct decision *decision, const struct explained *why, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	(void)text_reserve(&out, EXPLANATION_MOSTLY(why->count)); /* at once; without memory text_done tells */
	explanation_add(&out, decision, why);
	return text_done(&out);
}
