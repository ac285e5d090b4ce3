/* simulate_script - reads the script of a simulation */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/simulate_priv.h"

#include <stdlib.h>

#include "base/time.h"

#define SECONDS_LIMIT 1e10 /* of any time in a script: far from what 64 bits of milliseconds hold */

static int
script_no_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, NULL, "no memory for the script");
}

/* A number of seconds as milliseconds; absent is `fallback`. */
static int
read_ms(const json_t *json, const char *name, int64_t fallback, int64_t *ret, struct error *err)
{
	double seconds;

	*ret = fallback;
	if (!json || json_is_null(json))
		return 0;
	seconds = json_number_value(json);
	if (!json_is_number(json) || !(seconds >= 0 && seconds <= SECONDS_LIMIT))
		return error_set(err, ERROR_RANGE, NULL, "'%s' must be a number of seconds from 0 to 1e10", name);
	*ret = (int64_t)(seconds * 1000 + 0.5);
	return 0;
}

/* A text, or absent. */
static int
script_read_text(const json_t *object, const char *name, struct arena *arena, struct str *ret, struct error *err)
{
	const json_t *json = json_object_get(object, name);

	*ret = STR_NONE;
	if (!json || json_is_null(json))
		return 0;
	if (!json_is_string(json))
		return error_set(err, ERROR_TYPE, NULL, "'%s' must be text", name);
	*ret = arena_str(arena, (struct str){json_string_value(json), json_string_length(json)});
	return ret->ptr ? 0 : script_no_memory(err);
}

/* The array under `name`, empty when absent. */
static int
read_array(const json_t *object, const char *name, size_t *ret_count, json_t **ret, struct error *err)
{
	*ret = json_object_get(object, name);
	*ret_count = 0;
	if (!*ret || json_is_null(*ret))
		return 0;
	if (!json_is_array(*ret))
		return error_set(err, ERROR_TYPE, NULL, "'%s' must be a list", name);
	*ret_count = json_array_size(*ret);
	return 0;
}

static int
read_event(json_t *json, struct arena *arena, struct script_event *event, struct error *err)
{
	struct error broken = {0};
	struct str wall;
	int r;

	if (!json_is_object(json))
		return error_set(err, ERROR_TYPE, NULL, "an event must be an object");
	r = read_ms(json_object_get(json, "t"), "t", 0, &event->at_ms, err);
	if (r < 0)
		return r;
	r = script_read_text(json, "time", arena, &wall, err);
	if (r < 0)
		return r;
	event->wall_ms = TIME_NONE;
	if (wall.ptr && time_parse_instant(wall, &event->wall_ms) < 0)
		return error_set(err, ERROR_RANGE, NULL, "'time' must be a time such as 2026-03-01T12:00:00Z");
	r = event_read(json, arena, &event->event, &broken);
	if (r == -ERROR_MEMORY)
		return script_no_memory(err);
	event->broken = r < 0;
	return 0;
}

