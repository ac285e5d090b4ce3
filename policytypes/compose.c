/* compose - control loop types made of element definitions */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/compose.h"

#include "base/text.h"
#include "policytypes/section.h"
#include "policytypes/value.h"

#define LOOP_TYPE "org.onap.policy.clamp.controlloop.ControlLoop"

/* A node template that was chosen, and its document. */
struct compose_choice {
	struct node *document, *template;
};

struct composition {
	struct compose_choice choices[2 * COMPOSE_ELEMENTS_MAX]; /* elements and their participant types */
	size_t count;
	struct arena *arena;
	struct error *err;
};

/* Gives the map's member another value, or one that it did not have. The value's children go over. */
static bool
set_member(struct arena *arena, struct node *map, const struct node *value)
{
	struct node *member = node_get_str(map, value->key), *next, *parent;

	if (!member) {
		member = node_new(arena, value->kind, value->line, value->column);
		if (!member)
			return false;
		member->key = value->key;
		node_append(map, member);
	}
	next = member->next;
	parent = member->parent;
	*member = *value;
	member->next = next;
	member->parent = parent;
	for (struct node *child = member->first; child; child = child->next)
		child->parent = member;
	return true;
}

bool
compose_set_properties(struct arena *arena, struct node *template, const struct node *values)
{
	struct node *properties = node_get(template, "properties");

	if (!values || values->kind != NODE_MAP || !values->count)
		return true;
	if (!properties) {
		properties = node_new(arena, NODE_MAP, 0, 0);
		if (!properties)
			return false;
		properties->key = STR("properties");
		node_append(template, properties);
	}
	for (const struct node *value = values->first; value; value = value->next)
		if (!set_member(arena, properties, value))
			return false;
	return true;
}

static struct str
compose_text_of(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return !node_is_null(node) && node_is_scalar(node) ? node->text : STR_NONE;
}

struct node *
compose_template(struct node *document, const struct node *concept)
{
	struct str name = compose_text_of(concept, "name"), version = compose_text_of(concept, "version");
	struct node *templates = node_get(node_get(document, "topology_template"), "node_templates");
	struct node *template = name.ptr ? node_get_str(templates, name) : NULL;

	return template && version.ptr && str_equal(compose_text_of(template, "version"), version) ? template : NULL;
}

/* --- choosing --- */

/* The first document that has it; the choice counts once. False when there is none. */
static bool
choose(struct composition *composition, struct node *const *documents, size_t count, const struct node *concept,
       struct compose_choice *ret)
{
	*ret = (struct compose_choice){NULL, NULL};
	for (size_t i = 0; i < count && !ret->template; i++)
		*ret = (struct compose_choice){documents[i], compose_template(documents[i], concept)};
	for (size_t i = 0; i < composition->count; i++)
		if (composition->choices[i].template == ret->template)
			return ret->template != NULL;
	if (ret->template)
		composition->choices[composition->count++] = *ret;
	return ret->template != NULL;
}

static int
choose_element(struct composition *composition, struct node *const *documents, size_t count, const struct node *asked)
{
	struct str name = compose_text_of(asked, "name"), version = compose_text_of(asked, "version");
	struct compose_choice element, participant;

	for (const struct node *other = asked->parent->first; other != asked; other = other->next)
		if (str_equal(compose_text_of(other, "name"), name))
			return error_set(composition->err, ERROR_DUPLICATE, asked, "element '%.*s' is asked for twice",
			                 STR_ARG(name));
	if (!choose(composition, documents, count, asked, &element) ||
	    !node_get(node_get(element.template, "properties"), "participantType"))
		return error_set(composition->err, ERROR_UNKNOWN, asked, "there is no element definition '%.*s' %.*s",
		                 STR_ARG(name), STR_ARG(version));
	if (!compose_set_properties(composition->arena, element.template, node_get(asked, "properties")))
		return error_set(composition->err, ERROR_MEMORY, NULL, "out of memory");
	(void)choose(composition, documents, count,
	             node_get(node_get(element.template, "properties"), "participantType"),
	             &participant); /* real types ask for participant types that nobody describes */
	return 0;
}

/* --- writing --- */

static bool
same_tree(struct arena *arena, const struct node *a, const struct node *b)
{
	struct text x, y;

	text_init(&x, arena);
	text_init(&y, arena);
	text_add_node(&x, a, false);
	text_add_node(&y, b, false);
	return str_equal(text_done(&x), text_done(&y));
}

static const struct node *
section_of(const struct compose_choice *choice, const char *name)
{
	const struct node *root = choice->document;

	return node_get(strcmp(name, "policies") == 0 ? node_get(root, "topology_template") : root, name);
}

static void
compose_write_entry(struct text *out, const struct node *entry)
{
	text_add(out, out->len ? STR(",") : STR(""));
	text_add_json(out, entry->key);
	text_add(out, STR(":"));
	text_add_node(out, entry, false);
}

/* Finds an earlier choice that brings the same name. */
static const struct node *
find_before(const struct composition *composition, size_t i, const char *name, struct str key)
{
	for (size_t j = 0; j < i; j++) {
		const struct node *entry = section_first(section_of(&composition->choices[j], name));

		while (entry && !str_equal(entry->key, key))
			entry = section_next(entry);
		if (entry)
			return entry;
	}
	return NULL;
}

