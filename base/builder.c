/* builder - a tree made by hand, with one check at the end */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/builder.h"

struct node *
builder_add(struct builder *builder, struct node *parent, const char *key, enum node_kind kind)
{
	struct node *node = builder->failed ? NULL : node_new(builder->arena, kind, 0, 0);

	if (!node) {
		builder->failed = true;
		return NULL;
	}
	if (key)
		node->key = str_from(key);
	if (parent)
		node_append(parent, node);
	return node;
}

void
builder_text(struct builder *builder, struct node *parent, const char *key, struct str text)
{
	struct node *node = text.ptr ? builder_add(builder, parent, key, NODE_TEXT) : NULL;

	if (node)
		node->text = text;
}

void
builder_integer(struct builder *builder, struct node *parent, const char *key, int64_t value)
{
	struct node *node = builder_add(builder, parent, key, NODE_INT);

	if (node)
		node->integer = value;
}

void
builder_boolean(struct builder *builder, struct node *parent, const char *key, bool value)
{
	struct node *node = builder_add(builder, parent, key, NODE_BOOL);

	if (node)
		node->boolean = value;
}

struct str
builder_name(struct builder *builder, struct str text)
{
	char *name = arena_printf(builder->arena, "%.*s", STR_ARG(text));

	for (char *c = name; c && *c; c++) {
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *c))
			*c = '_';
	}
	builder->failed = builder->failed || !name;
	return str_from(name);
}

struct node *
builder_entry(struct builder *builder, struct node *list, struct str name)
{
	struct node *item = builder_add(builder, list, NULL, NODE_MAP);
	struct node *body = builder_add(builder, item, NULL, NODE_MAP);

	if (body)
		body->key = name;
	return body;
}

struct node *
builder_template(struct builder *builder, struct node **ret_policies)
{
	struct node *root = builder_add(builder, NULL, NULL, NODE_MAP);
	struct node *topology;

	builder_text(builder, root, "tosca_definitions_version", STR("tosca_simple_yaml_1_1_0"));
	topology = builder_add(builder, root, "topology_template", NODE_MAP);
	*ret_policies = builder_add(builder, topology, "policies", NODE_LIST);
	return root;
}
