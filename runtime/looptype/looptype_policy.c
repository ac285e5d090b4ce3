/* looptype_policy - the policies that elements name: which of them clguard runs, and as a document of their own */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/looptype/looptype_policy.h"

#include "policytypes/section.h"
#include "runtime/looptype/looptype_priv.h"

#define GUARD_TYPES "onap.policies.controlloop.guard."
#define GUARD_ROOT "onap.policies.controlloop.Guard"
#define OPERATIONAL_TYPES "onap.policies.controlloop.operational."
#define ACTOR_TYPE "onap.nodetype.controlloop.Actor"

static const struct node *
policies_of(const struct node *root)
{
	return node_get(node_get(root, "topology_template"), "policies");
}

static struct str
policy_type_above(const struct node *root, struct str type)
{
	return looptype_text(node_get_str(looptype_section(root, "policy_types"), type), "derived_from");
}

/* An operational policy of another engine has a type of ours, and says nothing that is. */
static bool
says_operations(const struct node *root, const struct node *policy)
{
	const struct node *properties = node_get(policy, "properties");
	struct str type = looptype_text(policy, "type");

	if (node_get(properties, "operations") || node_get(properties, "operation") || node_get(policy, "triggers"))
		return true;
	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		if (node_get(node_get_str(looptype_section(root, "policy_types"), type), "triggers"))
			return true;
		type = policy_type_above(root, type);
	}
	return false;
}

enum policy_use
looptype_policy_use(const struct node *root, const struct node *policy)
{
	struct str type = looptype_text(policy, "type");

	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		if (str_starts_with(type, STR(GUARD_TYPES)) || str_is(type, GUARD_ROOT))
			return POLICY_GUARD;
		if (str_starts_with(type, STR(OPERATIONAL_TYPES)))
			return says_operations(root, policy) ? POLICY_OPERATIONAL : POLICY_PASSED_ON;
		type = policy_type_above(root, type);
	}
	return POLICY_PASSED_ON;
}

bool
looptype_policy_named(const struct node *template, const struct node *policy)
{
	struct concept id = concept_read(looptype_property(template, "policy_id"));
	struct concept type = concept_read(looptype_property(template, "policy_type_id"));

	return id.name.ptr ? str_equal(policy->key, id.name) : str_equal(looptype_text(policy, "type"), type.name);
}

struct str
looptype_policy_loop(const struct node *policy)
{
	const struct node *properties = node_get(policy, "properties");
	struct str id = looptype_text(properties, "id");

	return id.ptr ? id : looptype_text(properties, "controlLoopName");
}

static bool
is_run(const struct node *root, const struct node *template, const struct node *policy)
{
	return looptype_policy_named(template, policy) && looptype_policy_use(root, policy) != POLICY_PASSED_ON;
}

/* Whether a policy that is written is of the type, or of one derived from it. */
static bool
is_type_used(const struct node *root, const struct node *template, struct str name)
{
	const struct node *policies = policies_of(root);

	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy)) {
		struct str type = is_run(root, template, policy) ? looptype_text(policy, "type") : STR_NONE;

		for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
			if (str_equal(type, name))
				return true;
			type = policy_type_above(root, type);
		}
	}
	return false;
}

static void
looptype_policy_write_entry(const struct node *entry, const char **comma, struct text *out)
{
	text_add(out, str_from(*comma));
	*comma = ",";
	text_add_json(out, entry->key);
	text_add(out, STR(":"));
	text_add_node(out, entry, false);
}

static void
write_types(const struct node *root, const struct node *template, struct text *out)
{
	const struct node *data = looptype_section(root, "data_types"), *types = looptype_section(root, "policy_types");
	const char *comma = "";

	if (section_first(data)) {
		text_add(out, STR(",\"data_types\":"));
		text_add_node(out, data, false);
	}
	text_add(out, STR(",\"policy_types\":{"));
	for (const struct node *type = section_first(types); type; type = section_next(type))
		if (is_type_used(root, template, type->key))
			looptype_policy_write_entry(type, &comma, out);
	text_add(out, STR("}"));
}

