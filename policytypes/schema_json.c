/* schema_json - a policy type as JSON Schema, for those who make forms */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/schema_json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "policytypes/synonym.h"

#define AMOUNT "^[0-9]+(\\.[0-9]+)? *"

/* A declared type that was referred to and still has to be written. */
struct schema_pending {
	struct schema_pending *next;
	const struct type *type;
	json_t *definition; /* owned by $defs */
};

struct writer {
	struct arena *arena;
	json_t *definitions;
	struct schema_pending *first, **link;
	bool failed; /* memory is out; what is written no longer matters */
};

/* Takes the value over. */
static void
schema_put(struct writer *w, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		w->failed = true;
}

static void
schema_put_text(struct writer *w, json_t *object, const char *key, struct str text)
{
	if (text.ptr)
		schema_put(w, object, key, json_stringn(text.ptr, text.len));
}

static void
schema_append(struct writer *w, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		w->failed = true;
}

/* A value in a document; where the schema says text, a number is its text as written. */
static json_t *
schema_node_json(struct writer *w, const struct node *node, enum value_kind kind)
{
	json_t *json;

	switch (node->kind) {
	case NODE_NULL:
		return json_null();
	case NODE_LIST:
		json = json_array();
		for (const struct node *child = node->first; child; child = child->next)
			schema_append(w, json, schema_node_json(w, child, VALUE_ANY));
		return json;
	case NODE_MAP:
		json = json_object();
		for (const struct node *child = node->first; child; child = child->next)
			schema_put(w, json, child->key.ptr, schema_node_json(w, child, VALUE_ANY));
		return json;
	default:
		break;
	}
	if (kind != VALUE_STRING && node->kind == NODE_BOOL)
		return json_boolean(node->boolean);
	if (kind != VALUE_STRING && node->kind == NODE_INT)
		return json_integer(node->integer);
	if (kind != VALUE_STRING && node->kind == NODE_FLOAT && isfinite(node->real))
		return json_real(node->real);
	return json_stringn(node->text.ptr, node->text.len); /* JSON has no infinity */
}

static void
put_node(struct writer *w, json_t *object, const char *key, const struct node *node, enum value_kind kind)
{
	schema_put(w, object, key, schema_node_json(w, node, kind));
}

/* A bound in JSON is a number; those of other kinds of values have no keyword. */
static void
put_bound(struct writer *w, json_t *object, const char *key, const struct node *bound, enum value_kind kind)
{
	if ((kind == VALUE_INTEGER || kind == VALUE_FLOAT) && value_fits(kind, bound))
		put_node(w, object, key, bound, kind);
}

static void
put_length(struct writer *w, json_t *object, bool least, const struct node *length, enum value_kind kind)
{
	const char *key = least ? "minLength" : "maxLength";

	if (kind == VALUE_LIST)
		key = least ? "minItems" : "maxItems";
	else if (kind == VALUE_MAP)
		key = least ? "minProperties" : "maxProperties";
	put_node(w, object, key, length, VALUE_INTEGER);
}

static void
put_constraint(struct writer *w, json_t *object, const struct constraint *constraint, enum value_kind kind)
{
	const struct node *operand = constraint->value;
	const char *pattern;

	switch (constraint->kind) {
	case CONSTRAINT_EQUAL:
		put_node(w, object, "const", operand, kind);
		break;
	case CONSTRAINT_GREATER_THAN:
		put_bound(w, object, "exclusiveMinimum", operand, kind);
		break;
	case CONSTRAINT_GREATER_OR_EQUAL:
		put_bound(w, object, "minimum", operand, kind);
		break;
	case CONSTRAINT_LESS_THAN:
		put_bound(w, object, "exclusiveMaximum", operand, kind);
		break;
	case CONSTRAINT_LESS_OR_EQUAL:
		put_bound(w, object, "maximum", operand, kind);
		break;
	case CONSTRAINT_IN_RANGE:
		put_bound(w, object, "minimum", operand->first, kind);
		put_bound(w, object, "maximum", operand->last, kind);
		break;
	case CONSTRAINT_VALID_VALUES:
	case CONSTRAINT_POSSIBLE_VALUES: {
		json_t *values = json_array();

		for (const struct node *value = operand->first; value; value = value->next)
			schema_append(w, values, schema_node_json(w, value, kind));
		schema_put(w, object, constraint->kind == CONSTRAINT_VALID_VALUES ? "enum" : "examples", values);
		break;
	}
	case CONSTRAINT_LENGTH:
		put_length(w, object, true, operand, kind);
		put_length(w, object, false, operand, kind);
		break;
	case CONSTRAINT_MIN_LENGTH:
		put_length(w, object, true, operand, kind);
		break;
	case CONSTRAINT_MAX_LENGTH:
		put_length(w, object, false, operand, kind);
		break;
	case CONSTRAINT_PATTERN:
		/* TOSCA's patterns match the whole value. */
		pattern = arena_printf(w->arena, "^(?:%.*s)$", STR_ARG(operand->text));
		schema_put_text(w, object, "pattern", str_from(pattern));
		w->failed = w->failed || !pattern;
		break;
	}
}

