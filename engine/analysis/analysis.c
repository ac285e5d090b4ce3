/* analysis - what a whole set of guards and operational policies does that its authors cannot have meant */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis_priv.h"

#include <inttypes.h>
#include <stdlib.h>

#define TIMES_MAX 64

struct node
place_of(const struct guard *guard)
{
	return (struct node){.line = guard->line, .column = guard->column, .file = guard->file};
}

struct witness *
witness_new(struct analysis *a, const char *claim, const struct request *request, int64_t now_ms)
{
	struct witness *witness = arena_alloc(a->arena, sizeof(*witness));

	if (!witness || !claim) {
		a->failed = true;
		return NULL;
	}
	witness->claim = claim;
	witness->request = *request;
	witness->now_ms = now_ms;
	*a->tail = witness;
	a->tail = &witness->next;
	return witness;
}

void
witness_expect(struct witness *witness, const struct guard *guard, enum effect effect, bool in_force)
{
	witness->words[witness->word_count++] = (struct witness_word){guard->order, effect, in_force};
}

void
witness_expect_answer(struct witness *witness, bool permit)
{
	witness->answers = true;
	witness->permit = permit;
}

bool
witness_fill(struct analysis *a, struct witness *witness, uint32_t count, struct str clname, bool live)
{
	struct operation *rows = arena_array(a->arena, count, sizeof(*rows));

	if (!rows) {
		a->failed = true;
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		rows[i] = (struct operation){
			.actor = witness->request.attribute[ATTRIBUTE_ACTOR],
			.operation = witness->request.attribute[ATTRIBUTE_OPERATION],
			.target = witness->request.attribute[ATTRIBUTE_TARGET],
			.clname = clname,
			.outcome = live ? STR("Started") : STR("Success"),
			.start_ms = witness->now_ms - 1,
			.end_ms = live ? TIME_NONE : witness->now_ms - 1,
		};
	}
	witness->history = rows;
	witness->history_count = count;
	return true;
}

struct str
exact_text(const struct fact *fact, enum attribute attribute)
{
	const struct scope_term *term = &fact->guard->scope.term[attribute];

	return term->kind == TERM_EXACT ? term->text : STR_NONE;
}

/* Guards are grouped by actor and operation; those that name none by exact text come first, and may meet anybody. */
static int
compare_facts(const void *left, const void *right)
{
	const struct fact *x = left, *y = right;
	int order = str_compare(exact_text(x, ATTRIBUTE_ACTOR), exact_text(y, ATTRIBUTE_ACTOR));

	if (order == 0)
		order = str_compare(exact_text(x, ATTRIBUTE_OPERATION), exact_text(y, ATTRIBUTE_OPERATION));
	return order ? order : (x->guard->order > y->guard->order) - (x->guard->order < y->guard->order);
}

/* SET-05: the range is over for good, or no request can be denied. */
static void
find_dead(struct analysis *a, const struct fact *fact)
{
	const struct guard *guard = fact->guard;
	const struct env env = {a->now_ms, &history_empty, a->scratch};
	struct node place = place_of(guard);
	struct verdict verdict = {0};
	struct witness *witness;
	struct request request;

	if (guard_allows(guard, "SET-05") || !scope_example(&guard->scope, NULL, NULL, a->scratch, &request))
		return;
	if (guard->range.kind == RANGE_INSTANTS && guard->range.end < a->now_ms) {
		diags_add(a->diags, SEVERITY_WARNING, "SET-05", &place,
		          "guard '%.*s' can never apply again: its time range is over", STR_ARG(guard->policy));
		witness = witness_new(a, "the guard is not in force any more", &request, a->now_ms);
		if (witness)
			witness_expect(witness, guard, EFFECT_NOT_APPLICABLE, false);
		return;
	}
	if (guard->kind != &guard_blacklist || guard->scope.term[ATTRIBUTE_TARGET].kind != TERM_EXACT ||
	    guard->range.kind != RANGE_ALWAYS)
		return;
	guard->kind->check[GUARD_STRICT](guard, &request, &env, &verdict);
	if (verdict.effect == EFFECT_DENY)
		return;
	diags_add(a->diags, SEVERITY_WARNING, "SET-05", &place,
	          "guard '%.*s' can never deny: it is for target '%.*s' alone, which is not in its blacklist",
	          STR_ARG(guard->policy), STR_ARG(guard->scope.term[ATTRIBUTE_TARGET].text));
	witness = witness_new(a, "the only target it is for is permitted", &request, a->now_ms);
	if (witness)
		witness_expect(witness, guard, EFFECT_PERMIT, true);
}

