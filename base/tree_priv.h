/* tree_priv - building a tree under limits, for the readers */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TREE_PRIV_H
#define BASE_TREE_PRIV_H

#include "base/node.h"

struct anchor;

/* A tree being read. The way back up is node->parent: building never recurses, whatever the nesting. */
struct tree_reading {
	const struct document_limits *limits;
	struct arena *arena;
	struct error *err;
	bool err_unset;      /* err was, when reading began */
	struct node *root;   /* NULL until the first node */
	struct node *parent; /* the innermost open list or map, NULL at the top */
	struct str key;      /* of the node to come when the parent is a map; absent until it is read */
	uint32_t key_line, key_column;
	size_t depth; /* open lists and maps */
	size_t nodes, aliases, anchors;
	struct anchor *newest;
};

/* All functions that return int return 0 or the error they set. */

void tree_init(struct tree_reading *tree, const struct document_limits *limits, struct arena *arena, struct error *err);

int tree_fail_memory(struct tree_reading *tree, uint32_t line, uint32_t column);

/* ERROR_LIMIT when a text or key is longer than the limit. */
int tree_check_scalar(struct tree_reading *tree, size_t len, uint32_t line, uint32_t column);

/* A new node, counted and linked under the parent with the key that was read. */
int tree_add(struct tree_reading *tree, enum node_kind kind, uint32_t line, uint32_t column, struct node **ret);

/* Makes a list or map, just added, the parent. */
int tree_enter(struct tree_reading *tree, struct node *node);

/* Ends the parent: its keys must be distinct. */
int tree_leave(struct tree_reading *tree);

/* Remembers a node under a name, which is copied. */
int tree_anchor(struct tree_reading *tree, const char *name, const struct node *node, uint32_t line, uint32_t column);

/* Adds a copy of what the name was last given to; its top stands at line and column, the rest where it is written. */
int tree_alias(struct tree_reading *tree, const char *name, uint32_t line, uint32_t column);

/* The same where a key must stand: only a scalar will do. */
int tree_alias_key(struct tree_reading *tree, const char *name, uint32_t line, uint32_t column);

/* The end of reading with result `r`: root and file name, or the path of the error. Returns the final result. */
int tree_finish(struct tree_reading *tree, int r, const char *file, struct node **ret_root);

#endif
