/* definition - one type's properties, read from its declaration and put over those of its parent */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/catalogue_priv.h"
#include "policytypes/check_priv.h"
#include "policytypes/section.h"

/* Keys that TOSCA allows in a property definition, and those that policy models add. */
static const char *const property_keys[] = {
	"type",         "type_version",    "typeVersion",     "description", "required", "default", "constraints",
	"entry_schema", "key_schema",      "metadata",        "name",        "status",   "tags",    "id",
	"version",      "external_schema", "external-schema", NULL};

static const char *const requred_keys[] = {
	"requred",     "type",     "type_version",    "typeVersion",     "description", "required", "default",
	"constraints", "metadata", "entry_schema",    "key_schema",      "name",        "status",   "tags",
	"id",          "version",  "external_schema", "external-schema", NULL};

/* Where the type of a property is looked for: seed 003's actor is a node type. */
static const enum type_kind value_types[] = {TYPE_DATA, TYPE_NODE, TYPE_CAPABILITY};

/* Whose definitions are read, what they may refer to, and where findings go. */
struct definition_reader {
	const struct catalogue *catalogue;
	const struct type *type;
	struct diags *diags;
};

static bool
definition_out_of_memory(struct diags *diags, const struct node *where)
{
	diags_error(diags, where, "out of memory");
	return false;
}

/* Sets the schema of a declared type's values. */
static void
schema_set_type(struct schema *schema, const struct type *type)
{
	schema->type = type;
	schema->type_name = type->name;
	schema->kind = type->value ? type->value->kind : VALUE_TYPE;
	schema->constraints = type->value ? type->value->constraints : NULL;
}

static void
schema_set_kind(struct schema *schema, enum value_kind kind)
{
	schema->kind = kind;
	schema->type_name = str_from(value_kind_name(kind));
}

static bool
is_declared(const struct catalogue *catalogue, struct str name)
{
	for (size_t i = 0; i < sizeof(value_types) / sizeof(value_types[0]); i++) {
		if (catalogue_find(catalogue, value_types[i], name, STR_NONE))
			return true;
	}
	return false;
}

/* The name is TOSCA's own type, else a declared one, else either of them in another letter case. */
static bool
read_type(const struct definition_reader *reader, const struct node *definition, const struct node *name,
          struct schema *schema)
{
	struct reference reference = {
		.kinds = value_types,
		.kind_count = sizeof(value_types) / sizeof(value_types[0]),
		.where = name,
		.root = ((const struct declared *)reader->type)->root, /* it is the first member of one */
		.name = name->text,
		.warn = reader->type->kind == TYPE_NODE || reader->type->kind == TYPE_CAPABILITY,
	};
	const struct type *type;
	enum value_kind kind;

	if (!node_is_scalar(name)) {
		diags_error(reader->diags, name, "'type' must be a name, found %s", node_kind_phrase(name));
		return false;
	}
	if (value_kind_find(name->text, false, &kind) ||
	    (value_kind_find(name->text, true, &kind) && !is_declared(reader->catalogue, name->text))) {
		schema_set_kind(schema, kind);
		return true;
	}
	reference.version = section_text(definition, "type_version", reader->diags);
	type = reference_find(reader->catalogue, &reference, reader->diags);
	if (type)
		schema_set_type(schema, type);
	else if (reference.warn)
		schema_set_kind(schema,
		                VALUE_ANY); /* real node types name types of orchestrators that nobody declares */
	return type || reference.warn;
}

static bool read_schema(const struct definition_reader *reader, const struct node *definition, struct schema *schema);

/* entry_schema and key_schema: a definition, or the name of a type alone. */
static const struct schema *
read_part(const struct definition_reader *reader, const struct node *node)
{
	struct schema *part = arena_alloc(reader->catalogue->arena, sizeof(*part));

	if (!part) {
		(void)definition_out_of_memory(reader->diags, node);
		return NULL;
	}
	if (node_is_scalar(node))
		return read_type(reader, NULL, node, part) ? part : NULL;
	if (node->kind != NODE_MAP) {
		diags_error(reader->diags, node, "'%.*s' must be a map with a type, found a list", STR_ARG(node->key));
		return NULL;
	}
	if (!section_check_keys(node, property_keys, "schema", SEVERITY_ERROR, reader->diags))
		return NULL;
	return read_schema(reader, node, part) ? part : NULL;
}

static bool
read_entry(const struct definition_reader *reader, const struct node *node, struct schema *schema)
{
	if (node_is_null(node))
		return true;
	if (schema->kind == VALUE_LIST || schema->kind == VALUE_MAP) {
		schema->entry = read_part(reader, node);
		return schema->entry != NULL;
	}
	diags_error_key(reader->diags, node, "'entry_schema' is for lists and maps, not for '%.*s'",
	                STR_ARG(schema->type_name));
	return false;
}

static bool
definition_read_key(const struct definition_reader *reader, const struct node *node, struct schema *schema)
{
	if (node_is_null(node))
		return true;
	if (schema->kind != VALUE_MAP) {
		diags_error_key(reader->diags, node, "'key_schema' is for maps, not for '%.*s'",
		                STR_ARG(schema->type_name));
		return false;
	}
	schema->key = read_part(reader, node);
	return schema->key != NULL;
}

/*
 * Seed 003 gives some properties an entry_schema and no type: "points to the operation to invoke". The value is then of
 * the entry_schema's type, or the name of such a value.
 */