/* A section of all documents, as {...} under its name behind `out`. What two of them bring must be the same. */
static int
write_section(const struct composition *composition, const char *name, struct text *out)
{
	struct text section;

	text_init(&section, composition->arena);
	for (size_t i = 0; i < composition->count; i++) {
		const struct node *entry = section_first(section_of(&composition->choices[i], name));

		for (; entry; entry = section_next(entry)) {
			const struct node *before = find_before(composition, i, name, entry->key);

			if (!before)
				compose_write_entry(&section, entry);
			else if (before != entry && !same_tree(composition->arena, before, entry))
				return error_set(composition->err, ERROR_CONFLICT, NULL,
				                 "%s: two elements bring different definitions of %.*s", name,
				                 STR_ARG(entry->key));
		}
	}
	if (section.len)
		text_addf(out, ",\"%s\":{", name);
	text_add(out, text_done(&section));
	text_add(out, section.len ? STR("}") : STR(""));
	out->failed |= section.failed;
	return 0;
}

static int
write_templates(const struct composition *composition, struct text *out)
{
	struct text templates;

	text_init(&templates, composition->arena);
	for (size_t i = 0; i < composition->count; i++) {
		const struct node *template = composition->choices[i].template;

		for (size_t j = 0; j < i; j++)
			if (str_equal(composition->choices[j].template->key, template->key))
				return error_set(composition->err, ERROR_CONFLICT, NULL,
				                 "node_templates: two elements bring different definitions of %.*s",
				                 STR_ARG(template->key));
		compose_write_entry(&templates, template);
	}
	text_add(out, text_done(&templates));
	out->failed |= templates.failed;
	return 0;
}

/* The loop's own template, which refers to its elements. */
static void
write_loop(const struct node *spec, struct text *out)
{
	const struct node *elements = node_get(spec, "elements"), *properties = node_get(spec, "properties");

	text_add(out, STR(","));
	text_add_json(out, compose_text_of(spec, "name"));
	text_add(out, STR(":{\"version\":"));
	text_add_json(out, compose_text_of(spec, "version"));
	text_add(out, STR(",\"type\":\"" LOOP_TYPE "\",\"type_version\":\"1.0.1\""));
	for (const struct node *member = spec->first; member; member = member->next) {
		if (!str_is(member->key, "description") && !str_is(member->key, "metadata"))
			continue;
		text_add(out, STR(","));
		text_add_json(out, member->key);
		text_add(out, STR(":"));
		text_add_node(out, member, false);
	}
	text_add(out, STR(",\"properties\":{\"elements\":["));
	for (const struct node *element = elements->first; element; element = element->next) {
		text_add(out, STR("{\"name\":"));
		text_add_json(out, compose_text_of(element, "name"));
		text_add(out, STR(",\"version\":"));
		text_add_json(out, compose_text_of(element, "version"));
		text_add(out, element->next ? STR("},") : STR("}"));
	}
	text_add(out, STR("]"));
	for (const struct node *value = properties ? properties->first : NULL; value; value = value->next) {
		if (str_is(value->key, "elements"))
			continue;
		text_add(out, STR(","));
		text_add_json(out, value->key);
		text_add(out, STR(":"));
		text_add_node(out, value, false);
	}
	text_add(out, STR("}}"));
}

static int
compose_write_all(const struct composition *composition, const struct node *spec, struct text *out)
{
	static const char *const sections[] = {"data_types", "policy_types", "node_types", "capability_types"};
	int r = 0;

	text_add(out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_3\""));
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections) && r == 0; i++)
		r = write_section(composition, sections[i], out);
	text_add(out, STR(",\"topology_template\":{\"node_templates\":{"));
	if (r == 0)
		r = write_templates(composition, out);
	write_loop(spec, out);
	text_add(out, STR("}"));
	if (r == 0)
		r = write_section(composition, "policies", out);
	text_add(out, STR("}}"));
	return r;
}

int
compose(const struct node *spec, struct node *const *documents, size_t count, struct arena *arena, struct str *ret_json,
        struct error *err)
{
	const struct node *elements = node_get(spec, "elements");
	struct composition *composition = arena_alloc(arena, sizeof(*composition));
	struct str version = compose_text_of(spec, "version");
	struct text out;
	int r = 0;

	if (!composition)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (!compose_text_of(spec, "name").len || !version.ptr || !version_valid(version) || !elements ||
	    elements->kind != NODE_LIST || !elements->count || elements->count > COMPOSE_ELEMENTS_MAX)
		return error_set(err, ERROR_TYPE, spec, "name, version and 1 to %d elements are required",
		                 COMPOSE_ELEMENTS_MAX);
	*composition = (struct composition){.arena = arena, .err = err};
	for (const struct node *element = elements->first; element && r == 0; element = element->next)
		r = choose_element(composition, documents, count, element);
	text_init(&out, arena);
	if (r == 0)
		r = compose_write_all(composition, spec, &out);
	if (r != 0)
		return r;
	*ret_json = text_done(&out);
	return ret_json->ptr ? 0 : error_set(err, ERROR_MEMORY, NULL, "out of memory");
}