/* Writes the definitions that operational policies refer to: actors whole; as targets, templates and groups by name and type alone. */
static void
looptype_policy_write_templates(const struct node *root, struct text *out)
{
	static const char *const sections[] = {"node_templates", "groups"};
	const char *comma;

	for (int i = 0; i < 2; i++) {
		const struct node *section = node_get(node_get(root, "topology_template"), sections[i]);

		comma = "";
		text_addf(out, "\"%s\":{", sections[i]);
		for (const struct node *entry = section && section->kind == NODE_MAP ? section->first : NULL; entry;
		     entry = entry->next) {
			if (looptype_derives(root, looptype_text(entry, "type"), ACTOR_TYPE)) {
				looptype_policy_write_entry(entry, &comma, out);
				continue;
			}
			text_add(out, str_from(comma));
			comma = ",";
			text_add_json(out, entry->key);
			text_add(out, STR(":{\"type\":"));
			text_add_json(out, looptype_text(entry, "type"));
			text_add(out, STR("}"));
		}
		text_add(out, STR("},"));
	}
}

bool
looptype_write_policies(const struct node *root, const struct node *template, struct str mark, struct text *out)
{
	const struct node *policies = policies_of(root);
	bool operational = false;
	const char *comma = "";

	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy))
		operational = operational || (is_run(root, template, policy) &&
		                              looptype_policy_use(root, policy) == POLICY_OPERATIONAL);
	text_add(out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\""));
	text_add(out, mark);
	write_types(root, template, out);
	text_add(out, STR(",\"topology_template\":{"));
	if (operational)
		looptype_policy_write_templates(root, out);
	text_add(out, STR("\"policies\":["));
	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy)) {
		const char *none = "";

		if (!is_run(root, template, policy))
			continue;
		text_addf(out, "%s{", comma);
		comma = ",";
		looptype_policy_write_entry(policy, &none, out);
		text_add(out, STR("}"));
	}
	text_add(out, STR("]}}"));
	return comma[0] != '\0';
}

/* --- what is told when a type is commissioned --- */

static void
warn_named(const struct node *root, const struct node *template, struct looptype_findings *findings)
{
	const struct node *policies = policies_of(root), *id = looptype_property(template, "policy_id");
	const struct node *where = id ? id : looptype_property(template, "policy_type_id");
	struct str name = concept_read(where).name;
	bool found = false;

	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy)) {
		if (!looptype_policy_named(template, policy))
			continue;
		found = true;
		if (looptype_policy_use(root, policy) == POLICY_PASSED_ON)
			looptype_warn(findings, policy,
			              "policies.%.*s: is neither a guard nor an operational policy: element %.*s does "
			              "not put "
			              "it into force, and passes it on",
			              STR_ARG(policy->key), STR_ARG(template->key));
	}
	if (!found && name.ptr)
		looptype_warn(findings, where, "node_templates.%.*s: no policy of the document %s '%.*s'",
		              STR_ARG(template->key), id ? "is" : "is of type", STR_ARG(name));
}

void
looptype_warn_policies(const struct node *root,
                       const char *(*refusal)(void *context, struct str document, struct arena *arena), void *context,
                       struct arena *arena, struct looptype_findings *findings)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		const char *why = NULL;
		struct text out;

		if (!looptype_is_element(root, template) ||
		    (!looptype_property(template, "policy_id") && !looptype_property(template, "policy_type_id")))
			continue;
		warn_named(root, template, findings);
		text_init(&out, arena);
		if (looptype_write_policies(root, template, STR(""), &out))
			why = refusal(context, text_done(&out), arena);
		if (why)
			looptype_warn(findings, template,
			              "node_templates.%.*s: cannot go RUNNING, its policies are refused: %s",
			              STR_ARG(template->key), why);
	}
}
