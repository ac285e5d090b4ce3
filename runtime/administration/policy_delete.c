/* policy_delete - policy types, policies and node templates removed, unless something needs them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/administration/policy_api.h"
#include "runtime/policies/group.h"

/* The entity that the path names; NULL, and refused, when there is none. */
static const struct tosca_entity *
find_one(struct txn *txn, struct runtime_call *call, enum entity_kind kind, const char *word)
{
	const struct tosca_entity *entity;

	documents_seed(txn);
	entity = call->version.ptr ? document_get(txn, kind, (struct concept){call->name, call->version}) : NULL;
	if (!entity)
		policy_api_refuse(call, 404, "%s %.*s:%.*s not found", word, STR_ARG(call->name),
		                  STR_ARG(call->version));
	return entity;
}

/* The entity as it was, in a template; then it is gone. */
static int
remove_entity(struct txn *txn, struct runtime_call *call, const struct tosca_entity *entity)
{
	bool policy = entity->kind == ENTITY_POLICY, topology = entity->kind >= ENTITY_NODE_TEMPLATE;
	struct text out;

	text_init(&out, &call->arena);
	text_addf(&out, "{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\",%s\"%s\":%s",
	          topology ? "\"topology_template\":{" : "", entity_section[entity->kind], policy ? "[{" : "{");
	text_add_json(&out, entity->id.name);
	text_add(&out, STR(":"));
	text_add(&out, entity->kept);
	text_addf(&out, "%s%s,\"name\":\"ToscaServiceTemplateSimple\",\"version\":\"1.0.0\"}", policy ? "}]" : "}",
	          topology ? "}" : "");
	if (!call->dry_run)
		document_remove(txn, entity->kind, entity->id);
	call_answer(call, 200, text_done(&out));
	return txn->failed;
}

static bool
refuse_type_of_group(struct txn *txn, struct runtime_call *call, struct concept type)
{
	for (const struct pdp_group *group = groups_list(txn); group; group = group->next)
		for (size_t i = 0; i < group->count; i++)
			if (concepts_has(&group->subgroups[i].supported, type)) {
				policy_api_refuse(
					call, 406,
					"policy type is in use, it is referenced in PDP group %.*s subgroup %.*s",
					STR_ARG(group->name), STR_ARG(group->subgroups[i].type));
				return true;
			}
	return false;
}

/* A policy of the type, or a type that derives from it when there is no other version that it could derive from. */
static bool
refuse_type_in_use(struct txn *txn, struct runtime_call *call, struct concept type)
{
	const struct concept everything = {STR_NONE, STR_NONE};
	const struct tosca_entity *versions =
		documents_list(txn, ENTITY_POLICY_TYPE, (struct concept){type.name, STR_NONE});

	for (const struct tosca_entity *policy = documents_list(txn, ENTITY_POLICY, everything); policy;
	     policy = policy->next)
		if (concept_equal(policy->type, type)) {
			policy_api_refuse(call, 406, "policy type is in use, it is referenced in policy %.*s:%.*s",
			                  STR_ARG(policy->id.name), STR_ARG(policy->id.version));
			return true;
		}
	for (const struct tosca_entity *child = documents_list(txn, ENTITY_POLICY_TYPE, everything);
	     child && versions && !versions->next; child = child->next) {
		const struct node *parent = node_get(child->given, "derived_from");

		if (parent && str_equal(parent->text, type.name)) {
			policy_api_refuse(call, 406, "policy type is in use, it is referenced in policy type %.*s:%.*s",
			                  STR_ARG(child->id.name), STR_ARG(child->id.version));
			return true;
		}
	}
	return false;
}

int
policy_type_delete(struct txn *txn, struct runtime_call *call)
{
	const struct tosca_entity *type = find_one(txn, call, ENTITY_POLICY_TYPE, "policy type");

	if (!type || refuse_type_of_group(txn, call, type->id) || refuse_type_in_use(txn, call, type->id))
		return -ERROR_CONFLICT;
	return remove_entity(txn, call, type);
}

int
policy_delete(struct txn *txn, struct runtime_call *call)
{
	const struct tosca_entity *policy = find_one(txn, call, ENTITY_POLICY, "policy");

	if (!policy)
		return -ERROR_CONFLICT;
	for (const struct pdp_group *group = groups_list(txn); group; group = group->next)
		for (size_t i = 0; i < group->count; i++)
			if (concepts_has(&group->subgroups[i].policies, policy->id)) {
				policy_api_refuse(call, 406,
				                  "policy is in use, it is deployed in PDP group %.*s subgroup %.*s",
				                  STR_ARG(group->name), STR_ARG(group->subgroups[i].type));
				return -ERROR_CONFLICT;
			}
	return remove_entity(txn, call, policy);
}

int
node_template_delete(struct txn *txn, struct runtime_call *call)
{
	const struct concept everything = {STR_NONE, STR_NONE};
	const struct tosca_entity *entity = find_one(txn, call, ENTITY_NODE_TEMPLATE, "node template");

	if (!entity)
		return -ERROR_CONFLICT;
	for (const struct tosca_entity *policy = documents_list(txn, ENTITY_POLICY, everything); policy;
	     policy = policy->next) {
		const struct node *metadata = node_get(policy->given, "metadata");
		const struct node *name = node_get(metadata, "metadataSetName");
		const struct node *version = node_get(metadata, "metadataSetVersion");

		if (name && version && str_equal(name->text, entity->id.name) &&
		    str_equal(version->text, entity->id.version)) {
			policy_api_refuse(call, 406, "node template is in use, it is referenced in policy %.*s:%.*s",
			                  STR_ARG(policy->id.name), STR_ARG(policy->id.version));
			return -ERROR_CONFLICT;
		}
	}
	return remove_entity(txn, call, entity);
}
