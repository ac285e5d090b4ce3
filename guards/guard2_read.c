/* guard2_read - the values of a 2.0.0 limit constraint: limit, window, time range, blacklist, bounds */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard2_priv.h"

/* Of the reference, 2018 and later: an average month, and a year that is not twelve of them. */
#define ONAP_MONTH_MS INT64_C(2628000000)
#define ONAP_YEAR_MS INT64_C(31540000000)

static const struct unit {
	const char *name;
	int32_t months;
	int64_t ms, onap_ms;
} units[] = {
	{"second", 0, TIME_MS_SECOND, TIME_MS_SECOND}, {"minute", 0, TIME_MS_MINUTE, TIME_MS_MINUTE},
	{"hour", 0, TIME_MS_HOUR, TIME_MS_HOUR},       {"day", 0, TIME_MS_DAY, TIME_MS_DAY},
	{"week", 0, 7 * TIME_MS_DAY, 7 * TIME_MS_DAY}, {"month", 1, 0, ONAP_MONTH_MS},
	{"quarter", 3, 0, 3 * ONAP_MONTH_MS},          {"year", 12, 0, ONAP_YEAR_MS},
};

/* The windows that the README names. */
static const struct {
	const char *name;
	struct duration window;
} tokens[] = {
	{"5min", {0, 5 * TIME_MS_MINUTE}}, {"10min", {0, 10 * TIME_MS_MINUTE}}, {"30min", {0, 30 * TIME_MS_MINUTE}},
	{"1h", {0, TIME_MS_HOUR}},         {"12h", {0, 12 * TIME_MS_HOUR}},     {"1d", {0, TIME_MS_DAY}},
	{"5d", {0, 5 * TIME_MS_DAY}},      {"1w", {0, 7 * TIME_MS_DAY}},        {"1mon", {1, 0}},
};

/* The integer that the mode takes the scalar for: the reference also takes one in quotes. */
static bool
guard2_integer_of(enum guard_mode mode, const struct node *node, int32_t *ret)
{
	struct node plain = *node;

	if (mode == GUARD_ONAP && node->kind == NODE_TEXT)
		node_set_plain(&plain, node->text);
	if (plain.kind != NODE_INT || plain.integer < INT32_MIN || plain.integer > INT32_MAX)
		return false;
	*ret = (int32_t)plain.integer;
	return true;
}

/* Reads an integer; in strict mode one of `least` or more. */
static bool
guard2_read_integer(const struct guard2_reading *reading, const struct node *node, int32_t least, int32_t *ret)
{
	bool strict = reading->mode == GUARD_STRICT;

	if (guard2_integer_of(reading->mode, node, ret) && (!strict || *ret >= least))
		return true;
	guard2_add(reading, GUARD2_NUMBER, node, node->key.ptr,
	           !strict      ? "of 32 bits"
	           : least == 1 ? "from 1 to 2147483647"
	                        : "from 0 to 2147483647");
	return false;
}

/* Only one of two spellings of a key may be given; the one that is, or NULL. */
static const struct node *
either(const struct guard2_reading *reading, const struct node *map, const char *key, const char *other)
{
	const struct node *value = guard2_get(map, key), *second = guard2_get(map, other);

	if (value && second)
		guard2_add(reading, GUARD2_BOTH_FORMS, second, key, other);
	return value ? value : second;
}

/* The reference's value of a window with calendar months. */
static struct duration
guard2_onap_window(struct duration d)
{
	int64_t calendar = d.months / 12 * ONAP_YEAR_MS + d.months % 12 * ONAP_MONTH_MS;

	return (struct duration){0, d.ms > INT64_MAX - calendar ? INT64_MAX : d.ms + calendar};
}

static void
read_window_text(const struct guard2_reading *reading, const struct node *node, struct guard2_constraint *c)
{
	struct duration window = {0};

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		if (str_is(node->text, tokens[i].name))
			window = tokens[i].window;
	}
	if (window.months == 0 && window.ms == 0 &&
	    (time_parse_iso_duration(node->text, &window) != 0 || (window.months == 0 && window.ms == 0)))
		guard2_add(reading, GUARD2_WINDOW, node, node->text.ptr);
	c->window = reading->mode == GUARD_ONAP ? guard2_onap_window(window) : window;
}

static const struct unit *
unit_find(enum guard_mode mode, struct str name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct str unit = str_from(units[i].name);

		if (str_equal(name, unit) || (mode == GUARD_ONAP && str_equal_nocase(name, unit)))
			return &units[i];
	}
	return NULL;
}

