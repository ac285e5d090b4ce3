/* document_schema - JSON Schemas of whole files as people write them, for editors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/document_schema.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api/process/settings_table.h"
#include "base/text.h"
#include "policytypes/schema_json.h"
#include "policytypes/synonym.h"

#define DRAFT "http://json-schema.org/draft-07/schema#"
#define REFERENCE "#/$defs/"

const struct document_schema_kind document_schema_kinds[] = {
	{"policy",
         "Policies of clguard: service templates, Control Loop Guard 2.0.0 files, bare bodies",
         {"**/policies/*.yaml", "**/policies/*.yml", "**/policies/*.json", "*.policy.yaml", "*.policy.yml",
          "*.policy.json"}},
	{"test",
         "Policy tests of clguard test",
         {"*.policytest.yaml", "*.policytest.yml", "**/policytests/*.yaml", "**/policytests/*.yml"}},
	{"scenario", "Scenarios of clguard simulate", {"*.scenario.yaml", "*.scenario.yml"}},
	{"config", "Settings of clguardd", {"clguard.yaml", "clguard.yml", "**/clguard.d/*.yaml"}},
	{0},
};

/* One schema in the making. */
struct schema_maker {
	const struct catalogue *catalogue;
	struct arena *arena;
	json_t *root, *definitions, *cases; /* cases: which properties, by the name of the type */
	json_t *names;                      /* of the policy types, each once */
	bool failed;                        /* out of memory; what is made no longer matters */
};

/* Takes the value over. */
static void
docschema_put(struct schema_maker *maker, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		maker->failed = true;
}

static void
docschema_append(struct schema_maker *maker, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		maker->failed = true;
}

/* The hand-written part of a kind of document: a file of api/schemas. */
static json_t *
schema_skeleton(const char *kind)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%s.json", kind);
	for (size_t i = 0; i < document_schema_parts_count; i++) {
		const struct builtin_document *document = &document_schema_parts[i];

		if (strcmp(document->name, name) == 0)
			return json_loadb(document->text, document->len, 0, NULL);
	}
	return NULL;
}

/* Where text is asked for a number or a boolean will do: it is its text as written. */
static void
schema_loosen(struct schema_maker *maker, json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_array(value))
		json_array_foreach(value, i, member) schema_loosen(maker, member);
	if (!json_is_object(value))
		return;
	json_object_foreach(value, key, member) schema_loosen(maker, member);
	member = json_object_get(value, "type");
	if (json_is_string(member) && strcmp(json_string_value(member), "string") == 0 &&
	    !json_object_get(value, "enum"))
		docschema_put(maker, value, "type", json_pack("[sss]", "string", "number", "boolean"));
}

/* The schema of a type's properties; the data types that it uses become definitions of the whole. */
static json_t *
schema_of_type(struct schema_maker *maker, const struct type *type)
{
	json_t *schema, *used, *definition;
	const char *key;
	struct str text;

	if (type_json_schema(type, maker->catalogue, maker->arena, &text, NULL) != 0)
		return NULL;
	schema = json_loadb(text.ptr, text.len, 0, NULL);
	used = json_object_get(schema, "$defs");
	json_object_foreach(used, key, definition)
		docschema_put(maker, maker->definitions, key, json_incref(definition));
	(void)json_object_del(schema, "$defs");   /* may have none */
	(void)json_object_del(schema, "$schema"); /* it is a part now */
	return schema;
}

/* The required properties that the other generation does not know by another name. */
static json_t *
schema_required(struct schema_maker *maker, const struct type *type)
{
	json_t *required = json_array();

	for (size_t i = 0; i < type->property_count; i++) {
		const struct property *property = &type->properties[i];
		const struct property *other = type_property(type->twin, property->name);

		if (property->required && !property->fallback && other && other->required)
			docschema_append(maker, required, json_stringn(property->name.ptr, property->name.len));
	}
	return required;
}

