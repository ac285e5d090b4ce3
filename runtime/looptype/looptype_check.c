/* looptype_check - what must hold in a service template before it is commissioned */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "policytypes/section.h"
#include "runtime/looptype/gateway.h"
#include "runtime/looptype/looptype_priv.h"

#define FINDINGS_MAX 100     /* sentences; what is wrong beyond them is worth another look after these */
#define ENTRIES_MAX 1000     /* of a section */
#define PROPERTIES_MAX 20000 /* of all node templates, each with those of its type and of the types above */

/* A sentence with its place in front: "12:7: ...". */
static void
say(char *out, size_t size, const struct node *where, const char *format, va_list args)
{
	size_t used = 0;

	if (where && where->line)
		used = (size_t)snprintf(out, size, "%u:%u: ", where->key_line ? where->key_line : where->line,
		                        where->key_line ? where->key_column : where->column);
	(void)vsnprintf(out + used, size - used, format, args); /* a longer one is cut */
}

void
looptype_find(struct looptype_findings *findings, unsigned status, const struct node *where, const char *format, ...)
{
	char sentence[1024];
	va_list args;

	if (!findings->status)
		findings->status = status;
	if (findings->count++ >= FINDINGS_MAX)
		return;
	va_start(args, format);
	say(sentence, sizeof(sentence), where, format, args);
	va_end(args);
	text_addf(&findings->text, "%s%s", findings->count > 1 ? "\n" : "", sentence);
}

void
looptype_warn(struct looptype_findings *findings, const struct node *where, const char *format, ...)
{
	char sentence[1024];
	va_list args;

	if (findings->warning_count++ >= FINDINGS_MAX)
		return;
	va_start(args, format);
	say(sentence, sizeof(sentence), where, format, args);
	va_end(args);
	text_add(&findings->warnings, findings->warning_count > 1 ? STR(",") : STR(""));
	text_add_json(&findings->warnings, str_from(sentence));
}

static const char *const sections[] = {"data_types", "capability_types", "node_types", "relationship_types",
                                       "policy_types"};

/*
 * What comes of a document grows faster than the document: templates are compared with each other and carry the
 * properties of their types. So it is bounded before anything else is done with it. False, and a finding.
 */
static bool
looptype_check_size(const struct node *root, struct looptype_findings *findings)
{
	const struct node *templates = looptype_templates(root), *types = looptype_section(root, "node_types");
	size_t properties = 0;

	for (size_t i = 0; i <= sizeof(sections) / sizeof(*sections); i++) {
		const char *name = i < sizeof(sections) / sizeof(*sections) ? sections[i] : NULL;
		const struct node *section = name ? looptype_section(root, name) : templates;

		if (!section || section->count <= ENTRIES_MAX)
			continue;
		looptype_find(findings, 400, section, "%s has more than %d entries", name ? name : "node_templates",
		              ENTRIES_MAX);
		return false;
	}
	for (const struct node *template = section_first(templates); template; template = section_next(template)) {
		struct str type = looptype_text(template, "type");

		for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
			const struct node *declared = node_get_str(types, type),
					  *own = node_get(declared, "properties");

			properties += own ? own->count : 0;
			type = looptype_text(declared, "derived_from");
		}
	}
	if (properties > PROPERTIES_MAX)
		looptype_find(findings, 400, templates,
		              "the types of the node templates have more than %d properties in all", PROPERTIES_MAX);
	return properties <= PROPERTIES_MAX;
}

