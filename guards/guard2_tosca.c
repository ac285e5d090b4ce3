/* guard2_tosca - a Control Loop Guard 2.0.0 as TOSCA guard policies */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard2_tosca.h"

#include <inttypes.h>

#include "base/builder.h"
#include "guards/guard2.h"
#include "guards/guard2_priv.h"
#include "guards/kinds.h"

#define LIMITER "onap.policies.controlloop.guard.common.FrequencyLimiter"
#define BLACKLIST "onap.policies.controlloop.guard.common.Blacklist"
#define MIN_MAX "onap.policies.controlloop.guard.common.MinMax"

#define MONTHS_MAX 12000 /* of a window in a policy: 1,000 years */

struct conversion {
	struct builder builder;
	struct node *policies;
	struct diags *diags;
	const struct guard2_policy *policy;
	unsigned constraint; /* its number, from 1 */
};

/* Units from the longest down: a window is written in the longest that measures it. */
static const struct {
	const char *name;
	int64_t ms;
} units[] = {{"week", 7 * TIME_MS_DAY},
             {"day", TIME_MS_DAY},
             {"hour", TIME_MS_HOUR},
             {"minute", TIME_MS_MINUTE},
             {"second", TIME_MS_SECOND}};

/* The text as a part of a pattern that matches it alone. */
static char *
quote(char *at, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("\\^$.|?*+()[]{}/-#", text.ptr[i]))
			*at++ = '\\';
		*at++ = text.ptr[i];
	}
	return at;
}

/* The one target, or a pattern that has all of them; absent when there is none, or one of them is any. */
static struct str
target_text(struct conversion *c)
{
	const struct node *targets = c->policy->targets;
	size_t size = sizeof("/(?|)/");
	char *text, *at;

	if (!targets || targets->count == 0)
		return STR_NONE;
	for (const struct node *entry = targets->first; entry; entry = entry->next) {
		if (str_is(entry->text, ".*"))
			return STR_NONE;
		size += 2 * entry->text.len + sizeof("|(?:)");
	}
	if (targets->count == 1)
		return targets->first->text;
	text = at = arena_alloc(c->builder.arena, size);
	if (!text) {
		c->builder.failed = true;
		return STR_NONE;
	}
	at = stpcpy(at, "/(?");
	for (const struct node *entry = targets->first; entry; entry = entry->next) {
		at = stpcpy(at, "|(?:");
		if (text_is_pattern(entry->text))
			at = (char *)memcpy(at, entry->text.ptr + 1, entry->text.len - 2) + entry->text.len - 2;
		else
			at = quote(at, entry->text);
		*at++ = ')';
	}
	at = stpcpy(at, ")/");
	return (struct str){text, (size_t)(at - text)};
}

/* A time of day without offset is UTC there; here it must say so. */
static struct str
bound_text(struct conversion *c, const struct node *bound)
{
	struct time_of_day time;
	char *text;

	if (!bound)
		return STR_NONE;
	if (time_parse_of_day(bound->text, TIME_LEADING_T | TIME_END_OF_DAY | TIME_NO_OFFSET, &time) < 0 ||
	    time.has_offset)
		return bound->text;
	text = arena_printf(c->builder.arena, "%.*sZ", STR_ARG(bound->text));
	c->builder.failed = c->builder.failed || !text;
	return str_from(text);
}

static struct str
text_or_any(const struct node *node)
{
	return node && str_trim(node->text).len > 0 ? node->text : STR(".*");
}

/* A policy with what all kinds have; its properties. */
static struct node *
guard2_begin(struct conversion *c, const struct guard2_constraint *constraint, const char *type, const char *kind,
             const char *count_by)
{
	struct builder *b = &c->builder;
	char *name = arena_printf(b->arena, "%.*s.%s.%u", STR_ARG(c->policy->id), kind, c->constraint);
	struct node *body = builder_entry(b, c->policies, builder_name(b, str_from(name)));
	struct node *metadata, *properties, *range;

	builder_text(b, body, "type", str_from(type));
	builder_text(b, body, "type_version", STR("1.0.0"));
	builder_text(b, body, "version", STR("1.0.0"));
	if (count_by) {
		metadata = builder_add(b, body, "metadata", NODE_MAP);
		builder_text(b, metadata, "count_by", str_from(count_by));
	}
	properties = builder_add(b, body, "properties", NODE_MAP);
	builder_text(b, properties, "actor", text_or_any(c->policy->actor));
	builder_text(b, properties, "operation", text_or_any(c->policy->recipe));
	if (c->policy->clname && str_trim(c->policy->clname->text).len > 0)
		builder_text(b, properties, "id", c->policy->clname->text);
	if (constraint->start && constraint->end) {
		range = builder_add(b, properties, "timeRange", NODE_MAP);
		builder_text(b, range, "start_time", bound_text(c, constraint->start));
		builder_text(b, range, "end_time", bound_text(c, constraint->end));
	}
	return properties;
}