/* "#/$defs/NAME:VERSION" as a URI fragment that holds a JSON pointer. NULL when out of memory. */
static const char *
reference_text(struct arena *arena, const char *key)
{
	static const char hex[] = "0123456789ABCDEF", start[] = "#/$defs/";
	char *text = arena_alloc(arena, sizeof(start) + 3 * strlen(key)), *at;

	if (!text)
		return NULL;
	memcpy(text, start, sizeof(start));
	at = text + sizeof(start) - 1;
	for (; *key; key++) {
		unsigned char c = (unsigned char)*key;
		bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || strchr("._-:", c);

		if (plain) {
			*at++ = (char)c;
		} else if (c == '~' || c == '/') {
			*at++ = '~';
			*at++ = c == '~' ? '0' : '1';
		} else {
			*at++ = '%';
			*at++ = hex[c >> 4];
			*at++ = hex[c & 15];
		}
	}
	*at = '\0';
	return text;
}

/* Refers to a type, and sees to it that it will be written once. */
static void
put_reference(struct writer *w, json_t *object, const struct type *type)
{
	const char *key = arena_printf(w->arena, "%.*s:%.*s", STR_ARG(type->name), STR_ARG(type->version));
	const char *reference = key ? reference_text(w->arena, key) : NULL;
	struct schema_pending *pending;

	if (!reference) {
		w->failed = true;
		return;
	}
	schema_put_text(w, object, "$ref", str_from(reference));
	if (json_object_get(w->definitions, key))
		return;
	schema_put(w, w->definitions, key, json_object());
	pending = arena_alloc(w->arena, sizeof(*pending));
	if (!pending || w->failed) {
		w->failed = true;
		return;
	}
	pending->type = type;
	pending->definition = json_object_get(w->definitions, key);
	*w->link = pending;
	w->link = &pending->next;
}

static void
put_kind(struct writer *w, json_t *object, enum value_kind kind)
{
	static const struct {
		const char *type, *format, *pattern;
	} kinds[] = {
		[VALUE_STRING] = {"string", NULL, NULL},
		[VALUE_INTEGER] = {"integer", NULL, NULL},
		[VALUE_FLOAT] = {"number", NULL, NULL},
		[VALUE_BOOLEAN] = {"boolean", NULL, NULL},
		[VALUE_TIMESTAMP] = {"string", "date-time", NULL},
		[VALUE_VERSION] = {"string", NULL, "^[0-9]+\\.[0-9]+"},
		[VALUE_RANGE] = {"array", NULL, NULL},
		[VALUE_TIME] = {"string", NULL, AMOUNT "(d|h|m|s|ms|us|ns)$"},
		[VALUE_SIZE] = {"string", NULL, AMOUNT "(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)$"},
		[VALUE_FREQUENCY] = {"string", NULL, AMOUNT "(Hz|kHz|MHz|GHz)$"},
		[VALUE_BITRATE] = {"string", NULL, AMOUNT "[KMGT]?i?[bB]ps$"},
		[VALUE_LIST] = {"array", NULL, NULL},
		[VALUE_MAP] = {"object", NULL, NULL},
		[VALUE_ANY] = {NULL, NULL, NULL},
		[VALUE_TYPE] = {NULL, NULL, NULL},
	};

	schema_put_text(w, object, "type", str_from(kinds[kind].type));
	schema_put_text(w, object, "format", str_from(kinds[kind].format));
	schema_put_text(w, object, "pattern", str_from(kinds[kind].pattern));
}

