/* fuzz_guard2 - any document becomes guards or errors in both modes; guards answer; trees are written and read back */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/document.h"
#include "base/yaml_write.h"
#include "guards/guard2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct document_limits limits = {
	.bytes = 65536,
	.depth = 32,
	.nodes = 5000,
	.aliases = 50,
	.scalar = 4096,
};

static int
count(void *context, const struct count_query *query, struct count_result *ret)
{
	(void)context;
	if (query->since_ms > query->now_ms)
		abort();
	*ret = (struct count_result){.used = query->limit / 2, .limit_end = TIME_NONE};
	return 0;
}

static const struct history_view history = {.count = count};

static void
ask(const struct guard_list *guards, struct pattern_scratch *scratch)
{
	struct request request = {
		.attribute = {[ATTRIBUTE_ACTOR] = STR("APPC"),
	                      [ATTRIBUTE_OPERATION] = STR("Restart"),
	                      [ATTRIBUTE_CLNAME] = STR("cl"),
	                      [ATTRIBUTE_TARGET] = STR("vm-1")},
		.has_vf_count = true,
		.vf_count = 2,
	};
	struct env env = {INT64_C(1776168000000), &history, scratch};
	size_t n = 0;

	for (const struct guard *guard = guards->first; guard; guard = guard->next, n++) {
		struct verdict verdict = {0};

		guard_evaluate(guard, &request, &env, &verdict);
	}
	if (n != guards->count)
		abort();
}

static void
compile(const struct node *root, enum guard_mode mode, struct pattern_scratch *scratch)
{
	struct guard_list guards = {0};
	struct diags diags;
	struct arena arena;
	bool good;

	arena_init(&arena, (size_t)16 << 20);
	diags_init(&diags, &arena);
	good = guard2_compile(root, mode, &arena, NULL, &guards, &diags);
	if (good != (diags.count[SEVERITY_ERROR] == 0) || (!good && guards.count > 0))
		abort();
	ask(&guards, scratch);
	arena_free(&arena);
}

/* Same kinds, keys and texts. */
static bool
is_same(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->count != b->count || !str_equal(a->key, b->key) ||
	    (a->kind == NODE_TEXT && !str_equal(a->text, b->text)))
		return false;
	for (a = a->first, b = b->first; a; a = a->next, b = b->next) {
		if (!is_same(a, b))
			return false;
	}
	return true;
}

static void
write_and_read(const struct node *root, struct arena *arena)
{
	struct document_limits wide = limits;
	struct node *again;
	struct str text;

	wide.bytes *= 64; /* blocks are longer than flow style, and aliases are written out */
	if (yaml_write(root, arena, &text, NULL) == 0 && text.len <= wide.bytes &&
	    (yaml_read(text, "again", &wide, arena, &again, NULL) != 0 || !is_same(root, again)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pattern_scratch *scratch = pattern_scratch_new();
	struct arena arena;
	struct node *root;

	arena_init(&arena, (size_t)64 << 20);
	if (scratch && yaml_read((struct str){(const char *)data, size}, "fuzz", &limits, &arena, &root, NULL) == 0) {
		compile(root, GUARD_STRICT, scratch);
		compile(root, GUARD_ONAP, scratch);
		write_and_read(root, &arena);
	}
	arena_free(&arena);
	pattern_scratch_free(scratch);
	return 0;
}