static void
add_window(struct conversion *c, struct node *properties, struct duration window)
{
	if (window.months > MONTHS_MAX) {
		diags_error(c->diags, c->policy->node, "a window of %" PRId32 " months is too long for a policy",
		            window.months);
		return;
	}
	if (window.months > 0) {
		builder_integer(&c->builder, properties, "timeWindow", window.months);
		builder_text(&c->builder, properties, "timeUnits", STR("month"));
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (window.ms % units[i].ms != 0)
			continue;
		builder_integer(&c->builder, properties, "timeWindow", window.ms / units[i].ms);
		builder_text(&c->builder, properties, "timeUnits", str_from(units[i].name));
		return;
	}
	diags_error(c->diags, c->policy->node, "a window of %" PRId64 " ms cannot be written in whole seconds",
	            window.ms);
}

static void
add_limiter(struct conversion *c, const struct guard2_constraint *constraint)
{
	struct str target = target_text(c);
	struct node *properties =
		guard2_begin(c, constraint, LIMITER, "limit", constraint->per_target ? "target" : "operation");

	builder_text(&c->builder, properties, "target", target);
	add_window(c, properties, constraint->window);
	builder_integer(&c->builder, properties, "limit", constraint->limit);
	if (target.ptr && !constraint->per_target)
		diags_add(
			c->diags, SEVERITY_WARNING, NULL, constraint->node,
			"the 2.0.0 limiter counts the operations on every target, the converted one those on its own");
}

static void
add_blacklist(struct conversion *c, const struct guard2_constraint *constraint)
{
	struct node *properties = guard2_begin(c, constraint, BLACKLIST, "blacklist", NULL);
	struct node *list;

	builder_text(&c->builder, properties, "target", target_text(c));
	list = builder_add(&c->builder, properties, "blacklist", NODE_LIST);
	for (const struct node *entry = constraint->blacklist->first; entry; entry = entry->next)
		builder_text(&c->builder, list, NULL, entry->text);
}

static void
add_bounds(struct conversion *c, const struct guard2_constraint *constraint)
{
	struct node *properties = guard2_begin(c, constraint, MIN_MAX, "bounds", NULL);
	struct str target = target_text(c);

	builder_text(&c->builder, properties, "target", target.ptr ? target : STR(".*"));
	if (constraint->has_min)
		builder_integer(&c->builder, properties, "min", constraint->min);
	if (constraint->has_max)
		builder_integer(&c->builder, properties, "max", constraint->max);
}

struct node *
guard2_template(const struct node *root, struct arena *arena, struct diags *diags)
{
	struct diags told; /* what the check has told already */
	const struct guard2_reading reading = {.mode = GUARD_STRICT, .arena = arena, .diags = &told};
	struct conversion c = {.builder = {.arena = arena}, .diags = diags};
	size_t errors = diags->count[SEVERITY_ERROR];
	struct guard2_policy *policy;
	struct node *template;

	diags_init(&told, arena);
	if (!guard2_check(root, GUARD_STRICT, diags) || !guard2_read(&reading, root, &policy))
		return NULL;
	template = builder_template(&c.builder, &c.policies);
	for (; policy; policy = policy->next) {
		const struct guard2_constraint *constraint = policy->first;

		c.policy = policy;
		for (c.constraint = 1; constraint; constraint = constraint->next, c.constraint++) {
			if (constraint->has_limiter)
				add_limiter(&c, constraint);
			if (constraint->blacklist)
				add_blacklist(&c, constraint);
			if (constraint->has_min || constraint->has_max)
				add_bounds(&c, constraint);
		}
	}
	if (c.builder.failed)
		diags_error(diags, root, "out of memory");
	return diags->count[SEVERITY_ERROR] == errors ? template : NULL;
}
