/* entity_same - kept entities as rows, and whether two say the same */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/document.h"
#include "runtime/policies/entity.h"

static const struct document_limits same_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

static double
entity_number_of(const struct node *node)
{
	return node->kind == NODE_INT ? (double)node->integer : node->real;
}

static int
key_compare(const void *left, const void *reservation)
{
	return str_compare((*(const struct node *const *)left)->key, (*(const struct node *const *)reservation)->key);
}

/* The children of a node, those of a map by key. NULL when out of memory. */
static const struct node **
children_of(const struct node *node, struct arena *arena)
{
	const struct node **children = arena_array(arena, node->count, sizeof(struct node *));
	size_t count = 0;

	for (const struct node *child = node->first; children && child; child = child->next)
		children[count++] = child;
	if (children && node->kind == NODE_MAP)
		qsort(children, count, sizeof(struct node *), key_compare);
	return children;
}

static bool
nodes_agree(const struct node *a, const struct node *b, struct arena *arena)
{
	bool numbers = (a->kind == NODE_INT || a->kind == NODE_FLOAT) && (b->kind == NODE_INT || b->kind == NODE_FLOAT);
	const struct node **xs, **ys;

	if (numbers)
		return a->kind == NODE_INT && b->kind == NODE_INT ? a->integer == b->integer
		                                                  : entity_number_of(a) == entity_number_of(b);
	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind != NODE_MAP && a->kind != NODE_LIST)
		return str_equal(a->text, b->text);
	xs = children_of(a, arena);
	ys = children_of(b, arena);
	for (size_t i = 0; i < a->count; i++)
		if (!xs || !ys || (a->kind == NODE_MAP && !str_equal(xs[i]->key, ys[i]->key)) ||
		    !nodes_agree(xs[i], ys[i], arena))
			return false;
	return true;
}

bool
entity_same(struct str kept, struct str other, struct arena *arena)
{
	struct node *a, *b;

	return json_read(kept, "", &same_limits, arena, &a, NULL) == 0 &&
	       json_read(other, "", &same_limits, arena, &b, NULL) == 0 && nodes_agree(a, b, arena);
}

/* Neither text has a line end in it. */
struct str
entity_row(const struct tosca_entity *entity, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out, entity->kept);
	text_add(&out, STR("\n"));
	text_add(&out, entity->source);
	return text_done(&out);
}

void
entity_split_row(struct tosca_entity *entity, struct str row)
{
	const char *end = memchr(row.ptr, '\n', row.len);
	size_t len = end ? (size_t)(end - row.ptr) : row.len;

	entity->kept = (struct str){row.ptr, len};
	entity->source = end ? (struct str){end + 1, row.len - len - 1} : entity->kept;
}
