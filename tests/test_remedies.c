/* test_remedies - explanations acted upon: the change turns the answer, and permit_at holds to the millisecond */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/decide/decide.h"
#include "engine/decide/explanation.h"
#include "engine/decide/remedies.h"
#include "tests/cmocka_all.h"
#include "tests/random_policies.h"

/*
 * What an explanation says to change is changed here in the policies as their author has them, which are then compiled again,
 * in the request, and in the history; nothing of the engine's own trying is used. The seed is fixed; CLGUARD_SEED takes another.
 */
#define DENIALS 20000
#define REQUESTS 24 /* of each set */
#define POLICIES_MAX 4
#define START INT64_C(1775001600000) /* 2026-04-01 */

struct bed {
	enum guard_mode mode;
	const struct catalogue *builtin;
	struct pattern_scratch *scratch;
	struct arena arena; /* of one explanation */
	struct model_policy policies[POLICIES_MAX];
	size_t count;
	struct model_history history;
	struct policyset *set;
	struct request request;
	int64_t now_ms;
	bool no_guard_deny;
};

/* What the run covered. */
static unsigned long denials, timed, several, edited, asked_otherwise, loops_ended, full, unturned;

static bool
permits(struct bed *bed, const struct policyset *set, const struct request *request, int64_t now_ms)
{
	const struct history_view view = history_view_of(&bed->history);
	const struct env env = {now_ms, &view, bed->scratch};
	struct decision decision;

	decide_with(set, request, &env, &decision);
	return decision.permit;
}

static bool
guard_says_no(struct bed *bed, const struct guard *guard, int64_t now_ms)
{
	const struct history_view view = history_view_of(&bed->history);
	const struct env env = {now_ms, &view, bed->scratch};
	struct verdict verdict;

	guard_evaluate(guard, &bed->request, &env, &verdict);
	return verdict.effect == EFFECT_DENY;
}

/* --- acting upon a change --- */

static void
policy_set(struct model_policy *policy, const struct node *member)
{
	if (str_is(member->key, "limit"))
		policy->limit = member->integer;
	else if (str_is(member->key, "timeWindow"))
		policy->window = member->integer;
	else if (str_is(member->key, "timeUnits"))
		policy->unit = "second";
	else if (str_is(member->key, "min"))
		policy->bounds[0] = member->integer;
	else if (str_is(member->key, "max"))
		policy->bounds[1] = member->integer;
	else if (str_is(member->key, "target"))
		(void)snprintf(policy->target, sizeof(policy->target), "%.*s", STR_ARG(member->text));
	else
		fail_msg("nobody sets %.*s", STR_ARG(member->key));
}

static void
policy_remove(struct model_policy *policy, const struct node *member)
{
	if (str_is(member->key, "timeRange"))
		policy->start[0] = '\0';
	for (const struct node *entry = member->first; entry; entry = entry->next) {
		bool found = false;

		for (size_t i = 0; i < ENTRIES_MAX; i++) {
			struct model_filter *filter = &policy->filters[i];

			if (str_is(member->key, "filters") && filter->field && filter->line == entry->integer) {
				filter->field = NULL;
				found = true;
			} else if (str_is(member->key, "blacklist") && policy->entries[i] &&
			           str_is(entry->text, policy->entries[i])) {
				policy->entries[i] = NULL;
				found = true;
			}
		}
		if (!found)
			fail_msg("there is no such entry: %.*s", STR_ARG(entry->text));
	}
}

static void
policy_edit(struct model_policy *policies, size_t count, const struct node *change)
{
	const struct node *name = node_get(change, "policy");
	struct model_policy *policy = policies;

	while (policy < policies + count && !str_is(name->text, policy->name))
		policy++;
	assert_true(policy < policies + count);
	for (const struct node *edit = node_get(change, "edits")->first; edit; edit = edit->next) {
		const struct node *set = node_get(edit, "set"), *remove = node_get(edit, "remove");

		if (set) {
			for (const struct node *member = set->first; member; member = member->next)
				policy_set(policy, member);
		} else {
			policy_remove(policy, remove->first);
		}
	}
}

