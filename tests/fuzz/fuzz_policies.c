/* fuzz_policies - bytes to a policy set in both modes, by the whole path, and one decision by it */
/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "engine/decide/decide.h"
#include "engine/operational/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
no_count(void *context, const struct count_query *query, struct count_result *ret)
{
	(void)context, (void)query;
	*ret = (struct count_result){0, TIME_NONE};
	return 0;
}

static int
no_loop_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	(void)context, (void)clname, (void)now_ms, (void)ret_until;
	return 0;
}

static int
no_loop_started(void *context, struct str clname)
{
	(void)context, (void)clname;
	return 0;
}

static void
compile(const struct document *document, enum guard_mode mode, const struct catalogue *builtin,
        const struct registry *actors, struct pattern_scratch *scratch, struct arena *arena)
{
	static const struct history_view history = {no_count, no_loop_live, no_loop_started, NULL};
	struct compile_options options = {.mode = mode,
	                                  .limits = document_limits_default,
	                                  .policies_max = 1000,
	                                  .builtin = builtin,
	                                  .actors = actors,
	                                  .skip_bad_policies = true};
	struct env env = {INT64_C(1776168000000), &history, scratch};
	struct request request = {.has_vf_count = true, .vf_count = 3};
	struct policyset *set = NULL;
	struct decision fast, told;
	struct diags diags;
	struct explained why;

	diags_init(&diags, arena);
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		request.attribute[i] = STR("a");
	if (policyset_compile(&options, document, 1, &set, &diags) == 0) {
		decide_with(set, &request, &env, &fast);
		if (decide_explain(set, &request, &env, arena, &told, &why) == 0)
			assert(fast.permit == told.permit && fast.reason == told.reason && fast.guard == told.guard);
	}
	policyset_drop(set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct document document = {"fuzz.yaml", {(const char *)data, size}};
	static struct pattern_scratch *scratch;
	static const struct catalogue *builtin; /* compiled once, as the service does; so are the actors */
	static const struct registry *actors;
	static struct arena kept;
	struct error err = {0};
	struct diags diags;
	struct arena arena;

	if (!builtin) {
		arena_init(&kept, 0);
		scratch = pattern_scratch_new();
		diags_init(&diags, &kept);
		actors = registry_new(&kept, &diags);
		if (!scratch || !actors || policyset_builtin(&kept, &builtin, &err) != 0)
			return 0; /* out of memory */
	}
	arena_init(&arena, 0);
	compile(&document, GUARD_STRICT, builtin, actors, scratch, &arena);
	compile(&document, GUARD_ONAP, builtin, actors, scratch, &arena);
	arena_free(&arena);
	return 0;
}
