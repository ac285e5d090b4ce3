/* analysis_pairs - what two guards of a set make of each other */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis_priv.h"

#include <inttypes.h>

/* Pairs of guards looked at: what lies beyond is said to be, not looked at. */
#define PAIRS_MAX 4000000

/* SET-02: b denies whatever a could deny. */
static void
find_shadow(struct analysis *a, struct fact *weak, struct fact *strong)
{
	const struct guard *w = weak->guard, *s = strong->guard;
	bool bounds = (weak->has_min || weak->has_max) && (strong->has_min || strong->has_max) &&
	              strong->min >= weak->min && strong->max <= weak->max;
	bool twins = bounds && strong->min == weak->min && strong->max == weak->max;
	struct node place = place_of(w);
	struct witness *witness;
	struct request request;
	int64_t at;

	if (weak->told || strong->told || !(strong->blocks_all || bounds) || w->shadow || s->shadow)
		return;
	if ((twins || (weak->blocks_all && strong->blocks_all)) && w->order < s->order &&
	    scope_within(&s->scope, &w->scope, a->scratch) && range_within(&s->range, &w->range))
		return; /* equals: the later one is told */
	if (!scope_within(&w->scope, &s->scope, a->scratch) || !range_within(&w->range, &s->range) ||
	    !scope_example(&w->scope, &s->scope, NULL, a->scratch, &request) ||
	    !range_example(&w->range, &s->range, a->now_ms, &at))
		return;
	weak->told = true;
	if (guard_allows(weak->guard, "SET-02"))
		return;
	diags_add(a->diags, SEVERITY_WARNING, "SET-02", &place,
	          "guard '%.*s' is shadowed: '%.*s' at line %u denies whatever it could deny", STR_ARG(w->policy),
	          STR_ARG(s->policy), s->line);
	if (bounds) {
		request.has_vf_count = true;
		request.vf_count =
			(int32_t)(strong->has_max && strong->max < INT32_MAX ? strong->max + 1 : strong->min - 1);
	}
	witness = witness_new(a,
	                      arena_printf(a->arena, "denied by '%.*s', whatever '%.*s' says", STR_ARG(s->policy),
	                                   STR_ARG(w->policy)),
	                      &request, at);
	if (witness) {
		witness_expect(witness, s, EFFECT_DENY, true);
		witness_expect_answer(witness, false);
	}
}

/* SET-03: no count is right for both. */
static void
find_contradiction(struct analysis *a, const struct fact *x, const struct fact *y)
{
	const struct fact *low = x->max < y->min ? x : y, *high = low == x ? y : x;
	struct node place = place_of(y->guard);
	struct witness *witness;
	struct request request;
	int64_t at;

	if (!(x->has_min || x->has_max) || !(y->has_min || y->has_max) || low->max >= high->min || x->guard->shadow ||
	    y->guard->shadow || x->guard->order > y->guard->order)
		return;
	if (!scope_example(&x->guard->scope, &y->guard->scope, NULL, a->scratch, &request) ||
	    !range_example(&x->guard->range, &y->guard->range, a->now_ms, &at))
		return;
	if (guard_allows(x->guard, "SET-03") || guard_allows(y->guard, "SET-03"))
		return;
	diags_add(a->diags, SEVERITY_WARNING, "SET-03", &place,
	          "guards '%.*s' at line %u and '%.*s' contradict each other: at most %" PRId64 " and at least %" PRId64
	          " leave no count",
	          STR_ARG(x->guard->policy), x->guard->line, STR_ARG(y->guard->policy), low->max, high->min);
	request.has_vf_count = true;
	request.vf_count = (int32_t)low->max;
	witness = witness_new(a, "what one of the two permits the other denies", &request, at);
	if (witness) {
		witness_expect(witness, low->guard, low->min <= low->max ? EFFECT_PERMIT : EFFECT_DENY, true);
		witness_expect(witness, high->guard, EFFECT_DENY, true);
		witness_expect_answer(witness, false);
	}
}

/* Milliseconds of a window at its shortest and longest; months by 28 and 31 days. */
static int64_t
window_ms(struct duration window, int64_t days)
{
	return window.months * days * TIME_MS_DAY + window.ms;
}

/* True when `strong` counts at least what `weak` counts. */
static bool
counts_more(const struct limiter_spec *strong, const struct limiter_spec *weak)
{
	bool weak_target = weak->by_target || weak->target.ptr, weak_clname = weak->by_clname || weak->clname.ptr;

	if ((strong->target.ptr && !str_equal(strong->target, weak->target)) ||
	    (strong->clname.ptr && !str_equal(strong->clname, weak->clname)))
		return false;
	return (!strong->by_target || weak_target) && (!strong->by_clname || weak_clname);
}