static void
request_edit(struct request *request, const struct node *member)
{
	int attribute = attribute_find(member->key);

	if (attribute >= 0) {
		request->attribute[attribute] = member->text;
	} else if (str_is(member->key, "vfCount")) {
		request->has_vf_count = true;
		request->vf_count = (int32_t)member->integer;
	} else {
		assert_true(str_is(member->key, "currentTime"));
		request->has_current_time = true;
		assert_int_equal(time_parse_of_day(member->text, 0, &request->current_time), 0);
	}
}

/* Whether the answer turns when all changes but the one of index `without` are made. */
static bool
turns(struct bed *bed, const struct node *changes, uint32_t without)
{
	struct model_policy policies[POLICIES_MAX];
	struct request request = bed->request;
	struct policyset *set;
	size_t ended = 0;
	bool permit;

	memcpy(policies, bed->policies, sizeof(policies));
	for (const struct node *change = changes->first; change; change = change->next) {
		if (change->index == without)
			continue;
		if (node_get(change, "policy"))
			policy_edit(policies, bed->count, change);
		else if (node_get(change, "request"))
			request_edit(&request, node_get(change, "request")->first);
		else
			bed->history.ended[ended++] =
				arena_printf(&bed->arena, "%.*s", STR_ARG(node_get(change, "end_operations_of")->text));
	}
	set = model_compile(policies, bed->count, bed->mode, bed->builtin, bed->no_guard_deny);
	permit = permits(bed, set, &request, bed->now_ms);
	policyset_drop(set);
	memset(bed->history.ended, 0, sizeof(bed->history.ended));
	return permit;
}

static void
changes_hold(struct bed *bed, const struct explained *why)
{
	struct node *changes;
	struct error err = {0};

	if (!why->changes.ptr) { /* nothing applies and that is denied: only a policy more would help */
		for (size_t i = 0; i < why->count; i++) {
			if (!bed->no_guard_deny || why->results[i].verdict.effect != EFFECT_NOT_APPLICABLE)
				fail_msg("%.*s", STR_ARG(why->change));
		}
		assert_true(bed->no_guard_deny);
		unturned++;
		return;
	}
	if (json_read(why->changes, "changes", &document_limits_default, &bed->arena, &changes, &err) != 0)
		fail_msg("%s: %.*s", err.text, STR_ARG(why->changes));
	assert_true(changes->count > 0);
	if (!turns(bed, changes, UINT32_MAX))
		fail_msg("'%.*s' does not turn the answer: %.*s", STR_ARG(why->change), STR_ARG(why->changes));
	for (uint32_t i = 0; changes->count > 1 && i < changes->count; i++) {
		if (turns(bed, changes, i))
			fail_msg("the answer turns without change %u of %.*s", i, STR_ARG(why->changes));
	}
	several += changes->count > 1;
	for (const struct node *change = changes->first; change; change = change->next) {
		edited += node_get(change, "policy") != NULL;
		asked_otherwise += node_get(change, "request") != NULL;
		loops_ended += node_get(change, "end_operations_of") != NULL;
	}
}

/* --- waiting --- */

/* Instants that could be earlier than the one told: random ones, and those at which an answer can change. */
static int64_t
instant_to_try(const struct bed *bed, int64_t until_ms)
{
	const struct model_row *row = &bed->history.rows[pick(ROWS_MAX)];
	static const int64_t windows[] = {0,           TIME_MS_SECOND, TIME_MS_MINUTE, TIME_MS_HOUR,
	                                  TIME_MS_DAY, 7 * TIME_MS_DAY};
	unsigned which = pick(4);

	if (which == 0)
		return bed->now_ms + 1 + pick(3600000);
	if (which == 1)
		return row->end_ms + windows[pick(6)] * (1 + pick(3)) + 1;
	if (which == 2)
		return bed->now_ms - bed->now_ms % TIME_MS_DAY + (int64_t)pick(3 * 1440) * TIME_MS_MINUTE + pick(2);
	return bed->now_ms + (int64_t)((double)(until_ms - bed->now_ms) * pick(1000000) / 1e6);
}

