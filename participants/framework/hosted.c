/* hosted - what a participant keeps: the definitions that it was primed with, the elements that it hosts */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/hosted.h"

#include <stdlib.h>

#include "base/document.h"
#include "base/text.h"

struct hosted_definition {
	char *name, *version, *properties;
	long phase;
};

static const struct document_limits row_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

static struct str
scalar(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) && !node_is_null(node) ? node->text : STR("");
}

static long
whole_number(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? (long)node->integer : 0;
}

bool
hosted_set(char **text, struct str value)
{
	char *copy;

	if (*text && value.ptr && str_is(value, *text))
		return true;
	copy = strndup(value.ptr ? value.ptr : "", value.len);
	if (!copy)
		return false;
	free(*text);
	*text = copy;
	return true;
}

static bool
set_tree(char **json, const struct node *tree, const char *none, struct arena *arena)
{
	struct text out;
	struct str text = str_from(none);

	if (!node_is_null(tree)) {
		text_init(&out, arena);
		text_add_node(&out, tree, true);
		text = text_done(&out);
	}
	return text.ptr && hosted_set(json, text);
}

/* --- definitions --- */

/* Where the definition stands; definition_count when there is none. */
static size_t
definition_find(const struct hosted *hosted, struct str name, struct str version)
{
	size_t i = 0;

	while (i < hosted->definition_count &&
	       !(str_is(name, hosted->definitions[i].name) && str_is(version, hosted->definitions[i].version)))
		i++;
	return i;
}

/* properties: JSON. */
static int
definition_take(struct hosted *hosted, struct str name, struct str version, long phase, struct str properties)
{
	size_t i = definition_find(hosted, name, version);
	struct hosted_definition *definition;

	if (i == hosted->definition_count) {
		struct hosted_definition *more = realloc(hosted->definitions, (i + 1) * sizeof(*more));

		if (!more)
			return -ERROR_MEMORY;
		hosted->definitions = more;
		more[i] = (struct hosted_definition){0};
		hosted->definition_count++; /* half made does no harm: no name finds it */
	}
	definition = &hosted->definitions[i];
	definition->phase = phase;
	return hosted_set(&definition->properties, properties) && hosted_set(&definition->version, version) &&
	                       hosted_set(&definition->name, name)
	               ? 0
	               : -ERROR_MEMORY;
}

static int
read_definition(void *context, struct str value)
{
	struct hosted *hosted = context;
	struct arena arena;
	struct node *row;
	struct text out;
	int r;

	arena_init(&arena, 0);
	r = json_read(value, "", &row_limits, &arena, &row, NULL);
	if (r == 0) {
		text_init(&out, &arena);
		text_add_node(&out, node_get(row, "properties"), true);
		r = definition_take(hosted, scalar(row, "name"), scalar(row, "version"), whole_number(row, "phase"),
		                    text_done(&out));
	}
	arena_free(&arena);
	return r;
}

int
hosted_define(struct hosted *hosted, const struct node *entry, struct arena *arena)
{
	const struct node *id = node_get(entry, "clElementDefinitionId");
	const struct node *properties = node_get(node_get(entry, "controlLoopElementToscaNodeTemplate"), "properties");
	struct str name = scalar(id, "name"), version = scalar(id, "version");
	long phase = whole_number(properties, "startPhase");
	struct text json, row;
	int r;

	text_init(&json, arena);
	if (node_is_null(properties))
		text_add(&json, STR("{}"));
	else
		text_add_node(&json, properties, true);
	if (!text_done(&json).ptr)
		return -ERROR_MEMORY;
	r = definition_take(hosted, name, version, phase, text_done(&json));
	if (r != 0 || !hosted->memory)
		return r;
	text_init(&row, arena);
	text_add(&row, STR("{\"name\":"));
	text_add_json(&row, name);
	text_add(&row, STR(",\"version\":"));
	text_add_json(&row, version);
	text_addf(&row, ",\"phase\":%ld,\"properties\":", phase);
	text_add(&row, text_done(&json));
	text_add(&row, STR("}"));
	return memory_put(hosted->memory, MEMORY_DEFINITIONS, hosted->owner, name, version, text_done(&row));
}

void
hosted_undefine(struct hosted *hosted)
{
	for (size_t i = 0; i < hosted->definition_count; i++) {
		struct hosted_definition *definition = &hosted->definitions[i];

		if (hosted->memory && definition->name)
			(void)memory_delete(hosted->memory, MEMORY_DEFINITIONS, hosted->owner,
			                    str_from(definition->name),
			                    str_from(definition->version)); /* one too many does no harm */
		free(definition->name);
		free(definition->version);
		free(definition->properties);
	}
	hosted->definition_count = 0;
}

