/* lint_values - what bounds, windows, ranges, lists and filters come to */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "engine/lint/lint_priv.h"
#include "guards/text_test.h"

#define TARGET_RATE 10 /* operations a second that one target can bear at the utmost */
#define ALL_RATE 1000  /* the same of all targets together: one a millisecond */
#define MONTH_DAYS 31

static const struct node *
or_body(const struct guard_source *source, const struct node *node)
{
	return node ? node : source->body;
}

/* True when the scope narrows nothing. */
static bool
is_everything(const struct guard_source *source)
{
	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (!lint_is_any(source, source->scope[i]))
			return false;
	}
	return !source->loops; /* a coordination is for its second loop */
}

/* " of APPC Restart" and the like: whom a guard that denies all denies. */
static const char *
whom(const struct guard_source *source)
{
	return is_everything(source) ? "every request" : "every request in its scope";
}

static void
check_blacklist(struct lint *lint, const struct guard_source *source)
{
	for (const struct node *entry = source->entries->first; entry; entry = entry->next) {
		bool any = node_is_scalar(entry) && !node_is_null(entry) && lint_is_any(source, entry);

		if (!any || source->mode == GUARD_ONAP)
			continue;
		lint_warn(lint, source, DENIES_ALL, entry, "the entry '%.*s' denies %s, whatever its target",
		          STR_ARG(entry->text), whom(source));
		return;
	}
	if (source->entries->count == 0)
		lint_warn(lint, source, IDLE, source->entries, "an empty blacklist denies nothing");
	else if (is_everything(source) && source->mode == GUARD_STRICT)
		lint_add(lint, source, SEVERITY_INFO, lint_id_name[LINT_SCOPE],
		         or_body(source, source->scope[ATTRIBUTE_ACTOR]),
		         "the scope is everything: no actor may perform any operation on what is listed");
}

/* onap mode: a guard that the reference cannot evaluate never denies. */
static void
check_inert(struct lint *lint, const struct guard_source *source)
{
	if (source->inert)
		lint_warn(lint, source, IDLE, source->body,
		          "the guard denies nothing: in onap mode one that names no actor, operation, control loop or "
		          "target, or a blacklist with '.*' or a number, cannot be evaluated");
}

/* The operation of a MinMax: known, and without a count. */
static void
lint_check_count(struct lint *lint, const struct guard_source *source)
{
	const struct node *actor = source->scope[ATTRIBUTE_ACTOR], *operation = source->scope[ATTRIBUTE_OPERATION];
	bool any_actor = lint_is_any(source, actor);
	const struct capability *capability;

	if (source->patterns || lint->compared > LINT_COMPARED_MAX)
		return;
	if (is_everything(source)) {
		lint_warn(lint, source, DENIES_ALL, or_body(source, operation),
		          "the guard denies every request that carries no vfCount: narrow it to an operation that "
		          "changes the count");
		return;
	}
	if (lint_is_any(source, operation) || (!any_actor && !node_is_scalar(actor)))
		return;
	capability =
		lint_capability(lint, any_actor ? STR_NONE : actor->text,
	                        source->mode == GUARD_STRICT ? operation_canonical(operation->text) : operation->text);
	if (!capability || capability->vf_change != 0)
		return;
	lint_warn(lint, source, NO_COUNT, operation, "operation '%.*s' carries no vfCount: a MinMax denies %s%s",
	          STR_ARG(operation->text), whom(source),
	          capability->own ? "; if it changes the count, give its capability vf_change" : "");
}

static bool
integer_of(const struct node *node, int64_t *ret)
{
	if (node_is_null(node) || node->kind != NODE_INT)
		return false;
	*ret = node->integer;
	return true;
}

static void
check_bounds(struct lint *lint, const struct guard_source *source)
{
	int64_t min = INT64_MIN, max = INT64_MAX;
	bool has_min = integer_of(source->min, &min), has_max = integer_of(source->max, &max);

	if (source->mode == GUARD_ONAP)
		return; /* there max is exclusive, and min alone is a cap */
	if (has_max && max < 0)
		lint_warn(lint, source, DENIES_ALL, source->max, "a count is never below 0: max %" PRId64 " denies %s",
		          max, whom(source));
	else if ((!has_min || min <= 0) && (!has_max || max >= INT32_MAX))
		lint_warn(lint, source, IDLE, has_min ? source->min : or_body(source, source->max),
		          "every count is within these bounds: the guard denies nothing");
}

/* The window at its longest, in milliseconds. */
static int64_t
lint_window_ms(struct duration window)
{
	return window.months * MONTH_DAYS * TIME_MS_DAY + window.ms;
}

