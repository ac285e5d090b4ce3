/* dublin - guards as ONAP's Dublin release wrote them, under today's names */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/dublin.h"

#include "policytypes/section.h"

#define RANGE_START "guardActiveStart"
#define RANGE_END "guardActiveEnd"

static const struct {
	const char *dublin;
	struct str today;
} names[] = {{"recipe", {"operation", 9}}, {"clname", {"id", 2}}, {"targets", {"target", 6}}};

static const char *const numbers[] = {"limit", "timeWindow", "min", "max", NULL};

/* Its policy types put all properties under one of these. */
static const char *const wraps[] = {"frequency_policy", "minmax_policy", "blacklist_policy", NULL};

static bool
is_one_of(const char *const *list, struct str name)
{
	while (*list && !str_is(name, *list))
		list++;
	return *list != NULL;
}

static const struct node *
unwrap(const struct node *properties)
{
	if (properties && properties->kind == NODE_MAP && properties->count == 1 &&
	    properties->first->kind == NODE_MAP && is_one_of(wraps, properties->first->key))
		return properties->first;
	return properties;
}

bool
dublin_is(const struct node *properties)
{
	const struct node *own = unwrap(properties);

	return own && own->kind == NODE_MAP &&
	       (own != properties || node_get(own, "recipe") || node_get(own, "clname") || node_get(own, "targets") ||
	        node_get(own, RANGE_START) || node_get(own, RANGE_END));
}

struct dublin_reading {
	const struct node *given;
	struct node *out;
	struct arena *arena;
	struct diags *diags;
	bool failed;
};

static struct node *
keep_as(struct dublin_reading *reading, const struct node *value, struct str name)
{
	struct node *copy = arena_alloc(reading->arena, sizeof(*copy));

	if (!copy) {
		diags_error(reading->diags, value, "out of memory");
		reading->failed = true;
		return NULL;
	}
	*copy = *value;
	copy->key = name;
	node_append(reading->out, copy);
	return copy;
}

/* Dublin matched targets as a pattern; a plain name, and `.*`, mean the same as text. */
static void
target_as_pattern(struct dublin_reading *reading, struct node *target)
{
	const char *pattern;
	bool plain = true;

	for (size_t i = 0; target->kind == NODE_TEXT && i < target->text.len; i++)
		plain = plain && !strchr("*+?()[]{}|\\^$", target->text.ptr[i]);
	if (plain || str_is(target->text, ".*") || target->text.ptr[0] == '/')
		return;
	pattern = arena_printf(reading->arena, "/%.*s/", STR_ARG(target->text));
	if (pattern)
		target->text = str_from(pattern);
	else
		reading->failed = true;
}

static void
take_renamed(struct dublin_reading *reading, const struct node *value, const char *dublin, struct str today)
{
	const struct node *other = node_get_str(reading->given, today);
	struct node *kept;

	if (other) {
		diags_error_key(reading->diags, value, "'%s' and '%.*s' are the same property; give one of them",
		                dublin, STR_ARG(today));
		reading->failed = true;
		return;
	}
	kept = keep_as(reading, value, today);
	if (kept && str_is(today, "target"))
		target_as_pattern(reading, kept);
}

/* guardActiveStart and guardActiveEnd as a timeRange at the first one's place. */
static void
take_range(struct dublin_reading *reading, const struct node *start, const struct node *end)
{
	const struct node *first = start ? start : end;
	struct node *range = node_new(reading->arena, NODE_MAP, first->key_line, first->key_column);
	struct node *whole = reading->out;

	if (node_get(reading->given, "timeRange") || node_get(reading->given, "time_range")) {
		diags_error_key(reading->diags, first,
		                "'%.*s' and a time range are the same property; give one of them", STR_ARG(first->key));
		reading->failed = true;
		return;
	}
	if (!range) {
		reading->failed = true;
		return;
	}
	range->key = STR("timeRange");
	range->key_line = first->key_line;
	range->key_column = first->key_column;
	node_append(whole, range);
	reading->out = range;
	if (start)
		(void)keep_as(reading, start, STR("start_time")); /* it tells when out of memory */
	if (end)
		(void)keep_as(reading, end, STR("end_time"));
	reading->out = whole;
}

/* A number in quotes is the number. */
static void
dublin_take_number(struct dublin_reading *reading, const struct node *value)
{
	struct node *kept = keep_as(reading, value, value->key);
	struct node plain = *value;

	if (!kept || value->kind != NODE_TEXT)
		return;
	node_set_plain(&plain, str_trim(value->text));
	if (plain.kind != NODE_INT)
		return;
	kept->kind = NODE_INT;
	kept->integer = plain.integer;
	kept->quoted = false;
}

static void
dublin_take(struct dublin_reading *reading, const struct node *value)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_is(value->key, names[i].dublin)) {
			take_renamed(reading, value, names[i].dublin, names[i].today);
			return;
		}
	}
	if (str_is(value->key, RANGE_START))
		take_range(reading, value, node_get(reading->given, RANGE_END));
	else if (str_is(value->key, RANGE_END) && node_get(reading->given, RANGE_START))
		return; /* it is taken with the start */
	else if (str_is(value->key, RANGE_END))
		take_range(reading, NULL, value);
	else if (is_one_of(numbers, value->key))
		dublin_take_number(reading, value);
	else
		(void)keep_as(reading, value, value->key); /* it tells when out of memory */
}

const struct node *
dublin_properties(const struct node *properties, struct arena *arena, struct diags *diags)
{
	struct dublin_reading reading = {.given = unwrap(properties), .arena = arena, .diags = diags};

	reading.out = node_new(arena, NODE_MAP, reading.given->line, reading.given->column);
	if (!reading.out) {
		diags_error(diags, properties, "out of memory");
		return NULL;
	}
	reading.out->key = properties->key;
	reading.out->key_line = properties->key_line;
	reading.out->key_column = properties->key_column;
	reading.out->parent = properties->parent;
	for (const struct node *value = reading.given->first; value; value = value->next)
		dublin_take(&reading, value);
	return reading.failed ? NULL : reading.out;
}

static size_t
convert_policy(struct node *policy, struct arena *arena, struct diags *diags)
{
	struct node *properties = node_get(policy, "properties");
	struct str type = section_text(policy, "type", diags);
	struct node *next = properties ? properties->next : NULL;
	const struct node *today;

	if (!str_starts_with(type, STR("onap.policies.controlloop.guard.")) || !dublin_is(properties))
		return 0;
	today = dublin_properties(properties, arena, diags);
	if (today) {
		*properties = *today;
		properties->next = next;
	}
	return 1;
}

size_t
dublin_convert(struct node *root, struct arena *arena, struct diags *diags)
{
	struct node *policies = node_get(node_get(root, "topology_template"), "policies");
	size_t count = convert_policy(root, arena, diags);

	if (!policies)
		policies = node_get(root, "policies");
	for (struct node *entry = policies ? policies->first : NULL; entry; entry = entry->next) {
		struct node *policy = policies->kind == NODE_MAP ? entry : entry->first;

		count += policy ? convert_policy(policy, arena, diags) : 0;
	}
	return count;
}