static bool
read_schema(const struct definition_reader *reader, const struct node *definition, struct schema *schema)
{
	const struct node *type = node_get(definition, "type"), *entry = node_get(definition, "entry_schema");

	if (!node_is_null(type)) {
		if (!read_type(reader, definition, type, schema) || !read_entry(reader, entry, schema) ||
		    !definition_read_key(reader, node_get(definition, "key_schema"), schema))
			return false;
	} else if (!node_is_null(entry)) {
		const struct schema *part = read_part(reader, entry);

		if (!part)
			return false;
		*schema = *part;
		schema->by_name = part->kind == VALUE_TYPE;
	} else {
		diags_error_key(reader->diags, definition, "'%.*s' has no type", STR_ARG(definition->key));
		return false;
	}
	return constraints_read(node_get(definition, "constraints"), schema, reader->catalogue->arena, reader->diags);
}

static bool
derives(const struct type *type, const struct type *from)
{
	while (type && type != from)
		type = type->parent;
	return type != NULL;
}

/* Whether each value of `own` is one of `inherited`, as far as types tell. */
static bool
narrows(const struct schema *own, const struct schema *inherited)
{
	for (; own && inherited; own = own->entry, inherited = inherited->entry) {
		if (inherited->kind == VALUE_ANY)
			return true;
		if (own->kind != inherited->kind || (inherited->type && !derives(own->type, inherited->type)))
			return false;
	}
	return true;
}

/* A derived type keeps what is promised of its parent: the same kind of value, the same constraints, required. */
static bool
override(struct property *own, const struct property *inherited, struct arena *arena, struct diags *diags)
{
	if (!narrows(&own->schema, &inherited->schema)) {
		diags_error(diags, own->node, "property '%.*s' is of type '%.*s' in '%.*s' and cannot become '%.*s'",
		            STR_ARG(own->name), STR_ARG(inherited->schema.type_name),
		            STR_ARG(inherited->declared_by->name), STR_ARG(own->schema.type_name));
		return false;
	}
	if (!own->fallback)
		own->fallback = inherited->fallback;
	if (inherited->required && !own->required && !own->fallback) {
		diags_error(diags, own->node, "property '%.*s' is required in '%.*s' and cannot become optional",
		            STR_ARG(own->name), STR_ARG(inherited->declared_by->name));
		return false;
	}
	own->required = own->required || inherited->required;
	if (!own->schema.entry)
		own->schema.entry = inherited->schema.entry;
	if (!own->schema.key)
		own->schema.key = inherited->schema.key;
	if (!own->description.ptr)
		own->description = inherited->description;
	return constraints_add(&own->schema, inherited->schema.constraints, arena) ||
	       definition_out_of_memory(diags, own->node);
}

static bool
read_property(const struct definition_reader *reader, const struct node *node, struct property *ret)
{
	const struct node *required = node_get(node, "required"), *fallback = node_get(node, "default");
	bool misspelt = reader->catalogue->takes_requred;

	if (node->kind != NODE_MAP) {
		diags_error(reader->diags, node, "the definition of property '%.*s' must be a map, found %s",
		            STR_ARG(node->key), node_kind_phrase(node));
		return false;
	}
	if (!section_check_keys(node, misspelt ? requred_keys : property_keys, "property definition", SEVERITY_ERROR,
	                        reader->diags))
		return false;
	if (misspelt && !required)
		required = node_get(node, "requred");
	*ret = (struct property){
		.name = node->key,
		.required = node_is_null(required) || required->boolean,
		.fallback = node_is_null(fallback) ? NULL : fallback,
		.description = section_text(node, "description", reader->diags),
		.declared_by = reader->type,
		.node = node,
	};
	if (!node_is_null(required) && required->kind != NODE_BOOL) {
		diags_error(reader->diags, required, "'required' must be true or false, %s",
		            check_shown(required).text);
		return false;
	}
	return read_schema(reader, node, &ret->schema);
}

static struct property *
find_property(struct property *properties, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(properties[i].name, name))
			return &properties[i];
	}
	return NULL;
}

/* The parent's properties, with those of `section` in their place or behind them. */
static bool
read_properties(const struct catalogue *catalogue, struct type *type, const struct node *section,
                struct property *properties, struct diags *diags)
{
	size_t count = type->parent ? type->parent->property_count : 0;
	struct definition_reader reader = {catalogue, type, diags};
	bool good = true;

	if (count > 0)
		memcpy(properties, type->parent->properties, count * sizeof(*properties));
	for (const struct node *node = section->first; node; node = node->next) {
		struct property own, *place = find_property(properties, count, node->key);

		if (!read_property(&reader, node, &own) || (place && !override(&own, place, catalogue->arena, diags))) {
			good = false;
			continue;
		}
		if (!place)
			place = &properties[count++];
		*place = own;
	}
	type->properties = properties;
	type->property_count = count;
	return good;
}

bool
type_define(const struct catalogue *catalogue, struct type *type, struct diags *diags)
{
	const struct node *section = node_get(type->node, "properties");
	size_t inherited = type->parent ? type->parent->property_count : 0;
	struct property *properties;

	if (!node_is_null(section) && section->kind != NODE_MAP) {
		diags_error(diags, section, "'properties' must be a map, found %s", node_kind_phrase(section));
		return false;
	}
	if (node_is_null(section) || section->count == 0) {
		type->properties = type->parent ? type->parent->properties : NULL;
		type->property_count = inherited;
		return true;
	}
	if (type->value) {
		diags_error(diags, section, "type '%.*s' derives from '%.*s' and cannot have properties",
		            STR_ARG(type->name), STR_ARG(type->value->type_name));
		return false;
	}
	if (inherited + section->count > TYPE_PROPERTIES_MAX) {
		diags_error(diags, section, "type '%.*s' has more than %d properties", STR_ARG(type->name),
		            TYPE_PROPERTIES_MAX);
		return false;
	}
	properties = arena_array(catalogue->arena, inherited + section->count, sizeof(*properties));
	if (!properties)
		return definition_out_of_memory(diags, section);
	return read_properties(catalogue, type, section, properties, diags);
}