/* SET-04: whenever weak would deny, strong does already. */
static void
find_idle(struct analysis *a, struct fact *weak, struct fact *strong)
{
	const struct limiter_spec *w = weak->limiter, *s = strong->limiter;
	struct node place = place_of(weak->guard);
	struct witness *witness;
	struct request request;
	bool equal;
	int64_t at;

	if (!w || !s || weak->told || strong->told || weak->guard->shadow || strong->guard->shadow ||
	    s->limit > w->limit ||
	    window_ms(s->window, 28) < window_ms(w->window, w->window.months == s->window.months ? 28 : 31) ||
	    !counts_more(s, w) || !scope_within(&weak->guard->scope, &strong->guard->scope, a->scratch) ||
	    !range_within(&weak->guard->range, &strong->guard->range))
		return;
	equal = s->limit == w->limit && s->window.ms == w->window.ms && s->window.months == w->window.months;
	if ((equal && weak->guard->order < strong->guard->order) || s->limit > 10000 ||
	    !scope_example(&weak->guard->scope, &strong->guard->scope, NULL, a->scratch, &request) ||
	    !range_example(&weak->guard->range, &strong->guard->range, a->now_ms, &at))
		return;
	weak->told = true;
	if (guard_allows(weak->guard, "SET-04"))
		return;
	diags_add(a->diags, SEVERITY_WARNING, "SET-04", &place,
	          "limiter '%.*s' is idle: '%.*s' at line %u denies before it does", STR_ARG(weak->guard->policy),
	          STR_ARG(strong->guard->policy), strong->guard->line);
	witness = witness_new(a,
	                      arena_printf(a->arena, "after %" PRIu32 " operations '%.*s' denies%s", s->limit,
	                                   STR_ARG(strong->guard->policy),
	                                   equal ? " as well" : ", and the idle one does not yet"),
	                      &request, at);
	if (!witness || !witness_fill(a, witness, s->limit, request.attribute[ATTRIBUTE_CLNAME], false))
		return;
	witness_expect(witness, strong->guard, EFFECT_DENY, true);
	if (s->limit < w->limit)
		witness_expect(witness, weak->guard, EFFECT_PERMIT, true);
	witness_expect_answer(witness, false);
}

/* SET-02 between blacklists of some targets: b lists whatever a does. */
static void
find_sublist(struct analysis *a, struct fact *weak, struct fact *strong)
{
	const struct guard *w = weak->guard, *s = strong->guard;
	struct node place = place_of(w);
	struct witness *witness;
	struct request request, wish = {0};
	struct str listed, text;
	int64_t at;

	if (w->kind != &guard_blacklist || s->kind != &guard_blacklist || weak->told || strong->told ||
	    weak->blocks_all || strong->blocks_all || w->shadow || s->shadow ||
	    !scope_within(&w->scope, &s->scope, a->scratch) || !range_within(&w->range, &s->range) ||
	    !blacklist_within(w, s, a->scratch, &listed))
		return;
	if (w->order < s->order && scope_within(&s->scope, &w->scope, a->scratch) &&
	    range_within(&s->range, &w->range) && blacklist_within(s, w, a->scratch, &text))
		return; /* equals: the later one is told */
	wish.attribute[ATTRIBUTE_TARGET] = listed;
	if (!scope_example(&w->scope, &s->scope, &wish, a->scratch, &request) ||
	    !str_equal(request.attribute[ATTRIBUTE_TARGET], listed) ||
	    !range_example(&w->range, &s->range, a->now_ms, &at))
		return;
	weak->told = true;
	if (guard_allows(weak->guard, "SET-02"))
		return;
	diags_add(a->diags, SEVERITY_WARNING, "SET-02", &place,
	          "guard '%.*s' is shadowed: '%.*s' at line %u lists every target that it does", STR_ARG(w->policy),
	          STR_ARG(s->policy), s->line);
	witness = witness_new(a, arena_printf(a->arena, "denied by '%.*s' as well", STR_ARG(s->policy)), &request, at);
	if (witness) {
		witness_expect(witness, w, EFFECT_DENY, true);
		witness_expect(witness, s, EFFECT_DENY, true);
		witness_expect_answer(witness, false);
	}
}

static void
find_in_pair(struct analysis *a, struct fact *x, struct fact *y)
{
	find_shadow(a, x, y);
	find_shadow(a, y, x);
	find_sublist(a, x, y);
	find_sublist(a, y, x);
	find_contradiction(a, x->guard->order < y->guard->order ? x : y, x->guard->order < y->guard->order ? y : x);
	find_idle(a, x, y);
	find_idle(a, y, x);
}

/* Guards that name another actor or operation by exact text never meet, and are not compared. */
void
find_in_pairs(struct analysis *a)
{
	size_t pairs = 0;

	for (size_t i = 0; i < a->count && pairs < PAIRS_MAX; i++) {
		struct str actor = exact_text(&a->facts[i], ATTRIBUTE_ACTOR);

		for (size_t j = i + 1; j < a->count && pairs < PAIRS_MAX; j++, pairs++) {
			struct str other = exact_text(&a->facts[j], ATTRIBUTE_ACTOR);

			if (actor.ptr && other.ptr && !str_equal(actor, other))
				break; /* sorted: nor do those behind */
			find_in_pair(a, &a->facts[i], &a->facts[j]);
		}
	}
	if (pairs == PAIRS_MAX)
		diags_add(a->diags, SEVERITY_INFO, NULL, NULL,
		          "the set has too many guards to compare each with each: only %d pairs were looked at",
		          PAIRS_MAX);
}
