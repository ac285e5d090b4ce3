/* tree - building a tree under limits, for the readers */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tree_priv.h"

/* Anchors are limited by the same number as aliases: each alias looks through all of them. */
struct anchor {
	struct anchor *next; /* older */
	struct str name;
	const struct node *node;
};

void
tree_init(struct tree_reading *tree, const struct document_limits *limits, struct arena *arena, struct error *err)
{
	*tree = (struct tree_reading){
		.limits = limits,
		.arena = arena,
		.err = err,
		.err_unset = err && err->code == ERROR_NONE,
	};
}

int
tree_fail_memory(struct tree_reading *tree, uint32_t line, uint32_t column)
{
	return error_set_at(tree->err, ERROR_MEMORY, line, column, "out of memory");
}

int
tree_check_scalar(struct tree_reading *tree, size_t len, uint32_t line, uint32_t column)
{
	if (len <= tree->limits->scalar)
		return 0;
	return error_set_at(tree->err, ERROR_LIMIT, line, column, "a scalar of more than %zu bytes",
	                    tree->limits->scalar);
}

int
tree_add(struct tree_reading *tree, enum node_kind kind, uint32_t line, uint32_t column, struct node **ret)
{
	struct node *node;

	if (tree->nodes >= tree->limits->nodes)
		return error_set_at(tree->err, ERROR_LIMIT, line, column, "more than %zu values%s", tree->limits->nodes,
		                    tree->aliases ? ", aliases expanded" : "");
	tree->nodes++;
	node = node_new(tree->arena, kind, line, column);
	if (!node)
		return tree_fail_memory(tree, line, column);
	*ret = node;
	if (!tree->parent) {
		tree->root = node;
		return 0;
	}
	if (tree->parent->kind == NODE_MAP) {
		node->key = tree->key;
		node->key_line = tree->key_line;
		node->key_column = tree->key_column;
		tree->key = STR_NONE;
	}
	node_append(tree->parent, node);
	return 0;
}

static int
check_depth(struct tree_reading *tree, uint32_t line, uint32_t column)
{
	if (tree->depth < tree->limits->depth)
		return 0;
	return error_set_at(tree->err, ERROR_LIMIT, line, column, "lists and maps nested deeper than %zu%s",
	                    tree->limits->depth, tree->aliases ? ", aliases expanded" : "");
}

int
tree_enter(struct tree_reading *tree, struct node *node)
{
	int r = check_depth(tree, node->line, node->column);

	if (r < 0)
		return r;
	tree->depth++;
	tree->parent = node;
	return 0;
}

int
tree_leave(struct tree_reading *tree)
{
	struct node *node = tree->parent;

	tree->parent = node->parent;
	tree->depth--;
	return node->kind == NODE_MAP ? node_check_keys(node, tree->arena, tree->err) : 0;
}

int
tree_anchor(struct tree_reading *tree, const char *name, const struct node *node, uint32_t line, uint32_t column)
{
	struct anchor *anchor;

	if (tree->anchors >= tree->limits->aliases)
		return error_set_at(tree->err, ERROR_LIMIT, line, column, "more than %zu anchors",
		                    tree->limits->aliases);
	tree->anchors++;
	anchor = arena_alloc(tree->arena, sizeof(*anchor));
	if (!anchor)
		return tree_fail_memory(tree, line, column);
	anchor->name = arena_str(tree->arena, str_from(name));
	if (!anchor->name.ptr)
		return tree_fail_memory(tree, line, column);
	anchor->node = node;
	anchor->next = tree->newest;
	tree->newest = anchor;
	return 0;
}

/* The node that an alias means: it must be complete. */
static int
find_anchor(struct tree_reading *tree, const char *name, uint32_t line, uint32_t column, const struct node **ret)
{
	const struct anchor *anchor = tree->newest;

	if (tree->aliases >= tree->limits->aliases)
		return error_set_at(tree->err, ERROR_LIMIT, line, column, "more than %zu aliases",
		                    tree->limits->aliases);
	tree->aliases++;
	while (anchor && !str_is(anchor->name, name))
		anchor = anchor->next;
	if (!anchor)
		return error_set_at(tree->err, ERROR_SYNTAX, line, column, "alias '%s' without anchor", name);
	for (const struct node *node = tree->parent; node; node = node->parent) {
		if (node == anchor->node)
			return error_set_at(tree->err, ERROR_SYNTAX, line, column, "alias '%s' inside its own anchor",
			                    name);
	}
	*ret = anchor->node;
	return 0;
}

/* Adds a copy of one node without its children; texts are shared. Errors are at line and column, the alias' place. */
static int
copy_node(struct tree_reading *tree, uint32_t line, uint32_t column, const struct node *from, struct node **ret)
{
	int r = node_is_scalar(from) ? 0 : check_depth(tree, line, column);

	if (r == 0)
		r = tree_add(tree, from->kind, line, column, ret);
	if (r < 0)
		return r;
	(*ret)->quoted = from->quoted;
	(*ret)->text = from->text;
	if (from->kind == NODE_FLOAT)
		(*ret)->real = from->real;
	else if (from->kind == NODE_INT)
		(*ret)->integer = from->integer;
	else if (from->kind == NODE_BOOL)
		(*ret)->boolean = from->boolean;
	return 0;
}

static int
copy_child(struct tree_reading *tree, uint32_t line, uint32_t column, const struct node *from, struct node **ret)
{
	int r;

	tree->key = from->key;
	tree->key_line = from->key_line;
	tree->key_column = from->key_column;
	r = copy_node(tree, line, column, from, ret);
	if (r < 0)
		return r;
	(*ret)->line = from->line;
	(*ret)->column = from->column;
	return 0;
}

int
tree_alias(struct tree_reading *tree, const char *name, uint32_t line, uint32_t column)
{
	struct node *above = tree->parent, *copy = NULL;
	const struct node *top = NULL, *from;
	int r = find_anchor(tree, name, line, column, &top);

	if (r == 0)
		r = copy_node(tree, line, column, top, &copy);
	for (from = top; r == 0;) { /* depth first; `copy` is the copy of `from` and tree->parent is above it */
		if (from->first) {
			from = from->first;
			tree->parent = copy;
			tree->depth++;
		} else {
			for (; from != top && !from->next; from = from->parent) {
				tree->parent = tree->parent->parent;
				tree->depth--;
			}
			if (from == top)
				break;
			from = from->next;
		}
		r = copy_child(tree, line, column, from, &copy);
	}
	tree->parent = above;
	return r;
}

int
tree_alias_key(struct tree_reading *tree, const char *name, uint32_t line, uint32_t column)
{
	const struct node *node;
	int r = find_anchor(tree, name, line, column, &node);

	if (r < 0)
		return r;
	if (!node_is_scalar(node))
		return error_set_at(tree->err, ERROR_SYNTAX, line, column, "a key must be a scalar, not %s",
		                    node_kind_phrase(node));
	tree->key = node->text;
	tree->key_line = line;
	tree->key_column = column;
	return 0;
}

int
tree_finish(struct tree_reading *tree, int r, const char *file, struct node **ret_root)
{
	if (r == 0) {
		tree->root->file = arena_str(tree->arena, str_from(file ? file : "")).ptr;
		if (!tree->root->file)
			r = tree_fail_memory(tree, 1, 1);
	}
	if (r == 0)
		*ret_root = tree->root;
	else if (tree->err_unset && !tree->err->path[0])
		node_path(tree->parent, tree->err->path, sizeof(tree->err->path));
	return r;
}