/* A guard takes the names of both generations, and each of them may be the one that is missing. */
static void
schema_add_twin(struct schema_maker *maker, const struct type *type, json_t *schema)
{
	json_t *twin = schema_of_type(maker, type->twin);

	if (!twin ||
	    json_object_update_missing(json_object_get(schema, "properties"), json_object_get(twin, "properties")) != 0)
		maker->failed = true;
	docschema_put(maker, schema, "required", schema_required(maker, type));
	json_decref(twin);
}

/* {"if": the type's name is this, "then": its properties are these}, any of the versions that there are */
static void
schema_add_case(struct schema_maker *maker, const struct type *type)
{
	const char *reference = arena_printf(maker->arena, REFERENCE "%.*s:%.*s", STR_ARG(type->name),
	                                     STR_ARG(type->version)),
		   *key = reference ? reference + sizeof(REFERENCE) - 1 : NULL;
	json_t *schema = schema_of_type(maker, type), *choices = NULL, *one;
	size_t i;

	if (!key || !schema) {
		maker->failed = true;
		json_decref(schema);
		return;
	}
	if (type->twin)
		schema_add_twin(maker, type, schema);
	docschema_put(maker, maker->definitions, key, schema);
	json_array_foreach(maker->cases, i, one)
	{
		const char *name = NULL;

		if (json_unpack(one, "{s:{s:{s:{s:s}}}}", "if", "properties", "type", "const", &name) == 0 &&
		    str_is(type->name, name))
			choices = json_object_get(
				json_object_get(json_object_get(json_object_get(one, "then"), "properties"),
			                        "properties"),
				"anyOf");
	}
	if (choices) {
		docschema_append(maker, choices, json_pack("{s:s}", "$ref", reference));
		return;
	}
	docschema_append(maker, maker->names, json_stringn(type->name.ptr, type->name.len));
	docschema_append(maker, maker->cases,
	                 json_pack("{s:{s:{s:{s:s%}},s:[s]},s:{s:{s:{s:[{s:s}]}}}}", "if", "properties", "type",
	                           "const", type->name.ptr, type->name.len, "required", "type", "then", "properties",
	                           "properties", "anyOf", "$ref", reference));
}

static int
schema_visit(void *context, const struct type *type)
{
	struct schema_maker *maker = context;

	if (type->kind == TYPE_POLICY && type->parent)
		schema_add_case(maker, type);
	return maker->failed ? -ERROR_MEMORY : 0;
}

/* Adds the hand-written part, with the built-in policy types. */
static void
schema_add_policies(struct schema_maker *maker)
{
	maker->definitions = json_object_get(maker->root, "$defs");
	maker->cases = json_array();
	maker->names = json_array();
	if (catalogue_each(maker->catalogue, schema_visit, maker) != 0)
		maker->failed = true;
	docschema_put(maker, maker->definitions, "typed", json_pack("{s:o}", "allOf", maker->cases));
	/* Types that a document declares have names that nobody knows here. */
	docschema_put(maker, maker->definitions, "typeName",
	              json_pack("{s:[{s:o},{s:s}]}", "anyOf", "enum", maker->names, "type", "string"));
	schema_loosen(maker, maker->definitions);
}