/* `count` units. The reference's windows are clamped, ours refused, when they are out of reach. */
static void
set_window(const struct guard2_reading *reading, const struct node *value, int32_t count, const struct unit *unit,
           struct guard2_constraint *c)
{
	if (reading->mode == GUARD_ONAP) {
		c->never_counts = count < 0; /* a window that begins after it ends */
		c->window.ms = count < 0 ? 0 : count > INT64_MAX / unit->onap_ms ? INT64_MAX : count * unit->onap_ms;
		return;
	}
	if (unit->months > 0 && count > INT32_MAX / unit->months) {
		guard2_add(reading, GUARD2_NUMBER, value, "value", "of at most 2147483647 months");
		return;
	}
	c->window = (struct duration){count * unit->months, count * unit->ms};
}

static void
read_window_map(const struct guard2_reading *reading, const struct node *node, struct guard2_constraint *c)
{
	const struct node *value = guard2_get(node, "value"), *name = guard2_get(node, "units");
	const struct unit *unit = name ? unit_find(reading->mode, name->text) : NULL;
	int32_t count;

	if (!value)
		guard2_add(reading, GUARD2_WINDOW_PART, node, "value");
	if (!name)
		guard2_add(reading, GUARD2_WINDOW_PART, node, "units");
	if (name && !unit)
		guard2_add(reading, GUARD2_UNITS, name, name->text.ptr,
		           reading->mode == GUARD_ONAP ? ": the limiter will never count" : "");
	c->never_counts = !unit;
	if (value && guard2_read_integer(reading, value, 1, &count) && unit)
		set_window(reading, value, count, unit, c);
}

static void
read_limiter(const struct guard2_reading *reading, const struct node *node, struct guard2_constraint *c)
{
	const struct node *count = either(reading, node, "num", "freq_limit_per_target");
	const struct node *window = either(reading, node, "duration", "time_window");
	int32_t limit;

	if (!count && !window)
		return;
	c->has_limiter = true;
	c->per_target = guard2_get(node, "freq_limit_per_target") != NULL;
	if (!window)
		guard2_add(reading, GUARD2_HALF_LIMITER, count, count->key.ptr,
		           c->per_target ? "time_window" : "duration");
	else if (window->kind == NODE_MAP)
		read_window_map(reading, window, c);
	else
		read_window_text(reading, window, c);
	if (!count)
		guard2_add(reading, GUARD2_HALF_LIMITER, window, window->key.ptr,
		           str_is(window->key, "duration") ? "num" : "freq_limit_per_target");
	else if (guard2_read_integer(reading, count, 1, &limit))
		c->limit = limit > 0 ? (uint32_t)limit : 0; /* onap: none is below zero, so zero and less deny alike */
}

static void
read_range(const struct guard2_reading *reading, const struct node *node, struct guard2_constraint *c)
{
	const char *never = reading->mode == GUARD_ONAP ? ": the guard will never be in force" : "";
	bool args;

	c->range = either(reading, node, "time_in_range", "active_time_range");
	if (!c->range)
		return;
	args = str_is(c->range->key, "time_in_range");
	c->start = guard2_get(c->range, args ? "arg2" : "start");
	c->end = guard2_get(c->range, args ? "arg3" : "end");
	if (!c->start)
		guard2_add(reading, GUARD2_RANGE_PART, c->range, args ? "arg2" : "start", never);
	if (!c->end)
		guard2_add(reading, GUARD2_RANGE_PART, c->range, args ? "arg3" : "end", never);
}

static void
read_bounds(const struct guard2_reading *reading, const struct node *node, struct guard2_constraint *c)
{
	const struct node *min = guard2_get(node, "minVnfCount"), *max = guard2_get(node, "maxVnfCount");

	if (!min && !max)
		return;
	if (reading->mode == GUARD_ONAP) {
		guard2_add(reading, GUARD2_NOT_ENFORCED, min ? min : max);
		return;
	}
	c->has_min = min && guard2_read_integer(reading, min, 0, &c->min);
	c->has_max = max && guard2_read_integer(reading, max, 0, &c->max);
	if (c->has_min && c->has_max && c->min > c->max)
		guard2_add(reading, GUARD2_BOUNDS, max);
}

void
guard2_read_constraint(const struct guard2_reading *reading, const struct node *node, struct guard2_constraint *ret)
{
	const struct node *blacklist = guard2_get(node, "blacklist");

	*ret = (struct guard2_constraint){.node = node};
	if (blacklist && blacklist->count > 0)
		ret->blacklist = blacklist;
	read_limiter(reading, node, ret);
	read_range(reading, node, ret);
	read_bounds(reading, node, ret);
	if (!ret->has_limiter && !ret->blacklist && !ret->has_min && !ret->has_max)
		guard2_add(reading, GUARD2_NO_LIMIT, node);
}