/* --- elements --- */

static size_t
hosted_bucket_of(struct str id)
{
	size_t sum = 5381;

	for (size_t i = 0; i < id.len; i++)
		sum = sum * 33 + (unsigned char)id.ptr[i];
	return sum % HOSTED_BUCKETS;
}

struct hosted_element *
hosted_find(const struct hosted *hosted, struct str id)
{
	struct hosted_element *element = hosted->buckets[hosted_bucket_of(id)];

	while (element && !str_is(id, element->id))
		element = element->chain;
	return element;
}

static void
element_free(struct hosted_element *element)
{
	char *const texts[] = {element->id,      element->definition,   element->definition_version,
	                       element->loop,    element->loop_version, element->state,
	                       element->common,  element->own,          element->fragment,
	                       element->made,    element->ordered,      element->seen,
	                       element->gateway, element->figures,      element->use};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	free(element);
}

/* NULL when there are too many, or out of memory. */
static struct hosted_element *
element_new(struct hosted *hosted, struct str id)
{
	struct hosted_element *element = hosted->count < HOSTED_MAX ? calloc(1, sizeof(*element)) : NULL;
	size_t bucket = hosted_bucket_of(id);

	if (!element)
		return NULL;
	if (!hosted_set(&element->id, id) || !hosted_set(&element->state, STR("UNINITIALISED")) ||
	    !hosted_set(&element->made, STR("[]")) || !hosted_set(&element->ordered, STR("")) ||
	    !hosted_set(&element->seen, STR("")) || !hosted_set(&element->figures, STR(""))) {
		element_free(element);
		return NULL;
	}
	element->chain = hosted->buckets[bucket];
	hosted->buckets[bucket] = element;
	hosted->count++;
	return element;
}

static void
element_remove(struct hosted *hosted, struct hosted_element *element)
{
	struct hosted_element **at = &hosted->buckets[hosted_bucket_of(str_from(element->id))];

	while (*at != element)
		at = &(*at)->chain;
	*at = element->chain;
	hosted->count--;
	element_free(element);
}

/* {"loop":...,"element":...}; null when the type has no gateway. */
static bool
set_gateway(char **json, const struct node *of_loop, const struct node *of_element, struct arena *arena)
{
	struct text out;

	if (node_is_null(of_loop))
		return hosted_set(json, STR("null"));
	text_init(&out, arena);
	text_add(&out, STR("{\"loop\":"));
	text_add_node(&out, of_loop, true);
	text_add(&out, STR(",\"element\":"));
	if (node_is_null(of_element))
		text_add(&out, STR("{}"));
	else
		text_add_node(&out, of_element, true);
	text_add(&out, STR("}"));
	return text_done(&out).ptr && hosted_set(json, text_done(&out));
}

struct hosted_element *
hosted_take(struct hosted *hosted, const struct node *given, const struct node *update, struct arena *arena)
{
	const struct node *id = node_get(given, "definition"), *loop = node_get(update, "controlLoopId");
	size_t i = definition_find(hosted, scalar(id, "name"), scalar(id, "version"));
	const struct hosted_definition *primed = i < hosted->definition_count ? &hosted->definitions[i] : NULL;
	struct hosted_element *known = hosted_find(hosted, scalar(given, "id")), *element = known;

	if (!element)
		element = element_new(hosted, scalar(given, "id"));
	if (!element)
		return NULL;
	if (!hosted_set(&element->loop, scalar(loop, "name")) ||
	    !hosted_set(&element->loop_version, scalar(loop, "version")) ||
	    !hosted_set(&element->definition, scalar(id, "name")) ||
	    !hosted_set(&element->definition_version, scalar(id, "version")) ||
	    !hosted_set(&element->common, primed && primed->properties ? str_from(primed->properties) : STR("{}")) ||
	    !set_tree(&element->own, node_get(given, "propertiesMap"), "{}", arena) ||
	    !set_tree(&element->fragment, node_get(given, "toscaServiceTemplateFragment"), "null", arena) ||
	    !set_gateway(&element->gateway, node_get(update, "gateway"), node_get(given, "gateway"), arena)) {
		if (!known)
			element_remove(hosted, element);
		return NULL;
	}
	element->phase = primed ? primed->phase : 0;
	return element;
}

