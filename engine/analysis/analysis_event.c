/* analysis_event - an event that begins the loops of policies, whatever their gates ask for */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis_priv.h"

#include <stdlib.h>

#include "engine/machine/event.h"

#define ATTRIBUTES_MAX 8
#define TRIES_MAX 4096 /* events built to meet a condition */

/* Values worth trying for one attribute of a condition: those it names, and numbers on either side of them. */
struct analysis_event_choice {
	struct str attribute;
	struct str values[16];
	size_t count, at; /* at == count: the attribute is left out */
};

struct choices {
	struct analysis_event_choice list[ATTRIBUTES_MAX];
	size_t count;
	struct arena *arena;
	bool failed; /* too many, or no memory */
};

static void
choice_add(struct choices *choices, struct analysis_event_choice *choice, struct str value)
{
	if (!value.ptr || choice->count == sizeof(choice->values) / sizeof(choice->values[0]))
		choices->failed = true;
	else
		choice->values[choice->count++] = value;
}

static void
collect_test(struct choices *choices, const struct clause *test)
{
	struct analysis_event_choice *choice = choices->list;

	while (choice < choices->list + choices->count && !str_equal(choice->attribute, test->attribute))
		choice++;
	if (choice == choices->list + ATTRIBUTES_MAX) {
		choices->failed = true;
		return;
	}
	if (choice == choices->list + choices->count) {
		choices->count++;
		choice->attribute = test->attribute;
	}
	for (size_t i = 0; i < test->value_count && !choices->failed; i++) {
		choice_add(choices, choice, test->values[i]);
		for (int step = -1; test->kind != CLAUSE_EQUAL && step <= 1; step += 2)
			choice_add(choices, choice,
			           str_from(arena_printf(choices->arena, "%.17g",
			                                 strtod(test->values[i].ptr, NULL) + step)));
	}
}

/* As deep as a condition may be nested. */
static void
collect(struct choices *choices, const struct clause *clause)
{
	if (clause->kind != CLAUSE_AND && clause->kind != CLAUSE_OR && clause->kind != CLAUSE_NOT)
		collect_test(choices, clause);
	for (const struct clause *child = clause->first; child; child = child->next)
		collect(choices, child);
}

/* The next combination; false after the last. */
static bool
advance(struct choices *choices)
{
	for (size_t i = 0; i < choices->count; i++) {
		if (choices->list[i].at++ < choices->list[i].count)
			return true;
		choices->list[i].at = 0;
	}
	return false;
}

static json_t *
event_new(const struct operational *policy, const struct choices *choices)
{
	bool pnf = policy->trigger >= 0 && policy->directives[policy->trigger].target_type == TARGET_PNF;
	const char *key = pnf ? "pnf.pnf-name" : "generic-vnf.vnf-id";
	json_t *event =
		json_pack("{s:i, s:s%, s:s, s:s, s:s, s:s, s:{s:s}}", "t", 0, "closedLoopControlName", policy->id.ptr,
	                  policy->id.len, "closedLoopEventStatus", "ONSET", "requestID", "witness", "target", key,
	                  "target_type", pnf ? "PNF" : "VNF", "AAI", key, "witness-target");

	for (size_t i = 0; event && i < choices->count; i++) {
		const struct analysis_event_choice *choice = &choices->list[i];
		bool enriched = memchr(choice->attribute.ptr, '.', choice->attribute.len) != NULL;
		json_t *map = enriched ? json_object_get(event, "AAI") : event;
		struct str value = choice->at < choice->count ? choice->values[choice->at] : STR_NONE;

		if (value.ptr && !json_object_get(map, choice->attribute.ptr) &&
		    json_object_set_new(map, choice->attribute.ptr, json_stringn(value.ptr, value.len)) < 0) {
			json_decref(event);
			return NULL;
		}
	}
	return event;
}

static bool
passes(json_t *json, const struct operational *const policies[2])
{
	struct error err = {0};
	struct event event;
	struct arena arena;
	bool good;

	arena_init(&arena, 0);
	good = json && event_read(json, &arena, &event, &err) == 0;
	for (int i = 0; good && i < 2 && policies[i]; i++)
		good = !policies[i]->gate || !policies[i]->gate->condition ||
		       event_matches(&event, policies[i]->gate->condition);
	arena_free(&arena);
	return good;
}

/* Tries what the conditions name, each with each. NULL when nothing passes all of them. */
static json_t *
event_find(const struct operational *const policies[2], struct arena *arena)
{
	struct choices choices = {.arena = arena};

	for (int i = 0; i < 2 && policies[i]; i++) {
		if (policies[i]->gate && policies[i]->gate->condition)
			collect(&choices, policies[i]->gate->condition);
	}
	if (choices.failed)
		return NULL;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		json_t *event = event_new(policies[0], &choices);

		if (passes(event, policies))
			return event;
		json_decref(event);
		if (!advance(&choices))
			return NULL;
	}
	return NULL;
}

/* As many equal events at once as the gates count before they open. */
static json_t *
events_new(const struct operational *const policies[2], json_t *event)
{
	json_t *events = event ? json_array() : NULL;
	uint32_t count = 1;
	int r = events ? 0 : -1;

	for (int i = 0; i < 2 && policies[i]; i++) {
		if (policies[i]->gate && policies[i]->gate->evaluations > count)
			count = policies[i]->gate->evaluations;
	}
	while (r == 0 && count-- > 0)
		r = json_array_append_new(events, json_deep_copy(event));
	json_decref(event);
	if (r == 0)
		return events;
	json_decref(events);
	return NULL;
}

json_t *
analysis_onset(const struct operational *one, const struct operational *other, int64_t now_ms, struct arena *arena)
{
	static const struct time_range always = {.kind = RANGE_ALWAYS};
	const struct operational *const policies[2] = {one, other};
	const struct time_range *ranges[2] = {&always, &always};
	char start[TIME_TEXT_SIZE];
	json_t *events;
	int64_t at;

	for (int i = 0; i < 2 && policies[i]; i++) {
		if (policies[i]->gate && policies[i]->gate->has_schedule)
			ranges[i] = &policies[i]->gate->schedule;
	}
	if (!range_example(ranges[0], ranges[1], now_ms, &at))
		return NULL;
	events = events_new(policies, event_find(policies, arena));
	if (!events)
		return NULL;
	time_format_instant(at, start);
	return json_pack("{s:s, s:o, s:[], s:[], s:{s:b, s:{s:s, s:i}}}", "start", start, "events", events,
	                 "operation_results", "guard_results", "env", "guard_disabled", 0, "custom_query", "vnf-id",
	                 "witness-target", "vfCount", 1);
}
