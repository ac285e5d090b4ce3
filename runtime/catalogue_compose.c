/* catalogue_compose - loop types made of element definitions */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/catalogue_priv.h"

#include "policytypes/section.h"
#include "runtime/runtime_priv.h"

#define ELEMENTS_MAX 100

struct composition {
	struct turn *turn;
	struct runtime_call *call;
	const struct node *documents[2 * ELEMENTS_MAX]; /* of the elements, then of their participant types */
	size_t count;
};

/* Gives the map's member another value, or one that it did not have. The value's children go over. */
static bool
set_member(struct arena *arena, struct node *map, const struct node *value)
{
	struct node *member = node_get_str(map, value->key), *next, *prev;

	if (!member) {
		member = node_new(arena, value->kind, value->line, value->column);
		if (!member)
			return false;
		member->key = value->key;
		node_append(map, member);
	}
	next = member->next;
	prev = member->parent;
	*member = *value;
	member->next = next;
	member->parent = prev;
	for (struct node *child = member->first; child; child = child->next)
		child->parent = member;
	return true;
}

bool
entry_set_properties(struct turn *turn, struct node *template, const struct node *values)
{
	struct node *properties = node_get(template, "properties");

	if (!values || values->kind != NODE_MAP || !values->count)
		return true;
	if (!properties) {
		properties = node_new(turn->arena, NODE_MAP, 0, 0);
		if (properties) {
			properties->key = STR("properties");
			node_append(template, properties);
		}
	}
	for (const struct node *value = values->first; value; value = value->next) {
		if (!properties || !set_member(turn->arena, properties, value)) {
			turn_fail(turn, ERROR_MEMORY);
			return false;
		}
	}
	return true;
}

static bool
add_element(struct composition *composition, const struct node *asked)
{
	struct concept id = concept_read(asked)
	, type;
	struct node *document = entry_load(composition->turn, id), *template;
	const struct node *participant;

	template = document ? (struct node *)(uintptr_t)looptype_template(document, id) : NULL;
	if (!template || !looptype_is_element(document, template)) {
		call_refuse(composition->call, 400, "no element definition %.*s %.*s in the catalogue",
		            STR_ARG(id.name), STR_ARG(id.version));
		return false;
	}
	if (!entry_set_properties(composition->turn, template, node_get(asked, "properties")))
		return false;
	composition->documents[composition->count++] = document;
	type = concept_read(looptype_property(template, "participantType"));
	participant = entry_load(composition->turn, type);
	if (participant)
		composition->documents[composition->count++] = participant;
	return true;
}

static bool
same_entry(struct turn *turn, const struct node *a, const struct node *b)
{
	struct text x, y;

	text_init(&x, turn->arena);
	text_init(&y, turn->arena);
	text_add_node(&x, a, false);
	text_add_node(&y, b, false);
	return str_equal(turn_text(turn, &x), turn_text(turn, &y));
}

/* One section of all documents. What two of them bring must be the same. False, and refused, when it is not. */
static bool
merge(struct composition *composition, const char *name, bool topology, struct text *out, size_t *ret_count)
{
	*ret_count = 0;
	for (size_t i = 0; i < composition->count; i++) {
		const struct node *root = composition->documents[i];
		const struct node *section = node_get(topology ? node_get(root, "topology_template") : root, name);

		for (const struct node *entry = section_first(section); entry; entry = section_next(entry)) {
			const struct node *before = NULL;

			for (size_t j = 0; j < i && !before; j++) {
				const struct node *other = composition->documents[j];

				other = node_get(topology ? node_get(other, "topology_template") : other, name);
				for (before = section_first(other); before && !str_equal(before->key, entry->key);)
					before = section_next(before);
			}
			if (before && !same_entry(composition->turn, before, entry)) {
				call_refuse(composition->call, 406,
				            "%s: two elements bring different definitions of %.*s", name,
				            STR_ARG(entry->key));
				return false;
			}
			if (before)
				continue;
			text_add(out, (*ret_count)++ ? STR(",") : STR(""));
			text_add_json(out, entry->key);
			text_add(out, STR(":"));
			text_add_node(out, entry, false);
		}
	}
	return true;
}

/* The loop's own template, which refers to its elements. */
static void
write_loop(const struct node *spec, struct text *out)
{
	const struct node *elements = node_get(spec, "elements"), *properties = node_get(spec, "properties");

	text_add_json(out, node_get(spec, "name")->text);
	text_add(out, STR(":{\"version\":"));
	text_add_json(out, node_get(spec, "version")->text);
	text_add(out, STR(",\"type\":\"" CLAMP "ControlLoop\",\"type_version\":\"1.0.1\""));
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
		concept_write(out, concept_read(element));
		text_add(out, element->next ? STR(",") : STR(""));
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

static bool
write_composition(struct composition *composition, const struct node *spec, struct text *out)
{
	struct text section;
	size_t count;

	text_add(out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_3\""));
	for (size_t i = 0; entry_sections[i]; i++) {
		text_init(&section, composition->turn->arena);
		if (!merge(composition, entry_sections[i], false, &section, &count))
			return false;
		if (count) {
			text_addf(out, ",\"%s\":{", entry_sections[i]);
			text_add(out, turn_text(composition->turn, &section));
			text_add(out, STR("}"));
		}
	}
	text_add(out, STR(",\"topology_template\":{\"node_templates\":{"));
	if (!merge(composition, "node_templates", true, out, &count))
		return false;
	text_add(out, count ? STR(",") : STR(""));
	write_loop(spec, out);
	text_add(out, STR("}"));
	text_init(&section, composition->turn->arena);
	if (!merge(composition, "policies", true, &section, &count))
		return false;
	if (count) {
		text_add(out, STR(",\"policies\":{"));
		text_add(out, turn_text(composition->turn, &section));
		text_add(out, STR("}"));
	}
	text_add(out, STR("}}"));
	return true;
}

int
catalogue_compose(struct turn *turn, struct runtime_call *call)
{
	const struct node *spec = call->body, *elements = node_get(spec, "elements");
	struct concept id = concept_read(spec);
	struct composition *composition = arena_alloc(turn->arena, sizeof(*composition));
	struct looptype_findings findings;
	struct node *root;
	struct text out;

	if (!concept_name_valid(id.name) || !concept_version_valid(id.version) || !elements ||
	    elements->kind != NODE_LIST || !elements->count || elements->count > ELEMENTS_MAX) {
		call_refuse(call, 400, "name, version and 1 to %d elements are required", ELEMENTS_MAX);
		return 0;
	}
	if (!composition) {
		turn_fail(turn, ERROR_MEMORY);
		return turn->failed;
	}
	*composition = (struct composition){.turn = turn, .call = call};
	for (const struct node *element = elements->first; element; element = element->next)
		if (!add_element(composition, element))
			return 0;
	text_init(&out, &call->arena);
	if (!write_composition(composition, spec, &out))
		return 0;
	if (json_read(text_done(&out), "", &entry_limits, turn->arena, &root, NULL) != 0) {
		turn_fail(turn, ERROR_MEMORY);
		return turn->failed;
	}
	entry_forget_places(root);
	looptype_check(engine_builtin(turn->runtime->engine), root, false, turn->arena, &findings);
	if (findings.status)
		call_refuse(call, findings.status, "%s", turn_text(turn, &findings.text).ptr);
	else if (entry_save(turn, call, id, "loop", text_done(&out)))
		call_answer(call, 200, text_done(&out));
	return 0;
}
