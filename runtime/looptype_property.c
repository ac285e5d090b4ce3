/* looptype_property - the property types of node types, inherited ones included */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/looptype_priv.h"

const struct node *
looptype_declaration(const struct catalogue *builtin, const struct node *root, struct str type)
{
	const struct node *own = node_get_str(looptype_section(root, "node_types"), type);
	const struct type *known = own ? NULL : catalogue_find(builtin, TYPE_NODE, type, STR_NONE);

	return known ? known->node : own;
}

bool
looptype_is_common(const struct node *definition)
{
	const struct node *common = node_get(node_get(definition, "metadata"), "common");

	return common && str_equal_nocase(common->text, STR("true"));
}

/* Whether a type nearer than `until` declares the property too. */
static bool
is_hidden(const struct catalogue *builtin, const struct node *root, struct str from, struct str until,
          struct str property)
{
	for (int i = 0; from.ptr && i < CHAIN_MAX && !str_equal(from, until); i++) {
		const struct node *type = looptype_declaration(builtin, root, from);

		if (node_get_str(node_get(type, "properties"), property))
			return true;
		from = looptype_parent(root, from);
	}
	return false;
}

void
looptype_each_property(const struct catalogue *builtin, const struct node *root, struct str type,
                       void (*visit)(void *context, const struct node *definition), void *context)
{
	struct str first = type;

	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		const struct node *properties = node_get(looptype_declaration(builtin, root, type), "properties");

		for (const struct node *child = properties ? properties->first : NULL; child; child = child->next)
			if (child->key.ptr && !is_hidden(builtin, root, first, type, child->key))
				visit(context, child);
		type = looptype_parent(root, type);
	}
}

/* --- as answers and messages carry them --- */

/* GSON's shape: the name inside, metadata values as text. */
static void
write_definition(const struct node *definition, struct text *out)
{
	text_add_json(out, definition->key);
	text_add(out, STR(":{\"name\":"));
	text_add_json(out, definition->key);
	for (const struct node *child = definition->first; child; child = child->next) {
		if (child->kind == NODE_NULL || str_is(child->key, "name"))
			continue;
		text_add(out, STR(","));
		text_add_json(out, child->key);
		text_add(out, STR(":"));
		if (!str_is(child->key, "metadata") || child->kind != NODE_MAP) {
			text_add_node(out, child, false);
			continue;
		}
		text_add(out, STR("{"));
		for (const struct node *datum = child->first; datum; datum = datum->next) {
			text_add_json(out, datum->key);
			text_add(out, STR(":"));
			if (node_is_scalar(datum))
				text_add_json(out, datum->text);
			else
				text_add_node(out, datum, false);
			text_add(out, datum->next ? STR(",") : STR(""));
		}
		text_add(out, STR("}"));
	}
	text_add(out, STR("}"));
}

struct writing {
	struct text *out;
	bool common;
	size_t count;
};

static void
write_one(void *context, const struct node *definition)
{
	struct writing *writing = context;

	if (looptype_is_common(definition) != writing->common)
		return;
	text_add(writing->out, writing->count++ ? STR(",") : STR(""));
	write_definition(definition, writing->out);
}

size_t
looptype_write_properties(const struct catalogue *builtin, const struct node *root, const struct node *template,
                          bool common, struct text *out)
{
	struct writing writing = {out, common, 0};

	text_add(out, STR("{"));
	looptype_each_property(builtin, root, looptype_text(template, "type"), write_one, &writing);
	text_add(out, STR("}"));
	return writing.count;
}

/* --- what is missing --- */

struct search {
	const struct node *template, *given;
	bool common;
	struct str missing;
};

static bool
is_required(const struct node *definition)
{
	const struct node *required = node_get(definition, "required");

	return node_is_null(required) || required->kind != NODE_BOOL || required->boolean;
}

static void
look_for_one(void *context, const struct node *definition)
{
	struct search *search = context;

	if (search->missing.ptr || looptype_is_common(definition) != search->common || !is_required(definition) ||
	    !node_is_null(node_get(definition, "default")) ||
	    !node_is_null(node_get_str(node_get(search->template, "properties"), definition->key)) ||
	    !node_is_null(node_get_str(node_get(search->given, "propertiesMap"), definition->key)))
		return;
	search->missing = definition->key;
}

struct str
looptype_missing(const struct catalogue *builtin, const struct node *root, const struct node *template,
                 const struct node *given, bool common)
{
	struct search search = {template, given, common, STR_NONE};

	looptype_each_property(builtin, root, looptype_text(template, "type"), look_for_one, &search);
	return search.missing;
}