static void
permit_at_holds(struct bed *bed, const struct guard *guard, int64_t permit_at)
{
	int64_t until_ms = permit_at != TIME_NONE ? permit_at : bed->now_ms + 90 * TIME_MS_DAY;

	for (int i = 0; i < 12; i++) {
		int64_t at = i == 0 ? until_ms - 1 : instant_to_try(bed, until_ms);
		bool denied;

		if (at <= bed->now_ms || at >= until_ms)
			continue;
		denied = guard ? guard_says_no(bed, guard, at) : !permits(bed, bed->set, &bed->request, at);
		if (!denied)
			fail_msg("%s permits at %" PRId64 " already, not only at %" PRId64 " (now %" PRId64 ")",
			         guard ? guard->kind->name : "the set", at, permit_at, bed->now_ms);
	}
	if (permit_at == TIME_NONE)
		return;
	assert_true(permit_at > bed->now_ms);
	if (guard ? guard_says_no(bed, guard, permit_at) : !permits(bed, bed->set, &bed->request, permit_at))
		fail_msg("%s denies at permit_at", guard ? guard->kind->name : "the set");
	timed++;
}

/* --- one denial --- */

static uint32_t
rows_counted(struct bed *bed, const struct guard_result *said)
{
	const struct history_view view = history_view_of(&bed->history);
	struct count_result result;
	/* The texts that it says it counts by, over its window, without a limit. */
	struct count_query query = {.now_ms = bed->now_ms, .limit = UINT32_MAX, .ended_only = bed->mode == GUARD_ONAP};
	const struct model_policy *policy = bed->policies;
	struct duration window = {0};

	for (size_t i = 0; i < said->explanation.value_count; i++) {
		const struct explanation_value *value = &said->explanation.values[i];

		*(strcmp(value->name, "actor") == 0       ? &query.actor
		  : strcmp(value->name, "operation") == 0 ? &query.operation
		  : strcmp(value->name, "target") == 0    ? &query.target
		                                          : &query.clname) = value->value;
	}
	while (!str_is(said->guard->policy, policy->name))
		policy++;
	switch (policy->unit[0]) {
	case 's':
		window.ms = TIME_MS_SECOND;
		break;
	case 'm':
		window = policy->unit[1] == 'i' ? (struct duration){.ms = TIME_MS_MINUTE}
		                                : (struct duration){.months = 1};
		break;
	case 'h':
		window.ms = TIME_MS_HOUR;
		break;
	case 'd':
		window.ms = TIME_MS_DAY;
		break;
	case 'w':
		window.ms = 7 * TIME_MS_DAY;
		break;
	default:
		window.months = 12;
	}
	window.ms *= policy->window;
	window.months *= (int32_t)policy->window;
	query.since_ms = time_back(bed->now_ms, window);
	assert_int_equal(view.count(view.context, &query, &result), 0);
	return result.used;
}

static void
explanation_holds(struct bed *bed, const struct explained *why)
{
	permit_at_holds(bed, NULL, why->permit_at);
	changes_hold(bed, why);
	for (size_t i = 0; i < why->count; i++) {
		const struct guard_result *result = &why->results[i];

		if (result->explanation.has_count) {
			assert_int_equal(result->explanation.used, rows_counted(bed, result));
			full += result->explanation.used > result->explanation.limit;
		}
		if (result->verdict.effect == EFFECT_DENY)
			permit_at_holds(bed, result->guard, result->explanation.permit_at);
		assert_true((result->explanation.change.ptr != NULL) ==
		            (result->verdict.effect == EFFECT_DENY && !result->guard->shadow));
		assert_true(result->in_force || bed->mode == GUARD_ONAP ||
		            result->verdict.effect == EFFECT_NOT_APPLICABLE);
	}
}

static void
ask(struct bed *bed)
{
	struct history_view view;
	struct env env;
	struct decision decision;
	struct explained why;

	request_random(&bed->request, bed->mode);
	bed->now_ms = START + (int64_t)pick(25 * 1440) * TIME_MS_MINUTE + pick(60000);
	history_random(&bed->history, bed->now_ms);
	if (permits(bed, bed->set, &bed->request, bed->now_ms))
		return;
	view = history_view_of(&bed->history);
	env = (struct env){bed->now_ms, &view, bed->scratch};
	assert_int_equal(decide_explain(bed->set, &bed->request, &env, &bed->arena, &decision, &why), 0);
	assert_false(decision.permit);
	explanation_holds(bed, &why);
	arena_reset(&bed->arena);
	denials++;
}

