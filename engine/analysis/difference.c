/* difference - requests that two sets of policies answer otherwise, one for each policy that makes a difference */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/difference.h"

#include "engine/analysis/analysis_priv.h"
#include "engine/decide/decide.h"

#define BOUNDS_MAX 24 /* of one kind that are tried together */

static const char other_target[] = "another-target", other_loop[] = "another-loop";

/* The values worth trying for one policy. */
struct bounds {
	int32_t vf_counts[BOUNDS_MAX];
	int64_t times[BOUNDS_MAX];
	const struct limiter_spec *limiters[BOUNDS_MAX];
	struct str loops[BOUNDS_MAX];
	size_t vf_count, time_count, limiter_count, loop_count;
};

struct comparing {
	const struct policyset *sets[2];
	int64_t now_ms;
	struct pattern_scratch *scratch;
	struct arena *arena;
	struct arena facts; /* of one guard */
	struct bounds bounds;
	struct set_difference *first, **tail;
	uint64_t asked;
	bool failed; /* out of memory */
};

/* --- the history of a question --- */

static int
question_count(void *context, const struct count_query *query, struct count_result *ret)
{
	const struct difference_question *question = context;
	const struct str *attribute = question->request.attribute;
	struct str target = question->where == DONE_ON_OTHER_TARGET ? STR(other_target) : attribute[ATTRIBUTE_TARGET];
	struct str clname = question->where == DONE_FOR_OTHER_LOOP ? STR(other_loop) : attribute[ATTRIBUTE_CLNAME];
	bool counts = question->ended_ms >= query->since_ms && question->ended_ms <= query->now_ms;

	*ret = (struct count_result){0, TIME_NONE, false};
	counts = counts && (!query->target.ptr || (target.ptr && str_equal(query->target, target)));
	counts = counts && (!query->clname.ptr || (clname.ptr && str_equal(query->clname, clname)));
	if (!counts)
		return 0;
	ret->used = question->count < query->limit ? question->count : query->limit;
	if (ret->used == query->limit)
		ret->limit_end = question->ended_ms;
	return 0;
}

static int
question_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	const struct difference_question *question = context;

	if (!question->live_loop.ptr || !str_equal(question->live_loop, clname))
		return LIVENESS_IDLE;
	if (ret_until)
		*ret_until = now_ms + TIME_MS_HOUR;
	return LIVENESS_LIVE;
}

static int
question_started(void *context, struct str clname)
{
	return question_live(context, clname, 0, NULL);
}

static void
question_ask(const struct comparing *c, int side, struct difference_question *question, struct decision *ret)
{
	const struct history_view view = {question_count, question_live, question_started, question};
	const struct env env = {question->now_ms, &view, c->scratch};

	decide_with(c->sets[side], &question->request, &env, ret);
}

static struct set_difference *
difference_of(struct comparing *c, struct str policy, bool to_permit)
{
	for (struct set_difference *known = c->first; known; known = known->next) {
		if (known->to_permit == to_permit && str_equal(known->policy, policy))
			return known;
	}
	return NULL;
}

/* Asks both sets, and keeps the question when they do not agree. */
static void
question_try(struct comparing *c, const struct difference_question *from)
{
	struct difference_question question = *from;
	struct decision answers[2];
	struct set_difference *known;
	const struct guard *denier;
	struct str policy;

	for (int side = 0; side < 2; side++)
		question_ask(c, side, &question, &answers[side]);
	c->asked++;
	if (answers[0].permit == answers[1].permit)
		return;
	denier = answers[answers[0].permit].guard; /* of the side that denies */
	policy = denier && denier->policy.ptr ? denier->policy : STR("");
	known = difference_of(c, policy, answers[1].permit);
	if (known) {
		known->count++;
		return;
	}
	known = arena_alloc(c->arena, sizeof(*known));
	if (!known) {
		c->failed = true;
		return;
	}
	*known = (struct set_difference){.policy = policy,
	                                 .to_permit = answers[1].permit,
	                                 .count = 1,
	                                 .question = question,
	                                 .old_answer = answers[0],
	                                 .new_answer = answers[1]};
	*c->tail = known;
	c->tail = &known->next;
}