void
hosted_each(const struct hosted *hosted, bool (*visit)(void *context, struct hosted_element *element), void *context)
{
	for (size_t i = 0; i < HOSTED_BUCKETS; i++)
		for (struct hosted_element *element = hosted->buckets[i], *next; element; element = next) {
			next = element->chain; /* visit may drop it */
			if (!visit(context, element))
				return;
		}
}

static void
hosted_add_member(struct text *out, const char *name, const char *text)
{
	text_addf(out, ",\"%s\":", name);
	text_add_json(out, str_from(text));
}

int
hosted_keep(struct hosted *hosted, const struct hosted_element *element, struct arena *arena)
{
	struct text out;

	if (!hosted->memory)
		return 0;
	text_init(&out, arena);
	text_add(&out, STR("{\"id\":"));
	text_add_json(&out, str_from(element->id));
	hosted_add_member(&out, "loop", element->loop);
	hosted_add_member(&out, "loopVersion", element->loop_version);
	hosted_add_member(&out, "definition", element->definition);
	hosted_add_member(&out, "definitionVersion", element->definition_version);
	hosted_add_member(&out, "state", element->state);
	text_addf(
		&out,
		",\"since\":%lld,\"phase\":%ld,\"unfinished\":%s,\"common\":%s,\"own\":%s,\"fragment\":%s,\"made\":%s,"
		"\"gateway\":%s}",
		(long long)element->since_ms, element->phase, element->unfinished ? "true" : "false", element->common,
		element->own, element->fragment, element->made, element->gateway);
	return memory_put(hosted->memory, MEMORY_ELEMENTS, hosted->owner, str_from(element->id), STR_NONE,
	                  text_done(&out));
}

void
hosted_drop(struct hosted *hosted, struct hosted_element *element)
{
	if (hosted->memory)
		(void)memory_delete(hosted->memory, MEMORY_ELEMENTS, hosted->owner, str_from(element->id),
		                    STR_NONE); /* the runtime orders it off again when it is reported */
	element_remove(hosted, element);
}

static int
hosted_read_element(void *context, struct str value)
{
	struct hosted *hosted = context;
	struct hosted_element *element;
	const struct node *unfinished;
	struct arena arena;
	struct node *row;
	bool good = false;
	int r;

	arena_init(&arena, 0);
	r = json_read(value, "", &row_limits, &arena, &row, NULL);
	element = r == 0 ? element_new(hosted, scalar(row, "id")) : NULL;
	if (element) {
		good = hosted_set(&element->loop, scalar(row, "loop")) &&
		       hosted_set(&element->loop_version, scalar(row, "loopVersion")) &&
		       hosted_set(&element->definition, scalar(row, "definition")) &&
		       hosted_set(&element->definition_version, scalar(row, "definitionVersion")) &&
		       hosted_set(&element->state, scalar(row, "state")) &&
		       set_tree(&element->common, node_get(row, "common"), "{}", &arena) &&
		       set_tree(&element->own, node_get(row, "own"), "{}", &arena) &&
		       set_tree(&element->fragment, node_get(row, "fragment"), "null", &arena) &&
		       set_tree(&element->made, node_get(row, "made"), "[]", &arena) &&
		       set_tree(&element->gateway, node_get(row, "gateway"), "null", &arena);
		unfinished = node_get(row, "unfinished");
		element->unfinished = unfinished && unfinished->kind == NODE_BOOL && unfinished->boolean;
		element->phase = whole_number(row, "phase");
		element->since_ms = whole_number(row, "since");
	}
	arena_free(&arena);
	return r != 0 ? r : good ? 0 : -ERROR_MEMORY;
}

int
hosted_open(struct hosted *hosted, struct participant_memory *memory, const char *owner, struct error *err)
{
	int r = 0;

	*hosted = (struct hosted){.memory = memory, .owner = owner};
	if (memory)
		r = memory_each(memory, MEMORY_DEFINITIONS, owner, read_definition, hosted, err);
	if (memory && r == 0)
		r = memory_each(memory, MEMORY_ELEMENTS, owner, hosted_read_element, hosted, err);
	return r;
}

void
hosted_close(struct hosted *hosted)
{
	for (size_t i = 0; i < HOSTED_BUCKETS; i++)
		while (hosted->buckets[i])
			element_remove(hosted, hosted->buckets[i]);
	hosted->memory = NULL; /* the definitions stay kept */
	hosted_undefine(hosted);
	free(hosted->definitions);
}
