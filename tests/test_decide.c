/* test_decide - the indexed decision against asking every guard in turn */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/decide/decide.h"
#include "tests/cmocka_all.h"

/*
 * Random policy sets over small vocabularies, so that scopes meet and wildcards, patterns and lists mix; random requests over
 * the same words, some absent. The oracle below knows nothing of the index: it asks every guard and combines by the rules as
 * they are written. The seed is fixed; CLGUARD_SEED takes another.
 */
#define SETS 150
#define REQUESTS 3500 /* of each set, in each mode: over a million in all */
#define GUARDS_MAX 40

static uint64_t state = 20260414;

static unsigned
pick(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % below);
}

static const char *const actors[] = {"SO", "APPC", ".*", "/S./"};
static const char *const operations[] = {"Restart", "VF Module Create", ".*", "/Re.*/"};
static const char *const loops[] = {"loop-1", "loop-2", NULL, NULL};
static const char *const targets[] = {"t1", "t2", "t3", "t4", "/t[12]/", NULL, NULL};

/* A history of the test's own: the answers depend on the query alone, its time too, so both sides see the same. */
static unsigned
hour_of(int64_t now_ms)
{
	return (unsigned)((uint64_t)now_ms / 3600000);
}

static int
fake_count(void *context, const struct count_query *query, struct count_result *ret)
{
	uint32_t mixed = query->target.len ? (unsigned char)query->target.ptr[query->target.len - 1] : 1;

	(void)context;
	if (str_is(query->target, "t4"))
		return -ERROR_IO;
	mixed = (mixed + hour_of(query->now_ms)) % 3;
	ret->used = mixed < query->limit ? mixed : query->limit;
	ret->limit_end = ret->used == query->limit ? query->now_ms - 1000 : TIME_NONE;
	ret->unknown = ret->used != query->limit     ? KNOWN
	               : str_is(query->target, "t3") ? UNKNOWN_QUARANTINE
	               : str_is(query->target, "t2") ? UNKNOWN_VERIFYING
	                                             : KNOWN;
	return 0;
}

static int
fake_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	(void)context;
	if (ret_until)
		*ret_until = now_ms + 1000;
	return ((unsigned char)clname.ptr[clname.len - 1] + hour_of(now_ms)) % 2;
}

static int
fake_started(void *context, struct str clname)
{
	(void)context;
	return clname.ptr[clname.len - 1] == '1';
}

static const struct history_view fake_history = {fake_count, fake_live, fake_started, NULL};

static void
put_scope(FILE *out)
{
	const char *loop = loops[pick(4)], *target = targets[pick(7)];

	fprintf(out, "          actor: '%s'\n          operation: '%s'\n", actors[pick(4)], operations[pick(4)]);
	if (loop)
		fprintf(out, "          id: %s\n", loop);
	if (target)
		fprintf(out, "          target: '%s'\n", target);
	if (pick(4) == 0)
		fprintf(out, "          timeRange: {start_time: '%02u:00:00Z', end_time: '%02u:00:00Z'}\n", pick(24),
		        pick(24));
}

static void
put_policy(FILE *out, unsigned number, enum guard_mode mode)
{
	static const char *const kind[] = {"FrequencyLimiter", "Blacklist", "MinMax", "Filter"};
	unsigned k = pick(5);

	fprintf(out, "    - p%u:\n        type: onap.policies.controlloop.guard.%s%s\n", number,
	        k < 4 ? "common." : "coordination.", k < 4 ? kind[k] : "FirstBlocksSecond");
	fprintf(out, "        type_version: 1.0.0\n        version: 1.0.0\n        name: p%u\n", number);
	if (pick(8) == 0 && mode == GUARD_STRICT)
		fprintf(out, "        metadata: {mode: shadow}\n");
	fprintf(out, "        properties:\n");
	if (k == 4) {
		fprintf(out, "          controlLoop: [loop-%u, loop-%u]\n", 1 + number % 2, 2 - number % 2);
		return;
	}
	put_scope(out);
	if (k == 0)
		fprintf(out, "          limit: %u\n          timeWindow: 10\n          timeUnits: minute\n",
		        1 + pick(3));
	else if (k == 1)
		fprintf(out, "          blacklist: [t%u, t%u]\n", 1 + pick(4), 1 + pick(4));
	else if (k == 2)
		fprintf(out, "          min: %u\n          max: %u\n", pick(3), 3 + pick(3));
	else
		fprintf(out,
		        "          algorithm: blacklist-overrides\n          filters:\n"
		        "            - {field: generic-vnf.vnf-id, filter: v%u, function: string-equal, blacklist: "
		        "true}\n",
		        pick(3));
}