/* One setting, with its bounds. */
static json_t *
schema_of_setting(struct schema_maker *maker, const struct setting *setting)
{
	json_t *value = json_pack("{s:s}", "description", setting->help), *choices;

	switch (setting->kind) {
	case SETTING_TEXT:
		docschema_put(maker, value, "type", json_pack("[sss]", "string", "number", "null"));
		break;
	case SETTING_LIST:
		docschema_put(maker, value, "type", json_pack("[ss]", "array", "null"));
		docschema_put(maker, value, "items", json_pack("{s:[ss]}", "type", "string", "number"));
		break;
	case SETTING_BOOL:
		docschema_put(maker, value, "type", json_pack("[ss]", "boolean", "null"));
		break;
	case SETTING_CHOICE:
		choices = json_array();
		for (int i = 0; i < SETTING_CHOICES && setting->choices[i]; i++)
			docschema_append(maker, choices, json_string(setting->choices[i]));
		docschema_append(maker, choices, json_null());
		docschema_put(maker, value, "enum", choices);
		break;
	case SETTING_NUMBER:
		docschema_put(maker, value, "minimum", json_integer(setting->min));
		docschema_put(maker, value, "maximum", json_integer(setting->max));
		if (setting->unit && strcmp(setting->unit, "bytes") == 0) {
			docschema_put(maker, value, "type", json_pack("[sss]", "integer", "string", "null"));
			docschema_put(maker, value, "pattern", json_string("^[0-9]+ *([KMGT](iB)?)?$"));
		} else {
			docschema_put(maker, value, "type", json_pack("[ss]", "integer", "null"));
		}
		break;
	}
	if (setting->initial)
		docschema_put(maker, value, "default", json_string(setting->initial));
	return value;
}

static void
schema_add_settings(struct schema_maker *maker)
{
	json_t *properties = json_object();

	for (const struct setting *setting = setting_table(); setting->name; setting++)
		docschema_put(maker, properties, setting->name, schema_of_setting(maker, setting));
	maker->root = json_pack("{s:s,s:s,s:s,s:[ss],s:o,s:b}", "$schema", DRAFT, "title", "clguard.yaml",
	                        "description", "Settings of clguardd. See clguard.yaml(5).", "type", "object", "null",
	                        "properties", properties, "additionalProperties", 0);
}

int
document_schema(const struct catalogue *builtin, const char *kind, struct arena *arena, struct str *ret_text,
                struct error *err)
{
	struct schema_maker maker = {.catalogue = builtin, .arena = arena};
	struct str text = STR_NONE;
	size_t i = 0;
	char *dump;

	while (document_schema_kinds[i].name && strcmp(document_schema_kinds[i].name, kind) != 0)
		i++;
	if (!document_schema_kinds[i].name)
		return error_set(err, ERROR_UNKNOWN, NULL,
		                 "the kind of document is wrong: expected policy, test, scenario or config, got '%s'",
		                 kind);
	if (strcmp(kind, "config") == 0)
		schema_add_settings(&maker);
	else
		maker.root = schema_skeleton(kind);
	if (maker.root && strcmp(kind, "policy") == 0)
		schema_add_policies(&maker);
	dump = maker.root && !maker.failed ? json_dumps(maker.root, JSON_INDENT(1)) : NULL;
	text = arena_str(arena, str_from(dump));
	free(dump);
	json_decref(maker.root);
	if (!text.ptr)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	*ret_text = text;
	return 0;
}

int
document_schema_catalogue(const char *directory, struct arena *arena, struct str *ret_text, struct error *err)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out,
	         STR("{\"$schema\":\"https://json.schemastore.org/schema-catalog.json\",\"version\":1,\"schemas\":["));
	for (const struct document_schema_kind *kind = document_schema_kinds; kind->name; kind++) {
		text_addf(&out, "%s\n {\"name\":\"clguard %s\",\"description\":\"%s\",\n  \"fileMatch\":[",
		          kind == document_schema_kinds ? "" : ",", kind->name, kind->help);
		for (size_t i = 0; i < DOCUMENT_SCHEMA_NAMES && kind->files[i]; i++)
			text_addf(&out, "%s\"%s\"", i ? "," : "", kind->files[i]);
		text_add(&out, STR("],\n  \"url\":"));
		text_add_json(&out, str_from(arena_printf(arena, "file://%s/%s.schema.json", directory, kind->name)));
		text_add(&out, STR("}"));
	}
	text_add(&out, STR("]}"));
	*ret_text = text_done(&out);
	return ret_text->ptr ? 0 : error_set(err, ERROR_MEMORY, NULL, "out of memory");
}