/* A section that is there has entries; each a map under a legal name, with a legal version if any. */
static void
check_section(const struct node *section, const char *what, struct looptype_findings *findings)
{
	if (!section || section->kind == NODE_NULL)
		return;
	if (!section_first(section)) {
		looptype_find(findings, 400, section, "%s: is there but has no entry", what);
		return;
	}
	for (const struct node *entry = section_first(section); entry; entry = section_next(entry)) {
		struct str version = looptype_text(entry, "version");

		if (entry->kind != NODE_MAP)
			looptype_find(findings, 400, entry, "%s.%.*s: is not a map", what, STR_ARG(entry->key));
		if (!concept_name_valid(entry->key))
			looptype_find(findings, 400, entry, "%s.%.*s: the name is not 1 to 200 of A-Z a-z 0-9 - _ .",
			              what, STR_ARG(entry->key));
		if (version.ptr && !concept_version_valid(version))
			looptype_find(findings, 406, node_get(entry, "version"),
			              "%s.%.*s: version '%.*s' is not like 1.0.0", what, STR_ARG(entry->key),
			              STR_ARG(version));
	}
}

/* Types have parents that are there or end in .Root, and are not above themselves. */
static void
check_parents(const struct node *section, const char *what, struct looptype_findings *findings)
{
	for (const struct node *entry = section_first(section); entry; entry = section_next(entry)) {
		struct str parent = looptype_text(entry, "derived_from"), at = parent;
		uint32_t steps = 0;

		if (!parent.ptr || str_ends_with(parent, STR(".Root")))
			continue;
		if (!node_get_str(section, parent) && !looptype_builtin(parent)) {
			looptype_find(findings, 406, node_get(entry, "derived_from"), "%s.%.*s: parent %.*s not found",
			              what, STR_ARG(entry->key), STR_ARG(parent));
			continue;
		}
		while (at.ptr && !str_equal(at, entry->key) && ++steps < CHAIN_MAX)
			at = looptype_text(node_get_str(section, at), "derived_from");
		if (steps == CHAIN_MAX)
			looptype_find(findings, 400, entry, "%s.%.*s: is derived over more than %d steps", what,
			              STR_ARG(entry->key), CHAIN_MAX - 1);
		else if (at.ptr && str_equal(at, entry->key))
			looptype_find(findings, 409, entry, "%s.%.*s: is its own ancestor", what, STR_ARG(entry->key));
	}
}

static bool
is_known_data_type(const struct catalogue *builtin, const struct node *root, struct str type)
{
	static const char *const simple[] = {"string", "integer", "float",   "boolean", "timestamp", "null", "range",
	                                     "list",   "map",     "version", "any",     "object",    NULL};

	for (size_t i = 0; simple[i]; i++)
		if (str_equal_nocase(type, str_from(simple[i])))
			return true;
	return str_starts_with(type, STR("scalar-unit.")) || str_starts_with(type, STR("tosca.")) ||
	       node_get_str(looptype_section(root, "data_types"), type) ||
	       catalogue_find(builtin, TYPE_DATA, type, STR_NONE);
}

static void
looptype_check_properties(const struct catalogue *builtin, const struct node *root, const struct node *type,
                          const char *what, struct looptype_findings *findings)
{
	const struct node *properties = node_get(type, "properties");

	for (const struct node *entry = section_first(properties); entry; entry = section_next(entry)) {
		struct str names[2] = {looptype_text(entry, "type"),
		                       looptype_text(node_get(entry, "entry_schema"), "type")};

		for (size_t i = 0; i < 2; i++)
			if (names[i].ptr && !is_known_data_type(builtin, root, names[i]))
				looptype_find(findings, 406, entry, "%s.%.*s.properties.%.*s: data type %.*s not found",
				              what, STR_ARG(type->key), STR_ARG(entry->key), STR_ARG(names[i]));
	}
}

static void
check_data_types(const struct catalogue *builtin, const struct node *root, struct looptype_findings *findings)
{
	const struct node *types = looptype_section(root, "policy_types"), *data = looptype_section(root, "data_types");

	for (const struct node *type = section_first(types); type; type = section_next(type))
		looptype_check_properties(builtin, root, type, "policy_types", findings);
	for (const struct node *type = section_first(types) ? section_first(data) : NULL; type;
	     type = section_next(type))
		looptype_check_properties(builtin, root, type, "data_types", findings);
}

