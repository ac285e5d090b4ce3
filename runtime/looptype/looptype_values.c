/* looptype_values - what node templates say against their node types, and whether their participants can host them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/policy.h"
#include "policytypes/section.h"
#include "runtime/looptype/looptype_priv.h"
#include "runtime/model/vocabulary.h"

struct values {
	const struct catalogue *builtin;
	const struct node *root;
	const struct catalogue *types; /* the document's, and the built-in ones that it does not declare */
	struct arena *arena;
	struct looptype_findings *findings;
	bool whole, clamp;
};

/* --- properties --- */

/* A node type of the later words is one of control loops under another name. False: out of memory. */
static bool
add_alias(struct node *types, struct str composition, struct str loop, struct arena *arena)
{
	struct node *type = node_new(arena, NODE_MAP, 0, 0), *above = node_new(arena, NODE_TEXT, 0, 0);

	if (!type || !above)
		return false;
	type->key = composition;
	above->key = STR("derived_from");
	above->text = loop;
	node_append(type, above);
	node_append(types, type);
	return true;
}

/* The node types of the document, and under the later words those that it does not declare. NULL: out of memory. */
static struct node *
own_node_types(const struct node *root, struct arena *arena)
{
	const struct node *section = looptype_section(root, "node_types");
	struct node *types = node_new(arena, NODE_MAP, 0, 0);
	struct str composition, loop;

	if (!types)
		return NULL;
	types->key = STR("node_types");
	for (const struct node *type = section_first(section); type; type = section_next(type)) {
		struct node *copy = arena_alloc(arena, sizeof(*copy));

		if (!copy)
			return NULL;
		*copy = *type;
		node_append(types, copy);
	}
	for (size_t n = 0; vocabulary_types(n, &composition, &loop); n++)
		if (str_starts_with(composition, STR(VOCABULARY_COMPOSITIONS)) && !node_get_str(types, composition) &&
		    !add_alias(types, composition, loop, arena))
			return NULL;
	return types;
}

const struct catalogue *
looptype_types(const struct catalogue *builtin, const struct node *root, struct arena *arena,
               struct looptype_findings *findings)
{
	static const char *const sections[] = {"data_types", "capability_types"};
	struct node *node_types = own_node_types(root, arena);
	struct catalogue *types = catalogue_new(arena, NULL);
	struct node *own = node_new(arena, NODE_MAP, 0, 0);
	struct diags diags;

	diags_init(&diags, arena);
	for (size_t i = 0; own && i < sizeof(sections) / sizeof(*sections); i++) {
		const struct node *section = looptype_section(root, sections[i]);
		struct node *copy = section ? arena_alloc(arena, sizeof(*copy)) : NULL;

		if (!copy)
			continue;
		*copy = *section;
		node_append(own, copy);
	}
	if (!types || !own || !node_types)
		return NULL;
	node_append(own, node_types);
	catalogue_take_requred(types); /* where that is an error it was found before */
	catalogue_add(types, own, &diags);
	catalogue_borrow(types, builtin, &diags);
	catalogue_resolve(types, &diags);
	for (const struct diag *diag = findings ? diags.first : NULL; diag; diag = diag->next) {
		const struct node where = {.line = diag->line, .column = diag->column};

		if (diag->severity != SEVERITY_INFO)
			looptype_warn(findings, &where, "%s", diag->text);
	}
	return types;
}

bool
looptype_has_function(const struct node *value)
{
	static const char *const functions[] = {"get_input", "get_property", "get_attribute",        "get_artifact",
	                                        "concat",    "token",        "get_operation_output", NULL};

	for (size_t i = 0; value->kind == NODE_MAP && value->count == 1 && functions[i]; i++)
		if (str_is(value->first->key, functions[i]))
			return true;
	for (const struct node *child = value->first; child; child = child->next)
		if (looptype_has_function(child))
			return true;
	return false;
}

/* A misfit is an error in a common property; in others an instance may still replace the template's value. */
static void
check_value_of(struct values *values, const struct node *template, const struct property *property,
               const struct node *value)
{
	struct diags diags;

	diags_init(&diags, values->arena);
	(void)schema_check(&property->schema, value, values->types, &diags); /* its findings tell */
	for (const struct diag *diag = diags.first; diag; diag = diag->next) {
		const struct node where = {.line = diag->line, .column = diag->column};

		if (diag->severity == SEVERITY_ERROR && looptype_is_common(property->node))
			looptype_find(values->findings, 400, &where, "node_templates.%.*s: %s", STR_ARG(template->key),
			              diag->text);
		else
			looptype_warn(values->findings, &where, "node_templates.%.*s: %s", STR_ARG(template->key),
			              diag->text);
	}
}

bool
looptype_declares(const struct catalogue *builtin, const struct node *root, struct str type, struct str property)
{
	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		const struct node *declaration = looptype_declaration(builtin, root, type);

		if (node_get_str(node_get(declaration, "properties"), property))
			return true;
		type = looptype_parent(root, type);
	}
	return false;
}

