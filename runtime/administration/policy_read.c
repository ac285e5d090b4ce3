/* policy_read - policy types, policies and node templates as ONAP's policy API answers them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/administration/policy_api.h"
#include "runtime/policies/in_force.h"

static const struct concept everything = {STR_NONE, STR_NONE};

static bool
is_latest(struct str version)
{
	return version.ptr && str_is(version, "latest");
}

static void
add_section(struct text *out, const struct tosca_entity *list, enum entity_kind kind)
{
	const char *comma = "";

	text_addf(out, "\"%s\":{", entity_section[kind]);
	for (const struct tosca_entity *entity = list; entity; entity = entity->next) {
		/* Of several versions of a name the highest, which comes last; a map holds a name once. */
		if (entity->kind != kind ||
		    (entity->next && entity->next->kind == kind && str_equal(entity->next->id.name, entity->id.name)))
			continue;
		text_add(out, str_from(comma));
		text_add_json(out, entity->id.name);
		text_add(out, STR(":"));
		text_add(out, entity->kept);
		comma = ",";
	}
	text_add(out, STR("}"));
}

static bool
policies_has_kind(const struct tosca_entity *list, enum entity_kind kind)
{
	while (list && list->kind != kind)
		list = list->next;
	return list != NULL;
}

static void
begin_template(struct text *out)
{
	text_add(out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\""));
}

static void
end_template(struct text *out)
{
	text_add(out, STR(",\"name\":\"ToscaServiceTemplateSimple\",\"version\":\"1.0.0\"}"));
}

static void
add_node_types(struct txn *txn, struct text *out)
{
	const struct tosca_entity *types = documents_list(txn, ENTITY_NODE_TYPE, everything);

	if (!types)
		return;
	text_add(out, STR(","));
	add_section(out, types, ENTITY_NODE_TYPE);
}

/* data_types and policy_types of a list, in that order. */
static void
add_types(struct text *out, const struct tosca_entity *list)
{
	if (policies_has_kind(list, ENTITY_DATA_TYPE)) {
		text_add(out, STR(","));
		add_section(out, list, ENTITY_DATA_TYPE);
	}
	text_add(out, STR(","));
	add_section(out, list, ENTITY_POLICY_TYPE);
}

/* By kind, name and version; a closure comes in the order of its references. */
static struct tosca_entity *
sorted(struct tosca_entity *list)
{
	struct tosca_entity *all = NULL;

	while (list) {
		struct tosca_entity *entity = list, **link = &all;

		list = list->next;
		while (*link && ((*link)->kind < entity->kind ||
		                 ((*link)->kind == entity->kind &&
		                  (str_compare((*link)->id.name, entity->id.name) < 0 ||
		                   (str_equal((*link)->id.name, entity->id.name) &&
		                    version_order((*link)->id.version, entity->id.version) < 0)))))
			link = &(*link)->next;
		entity->next = *link;
		*link = entity;
	}
	return all;
}

/* A name and version of the path: the highest version for "latest", all for none. Absent text for absent text. */
static struct tosca_entity *
policies_find_all(struct txn *txn, enum entity_kind kind, struct concept id)
{
	if (id.name.ptr && (!concept_name_valid(id.name) ||
	                    (id.version.ptr && !is_latest(id.version) && !concept_version_valid(id.version))))
		return NULL;
	if (id.version.ptr)
		return document_get(txn, kind,
		                    (struct concept){id.name, is_latest(id.version) ? STR_NONE : id.version});
	return documents_list(txn, kind, id);
}

static struct str
policies_shown(struct str text)
{
	return text.ptr ? text : STR("null");
}

/* --- policy types --- */

