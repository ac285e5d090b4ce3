/* catalogue - the design time catalogue: participant types, element definitions and loop types, kept by version */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/catalogue.h"

#include "base/document.h"
#include "policytypes/section.h"
#include "runtime/looptype_priv.h"

#define ELEMENTS_MAX 100

static const struct document_limits row_limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
static const char *const type_sections[] = {"data_types", "policy_types", "node_types", NULL};

/* "participant", "element" or "loop"; NULL for a template that is none of them. */
static const char *
kind_of(const struct node *root, const struct node *template)
{
	if (looptype_is_loop(root, template))
		return "loop";
	if (looptype_is_element(root, template))
		return "element";
	return str_is(looptype_text(template, "type"), CLAMP "Participant") ? "participant" : NULL;
}

/* An entry's row is {"kind": ..., "document": a service template}. */
static struct node *
entry_load(struct turn *turn, struct concept id)
{
	struct node *root;
	struct str row;

	if (!concept_name_valid(id.name) || !concept_version_valid(id.version) ||
	    !turn_get(turn, turn_key(turn, ROW_ENTRY, id.name, id.version), &row))
		return NULL;
	if (json_read(row, "", &row_limits, turn->arena, &root, NULL) == 0)
		return node_get(root, "document");
	turn_fail(turn, ERROR_DAMAGED);
	return NULL;
}

/* False, and refused, when another content is there under that name and version. */
static bool
entry_save(struct turn *turn, struct runtime_call *call, struct concept id, const char *kind, struct str document)
{
	struct str key = turn_key(turn, ROW_ENTRY, id.name, id.version), known;
	struct text row;

	text_init(&row, turn->arena);
	text_addf(&row, "{\"kind\":\"%s\",\"document\":", kind);
	text_add(&row, document);
	text_add(&row, STR("}"));
	if (turn_get(turn, key, &known) && !str_equal(known, turn_text(turn, &row))) {
		call_refuse(call, 406, "%.*s %.*s is in the catalogue already, with another content: give it another version",
		            STR_ARG(id.name), STR_ARG(id.version));
		return false;
	}
	turn_put(turn, key, turn_text(turn, &row));
	return true;
}

/* --- onboarding --- */

/* The document with one template alone; a loop keeps all templates, for it is made of them. */
static struct str
write_entry(struct turn *turn, const struct node *root, const struct node *template, bool whole)
{
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");
	struct text out;

	text_init(&out, turn->arena);
	text_add(&out, STR("{\"tosca_definitions_version\":"));
	text_add_json(&out, looptype_text(root, "tosca_definitions_version"));
	for (size_t i = 0; type_sections[i]; i++) {
		const struct node *section = looptype_section(root, type_sections[i]);

		if (node_is_null(section))
			continue;
		text_addf(&out, ",\"%s\":", type_sections[i]);
		text_add_node(&out, section, false);
	}
	text_add(&out, STR(",\"topology_template\":{\"node_templates\":"));
	if (whole) {
		text_add_node(&out, looptype_templates(root), false);
	} else {
		text_add(&out, STR("{"));
		text_add_json(&out, template->key);
		text_add(&out, STR(":"));
		text_add_node(&out, template, false);
		text_add(&out, STR("}"));
	}
	if (!node_is_null(policies)) {
		text_add(&out, STR(",\"policies\":"));
		text_add_node(&out, policies, false);
	}
	text_add(&out, STR("}}"));
	return turn_text(turn, &out);
}

static bool
check_entry(struct runtime_call *call, const struct node *root, const struct node *template, const char *kind)
{
	struct concept id = looptype_concept(template);

	if (!concept_name_valid(id.name) || !concept_version_valid(id.version)) {
		call_refuse(call, 400, "node template %.*s %.*s: name or version is not as it must be", STR_ARG(id.name),
		            STR_ARG(id.version));
		return false;
	}
	if (strcmp(kind, "element") == 0 && !concept_read(looptype_property(template, "participantType")).name.ptr) {
		call_refuse(call, 400, "element definition %.*s: property participantType is required", STR_ARG(id.name));
		return false;
	}
	if (strcmp(kind, "loop") == 0) {
		struct looptype_findings findings;

		looptype_check(root, &call->arena, &findings);
		if (findings.status) {
			call_refuse(call, findings.status, "%s", text_done(&findings.text).ptr);
			return false;
		}
	}
	return true;
}

int
catalogue_onboard(struct turn *turn, struct runtime_call *call)
{
	const struct node *templates = looptype_templates(call->body);
	const char *comma = "";
	struct text out;

	if (!templates || templates->kind != NODE_MAP || !templates->count) {
		call_refuse(call, 400, "a service template with topology_template.node_templates is expected");
		return 0;
	}
	text_init(&out, &call->arena);
	text_add(&out, STR("{\"entries\":["));
	for (const struct node *template = templates->first; template; template = template->next) {
		const char *kind = kind_of(call->body, template);
		struct concept id = looptype_concept(template);

		if (!kind)
			continue;
		if (!check_entry(call, call->body, template, kind) ||
		    !entry_save(turn, call, id, kind, write_entry(turn, call->body, template, strcmp(kind, "loop") == 0)))
			return -ERROR_CONFLICT; /* all or none */
		text_addf(&out, "%s{\"kind\":\"%s\",\"name\":", comma, kind);
		text_add_json(&out, id.name);
		text_add(&out, STR(",\"version\":"));
		text_add_json(&out, id.version);
		text_add(&out, STR("}"));
		comma = ",";
	}
	text_add(&out, STR("]}"));
	call_answer(call, 200, text_done(&out));
	return 0;
}