/* --- what to try --- */

static void
bounds_add_count(struct bounds *bounds, int64_t count)
{
	if (count < INT32_MIN || count > INT32_MAX || bounds->vf_count == BOUNDS_MAX)
		return;
	for (size_t i = 0; i < bounds->vf_count; i++) {
		if (bounds->vf_counts[i] == count)
			return;
	}
	bounds->vf_counts[bounds->vf_count++] = (int32_t)count;
}

static void
bounds_add_time(struct bounds *bounds, int64_t time_ms)
{
	for (size_t i = 0; i < bounds->time_count; i++) {
		if (bounds->times[i] == time_ms)
			return;
	}
	if (bounds->time_count < BOUNDS_MAX)
		bounds->times[bounds->time_count++] = time_ms;
}

/* The ends of a range, and the instants beside them. */
static void
bounds_add_range(struct comparing *c, const struct time_range *range)
{
	int64_t day_ms = c->now_ms - time_of_day_at(c->now_ms);
	int64_t from_ms = range->kind == RANGE_DAILY ? day_ms : 0;

	if (range->kind != RANGE_DAILY && range->kind != RANGE_INSTANTS)
		return;
	for (int i = -1; i <= 1; i++) {
		bounds_add_time(&c->bounds, from_ms + range->start + i);
		bounds_add_time(&c->bounds, from_ms + range->end + i);
	}
}

static void
bounds_add_guard(struct comparing *c, const struct guard *guard)
{
	struct bounds *bounds = &c->bounds;
	struct fact fact;

	arena_reset(&c->facts);
	fact_read(&fact, guard, c->now_ms, c->scratch, &c->facts);
	bounds_add_range(c, &guard->range);
	for (int i = -1; i <= 1; i++) {
		if (fact.has_min)
			bounds_add_count(bounds, fact.min + i);
		if (fact.has_max)
			bounds_add_count(bounds, fact.max + i);
	}
	if (fact.limiter && bounds->limiter_count < BOUNDS_MAX)
		bounds->limiters[bounds->limiter_count++] = fact.limiter;
	if (fact.first.ptr && bounds->loop_count < BOUNDS_MAX)
		bounds->loops[bounds->loop_count++] = arena_str(c->arena, fact.first);
}

/* --- trying it --- */

/* Nothing was done, and what each limiter counts to its limit, one less too: just now, and at the edges of its window. */
static void
try_histories(struct comparing *c, struct difference_question *question)
{
	const struct bounds *bounds = &c->bounds;

	question->count = 0;
	question->ended_ms = question->now_ms;
	question->where = DONE_THERE;
	question_try(c, question);
	for (size_t i = 0; i < bounds->limiter_count; i++) {
		const struct limiter_spec *limiter = bounds->limiters[i];

		for (uint32_t less = 0; less < 2 && less < limiter->limit; less++) {
			question->count = limiter->limit - less;
			for (size_t j = 0; j < 2 * bounds->limiter_count + 1; j++) {
				question->ended_ms = question->now_ms;
				if (j > 0)
					question->ended_ms =
						time_back(question->now_ms, bounds->limiters[(j - 1) / 2]->window) -
						(int64_t)((j - 1) % 2);
				for (int where = DONE_THERE; where <= DONE_FOR_OTHER_LOOP; where++) {
					question->where = where;
					question_try(c, question);
				}
			}
		}
	}
}

static void
try_times(struct comparing *c, struct difference_question *question)
{
	for (size_t i = 0; i <= c->bounds.time_count; i++) {
		question->now_ms = i < c->bounds.time_count ? c->bounds.times[i] : c->now_ms;
		question->live_loop = STR_NONE;
		try_histories(c, question);
		for (size_t j = 0; j < c->bounds.loop_count; j++) {
			question->live_loop = c->bounds.loops[j];
			question_try(c, question);
		}
	}
}

/* With each count of the bounds, and with one that those in the way do not mind; without any too. */
static void
try_counts(struct comparing *c, struct difference_question *question)
{
	question->request.has_vf_count = false;
	try_times(c, question);
	question->request.has_vf_count = true;
	for (size_t i = 0; i < c->bounds.vf_count; i++) {
		question->request.vf_count = c->bounds.vf_counts[i];
		try_times(c, question);
	}
}