/* MinMax of today's type needs its target; a file of our own making always compiles otherwise. */
static struct policyset *
random_set(enum guard_mode mode, const struct catalogue *builtin)
{
	struct compile_options options = {
		.mode = mode,
		.skip_bad_policies = true,
		.limits = document_limits_default,
		.policies_max = 1000,
		.builtin = builtin,
		.key = {state, ~state},
	};
	struct policyset *set = NULL;
	struct document document = {.name = "random.yaml"};
	struct arena arena;
	struct diags diags;
	char *text = NULL;
	unsigned count = 1 + pick(GUARDS_MAX);
	FILE *out = open_memstream(&text, &document.bytes.len);

	fprintf(out, "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n");
	for (unsigned i = 0; i < count; i++)
		put_policy(out, i, mode);
	fclose(out);
	document.bytes.ptr = text;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	assert_int_equal(policyset_compile(&options, &document, 1, &set, &diags), 0);
	arena_free(&arena);
	free(text);
	return set;
}

static void
random_request(struct request *request)
{
	static const char *const vnfs[] = {"v0", "v1", "v2"};

	*request = (struct request){0};
	if (pick(16))
		request->attribute[ATTRIBUTE_ACTOR] = str_from(actors[pick(3)]);
	if (pick(16))
		request->attribute[ATTRIBUTE_OPERATION] =
			pick(8) ? str_from(operations[pick(3)]) : STR("VFModuleCreate");
	if (pick(4))
		request->attribute[ATTRIBUTE_CLNAME] = str_from(loops[pick(2)]);
	if (pick(8))
		request->attribute[ATTRIBUTE_TARGET] = str_from(targets[pick(4)]);
	if (pick(4))
		request->attribute[ATTRIBUTE_VNF_ID] = str_from(vnfs[pick(3)]);
	request->has_vf_count = pick(4) != 0;
	request->vf_count = (int32_t)pick(8);
}

/* Deny-overrides by its definition. */
static void
oracle(const struct policyset *set, const struct request *given, const struct env *env, struct decision *ret)
{
	const struct guard *first = NULL;
	bool spoke = false, failed = false;
	struct request request = *given;
	struct verdict verdict;

	*ret = (struct decision){0};
	if (set->mode == GUARD_STRICT && str_is(request.attribute[ATTRIBUTE_OPERATION], "VFModuleCreate"))
		request.attribute[ATTRIBUTE_OPERATION] = STR("VF Module Create");
	for (const struct guard *g = set->guards.first; g; g = g->next) {
		bool says_no;

		guard_evaluate(g, &request, env, &verdict);
		if (verdict.effect == EFFECT_NOT_APPLICABLE)
			continue;
		if (g->shadow) {
			spoke = true;
			continue;
		}
		failed |= verdict.effect == EFFECT_INDETERMINATE;
		spoke |= verdict.effect == EFFECT_PERMIT;
		says_no = verdict.effect == EFFECT_DENY ||
		          (set->mode == GUARD_STRICT && verdict.effect == EFFECT_INDETERMINATE);
		if (says_no && !first) {
			first = g;
			ret->reason = verdict.effect == EFFECT_DENY ? verdict.reason : REASON_ERROR;
			ret->missing = verdict.missing;
		}
	}
	ret->guard = first;
	ret->permit = !first;
	if (first)
		ret->effect = EFFECT_DENY;
	else if (failed)
		ret->effect = EFFECT_INDETERMINATE;
	else
		ret->effect = spoke ? EFFECT_PERMIT : EFFECT_NOT_APPLICABLE;
	if (!first && !spoke && !failed)
		ret->reason = REASON_NO_APPLICABLE_GUARD;
	if (set->mode == GUARD_STRICT &&
	    (!request.attribute[ATTRIBUTE_ACTOR].ptr || !request.attribute[ATTRIBUTE_OPERATION].ptr))
		*ret = (struct decision){
			.effect = EFFECT_DENY,
			.reason = REASON_MISSING_ATTRIBUTE,
			.missing = request.attribute[ATTRIBUTE_ACTOR].ptr ? "operation" : "actor",
		};
}