static void
check_window(struct lint *lint, const struct guard_source *source)
{
	const struct limiter_spec *limiter = source->limiter;
	bool by_target = limiter->by_target || limiter->target.ptr;
	int64_t rate = by_target ? TARGET_RATE : ALL_RATE, window = lint_window_ms(limiter->window);

	if (limiter->never_counts) {
		lint_warn(lint, source, IDLE, or_body(source, source->limit),
		          "the limiter denies nothing: onap mode cannot count in these units");
		return;
	}
	if (limiter->always_denies || window <= 0 || window >= INT64_MAX / rate ||
	    (int64_t)limiter->limit <= window * rate / TIME_MS_SECOND)
		return;
	lint_warn(lint, source, WINDOW, or_body(source, source->limit),
	          "limit %" PRIu32 " is more than the window can hold: expected at most %" PRId64 ", %s",
	          limiter->limit, window * rate / TIME_MS_SECOND,
	          by_target ? "ten operations a second on one target" : "an operation each millisecond");
}

static void
check_limiter(struct lint *lint, const struct guard_source *source)
{
	check_window(lint, source);
	if (is_everything(source) && source->mode == GUARD_STRICT)
		lint_warn(lint, source, SCOPE, or_body(source, source->scope[ATTRIBUTE_ACTOR]),
		          "the scope is everything, but each %s is counted by itself",
		          source->limiter->by_target ? "actor, operation and target" : "actor and operation");
}

static void
check_range(struct lint *lint, const struct guard_source *source)
{
	const struct time_range *range = source->in_force;
	bool instants = range->kind == RANGE_INSTANTS;

	if (range->kind == RANGE_ALWAYS || range->kind == RANGE_BROKEN)
		return;
	if (range->start == range->end)
		lint_warn(lint, source, RANGE, or_body(source, source->end),
		          "the guard is in force for one millisecond%s: start and end are the same instant",
		          instants ? "" : " a day");
	else if (instants && range->end < lint->now_ms)
		lint_add(lint, source, SEVERITY_WARNING, LINT_OVER_ID, or_body(source, source->end),
		         "the guard can never apply again: its time range is over");
}

/* Whether a blacklisting rule holds for every value. */
static bool
rule_is_total(const struct node *filter, int function)
{
	struct str text = node_get(filter, "filter")->text;
	bool part = function == TEXT_FUNCTION_CONTAINS || function == TEXT_FUNCTION_STARTS_WITH ||
	            function == TEXT_FUNCTION_ENDS_WITH;

	if (function == TEXT_FUNCTION_REGEXP_MATCH)
		return str_is(text, ".*") || str_is(text, "^.*$") || str_is(text, ".+");
	return part && text.len == 0;
}

static void
check_filter(struct lint *lint, const struct guard_source *source, const struct node *filter)
{
	const struct node *text = node_get(filter, "filter"), *name = node_get(filter, "function");
	const struct node *blacklist = node_get(filter, "blacklist");
	bool blacklisting = !blacklist || blacklist->kind != NODE_BOOL || blacklist->boolean;
	int function = node_is_scalar(name) ? text_function_find(name->text) : -1;

	if (function < 0 || !node_is_scalar(text) || node_is_null(text))
		return;
	if (blacklisting && rule_is_total(filter, function))
		lint_warn(lint, source, DENIES_ALL, text, "this filter matches every value: it denies %s",
		          whom(source));
	else if (function == TEXT_FUNCTION_REGEXP_MATCH && text_is_pattern(text->text))
		lint_warn(lint, source, PATTERN, text,
		          "the slashes are part of this regular expression: expected '%.*s'", (int)text->text.len - 2,
		          text->text.ptr + 1);
	else if (function != TEXT_FUNCTION_REGEXP_MATCH && lint_pattern_mark(text->text))
		lint_warn(lint, source, PATTERN, text,
		          "'%.*s' is compared as text, though it has %s: expected the function string-regexp-match",
		          STR_ARG(text->text), lint_pattern_mark(text->text));
}

static void
check_filters(struct lint *lint, const struct guard_source *source)
{
	bool denies = false;

	for (const struct node *filter = source->filters->first; filter; filter = filter->next) {
		const struct node *blacklist = node_get(filter, "blacklist");

		denies = denies || !blacklist || blacklist->kind != NODE_BOOL || blacklist->boolean;
		check_filter(lint, source, filter);
	}
	if (!denies)
		lint_warn(lint, source, IDLE, source->filters,
		          "without a blacklisting filter this guard denies nothing");
	else if (is_everything(source) && source->mode == GUARD_STRICT)
		lint_warn(lint, source, SCOPE, or_body(source, source->scope[ATTRIBUTE_ACTOR]),
		          "the scope is everything: requests without the field of a blacklisting filter are denied");
}

void
lint_values(struct lint *lint, const struct guard_source *source)
{
	check_inert(lint, source);
	check_range(lint, source);
	if (source->entries)
		check_blacklist(lint, source);
	if (source->filters)
		check_filters(lint, source);
	if (source->limiter)
		check_limiter(lint, source);
	if (source->kind == &guard_min_max) {
		lint_check_count(lint, source);
		check_bounds(lint, source);
	}
}
