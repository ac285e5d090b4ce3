/* builder - a tree made by hand, with one check at the end */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUILDER_H
#define BASE_BUILDER_H

#include "base/node.h"

/* Once memory is out everything is a no-op, so that parents need not be looked at. Start as {.arena = arena}. */
struct builder {
	struct arena *arena;
	bool failed;
};

/*
 * A new last child of parent; key NULL in a list. parent NULL: the root. NULL once out of memory. Texts are
 * borrowed.
 */
struct node *builder_add(struct builder *builder, struct node *parent, const char *key, enum node_kind kind);
/* A text; an absent one is left out. */
void builder_text(struct builder *builder, struct node *parent, const char *key, struct str text);
void builder_integer(struct builder *builder, struct node *parent, const char *key, int64_t value);
void builder_boolean(struct builder *builder, struct node *parent, const char *key, bool value);

/* The text as the name of a policy: what such a name cannot hold becomes '_'. */
struct str builder_name(struct builder *builder, struct str text);

/* A map in a list that holds one map under `name`, and that map: how service templates list policies. */
struct node *builder_entry(struct builder *builder, struct node *list, struct str name);

/* The root of a service template, and its empty list of policies. */
struct node *builder_template(struct builder *builder, struct node **ret_policies);

#endif
