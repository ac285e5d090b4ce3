/* scenario_report - what a scenario has come to, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/scenario_priv.h"

#include <stdlib.h>

#include "base/time.h"

static int
compare_times(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Seconds within which this share of the elements was well again. */
static json_t *
quantile(const struct scenario_tally *tally, double share)
{
	size_t at;

	if (tally->healed_count == 0)
		return json_null();
	at = (size_t)(share * (double)(tally->healed_count - 1) + 0.5);
	return json_real((double)tally->healed_ms[at] / 1000);
}

static json_t *
heal_report(struct scenario_tally *tally)
{
	if (tally->healed_count > 0)
		qsort(tally->healed_ms, tally->healed_count, sizeof(*tally->healed_ms), compare_times);
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "by_operation", (json_int_t)tally->by_operation,
	                 "by_itself", (json_int_t)tally->by_itself, "not_yet", (json_int_t)tally->not_yet, "p50_s",
	                 quantile(tally, 0.5), "p90_s", quantile(tally, 0.9), "p99_s", quantile(tally, 0.99), "max_s",
	                 quantile(tally, 1));
}

/* A question counts what was before it, not the attempt that it leads to at the same instant. */
static int
compare_time(const struct scenario_asked *x, const struct scenario_asked *y)
{
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return (int)x->attempt - (int)y->attempt;
}

/* By actor, operation, element, time. */
static int
compare_asked(const void *left, const void *right)
{
	const struct scenario_asked *x = left, *y = right;
	int order = str_compare(x->directive->actor, y->directive->actor);

	if (order == 0)
		order = str_compare(x->directive->operation, y->directive->operation);
	if (order == 0)
		order = (x->element > y->element) - (x->element < y->element);
	return order ? order : compare_time(x, y);
}

static int
compare_asked_time(const void *left, const void *right)
{
	return compare_time(left, right);
}

/*
 * The limit that lets every question of the list pass: one more than the most attempts that a limiter counts when
 * asked, those under way and those that ended within the window. The list is by time; ends: room for as many times.
 */
static uint64_t
needed(const struct scenario_asked *list, size_t count, int64_t window_ms, int64_t *ends)
{
	uint64_t most = 0, started = 0, left = 0;
	size_t attempts = 0;

	for (size_t i = 0; i < count; i++) {
		if (list[i].attempt)
			ends[attempts++] = list[i].end_ms;
	}
	if (attempts > 0)
		qsort(ends, attempts, sizeof(*ends), compare_times);
	for (size_t i = 0; i < count; i++) {
		started += list[i].attempt;
		while (left < attempts && ends[left] < list[i].at_ms - window_ms)
			left++;
		if (!list[i].attempt && started - left + 1 > most)
			most = started - left + 1;
	}
	return most;
}

/* The same where each target has a count of its own. The list is by element, then time. */
static uint64_t
needed_per_target(const struct scenario_asked *list, size_t count, int64_t window_ms, int64_t *ends)
{
	uint64_t most = 0;
	size_t first = 0;

	for (size_t i = 1; i <= count; i++) {
		uint64_t one;

		if (i < count && list[i].element == list[first].element)
			continue;
		one = needed(&list[first], i - first, window_ms, ends);
		most = one > most ? one : most;
		first = i;
	}
	return most;
}

/* The rows of one actor and operation: per target first, for which they are sorted, then in all. */
static int
add_limits(json_t *limits, struct scenario_asked *list, size_t count, int64_t *ends, const struct scenario *scenario)
{
	uint64_t per_target[PLANT_WINDOWS_MAX];

	for (size_t i = 0; i < scenario->window_count; i++)
		per_target[i] = needed_per_target(list, count, scenario->windows[i], ends);
	qsort(list, count, sizeof(*list), compare_asked_time);
	for (size_t i = 0; i < scenario->window_count; i++) {
		const struct directive *d = list->directive;
		uint64_t in_all = needed(list, count, scenario->windows[i], ends);
		char window[TIME_TEXT_SIZE];
		json_t *item;

		time_format_duration((struct duration){0, scenario->windows[i]}, window);
		item = json_pack("{s:s%, s:s%, s:s, s:I, s:I}", "actor", d->actor.ptr, d->actor.len, "operation",
		                 d->operation.ptr, d->operation.len, "window", window, "per_target",
		                 (json_int_t)per_target[i], "in_all", (json_int_t)in_all);
		if (json_array_append_new(limits, item) < 0)
			return -1;
	}
	return 0;
}

static json_t *
limits_report(struct scenario_tally *tally, const struct scenario *scenario)
{
	int64_t *ends = calloc(tally->asked_count ? tally->asked_count : 1, sizeof(*ends));
	json_t *limits = ends ? json_array() : NULL;
	size_t first = 0;

	if (tally->asked_count > 0)
		qsort(tally->asked, tally->asked_count, sizeof(*tally->asked), compare_asked);
	for (size_t i = 1; limits && i <= tally->asked_count; i++) {
		const struct directive *a = tally->asked[first].directive;
		const struct directive *b = i < tally->asked_count ? tally->asked[i].directive : NULL;

		if (b && str_equal(a->actor, b->actor) && str_equal(a->operation, b->operation))
			continue;
		if (add_limits(limits, &tally->asked[first], i - first, ends, scenario) < 0) {
			json_decref(limits);
			limits = NULL;
		}
		first = i;
	}
	free(ends);
	return limits;
}

static json_t *
finals_report(const struct scenario_tally *tally)
{
	json_t *finals = json_object();

	for (int i = 0; finals && i < RESULT_COUNT + 2; i++) {
		const char *name = i < RESULT_COUNT ? result_final[i] : i == RESULT_COUNT ? FINAL_OPENLOOP : "abort";

		if (tally->finals[i] > 0)
			(void)json_object_set_new(finals, name,
			                          json_integer((json_int_t)tally->finals[i])); /* seen below */
	}
	if (finals && tally->rejected > 0)
		(void)json_object_set_new(finals, "reject", json_integer((json_int_t)tally->rejected));
	return finals;
}

json_t *
tally_report(struct scenario_tally *tally, const struct scenario *scenario)
{
	json_t *operations = json_pack("{s:I, s:I, s:I, s:I}", "tried", (json_int_t)tally->tried, "succeeded",
	                               (json_int_t)tally->succeeded, "failed", (json_int_t)tally->failed, "denied",
	                               (json_int_t)tally->denied);

	/* json_pack gives all of them back when one is NULL. */
	return json_pack("{s:I, s:f, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "elements",
	                 (json_int_t)scenario->elements, "days", (double)scenario->duration_ms / TIME_MS_DAY,
	                 "failures", (json_int_t)tally->failures, "events", (json_int_t)tally->events, "ignored",
	                 (json_int_t)tally->ignored, "transactions", (json_int_t)tally->transactions, "operations",
	                 operations, "heal", heal_report(tally), "finals", finals_report(tally), "limits",
	                 limits_report(tally, scenario));
}