/* Checks the values of a template. The rules of participantType and elements are checked before. */
static void
looptype_check_assigned(struct values *values, const struct node *template, struct str type_name)
{
	const struct node *properties = node_get(template, "properties");
	const struct type *type = values->types ? catalogue_find(values->types, TYPE_NODE, type_name, STR_NONE) : NULL;

	if (!node_is_null(properties) && properties->kind != NODE_MAP) {
		looptype_find(values->findings, 400, properties, "node_templates.%.*s: properties is not a map",
		              STR_ARG(template->key));
		return;
	}
	for (const struct node *value = properties ? properties->first : NULL; value; value = value->next) {
		const struct property *property = type_property(type, value->key);

		if (!looptype_declares(values->builtin, values->root, type_name, value->key))
			looptype_warn(values->findings, value,
			              "node_templates.%.*s: property %.*s is not one of node type %.*s",
			              STR_ARG(template->key), STR_ARG(value->key), STR_ARG(type_name));
		if (property && value->kind != NODE_NULL && !str_is(value->key, "elements") &&
		    !looptype_has_function(value))
			check_value_of(values, template, property, value);
	}
}

/* --- who can host it --- */

/* The first list of element types among the capabilities of a node type or template; NULL when there is none. */
static const struct node *
hosted_types(const struct node *declaration)
{
	const struct node *capabilities = node_get(declaration, "capabilities");

	for (const struct node *one = section_first(capabilities); one; one = section_next(one)) {
		const struct node *sources = node_get(one, "valid_source_types");

		if (sources && sources->kind == NODE_LIST)
			return sources;
	}
	return NULL;
}

/* The participant type that hosts a template: its own property, else its type's, else that of the types above. */
static const struct node *
hosted_by(const struct catalogue *builtin, const struct node *root, const struct node *participant)
{
	const struct node *hosted = hosted_types(participant);
	struct str type = looptype_text(participant, "type");

	for (int i = 0; !hosted && type.ptr && i < CHAIN_MAX; i++) {
		hosted = hosted_types(looptype_declaration(builtin, root, type));
		type = looptype_parent(root, type);
	}
	return hosted;
}

bool
looptype_can_host(const struct catalogue *builtin, const struct node *root, struct concept participant_type,
                  const struct node *template)
{
	const struct node *participant = node_get_str(looptype_templates(root), participant_type.name);
	const struct node *hosted;

	if (!participant || !looptype_is_participant(root, participant))
		return true;
	hosted = hosted_by(builtin, root, participant);
	for (const struct node *entry = hosted ? hosted->first : NULL; entry; entry = entry->next)
		if (entry->text.ptr && looptype_derives(root, looptype_text(template, "type"), entry->text.ptr))
			return true;
	return hosted == NULL;
}

static void
check_host(struct values *values, const struct node *template)
{
	const struct node *given = looptype_property(template, "participantType");
	const struct node *where = given ? given : template;
	struct concept type = looptype_participant_type(template);
	const struct node *participant =
		type.name.ptr ? node_get_str(looptype_templates(values->root), type.name) : NULL;
	struct str element_type = looptype_text(template, "type");

	if (!type.name.ptr)
		return; /* each instance tells */
	if (!participant || !looptype_is_participant(values->root, participant))
		looptype_warn(values->findings, where,
		              "node_templates.%.*s: participantType %.*s is not a node template of the document",
		              STR_ARG(template->key), STR_ARG(type.name));
	else if (!concept_equal(looptype_concept(participant), type))
		looptype_warn(values->findings, where,
		              "node_templates.%.*s: participantType %.*s is asked for as %.*s and defined as %.*s",
		              STR_ARG(template->key), STR_ARG(type.name), STR_ARG(type.version),
		              STR_ARG(looptype_concept(participant).version));
	if (!looptype_can_host(values->builtin, values->root, type, template))
		looptype_find(values->findings, 400, where,
		              "node_templates.%.*s: participants of type %.*s are not capable of hosting a %.*s",
		              STR_ARG(template->key), STR_ARG(type.name), STR_ARG(element_type));
}

/* Common properties without a value. CLAMP's own documents leave out who hosts an element. */
static void
check_required(struct values *values, const struct node *template)
{
	struct str type = looptype_text(template, "type"), missing = STR_NONE;

	for (;;) {
		missing = looptype_missing(values->builtin, values->root, template, NULL, true, missing);
		if (!missing.ptr)
			return;
		if (!values->clamp || !str_is(missing, "participantType"))
			looptype_find(values->findings, 400, template,
			              "node_templates.%.*s: property %.*s of node type %.*s is required",
			              STR_ARG(template->key), STR_ARG(missing), STR_ARG(type));
	}
}

void
looptype_check_values(const struct catalogue *builtin, const struct node *root, struct looptype_rules rules,
                      struct arena *arena, struct looptype_findings *findings)
{
	struct values values = {builtin,  root,        looptype_types(builtin, root, arena, findings), arena,
	                        findings, rules.whole, looptype_is_clamp(root, rules.compat)};

	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		struct str type = looptype_text(template, "type"), version = looptype_text(template, "type_version");
		struct str declared = looptype_text(looptype_declaration(builtin, root, type), "version");
		bool element = looptype_is_element(root, template);

		if (!element && !looptype_is_loop(root, template) && !looptype_is_participant(root, template))
			continue; /* of another kind: for somebody else */
		if (declared.ptr && !str_equal(version, declared))
			looptype_warn(findings, node_get(template, "type_version"),
			              "node_templates.%.*s: node type %.*s is asked for as %.*s and declared as %.*s",
			              STR_ARG(template->key), STR_ARG(type), STR_ARG(version), STR_ARG(declared));
		looptype_check_assigned(&values, template, type);
		if (rules.whole)
			check_required(&values, template);
		if (element)
			check_host(&values, template);
	}
}