static void
looptype_check_policies(const struct node *root, struct looptype_findings *findings)
{
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");

	check_section(policies, "policies", findings);
	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy)) {
		struct str type = looptype_text(policy, "type");

		if (!type.ptr)
			looptype_find(findings, 400, policy, "policies.%.*s: Type not specified", STR_ARG(policy->key));
		else if (!node_get_str(looptype_section(root, "policy_types"), type) &&
		         !str_starts_with(type, STR("onap.policies.controlloop.")))
			looptype_find(findings, 406, node_get(policy, "type"),
			              "policies.%.*s: policy type %.*s not found", STR_ARG(policy->key), STR_ARG(type));
	}
}

static void
check_element_list(const struct node *root, const struct node *template, struct looptype_findings *findings)
{
	const struct node *elements = looptype_elements(template);

	if (!elements || elements->count == 0) {
		looptype_find(findings, 400, elements ? elements : template,
		              "node_templates.%.*s: elements is not a list of element templates",
		              STR_ARG(template->key));
		return;
	}
	for (const struct node *entry = elements->first; entry; entry = entry->next) {
		struct concept concept = looptype_element_ref(entry);
		const struct node *element = looptype_template(root, concept);

		if (!element)
			looptype_find(findings, 400, entry, "node_templates.%.*s: element %.*s %.*s not found",
			              STR_ARG(template->key), STR_ARG(concept.name), STR_ARG(concept.version));
		else if (!looptype_is_element(root, element))
			looptype_find(findings, 400, entry, "node_templates.%.*s: %.*s is not a control loop element",
			              STR_ARG(template->key), STR_ARG(concept.name));
	}
}

static void
looptype_check_loop(const struct node *root, const struct node *template, struct looptype_findings *findings)
{
	const struct node *dedicated = node_get(node_get(template, "metadata"), "dedicated");

	check_element_list(root, template, findings);
	if (dedicated && dedicated->kind != NODE_BOOL)
		looptype_find(findings, 400, dedicated, "node_templates.%.*s: metadata dedicated is true or false",
		              STR_ARG(template->key));
}

/* Who hosts an element: its definition says so. In CLAMP's own documents it may be left to participant_id, or to instances. */
static void
check_participant_type(const struct node *template, bool clamp, struct looptype_findings *findings)
{
	struct concept participant = concept_read(looptype_property(template, "participantType"));
	struct concept host = concept_read(looptype_property(template, "participant_id"));

	if (participant.name.ptr && participant.version.ptr)
		return;
	if (clamp && !participant.name.ptr)
		looptype_warn(findings, template, "node_templates.%.*s: participantType is missing: %s",
		              STR_ARG(template->key),
		              host.name.ptr ? "participant_id is taken for it"
		                            : "each instance's element must give it");
	else
		looptype_find(findings, 400, template,
		              "node_templates.%.*s: property participantType is required, with name and version",
		              STR_ARG(template->key));
}

static void
check_template(const struct node *root, const struct node *template, bool clamp, struct looptype_findings *findings)
{
	struct str type = looptype_text(template, "type"), version = looptype_text(template, "type_version");

	if (!type.ptr)
		looptype_find(findings, 400, template,
		              "Type not specified, the type of node template %.*s must be given",
		              STR_ARG(template->key));
	else if (!node_get_str(looptype_section(root, "node_types"), type) && !looptype_builtin(type))
		looptype_find(findings, 400, node_get(template, "type"),
		              "node_templates.%.*s: node type %.*s not found", STR_ARG(template->key), STR_ARG(type));
	if (!version.ptr)
		looptype_find(
			findings, 400, template,
			"Version not specified, the version of the type of node template %.*s must be given in the "
			"type_version field",
			STR_ARG(template->key));
	if (looptype_is_element(root, template))
		check_participant_type(template, clamp, findings);
	if (looptype_is_loop(root, template))
		looptype_check_loop(root, template, findings);
}