/* Each text of a blacklist as the target; the bounds were tried with a stranger. */
static void
try_entries(struct comparing *c, const struct guard *guard, const struct difference_question *from)
{
	struct difference_question question = *from;
	struct str text;
	size_t at = 0;

	question.request.has_vf_count = c->bounds.vf_count > 0;
	while (!c->failed && blacklist_next(guard, &at, &text)) {
		question.request.attribute[ATTRIBUTE_TARGET] = text;
		question_try(c, &question);
		for (size_t i = 0; i < c->bounds.time_count; i++) {
			question.now_ms = c->bounds.times[i];
			question_try(c, &question);
		}
		question.now_ms = from->now_ms;
	}
}

/* The fields that a filter tests, each with the values that it tells apart. */
static void
try_fields(struct comparing *c, const struct guard *guard, const struct difference_question *from)
{
	struct difference_question question = *from;
	struct fields fields = {0};

	if (!fields_add(&fields, guard, &c->facts))
		return;
	do
		try_times(c, &question);
	while (fields_next(&fields, &question.request));
}

/* Both sets' guards that may have a say where this one has. */
static void
bounds_gather(struct comparing *c, const struct guard *guard)
{
	c->bounds = (struct bounds){0};
	bounds_add_guard(c, guard);
	for (int side = 0; side < 2; side++) {
		for (const struct guard *other = c->sets[side]->guards.first; other; other = other->next) {
			struct request ignored;

			if (other != guard && other->kind != &guard_blacklist &&
			    (str_equal(other->policy, guard->policy) ||
			     (other->kind == &guard_min_max && c->bounds.vf_count == 0)) &&
			    scope_example(&guard->scope, &other->scope, NULL, c->scratch, &ignored))
				bounds_add_guard(c, other);
		}
	}
}

static void
try_guard(struct comparing *c, const struct guard *guard)
{
	struct difference_question question = {.now_ms = c->now_ms, .ended_ms = c->now_ms};

	bounds_gather(c, guard);
	if (!scope_example(&guard->scope, NULL, NULL, c->scratch, &question.request))
		return;
	try_counts(c, &question);
	question.request.has_vf_count = c->bounds.vf_count > 0;
	question.request.vf_count = c->bounds.vf_count ? c->bounds.vf_counts[0] : 0;
	question.now_ms = c->now_ms;
	question.count = 0;
	question.live_loop = STR_NONE;
	if (guard->kind == &guard_blacklist)
		try_entries(c, guard, &question);
	if (guard->kind == &guard_filter)
		try_fields(c, guard, &question);
}

int
difference_find(const struct policyset *old_set, const struct policyset *new_set, int64_t now_ms, struct arena *arena,
                const struct set_difference **ret, uint64_t *ret_asked)
{
	struct comparing c = {.sets = {old_set, new_set}, .now_ms = now_ms, .arena = arena};
	struct difference_question stranger = {.now_ms = now_ms, .ended_ms = now_ms};

	c.tail = &c.first;
	c.scratch = pattern_scratch_new();
	if (!c.scratch)
		return -ERROR_MEMORY;
	arena_init(&c.facts, 0);
	/* A name that no guard mentions: for rules of the sets themselves. */
	stranger.request.attribute[ATTRIBUTE_ACTOR] = STR("another-actor");
	stranger.request.attribute[ATTRIBUTE_OPERATION] = STR("another-operation");
	stranger.request.attribute[ATTRIBUTE_TARGET] = STR(other_target);
	stranger.request.attribute[ATTRIBUTE_CLNAME] = STR(other_loop);
	question_try(&c, &stranger);
	for (int side = 0; side < 2; side++) {
		for (const struct guard *guard = c.sets[side]->guards.first; guard && !c.failed; guard = guard->next)
			try_guard(&c, guard);
	}
	arena_free(&c.facts);
	pattern_scratch_free(c.scratch);
	*ret = c.first;
	*ret_asked = c.asked;
	return c.failed ? -ERROR_MEMORY : 0;
}