/* SET-06: follows "first blocks second" from the second of `start`; a way back to its first is a circle. */
static void
find_circle(struct analysis *a, const struct fact *start)
{
	struct str first = start->first, at = exact_text(start, ATTRIBUTE_CLNAME);
	struct node place = place_of(start->guard);
	struct witness *witness;
	struct request request;
	size_t steps = 0;

	while (at.ptr && !str_equal(at, first) && steps++ < a->count) {
		const struct fact *next = NULL;

		for (size_t i = 0; i < a->count && !next; i++) {
			if (a->facts[i].first.ptr && str_equal(a->facts[i].first, at) &&
			    a->facts[i].guard->order >= start->guard->order)
				next = &a->facts[i];
		}
		at = next ? exact_text(next, ATTRIBUTE_CLNAME) : STR_NONE;
	}
	if (!at.ptr || !str_equal(at, first) || guard_allows(start->guard, "SET-06") ||
	    !scope_example(&start->guard->scope, NULL, NULL, a->scratch, &request))
		return;
	diags_add(a->diags, SEVERITY_WARNING, "SET-06", &place,
	          "coordination goes in a circle: '%.*s' blocks '%.*s', and comes to be blocked by it", STR_ARG(first),
	          STR_ARG(exact_text(start, ATTRIBUTE_CLNAME)));
	witness = witness_new(a, "while the first loop works the second waits, and the other way round", &request,
	                      a->now_ms);
	if (!witness || !witness_fill(a, witness, 1, first, true))
		return;
	witness_expect(witness, start->guard, EFFECT_DENY, true);
}

/* Adds the times around the edges of a range, on the day after now. */
static void
add_edges(const struct time_range *range, int64_t now_ms, int64_t times[TIMES_MAX], size_t *count)
{
	int64_t day = now_ms - now_ms % TIME_MS_DAY;
	int64_t edges[] = {range->start - 1, range->start, range->end, range->end + 1};

	for (size_t i = 0; i < 4 && *count < TIMES_MAX; i++) {
		if (range->kind == RANGE_DAILY)
			times[(*count)++] = day + TIME_MS_DAY + edges[i];
		else if (range->kind == RANGE_INSTANTS && edges[i] > now_ms)
			times[(*count)++] = edges[i];
	}
}

/*
 * What SET-01 asks about one directive: guards in whose scope it falls, instants and counts at which they may
 * change.
 */
struct analysis_question {
	struct request request;
	const struct fact **facts;
	size_t fact_count;
	int64_t times[TIMES_MAX];
	size_t time_count;
	int32_t counts[TIMES_MAX];
	size_t count_count;
	struct fields fields;
	const struct guard *denier;
};

static void
add_count(struct analysis_question *q, int64_t count)
{
	if (q->count_count < TIMES_MAX && count >= 0 && count <= INT32_MAX)
		q->counts[q->count_count++] = (int32_t)count;
}

static void
question_make(struct analysis *a, struct analysis_question *q, const struct operational *policy,
              const struct directive *d)
{
	q->request = (struct request){0};
	q->request.attribute[ATTRIBUTE_ACTOR] = d->actor;
	q->request.attribute[ATTRIBUTE_OPERATION] = d->operation;
	q->request.attribute[ATTRIBUTE_CLNAME] = policy->id;
	q->request.attribute[ATTRIBUTE_TARGET] = STR("witness-target");
	q->request.has_vf_count = d->vf_change != 0;
	q->fact_count = q->count_count = q->fields.count = 0;
	q->time_count = 1;
	q->times[0] = a->now_ms;
	add_count(q, d->vf_change > 0 ? 1 : 0);
	for (size_t i = 0; i < a->count; i++) {
		const struct fact *fact = &a->facts[i];

		if (fact->guard->shadow || scope_match(&fact->guard->scope, &q->request, a->scratch) != 1)
			continue;
		if (fact->guard->kind == &guard_filter && !fields_add(&q->fields, fact->guard, a->arena))
			continue; /* it looks at what the event brings: too much to try */
		q->facts[q->fact_count++] = fact;
		add_edges(&fact->guard->range, a->now_ms, q->times, &q->time_count);
		if (fact->has_min)
			add_count(q, fact->min);
		if (fact->has_max)
			add_count(q, fact->max);
	}
}