/* Writes the rules for a value. Entries of entries: bounded by the depth of the type's document. */
static void
put_schema(struct writer *w, json_t *object, const struct schema *schema)
{
	put_kind(w, object, schema->kind);
	if (schema->by_name) {
		json_t *choices = json_array(), *whole = json_object(), *name = json_object();

		put_reference(w, whole, schema->type);
		put_kind(w, name, VALUE_STRING);
		schema_append(w, choices, whole);
		schema_append(w, choices, name);
		schema_put(w, object, "anyOf", choices);
	} else if (schema->kind == VALUE_TYPE) {
		put_reference(w, object, schema->type);
	}
	if (schema->entry) {
		json_t *entry = json_object();

		put_schema(w, entry, schema->entry);
		schema_put(w, object, schema->kind == VALUE_LIST ? "items" : "additionalProperties", entry);
	}
	if (schema->key) {
		json_t *key = json_object();

		put_schema(w, key, schema->key);
		schema_put(w, object, "propertyNames", key);
	}
	for (const struct constraint *c = schema->constraints; c; c = c->next)
		put_constraint(w, object, c, schema->kind);
}

static void
put_property(struct writer *w, json_t *properties, const struct property *property, size_t order)
{
	json_t *object = json_object();

	schema_put_text(w, object, "title", property->name);
	schema_put_text(w, object, "description", property->description);
	put_schema(w, object, &property->schema);
	if (property->fallback)
		put_node(w, object, "default", property->fallback, property->schema.kind);
	schema_put(w, object, "propertyOrder", json_integer((json_int_t)order));
	schema_put(w, properties, property->name.ptr, object);
}

/* A type with properties: any other key is refused, as it is in strict mode. */
static void
put_type(struct writer *w, json_t *object, const struct type *type)
{
	json_t *properties = json_object(), *required = json_array();
	size_t count = type->property_count;

	schema_put_text(w, object, "title", type->name);
	schema_put_text(w, object, "description", type->description);
	put_kind(w, object, VALUE_MAP);
	for (size_t i = 0; i < count; i++) {
		const struct property *property = &type->properties[i];

		put_property(w, properties, property, i + 1);
		if (property->required && !property->fallback)
			schema_append(w, required, json_stringn(property->name.ptr, property->name.len));
	}
	if (type->guard && !type_property(type, STR("target")))
		put_property(w, properties, guard_property(type, STR("target")), count + 1);
	schema_put(w, object, "properties", properties);
	schema_put(w, object, "required", required);
	schema_put(w, object, "additionalProperties", json_false());
}

static void
schema_put_document(struct writer *w, json_t *document, const struct type *type)
{
	schema_put(w, document, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	put_type(w, document, type);
	for (const struct schema_pending *p = w->first; p && !w->failed; p = p->next)
		put_type(w, p->definition, p->type);
	if (json_object_size(w->definitions) > 0)
		schema_put(w, document, "$defs", json_incref(w->definitions));
}

int
type_json_schema(const struct type *type, const struct catalogue *catalogue, struct arena *arena, struct str *ret_text,
                 struct error *err)
{
	struct writer w = {.arena = arena, .definitions = json_object()};
	json_t *document = json_object();
	struct str text;
	char *dump;

	(void)catalogue; /* a resolved type carries the types that it uses */
	w.link = &w.first;
	schema_put_document(&w, document, type);
	dump = w.failed ? NULL : json_dumps(document, JSON_COMPACT);
	text = arena_str(arena, str_from(dump));
	free(dump);
	json_decref(document);
	json_decref(w.definitions);
	if (!text.ptr)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	*ret_text = text;
	return 0;
}