static void
check_templates(const struct node *root, bool clamp, struct looptype_findings *findings)
{
	const struct node *templates = looptype_templates(root);
	unsigned loops = 0, elements = 0;

	if (!templates || templates->kind != NODE_MAP || templates->count == 0) {
		looptype_find(findings, 400, templates, "topology_template.node_templates is missing or empty");
		return;
	}
	check_section(templates, "node_templates", findings);
	for (const struct node *template = templates->first; template; template = template->next) {
		check_template(root, template, clamp, findings);
		loops += looptype_is_loop(root, template);
		elements += looptype_is_element(root, template);
	}
	if (!loops)
		looptype_find(findings, 400, templates, "NodeTemplate with type " CLAMP "ControlLoop must exist!");
	if (!elements)
		looptype_find(findings, 400, templates, "NodeTemplate with type " TYPE_ELEMENT " must exist!");
}

/* `requred`, in 46 of ONAP's own files: as it is meant, or an unknown key. */
static void
check_spelling(const struct node *section, const char *what, bool clamp, struct looptype_findings *findings)
{
	for (const struct node *type = section_first(section); type; type = section_next(type)) {
		const struct node *properties = node_get(type, "properties");

		for (const struct node *entry = section_first(properties); entry; entry = section_next(entry)) {
			const struct node *requred = node_get(entry, "requred");

			if (requred && clamp)
				looptype_warn(findings, requred,
				              "%s.%.*s.properties.%.*s: 'requred' is taken for 'required'", what,
				              STR_ARG(type->key), STR_ARG(entry->key));
			else if (requred)
				looptype_find(
					findings, 400, requred,
					"%s.%.*s.properties.%.*s: unknown key: expected 'required', got 'requred'",
					what, STR_ARG(type->key), STR_ARG(entry->key));
		}
	}
}

bool
looptype_is_clamp(const struct node *root, enum compat compat)
{
	const struct node *types = looptype_section(root, "node_types");

	if (compat != COMPAT_AUTO)
		return compat == COMPAT_CLAMP;
	for (const struct node *type = section_first(types); type; type = section_next(type))
		if (str_starts_with(type->key, STR("org.onap.policy.clamp.")))
			return true;
	return false;
}

void
looptype_check(const struct catalogue *builtin, const struct node *root, struct looptype_rules rules,
               struct arena *arena, struct looptype_findings *ret)
{
	struct str version = looptype_text(root, "tosca_definitions_version");
	bool clamp;

	*ret = (struct looptype_findings){0};
	text_init(&ret->text, arena);
	text_init(&ret->warnings, arena);
	if (!root || root->kind != NODE_MAP) {
		looptype_find(ret, 400, NULL, "a service template is a map");
		return;
	}
	if (str_trim(version).len == 0)
		looptype_find(ret, 406, NULL, "tosca_definitions_version is missing or blank");
	if (!looptype_section(root, "topology_template")) {
		looptype_find(ret, 400, NULL, "topology_template is missing");
		return;
	}
	if (!looptype_check_size(root, ret))
		return;
	clamp = looptype_is_clamp(root, rules.compat);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		check_section(looptype_section(root, sections[i]), sections[i], ret);
		check_parents(looptype_section(root, sections[i]), sections[i], ret);
		check_spelling(looptype_section(root, sections[i]), sections[i], clamp, ret);
	}
	check_data_types(builtin, root, ret);
	looptype_check_policies(root, ret);
	check_templates(root, clamp, ret);
	gateway_check(root, arena, ret);
	if (!ret->status)
		looptype_check_values(builtin, root, rules, arena, ret);
	if (ret->count > FINDINGS_MAX)
		text_addf(&ret->text, "\nand %u more", ret->count - FINDINGS_MAX);
}