static void
an_explanation_acted_upon_turns_the_answer(void **unused)
{
	const char *seed = getenv("CLGUARD_SEED");
	struct bed bed = {.scratch = pattern_scratch_new()};
	struct error err = {0};
	struct arena types;

	(void)unused;
	if (seed)
		pick_seed(strtoull(seed, NULL, 10));
	arena_init(&bed.arena, 0);
	arena_init(&types, 0);
	assert_int_equal(policyset_builtin(&types, &bed.builtin, &err), 0);
	while (denials < DENIALS) {
		bed.mode = pick(2) ? GUARD_STRICT : GUARD_ONAP;
		bed.no_guard_deny = bed.mode == GUARD_STRICT && pick(8) == 0;
		bed.count = 1 + pick(POLICIES_MAX);
		for (unsigned i = 0; i < bed.count; i++)
			model_random(&bed.policies[i], i, bed.mode);
		bed.set = model_compile(bed.policies, bed.count, bed.mode, bed.builtin, bed.no_guard_deny);
		for (int i = 0; i < REQUESTS; i++)
			ask(&bed);
		policyset_drop(bed.set);
	}
	arena_free(&bed.arena);
	arena_free(&types);
	pattern_scratch_free(bed.scratch);
	print_message("%lu denials; %lu instants; changes: %lu answers needed several, %lu of policies, %lu of "
	              "requests, %lu of loops; "
	              "%lu above the limit; %lu without a guard\n",
	              denials, timed, several, edited, asked_otherwise, loops_ended, full, unturned);
	assert_true(timed > DENIALS / 4 && several > DENIALS / 20 && edited > DENIALS / 4 &&
	            asked_otherwise > DENIALS / 10 && loops_ended > DENIALS / 50 && full > DENIALS / 50 &&
	            unturned < DENIALS / 4);
}

static void
an_explanation_survives_any_failed_allocation(void **unused)
{
	struct bed bed = {
		.scratch = pattern_scratch_new(), .mode = GUARD_STRICT, .count = POLICIES_MAX, .now_ms = START};
	const struct history_view view = history_view_of(&bed.history);
	const struct env env = {START, &view, bed.scratch};
	const struct request request = {.attribute = {STR("SO"), STR("Restart"), STR("loop-3"), STR("t1")}};
	struct error err = {0};
	struct arena types;
	unsigned told = 0;

	(void)unused;
	arena_init(&types, 0);
	assert_int_equal(policyset_builtin(&types, &bed.builtin, &err), 0);
	for (unsigned i = 0; i < POLICIES_MAX; i++)
		model_random(&bed.policies[i], i, GUARD_STRICT);
	for (unsigned i = 0; i < POLICIES_MAX; i++) {
		bed.policies[i].kind = i % 2 ? MODEL_BLACKLIST : MODEL_FILTER;
		bed.policies[i].entries[0] = "t1";
		bed.policies[i].start[0] = bed.policies[i].target[0] = '\0';
		bed.policies[i].shadow = false;
		bed.policies[i].id = NULL;
	}
	bed.set = model_compile(bed.policies, bed.count, bed.mode, bed.builtin, false);
	for (size_t limit = 1; limit < 120000; limit += 37) {
		struct decision decision;
		struct explained why;
		struct arena arena;

		arena_init(&arena, limit);
		if (decide_explain(bed.set, &request, &env, &arena, &decision, &why) == 0)
			told += explanation_json(&decision, &why, &arena).ptr != NULL;
		assert_false(decision.permit);
		arena_free(&arena);
	}
	assert_in_range(told, 100, 3000);
	policyset_drop(bed.set);
	arena_free(&types);
	pattern_scratch_free(bed.scratch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_explanation_survives_any_failed_allocation),
		cmocka_unit_test(an_explanation_acted_upon_turns_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