/* What the run covered: a test whose sets never deny, or never match, would show nothing. */
static unsigned long seen[REASON_COUNT], decisions, timeless;

static void
compare(const struct policyset *set, const struct env *env, struct arena *arena)
{
	struct decision fast, slow, told;
	struct env unasked = *env; /* as a session does, that looks at the clock only when it must */
	struct lookup lookup;
	struct explained why;
	struct request request;

	random_request(&request);
	lookup_make(&lookup, set, &request);
	if (lookup.timeless) {
		unasked.now_ms = TIME_NONE;
		timeless++;
	}
	lookup_decide(&lookup, &unasked, &fast);
	oracle(set, &request, env, &slow);
	if (fast.permit != slow.permit || fast.reason != slow.reason || fast.effect != slow.effect ||
	    (!fast.permit && fast.guard != slow.guard) || !str_equal(str_from(fast.missing), str_from(slow.missing)))
		fail_msg("decision %lu: %s by %.*s, the oracle says %s by %.*s", decisions, reason_name[fast.reason],
		         STR_ARG(fast.guard ? fast.guard->policy : STR("-")), reason_name[slow.reason],
		         STR_ARG(slow.guard ? slow.guard->policy : STR("-")));
	seen[fast.reason]++;
	decisions++;
	if (pick(64) == 0) {
		assert_int_equal(decide_explain(set, &request, env, arena, &told, &why), 0);
		assert_true(told.permit == fast.permit && told.reason == fast.reason && told.guard == fast.guard);
		arena_reset(arena);
	}
}

static void
indexed_decisions_equal_asking_every_guard(void **unused)
{
	struct pattern_scratch *scratch = pattern_scratch_new();
	struct env env = {0, &fake_history, scratch};
	const struct catalogue *builtin;
	struct arena arena, types;
	struct error err = {0};

	(void)unused;
	arena_init(&arena, 0);
	arena_init(&types, 0);
	assert_int_equal(policyset_builtin(&types, &builtin, &err), 0);
	for (unsigned s = 0; s < 2 * SETS; s++) {
		struct policyset *set = random_set(s % 2 ? GUARD_ONAP : GUARD_STRICT, builtin);

		for (unsigned i = 0; i < REQUESTS; i++) {
			env.now_ms = (int64_t)pick(86400000) + INT64_C(1776168000000);
			compare(set, &env, &arena);
		}
		policyset_drop(set);
	}
	arena_free(&arena);
	arena_free(&types);
	pattern_scratch_free(scratch);
	print_message("%lu decisions, %lu of them timeless\n", decisions, timeless);
	assert_true(decisions >= 1000000 && timeless >= 10000 && timeless <= decisions - 10000);
	for (int r = 0; r < REASON_COUNT; r++) {
		if (r != REASON_SHADOW && r != REASON_NOT_ALLOWED && r != REASON_NO_POLICIES && /* not a guard's */
		    seen[r] == 0)
			fail_msg("no decision had the reason '%s': the run shows less than it should", reason_name[r]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(indexed_decisions_equal_asking_every_guard),
	};

	if (getenv("CLGUARD_SEED"))
		state = strtoull(getenv("CLGUARD_SEED"), NULL, 10) | 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
