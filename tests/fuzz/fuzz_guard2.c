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

/* Whether a value of the tree, or its key, stands at this place. */
static bool
holds(const struct node *node, uint32_t line, uint32_t column)
{
	if ((node->line == line && node->column == column) || (node->key_line == line && node->key_column == column))
		return true;
	for (const struct node *child = node->first; child; child = child->next) {
		if (holds(child, line, column))
			return true;
	}
	return false;
}

static bool
has_error(const struct node *node, const struct diags *diags)
{
	for (const struct diag *d = diags->first; d; d = d->next) {
		if (d->severity == SEVERITY_ERROR && (d->line == 0 || holds(node, d->line, d->column)))
			return true;
	}
	return false;
}

/*
 * A policy with an error leaves no guard, those beside it do; and none does when the error is the document's. (With
 * aliases one place is several policies'.)
 */
static void
check_left(const struct node *root, const struct guard_list *guards, const struct diags *diags)
{
	const struct node *list = node_get(root, "guards");
	bool of_policies = false;

	for (const struct node *policy = list ? list->first : NULL; policy; policy = policy->next) {
		bool bad = has_error(policy, diags);

		of_policies = of_policies || bad;
		for (const struct guard *guard = bad ? guards->first : NULL; guard; guard = guard->next) {
			if (holds(policy, guard->line, guard->column))
				abort();
		}
	}
	if (!of_policies && guards->count > 0)
		abort();
}

static void
compile(const struct node *root, enum guard_mode mode, bool aliases, struct pattern_scratch *scratch)
{
	struct guard_list guards = {0};
	struct diags diags;
	struct arena arena;
	bool good;

	arena_init(&arena, (size_t)16 << 20);
	diags_init(&diags, &arena);
	good = guard2_compile(root, mode, &arena, NULL, &guards, &diags);
	if (good != (diags.count[SEVERITY_ERROR] == 0))
		abort();
	if (!good && !aliases && diags.kept < DIAGS_MAX)
		check_left(root, &guards, &diags);
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
	static struct pattern_scratch *scratch;
	bool aliases = size > 0 && memchr(data, '*', size);
	struct arena arena;
	struct node *root;

	if (!scratch)
		scratch = pattern_scratch_new();
	arena_init(&arena, (size_t)64 << 20);
	if (scratch && yaml_read((struct str){(const char *)data, size}, "fuzz", &limits, &arena, &root, NULL) == 0) {
		compile(root, GUARD_STRICT, aliases, scratch);
		compile(root, GUARD_ONAP, aliases, scratch);
		write_and_read(root, &arena);
	}
	arena_free(&arena);
	return 0;
}
