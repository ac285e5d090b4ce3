/* explanation - why a decision was taken, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/explanation.h"

#include "base/text.h"

/* One member of a map; the key is written with its comma and colon. */
#define MEMBER(key) STR(",\"" key "\":")

static void
add_text(struct text *out, struct str member, struct str value)
{
	text_add(out, member);
	text_add_json(out, value);
}

/* A value that needs no escaping. */
static void
add_plain(struct text *out, struct str member, const char *value)
{
	text_add(out, member);
	text_add(out, STR("\""));
	text_add(out, str_from(value));
	text_add(out, STR("\""));
}

static void
add_number(struct text *out, struct str member, int64_t value)
{
	text_add(out, member);
	text_add_number(out, value);
}

static void
add_instant(struct text *out, struct str member, int64_t ms)
{
	char instant[TIME_TEXT_SIZE];

	time_format_instant(ms, instant);
	add_plain(out, member, instant);
}

/* What the guard did to the answer: a shadow guard's own reason is told beside the word shadow. */
static void
add_verdict(struct text *out, const struct spoken *spoken)
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
	add_plain(out, MEMBER("verdict"), effect_name[verdict->effect]);
	add_plain(out, MEMBER("reason"), reason);
	if (guard->shadow && verdict->effect == EFFECT_DENY)
		add_plain(out, MEMBER("shadow_reason"), reason_name[verdict->reason]);
	if (verdict->missing)
		add_plain(out, MEMBER("missing"), verdict->missing);
	text_add(out, guard->shadow ? STR(",\"shadow\":true") : STR(",\"shadow\":false"));
	if (!spoken->in_force)
		text_add(out, STR(",\"in_force\":false"));
}

static void
add_values(struct text *out, const struct explanation *why)
{
	text_add(out, STR(",\"values\":{"));
	for (size_t i = 0; i < why->value_count; i++) {
		text_add(out, i ? STR(",\"") : STR("\""));
		text_add(out, str_from(why->values[i].name));
		text_add(out, STR("\":"));
		text_add_json(out, why->values[i].value);
	}
	text_add(out, STR("}"));
}

/* A member that does not apply is left out. */
static void
add_guard(struct text *out, const struct spoken *spoken)
{
	const struct guard *guard = spoken->guard;
	const struct explanation *why = &spoken->explanation;

	text_add(out, STR("{"));
	if (guard->policy.ptr) {
		add_text(out, STR("\"policy\":"), guard->policy);
		text_add(out, STR(","));
	}
	if (guard->version.ptr) {
		add_text(out, STR("\"version\":"), guard->version);
		text_add(out, STR(","));
	}
	add_plain(out, STR("\"kind\":"), guard->kind->name);
	add_text(out, MEMBER("file"), str_from(guard->file));
	add_number(out, MEMBER("line"), guard->line);
	add_number(out, MEMBER("column"), guard->column);
	add_verdict(out, spoken);
	add_values(out, why);
	if (why->has_count) {
		add_number(out, MEMBER("used"), why->used);
		add_number(out, MEMBER("limit"), why->limit);
	}
	if (why->window[0])
		add_plain(out, MEMBER("window"), why->window);
	if (why->permit_at != TIME_NONE)
		add_instant(out, MEMBER("permit_at"), why->permit_at);
	if (why->change.ptr)
		add_text(out, MEMBER("change"), why->change);
	text_add(out, STR("}"));
}

struct str
explanation_json(const struct decision *decision, const struct spoken *spoken, size_t count, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	(void)text_reserve(&out, 128 + 300 * count); /* mostly all of it, at once; without memory text_done tells */
	add_number(&out, STR("{\"generation\":"), (int64_t)decision->generation);
	add_instant(&out, MEMBER("now"), decision->now_ms);
	text_add(&out, STR(",\"guards\":["));
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_add(&out, STR(","));
		add_guard(&out, &spoken[i]);
	}
	text_add(&out, STR("]}"));
	return text_done(&out);
}
