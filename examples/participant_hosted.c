/* participant_hosted - what a participant keeps: definitions that it was primed with, elements that it hosts */
/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/participant_hosted.h"

#include <stdlib.h>
#include <string.h>

#include "api/process/arguments.h"
#include "base/text.h"

#define ELEMENTS_MAX 100000

struct definition {
	char *name, *version, *properties;
	long phase;
};

struct str
hosted_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) ? node->text : STR("");
}

long
hosted_number(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? (long)node->integer : 0;
}

/* Texts that live as long as the process. */
static char *
keep(struct str text)
{
	char *copy = strndup(text.ptr ? text.ptr : "", text.len);

	if (!copy)
		exit(EXIT_ENVIRONMENT);
	return copy;
}

static void
set_text(char **text, struct str value)
{
	if (str_is(value, *text))
		return;
	free(*text);
	*text = keep(value);
}

/* Where the definition stands that was primed under this name and version; definition_count when there is none. */
static size_t
definition_find(const struct hosted *hosted, const struct node *id)
{
	struct str name = hosted_text(id, "name"), version = hosted_text(id, "version");
	size_t i = 0;

	while (i < hosted->definition_count &&
	       !(str_is(name, hosted->definitions[i].name) && str_is(version, hosted->definitions[i].version)))
		i++;
	return i;
}

/* An element's definition, as it was primed. */
static const struct definition *
definition_of(const struct hosted *hosted, const struct node *id)
{
	static const struct definition unknown = {0};
	size_t i = definition_find(hosted, id);

	return i < hosted->definition_count ? &hosted->definitions[i] : &unknown;
}

/* A tree as JSON that is kept. */
static void
set_tree(char **json, const struct node *tree, struct arena *arena)
{
	struct text out;
	struct str text;

	text_init(&out, arena);
	if (tree)
		text_add_node(&out, tree, false);
	text = tree ? text_done(&out) : STR("{}");
	free(*json);
	*json = keep(text.ptr ? text : STR("{}"));
}

void
hosted_define(struct hosted *hosted, const struct node *entry, struct arena *arena)
{
	const struct node *id = node_get(entry, "clElementDefinitionId");
	const struct node *template = node_get(entry, "controlLoopElementToscaNodeTemplate");
	size_t i = definition_find(hosted, id);

	if (i == hosted->definition_count) {
		hosted->definitions = realloc(hosted->definitions, (i + 1) * sizeof(*hosted->definitions));
		if (!hosted->definitions)
			exit(EXIT_ENVIRONMENT);
		hosted->definitions[hosted->definition_count++] = (struct definition){
			.name = keep(hosted_text(id, "name")), .version = keep(hosted_text(id, "version"))};
	}
	hosted->definitions[i].phase = hosted_number(node_get(template, "properties"), "startPhase");
	set_tree(&hosted->definitions[i].properties, node_get(template, "properties"), arena);
}

struct element *
hosted_find(const struct hosted *hosted, struct str loop, struct str id)
{
	for (size_t i = 0; i < hosted->count; i++)
		if (str_is(id, hosted->elements[i].id) && str_is(loop, hosted->elements[i].loop))
			return &hosted->elements[i];
	return NULL;
}

struct element *
hosted_take(struct hosted *hosted, const struct node *given, const struct node *loop, struct arena *arena)
{
	struct str id = hosted_text(given, "id"), definition = hosted_text(node_get(given, "definition"), "name");
	const struct definition *primed = definition_of(hosted, node_get(given, "definition"));
	struct element *known = hosted_find(hosted, hosted_text(loop, "name"), id);
	size_t i = known ? (size_t)(known - hosted->elements) : hosted->count;

	if (i == ELEMENTS_MAX)
		return NULL;
	if (i == hosted->count) {
		hosted->elements = realloc(hosted->elements, (i + 1) * sizeof(*hosted->elements));
		if (!hosted->elements)
			exit(EXIT_ENVIRONMENT);
		hosted->elements[hosted->count++] = (struct element){.id = keep(id),
		                                                     .definition = keep(STR("")),
		                                                     .loop = keep(STR("")),
		                                                     .version = keep(STR("")),
		                                                     .common = keep(STR("{}")),
		                                                     .state = keep(STR("UNINITIALISED"))};
	}
	set_text(&hosted->elements[i].loop, hosted_text(loop, "name"));
	set_text(&hosted->elements[i].version, hosted_text(loop, "version"));
	set_text(&hosted->elements[i].definition, definition);
	set_text(&hosted->elements[i].common, primed->properties ? str_from(primed->properties) : STR("{}"));
	set_tree(&hosted->elements[i].own, node_get(given, "propertiesMap"), arena);
	hosted->elements[i].phase = primed->phase;
	return &hosted->elements[i];
}

static void
element_free(struct element *element)
{
	free(element->id);
	free(element->definition);
	free(element->common);
	free(element->own);
	free(element->loop);
	free(element->version);
	free(element->state);
}

void
hosted_drop(struct hosted *hosted, struct element *element)
{
	element_free(element);
	*element = hosted->elements[--hosted->count];
}

void
hosted_set_state(struct element *element, struct str state)
{
	set_text(&element->state, state);
}

void
hosted_free(struct hosted *hosted)
{
	for (size_t i = 0; i < hosted->count; i++)
		element_free(&hosted->elements[i]);
	for (size_t i = 0; i < hosted->definition_count; i++) {
		free(hosted->definitions[i].name);
		free(hosted->definitions[i].version);
		free(hosted->definitions[i].properties);
	}
	free(hosted->elements);
	free(hosted->definitions);
}