void
policy_types_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct concept id = {call->name, call->version};
	struct tosca_entity *types = policies_find_all(txn, ENTITY_POLICY_TYPE, id), *all;

	if (!types) {
		policy_api_refuse(call, 404, "policy types for %.*s:%.*s do not exist",
		                  STR_ARG(policies_shown(id.name)), STR_ARG(policies_shown(id.version)));
		return;
	}
	if (id.name.ptr) {
		all = sorted(documents_closure(txn, types, NULL));
	} else {
		all = documents_list(txn, ENTITY_DATA_TYPE, everything);
		if (all) {
			struct tosca_entity *last = all;

			while (last->next)
				last = last->next;
			last->next = types;
		} else {
			all = types;
		}
	}
	begin_template(out);
	add_node_types(txn, out);
	add_types(out, all);
	end_template(out);
}

/* --- policies --- */

/* Those of a type, where one is asked for. */
static struct tosca_entity *
of_type(struct tosca_entity *policies, struct concept type)
{
	struct tosca_entity *kept = NULL, **last = &kept;

	for (struct tosca_entity *next; policies; policies = next) {
		next = policies->next;
		if ((type.name.ptr && !str_equal(policies->type.name, type.name)) ||
		    (type.version.ptr && !str_equal(policies->type.version, type.version)))
			continue;
		policies->next = NULL;
		*last = policies;
		last = &policies->next;
	}
	return kept;
}

static struct tosca_entity *
only_latest(struct tosca_entity *policies)
{
	while (policies && policies->next)
		policies = policies->next;
	return policies;
}

static void
add_topology(struct txn *txn, struct text *out, const struct tosca_entity *policies)
{
	const struct tosca_entity *templates = documents_list(txn, ENTITY_NODE_TEMPLATE, everything);
	const char *comma = "";

	text_add(out, STR(",\"topology_template\":{\"inputs\":{}"));
	if (templates) {
		text_add(out, STR(","));
		add_section(out, templates, ENTITY_NODE_TEMPLATE);
	}
	text_add(out, STR(",\"policies\":["));
	for (const struct tosca_entity *policy = policies; policy; policy = policy->next) {
		text_addf(out, "%s{", comma);
		text_add_json(out, policy->id.name);
		text_add(out, STR(":"));
		text_add(out, policy->kept);
		text_add(out, STR("}"));
		comma = ",";
	}
	text_add(out, STR("]}"));
}

void
policy_list_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct concept id = {call->name, call->version};
	struct concept type = call->number == 2 ? (struct concept){call->texts[0], call->texts[1]} : everything;
	struct tosca_entity *policies;

	if (type.name.ptr && is_latest(id.version)) /* the latest of the type */
		policies = only_latest(
			of_type(policies_find_all(txn, ENTITY_POLICY, (struct concept){id.name, STR_NONE}), type));
	else
		policies = of_type(policies_find_all(txn, ENTITY_POLICY, id), type);
	if (!policies) {
		struct concept about = id.name.ptr ? id : type;

		policy_api_refuse(call, 404, "policies for %.*s:%.*s do not exist", STR_ARG(policies_shown(about.name)),
		                  STR_ARG(policies_shown(about.version)));
		return;
	}
	begin_template(out);
	add_node_types(txn, out);
	if (call->other.ptr)
		add_types(out, sorted(documents_closure(txn, policies, NULL)));
	add_topology(txn, out, policies);
	end_template(out);
}

void
policy_document_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	const struct tosca_entity *policy =
		policies_find_all(txn, ENTITY_POLICY, (struct concept){call->name, call->version});

	if (policy)
		policy_document_json(txn, policy, out);
	else
		policy_api_refuse(call, 404, "policy %.*s:%.*s not found", STR_ARG(call->name), STR_ARG(call->version));
}

/* --- node templates --- */

void
node_templates_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct concept id = {call->name, call->version};
	const struct tosca_entity *templates = policies_find_all(txn, ENTITY_NODE_TEMPLATE, id);

	if (!templates) {
		policy_api_refuse(call, 404, "node templates for %.*s:%.*s do not exist",
		                  STR_ARG(policies_shown(id.name)), STR_ARG(policies_shown(id.version)));
		return;
	}
	text_add(out, STR("["));
	for (const struct tosca_entity *entity = templates; entity; entity = entity->next) {
		if (entity != templates)
			text_add(out, STR(","));
		text_add(out, entity->kept);
	}
	text_add(out, STR("]"));
}
