/* analysis_facts - guards seen from outside: what an analysis can know of them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis_priv.h"

#include <stdlib.h>

static int
empty_count(void *context, const struct count_query *query, struct count_result *ret)
{
	(void)context, (void)query;
	*ret = (struct count_result){.limit_end = TIME_NONE};
	return 0;
}

static int
empty_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	(void)context, (void)clname, (void)now_ms, (void)ret_until;
	return 0;
}

static int
empty_started(void *context, struct str clname)
{
	(void)context, (void)clname;
	return 0;
}

const struct history_view history_empty = {empty_count, empty_live, empty_started, NULL};

/* Targets that nobody would put into a list, of several shapes: a blacklist that has them all has everything. */
static const char *const strangers[] = {"witness-target", "WITNESS_7f3a", "0", "witness.example/9"};

static bool
blocks_all(const struct guard *guard, const struct env *env)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct request request = {0};
		struct verdict verdict = {0};

		request.attribute[ATTRIBUTE_TARGET] = str_from(strangers[i]);
		guard->kind->check[GUARD_STRICT](guard, &request, env, &verdict);
		if (verdict.effect != EFFECT_DENY)
			return false;
	}
	return true;
}

/* A value of the guard's explanation, absent when it has none of this name. */
static struct str
told(const struct explanation *explanation, const char *name)
{
	for (size_t i = 0; i < explanation->value_count; i++) {
		if (strcmp(explanation->values[i].name, name) == 0)
			return explanation->values[i].value;
	}
	return STR_NONE;
}

void
fact_read(struct fact *fact, const struct guard *guard, int64_t now_ms, struct pattern_scratch *scratch,
          struct arena *arena)
{
	const struct env env = {now_ms, &history_empty, scratch};
	struct verdict verdict = {.effect = EFFECT_PERMIT};
	struct explanation explanation = {0};
	struct request request = {.has_vf_count = true};
	struct str min, max;

	*fact = (struct fact){.guard = guard, .min = INT64_MIN, .max = INT64_MAX};
	if (guard->kind == &guard_frequency_limiter) {
		fact->limiter = guard->data;
		return;
	}
	if (guard->kind == &guard_blacklist) {
		fact->blocks_all = blocks_all(guard, &env);
		return;
	}
	guard->kind->explain(guard, &request, &env, &verdict, arena, &explanation);
	fact->first = told(&explanation, "first");
	min = told(&explanation, "min");
	max = told(&explanation, "max");
	fact->has_min = min.ptr && guard->kind == &guard_min_max;
	fact->has_max = max.ptr && guard->kind == &guard_min_max;
	if (fact->has_min)
		fact->min = strtoll(min.ptr, NULL, 10); /* our own digits */
	if (fact->has_max)
		fact->max = strtoll(max.ptr, NULL, 10);
}

static bool
term_has(const struct scope_term *term, struct str text, struct pattern_scratch *scratch)
{
	return scope_term_match(term, text, scratch) == 1;
}

static bool
term_within(const struct scope_term *a, const struct scope_term *b, struct pattern_scratch *scratch)
{
	if (b->kind == TERM_ANY)
		return true;
	if (a->kind == TERM_EXACT)
		return term_has(b, a->text, scratch);
	if (a->kind == TERM_PATTERN)
		return b->kind == TERM_PATTERN && str_equal(pattern_text(a->pattern), pattern_text(b->pattern));
	for (size_t i = 0; a->kind == TERM_LIST && i < a->list_count; i++) {
		if (!term_has(b, a->list[i], scratch))
			return false;
	}
	return a->kind == TERM_LIST;
}

bool
scope_within(const struct scope *a, const struct scope *b, struct pattern_scratch *scratch)
{
	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (!term_within(&a->term[i], &b->term[i], scratch))
			return false;
	}
	return true;
}

bool
range_within(const struct time_range *a, const struct time_range *b)
{
	bool wraps_a = a->end < a->start, wraps_b = b->end < b->start;

	if (b->kind == RANGE_ALWAYS)
		return true;
	if (a->kind != b->kind || (a->kind != RANGE_DAILY && a->kind != RANGE_INSTANTS))
		return false;
	if (a->start == b->start && a->end == b->end)
		return true;
	if (wraps_a && !wraps_b && a->kind == RANGE_DAILY)
		return false;
	if (!wraps_a && wraps_b && a->kind == RANGE_DAILY)
		return a->start >= b->start || a->end <= b->end;
	return a->start >= b->start && a->end <= b->end;
}

/* A text in both terms: what is written in one, else the wish, else a stranger. */
static bool
term_example(const struct scope_term *a, const struct scope_term *b, struct str wish, struct pattern_scratch *scratch,
             struct str *ret)
{
	static const struct scope_term any = {.kind = TERM_ANY};
	const struct scope_term *terms[] = {a, b ? b : &any};

	for (int i = 0; i < 2; i++) {
		const struct scope_term *other = terms[1 - i];

		if (terms[i]->kind == TERM_EXACT) {
			*ret = terms[i]->text;
			return term_has(other, *ret, scratch);
		}
		for (size_t j = 0; terms[i]->kind == TERM_LIST && j < terms[i]->list_count; j++) {
			*ret = terms[i]->list[j];
			if (term_has(other, *ret, scratch))
				return true;
		}
	}
	*ret = wish;
	if (wish.ptr && term_has(terms[0], wish, scratch) && term_has(terms[1], wish, scratch))
		return true;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		*ret = str_from(strangers[i]);
		if (term_has(terms[0], *ret, scratch) && term_has(terms[1], *ret, scratch))
			return true;
	}
	return false;
}

bool
scope_example(const struct scope *a, const struct scope *b, const struct request *wish, struct pattern_scratch *scratch,
              struct request *ret)
{
	*ret = (struct request){0};
	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (!term_example(&a->term[i], b ? &b->term[i] : NULL, wish ? wish->attribute[i] : STR_NONE, scratch,
		                  &ret->attribute[i]))
			return false;
	}
	return true;
}

static bool
holds(const struct time_range *range, int64_t now_ms)
{
	const struct request request = {0};

	return !range || time_range_state(range, GUARD_STRICT, &request, now_ms) == RANGE_IN;
}

bool
range_example(const struct time_range *a, const struct time_range *b, int64_t now_ms, int64_t *ret_ms)
{
	const struct time_range *ranges[] = {a, b};

	for (int i = -1; i < 2; i++) {
		int64_t at = i < 0 ? now_ms : ranges[i] ? time_range_starts(ranges[i], now_ms) : TIME_NONE;

		if (at == TIME_NONE || !holds(a, at) || !holds(b, at))
			continue;
		*ret_ms = at;
		return true;
	}
	return false;
}