/* True when some guard denies at this instant, with this count. */
static bool
denied(struct analysis *a, struct analysis_question *q, int64_t now_ms)
{
	const struct env env = {now_ms, &history_empty, a->scratch};

	for (size_t i = 0; i < q->fact_count; i++) {
		struct verdict verdict = {0};

		guard_evaluate(q->facts[i]->guard, &q->request, &env, &verdict);
		if (verdict.effect != EFFECT_DENY)
			continue;
		if (!q->denier)
			q->denier = q->facts[i]->guard;
		return true;
	}
	return false;
}

/* SET-01: with no operation counted, at every edge of every range, for every count that guards name: denied. */
static void
find_never(struct analysis *a, struct analysis_question *q, const struct operational *policy, const struct directive *d)
{
	struct node place = {.line = d->line, .column = d->column, .file = policy->file};
	struct witness *witness;

	question_make(a, q, policy, d);
	q->denier = NULL;
	for (size_t i = 0; i < q->time_count; i++) {
		for (size_t j = 0; j < q->count_count; j++) {
			q->request.vf_count = q->request.has_vf_count ? q->counts[j] : 0;
			do {
				if (!denied(a, q, q->times[i]))
					return;
			} while (fields_next(&q->fields, &q->request));
		}
	}
	q->request.vf_count = q->request.has_vf_count ? q->counts[0] : 0;
	diags_add(a->diags, SEVERITY_WARNING, "SET-01", &place,
	          "operation '%.*s' (%.*s %.*s) is never permitted: guard '%.*s' at line %u denies it", STR_ARG(d->id),
	          STR_ARG(d->actor), STR_ARG(d->operation), STR_ARG(q->denier->policy), q->denier->line);
	witness = witness_new(
		a, arena_printf(a->arena, "operation '%.*s' is denied though nothing was done yet", STR_ARG(d->id)),
		&q->request, a->now_ms);
	if (witness)
		witness_expect_answer(witness, false);
}

static int
find_all(struct analysis *a)
{
	struct analysis_question *q = arena_alloc(a->arena, sizeof(*q));

	if (!q)
		return -ERROR_MEMORY;
	q->facts = arena_array(a->arena, a->count, sizeof(*q->facts));
	if (!q->facts)
		return -ERROR_MEMORY;
	for (const struct operational *policy = a->operational; policy; policy = policy->next) {
		for (size_t i = 0; i < policy->count; i++)
			find_never(a, q, policy, &policy->directives[i]);
	}
	find_in_pairs(a);
	for (size_t i = 0; i < a->count; i++) {
		find_dead(a, &a->facts[i]);
		if (a->facts[i].first.ptr)
			find_circle(a, &a->facts[i]);
	}
	for (const struct operational *policy = a->operational; policy; policy = policy->next)
		find_cut_off(a, policy);
	return a->failed ? -ERROR_MEMORY : 0;
}

int
analysis_run(const struct policyset *set, const struct operational *operational, int64_t now_ms, struct arena *arena,
             struct diags *diags, const struct witness **ret)
{
	struct analysis a = {
		.set = set, .operational = operational, .now_ms = now_ms, .arena = arena, .diags = diags, .tail = ret};
	int r;

	*ret = NULL;
	if (set->mode != GUARD_STRICT)
		return 0;
	a.scratch = pattern_scratch_new();
	a.facts = arena_array(arena, set->guards.count, sizeof(*a.facts));
	if (!a.scratch || !a.facts) {
		pattern_scratch_free(a.scratch);
		return -ERROR_MEMORY;
	}
	for (const struct guard *guard = set->guards.first; guard; guard = guard->next)
		fact_read(&a.facts[a.count++], guard, now_ms, a.scratch, arena);
	if (a.count > 0)
		qsort(a.facts, a.count, sizeof(*a.facts), compare_facts);
	r = find_all(&a);
	pattern_scratch_free(a.scratch);
	return r;
}
