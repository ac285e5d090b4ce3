/* looptype_property - the property types of node types, inherited ones included */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/looptype/looptype_priv.h"
#include "runtime/model/vocabulary.h"

const struct node *
looptype_declaration(const struct catalogue *builtin, const struct node *root, struct str type)
{
	const struct node *own = node_get_str(looptype_section(root, "node_types"), type);
	const struct type *known = own ? NULL : catalogue_find(builtin, TYPE_NODE, vocabulary_type(type), STR_NONE);

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

size_t
looptype_write_properties(const struct catalogue *builtin, const struct node *root, const struct node *template,
                          bool common, struct text *out)
{
	struct str first = looptype_text(template, "type"), type = first;
	size_t count = 0;

	text_add(out, STR("{"));
	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		const struct node *properties = node_get(looptype_declaration(builtin, root, type), "properties");

		for (const struct node *child = properties ? properties->first : NULL; child; child = child->next) {
			if (!child->key.ptr || looptype_is_common(child) != common ||
			    is_hidden(builtin, root, first, type, child->key))
				continue;
			if (count++)
				text_add(out, STR(","));
			write_definition(child, out);
		}
		type = looptype_parent(root, type);
	}
	text_add(out, STR("}"));
	return count;
}

/* --- what is missing --- */

static bool
is_required(const struct node *definition)
{
	const struct node *required = node_get(definition, "required");

	if (!required)
		required = node_get(definition, "requred"); /* where that is an error it was found before */
	return (node_is_null(required) || required->kind != NODE_BOOL || required->boolean) &&
	       node_is_null(node_get(definition, "default"));
}

struct str
looptype_missing(const struct catalogue *builtin, const struct node *root, const struct node *template,
                 const struct node *given, bool common, struct str after)
{
	const struct node *values = node_get(template, "properties"), *own = node_get(given, "propertiesMap");
	struct str first = looptype_text(template, "type"), type = first;
	bool passed = !after.ptr;

	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		const struct node *properties = node_get(looptype_declaration(builtin, root, type), "properties");

		for (const struct node *child = properties ? properties->first : NULL; child; child = child->next) {
			if (!passed) {
				passed = child->key.ptr == after.ptr;
				continue;
			}
			if (child->key.ptr && is_required(child) && looptype_is_common(child) == common &&
			    node_is_null(node_get_str(values, child->key)) &&
			    node_is_null(node_get_str(own, child->key)) &&
			    !is_hidden(builtin, root, first, type, child->key))
				return child->key;
		}
		type = looptype_parent(root, type);
	}
	return STR_NONE;
}