static int
compare_events(const void *a, const void *b)
{
	const struct script_event *const *x = a, *const *y = b;

	if ((*x)->at_ms != (*y)->at_ms)
		return (*x)->at_ms < (*y)->at_ms ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

/* By time; those of one instant in the script's order. */
static int
sort_events(struct script *script, struct arena *arena, struct error *err)
{
	struct script_event **order = arena_array(arena, script->event_count, sizeof(struct script_event *));
	struct script_event *sorted = arena_array(arena, script->event_count, sizeof(*sorted));

	if (!order || !sorted)
		return script_no_memory(err);
	for (size_t i = 0; i < script->event_count; i++)
		order[i] = &script->events[i];
	if (script->event_count > 0)
		qsort(order, script->event_count, sizeof(struct script_event *), compare_events);
	for (size_t i = 0; i < script->event_count; i++)
		sorted[i] = *order[i];
	script->events = sorted;
	return 0;
}

/* Moves the script's times to instants: its t = 0 is `start`, or what the first event with a wall time makes it. */
static int
place_events(struct script *script, const json_t *json, struct arena *arena, struct error *err)
{
	int64_t start = 0;
	struct str text;
	int r = script_read_text(json, "start", arena, &text, err);

	if (r < 0)
		return r;
	if (text.ptr && time_parse_instant(text, &start) < 0)
		return error_set(err, ERROR_RANGE, NULL, "'start' must be a time such as 2026-03-01T12:00:00Z");
	for (size_t i = 0; !text.ptr && i < script->event_count; i++) {
		const struct script_event *event = &script->events[i];

		if (event->wall_ms == TIME_NONE)
			continue;
		start = event->wall_ms > event->at_ms ? event->wall_ms - event->at_ms : 0;
		break;
	}
	if (start < 0)
		return error_set(err, ERROR_RANGE, NULL, "'start' must not lie before 1970");
	script->start_ms = start;
	for (size_t i = 0; i < script->event_count; i++) {
		struct script_event *event = &script->events[i];

		event->at_ms += start;
		if (event->wall_ms == TIME_NONE)
			event->wall_ms = event->at_ms;
	}
	if (script->lock_lost_ms != SCRIPT_NEVER)
		script->lock_lost_ms += start;
	return 0;
}

static int
read_outcome(struct str text, enum script_outcome *ret, struct error *err)
{
	static const char *const names[] = {
		[SCRIPT_SUCCESS] = "SUCCESS",
		[SCRIPT_FAILURE] = "FAILURE",
		[SCRIPT_EXCEPTION] = "EXCEPTION",
		[SCRIPT_NONE] = "NONE",
	};

	for (int i = 0; i <= SCRIPT_NONE; i++) {
		if (str_is(text, names[i])) {
			*ret = (enum script_outcome)i;
			return 0;
		}
	}
	return error_set(err, ERROR_RANGE, NULL,
	                 "the result of an operation must be SUCCESS, FAILURE, EXCEPTION or NONE");
}

/* operation_results and guard_results have one shape; only the words of `result` differ. */
static int
read_results(const json_t *json, const char *name, bool operations, struct arena *arena, struct script_result **ret,
             size_t *ret_count, struct error *err)
{
	struct script_result *list;
	json_t *array;
	size_t count;
	int r = read_array(json, name, &count, &array, err);

	if (r < 0)
		return r;
	list = arena_array(arena, count, sizeof(*list));
	if (!list)
		return script_no_memory(err);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);
		struct script_result *result = &list[i];

		r = read_ms(json_object_get(item, "after"), "after", 0, &result->after_ms, err);
		if (r == 0)
			r = script_read_text(item, "op", arena, &result->op, err);
		if (r == 0)
			r = script_read_text(item, "message", arena, &result->message, err);
		if (r == 0)
			r = script_read_text(item, "result", arena, &result->word, err);
		if (r == 0 && operations)
			r = read_outcome(result->word, &result->outcome, err);
		if (r == 0 && !result->word.ptr)
			r = error_set(err, ERROR_MISSING, NULL, "an entry of '%s' must have a result", name);
		if (r < 0)
			return r;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

static int
read_env(const json_t *env, struct arena *arena, struct script *script, struct error *err)
{
	const json_t *query = json_object_get(env, "custom_query");
	const json_t *count = json_object_get(query, "vfCount");
	json_t *locks;
	int r = read_array(env, "locks_held_elsewhere", &script->lock_count, &locks, err);

	if (r == 0)
		r = read_ms(json_object_get(env, "lock_lost_at"), "lock_lost_at", SCRIPT_NEVER, &script->lock_lost_ms,
		            err);
	if (r == 0)
		r = script_read_text(query, "vnf-id", arena, &script->vnf_id, err);
	if (r < 0)
		return r;
	script->guard_disabled = json_is_true(json_object_get(env, "guard_disabled"));
	script->locks = arena_array(arena, script->lock_count, sizeof(*script->locks));
	if (!script->locks)
		return script_no_memory(err);
	for (size_t i = 0; i < script->lock_count; i++) {
		const json_t *lock = json_array_get(locks, i);

		script->locks[i] = arena_str(arena, (struct str){json_string_value(lock), json_string_length(lock)});
	}
	script->has_query = json_is_object(query);
	script->has_count =
		json_is_integer(count) && json_integer_value(count) >= 0 && json_integer_value(count) <= INT32_MAX;
	script->vf_count = script->has_count ? (int32_t)json_integer_value(count) : 0;
	return 0;
}

int
script_read(json_t *json, struct arena *arena, struct script *ret, struct error *err)
{
	struct script script = {.lock_lost_ms = SCRIPT_NEVER};
	json_t *events;
	int r;

	if (!json_is_object(json))
		return error_set(err, ERROR_TYPE, NULL, "a script must be an object");
	r = read_array(json, "events", &script.event_count, &events, err);
	if (r < 0)
		return r;
	script.events = arena_array(arena, script.event_count, sizeof(*script.events));
	if (!script.events)
		return script_no_memory(err);
	for (size_t i = 0; r == 0 && i < script.event_count; i++)
		r = read_event(json_array_get(events, i), arena, &script.events[i], err);
	if (r == 0)
		r = sort_events(&script, arena, err);
	if (r == 0)
		r = read_results(json, "operation_results", true, arena, &script.results, &script.result_count, err);
	if (r == 0)
		r = read_results(json, "guard_results", false, arena, &script.guards, &script.guard_count, err);
	if (r == 0)
		r = read_env(json_object_get(json, "env"), arena, &script, err);
	if (r == 0)
		r = place_events(&script, json, arena, err);
	if (r == 0)
		*ret = script;
	return r;
}
