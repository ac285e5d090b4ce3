/* registry_schema - what a form needs to know of actors and their operations */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/registry_schema.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *
json_text(struct str text)
{
	return json_stringn(text.ptr, text.len);
}

/* Adds the text unless it is there. -1 when out of memory. */
static int
add_once(json_t *list, struct str text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (str_is(text, json_string_value(item)))
			return 0;
	}
	return json_array_append_new(list, json_text(text));
}

/* The operations that an actor names (actor NULL: that any does), NULL when out of memory. */
static json_t *
operations_of(const struct registry *registry, const struct actor *actor)
{
	json_t *list = json_array();

	for (const struct actor *at = registry_first(registry); list && at; at = at->next) {
		for (const struct capability *c = at->capabilities; c && (!actor || at == actor); c = c->next) {
			if (!str_is(c->operation, ".*") && add_once(list, c->operation) < 0) {
				json_decref(list);
				return NULL;
			}
		}
	}
	return list;
}

/* The actors that name an operation (absent: all), NULL when out of memory. */
static json_t *
actors_of(const struct registry *registry, struct str operation)
{
	json_t *list = json_array();

	for (const struct actor *at = registry_first(registry); list && at; at = at->next) {
		const struct capability *c = at->capabilities;

		while (operation.ptr && c && !str_equal(c->operation, operation))
			c = c->next;
		if ((operation.ptr && !c) || json_array_append_new(list, json_text(at->id)) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

/* "when `given` is this name, `other` is suggested to be one of these". Both forms of naming: a text, or {id: text}. */
static json_t *
suggestion(const char *given, struct str name, const char *other, json_t *examples)
{
	return json_pack("{s:{s:{s:{s:[{s:o}, {s:s, s:{s:{s:o}}, s:[s]}]}}, s:[s]}, s:{s:{s:{s:o}}}}", "if",
	                 "properties", given, "anyOf", "const", json_text(name), "type", "object", "properties", "id",
	                 "const", json_text(name), "required", "id", "required", given, "then", "properties", other,
	                 "examples", examples);
}

static int
add_suggestions(const struct registry *registry, json_t *list)
{
	json_t *operations = operations_of(registry, NULL);
	const json_t *operation;
	int r = operations ? 0 : -1;
	size_t i;

	for (const struct actor *at = registry_first(registry); r == 0 && at; at = at->next)
		r = json_array_append_new(list, suggestion("actor", at->id, "operation", operations_of(registry, at)));
	json_array_foreach(operations, i, operation)
	{
		struct str name = str_from(json_string_value(operation));

		if (r == 0)
			r = json_array_append_new(list,
			                          suggestion("operation", name, "actor", actors_of(registry, name)));
	}
	json_decref(operations);
	return r;
}

static int
relate(const struct registry *registry, json_t *object, json_t *actor, json_t *operation)
{
	json_t *all = json_array();

	if (!all || add_suggestions(registry, all) < 0) {
		json_decref(all);
		return -1;
	}
	if (json_object_set_new(object, "allOf", all) < 0 ||
	    json_object_set_new(actor, "examples", actors_of(registry, STR_NONE)) < 0)
		return -1;
	return json_object_set_new(operation, "examples", operations_of(registry, NULL));
}

/* Looks at every definition, and at the schema itself. -1 when out of memory. */
static int
schema_walk(const struct registry *registry, json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties");
	json_t *actor = json_object_get(properties, "actor"), *operation = json_object_get(properties, "operation");
	json_t *definition;
	const char *name;

	if (json_is_object(actor) && json_is_object(operation) && relate(registry, schema, actor, operation) < 0)
		return -1;
	json_object_foreach(json_object_get(schema, "$defs"), name, definition)
	{
		if (schema_walk(registry, definition) < 0)
			return -1;
	}
	return 0;
}

int
registry_schema(const struct registry *registry, struct str schema, struct arena *arena, struct str *ret_text,
                struct error *err)
{
	json_t *json = json_loadb(schema.ptr, schema.len, 0, NULL);
	char *text = NULL;
	struct str copy;

	if (!json)
		return error_set(err, ERROR_SYNTAX, NULL, "the schema is no JSON");
	if (schema_walk(registry, json) == 0)
		text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	copy = arena_str(arena, str_from(text));
	free(text);
	if (!copy.ptr)
		return error_set(err, ERROR_MEMORY, NULL, "no memory for a schema");
	*ret_text = copy;
	return 0;
}