/* --- composing --- */

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

/* Values over those that a template has. */
static bool
set_properties(struct turn *turn, struct node *template, const struct node *values)
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
	struct concept id = concept_read(asked), type;
	struct node *document = entry_load(composition->turn, id), *template;
	const struct node *participant;

	template = document ? (struct node *)(uintptr_t)looptype_template(document, id) : NULL;
	if (!template || !looptype_is_element(document, template)) {
		call_refuse(composition->call, 400, "no element definition %.*s %.*s in the catalogue", STR_ARG(id.name),
		            STR_ARG(id.version));
		return false;
	}
	if (!set_properties(composition->turn, template, node_get(asked, "properties")))
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
				call_refuse(composition->call, 406, "%s: two elements bring different definitions of %.*s", name,
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
	for (size_t i = 0; type_sections[i]; i++) {
		text_init(&section, composition->turn->arena);
		if (!merge(composition, type_sections[i], false, &section, &count))
			return false;
		if (count) {
			text_addf(out, ",\"%s\":{", type_sections[i]);
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
	if (json_read(text_done(&out), "", &row_limits, turn->arena, &root, NULL) != 0) {
		turn_fail(turn, ERROR_MEMORY);
		return turn->failed;
	}
	looptype_check(root, turn->arena, &findings);
	if (findings.status)
		call_refuse(call, findings.status, "%s", turn_text(turn, &findings.text).ptr);
	else if (entry_save(turn, call, id, "loop", text_done(&out)))
		call_answer(call, 200, text_done(&out));
	return 0;
}

/* --- reading and deleting --- */

int
catalogue_delete(struct turn *turn, struct runtime_call *call)
{
	struct concept id = {call->name, call->version};
	struct text out;

	if (!entry_load(turn, id)) {
		call_refuse(call, 404, "%.*s %.*s is not in the catalogue", STR_ARG(id.name), STR_ARG(id.version));
		return 0;
	}
	turn_delete(turn, turn_key(turn, ROW_ENTRY, id.name, id.version));
	text_init(&out, &call->arena);
	concept_write(&out, id);
	call_answer(call, 200, text_done(&out));
	return 0;
}

struct listing {
	struct turn *turn;
	struct text *out;
	struct str kind;
	bool comma;
};

static bool
list_entry(void *context, struct str key, struct str row)
{
	struct listing *listing = context;
	const char *name = key.ptr + 1;
	const struct node *kind;
	struct node *root;

	if (json_read(row, "", &row_limits, listing->turn->arena, &root, NULL) != 0) {
		turn_fail(listing->turn, ERROR_DAMAGED);
		return false;
	}
	kind = node_get(root, "kind");
	if (listing->kind.len && !str_equal(listing->kind, kind->text))
		return true;
	text_add(listing->out, listing->comma ? STR(",{\"kind\":") : STR("{\"kind\":"));
	listing->comma = true;
	text_add_json(listing->out, kind->text);
	text_add(listing->out, STR(",\"name\":"));
	text_add_json(listing->out, str_from(name));
	text_add(listing->out, STR(",\"version\":"));
	text_add_json(listing->out, str_from(name + strlen(name) + 1)); /* the key is NUL-terminated */
	text_add(listing->out, STR("}"));
	return true;
}

void
catalogue_list(struct turn *turn, struct runtime_call *call, struct text *out)
{
	struct listing listing = {turn, out, call->other, false};

	text_add(out, STR("{\"entries\":["));
	turn_each(turn, turn_key(turn, ROW_ENTRY, STR(""), STR_NONE), list_entry, &listing);
	text_add(out, STR("]}"));
}

void
catalogue_read(struct turn *turn, struct runtime_call *call, struct text *out)
{
	const struct node *document = entry_load(turn, (struct concept){call->name, call->version});

	if (document)
		text_add_node(out, document, false);
	else
		call_refuse(call, 404, "%.*s %.*s is not in the catalogue", STR_ARG(call->name), STR_ARG(call->version));
}

/* Whether the template's type declares the property, and as common. */
static bool
is_common(struct turn *turn, const struct node *root, const struct node *template, struct str property)
{
	struct node *properties;
	struct text out;

	text_init(&out, turn->arena);
	(void)looptype_write_properties(root, template, true, &out); /* there may be none */
	return json_read(turn_text(turn, &out), "", &row_limits, turn->arena, &properties, NULL) == 0 &&
	       node_get_str(properties, property);
}

struct node *
catalogue_document(struct turn *turn, struct runtime_call *call, struct concept type, const struct node *common)
{
	struct node *root = entry_load(turn, type);

	if (!root || !looptype_template(root, type) || !looptype_is_loop(root, looptype_template(root, type))) {
		call_refuse(call, 404, "no control loop type %.*s %.*s in the catalogue", STR_ARG(type.name),
		            STR_ARG(type.version));
		return NULL;
	}
	root->parent = NULL; /* a document of its own from here on */
	for (const struct node *values = common ? common->first : NULL; values; values = values->next) {
		struct node *template = (struct node *)(uintptr_t)node_get_str(looptype_templates(root), values->key);

		for (const struct node *value = template ? values->first : NULL; value; value = value->next) {
			if (is_common(turn, root, template, value->key))
				continue;
			call_refuse(call, 400, "%.*s has no common property %.*s", STR_ARG(values->key), STR_ARG(value->key));
			return NULL;
		}
		if (!template) {
			call_refuse(call, 400, "common: there is no node template %.*s", STR_ARG(values->key));
			return NULL;
		}
		if (!set_properties(turn, template, values))
			return NULL;
	}
	return root;
}
