/* pap_deploy - policies deployed and undeployed, one by one and in batches */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/administration/pap.h"
#include "runtime/policies/pdp.h"

static struct str
pap_shown(struct str text)
{
	return text.ptr ? text : STR("null");
}

static struct str
pap_scalar_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) && !node_is_null(node) ? node->text : STR_NONE;
}

/* The policy of a name and version; without a version the highest. NULL, and refused, when there is none. */
static const struct tosca_entity *
pap_find_policy(struct txn *txn, struct runtime_call *call, struct concept id)
{
	const struct tosca_entity *policy = id.name.ptr ? document_get(txn, ENTITY_POLICY, id) : NULL;

	if (!policy)
		call_refuse(call, 404, "cannot find policy: %.*s %.*s", STR_ARG(pap_shown(id.name)),
		            STR_ARG(pap_shown(id.version)));
	return policy;
}

static bool
has_pdps(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup)
{
	return pdps_list(txn, group->name, subgroup->type) != NULL;
}

/* --- one by one: wherever its type is supported --- */

static int
deploy_in(struct deployment *deployment, struct pdp_group *group, struct pdp_subgroup *subgroup,
          const struct tosca_entity *policy)
{
	struct runtime_call *call = deployment->call;

	if (concepts_has(&subgroup->policies, policy->id))
		return 0;
	for (size_t i = 0; i < subgroup->policies.count; i++) {
		struct concept other = subgroup->policies.items[i];

		if (!str_equal(other.name, policy->id.name))
			continue;
		call_refuse(call, 400,
		            "group %.*s subgroup %.*s policy %.*s %.*s different version already deployed: %.*s",
		            STR_ARG(group->name), STR_ARG(subgroup->type), STR_ARG(policy->id.name),
		            STR_ARG(policy->id.version), STR_ARG(other.version));
		return -ERROR_CONFLICT;
	}
	if (!has_pdps(deployment->txn, group, subgroup)) {
		call_refuse(call, 400, "group %.*s subgroup %.*s has no active PDPs", STR_ARG(group->name),
		            STR_ARG(subgroup->type));
		return -ERROR_CONFLICT;
	}
	deployment_deploy(deployment, group, subgroup, policy);
	return 0;
}

static int
deploy_everywhere(struct deployment *deployment, const struct tosca_entity *policy)
{
	bool supported = false;

	for (struct pdp_group *group = deployment->groups; group; group = group->next) {
		for (size_t i = 0; i < group->count && str_is(group->state, "ACTIVE"); i++) {
			int r;

			if (!subgroup_supports(&group->subgroups[i], policy->type))
				continue;
			supported = true;
			r = deploy_in(deployment, group, &group->subgroups[i], policy);
			if (r != 0)
				return r;
		}
	}
	if (supported)
		return 0;
	call_refuse(deployment->call, 400, "policy not supported by any PDP group: %.*s %.*s", STR_ARG(policy->id.name),
	            STR_ARG(policy->id.version));
	return -ERROR_CONFLICT;
}

int
pap_policies_deploy(struct txn *txn, struct runtime_call *call)
{
	const struct node *policies = node_get(call->body, "policies");
	struct deployment deployment;

	documents_seed(txn);
	if (!policies || policies->kind != NODE_LIST) {
		call_refuse(call, 400,
		            "\"PdpDeployPolicies\" INVALID, item has status INVALID\n  item \"policies\" value \"%s\" "
		            "INVALID, %s",
		            node_is_null(policies) ? "null" : node_kind_name(policies),
		            node_is_null(policies) ? "is null" : "is not a list");
		return -ERROR_CONFLICT;
	}
	deployment_begin(&deployment, txn, call);
	(void)deployment_groups(&deployment);
	for (const struct node *item = policies->first; item; item = item->next) {
		struct concept id = {pap_scalar_text(item, "policy-id"), pap_scalar_text(item, "policy-version")};
		const struct tosca_entity *policy = pap_find_policy(txn, call, id);

		if (!policy || deploy_everywhere(&deployment, policy) != 0)
			return -ERROR_CONFLICT;
	}
	return deployment_commit(&deployment, "deploy", 202, deployment_accepted);
}

int
pap_policy_undeploy(struct txn *txn, struct runtime_call *call)
{
	struct deployment deployment;
	bool any = false;

	documents_seed(txn);
	if (!pap_find_policy(txn, call, (struct concept){call->name, call->version}))
		return -ERROR_CONFLICT;
	deployment_begin(&deployment, txn, call);
	for (struct pdp_group *group = deployment_groups(&deployment); group; group = group->next) {
		for (size_t i = 0; i < group->count; i++) {
			struct pdp_subgroup *subgroup = &group->subgroups[i];

			for (size_t j = subgroup->policies.count; j-- > 0;) {
				struct concept id = subgroup->policies.items[j];

				if (str_equal(id.name, call->name) &&
				    (!call->version.ptr || str_equal(id.version, call->version)))
					any |= deployment_undeploy(&deployment, group, subgroup, id);
			}
		}
	}
	if (!any) {
		call_refuse(call, 400, "policy does not appear in any PDP group: %.*s %.*s", STR_ARG(call->name),
		            STR_ARG(pap_shown(call->version)));
		return -ERROR_CONFLICT;
	}
	return deployment_commit(&deployment, "undeploy", 202, deployment_accepted);
}

/* --- batches: subgroup by subgroup --- */

/* As ONAP prints it: DeploymentGroup(name=.., deploymentSubgroups=[DeploymentSubGroup(pdpType=.., action=.., policies=[..])]) */
static void
print_subgroup(struct text *out, const struct node *subgroup)
{
	const struct node *policies = node_get(subgroup, "policies");

	text_addf(out, "DeploymentSubGroup(pdpType=%.*s, action=%.*s, policies=[",
	          STR_ARG(pap_shown(pap_scalar_text(subgroup, "pdpType"))),
	          STR_ARG(pap_shown(pap_scalar_text(subgroup, "action"))));
	for (const struct node *policy = policies ? policies->first : NULL; policy; policy = policy->next)
		text_addf(out, "%s%.*s %.*s", policy == policies->first ? "" : ", ",
		          STR_ARG(pap_shown(pap_scalar_text(policy, "name"))),
		          STR_ARG(pap_shown(pap_scalar_text(policy, "version"))));
	text_add(out, STR("])"));
}

static int
refuse_item(struct deployment *deployment, const struct node *group, const struct node *subgroup, const char *why)
{
	const struct node *subgroups = node_get(group, "deploymentSubgroups");
	struct str name = pap_shown(pap_scalar_text(group, "name"));
	struct text out, sentence;

	text_init(&out, deployment->txn->arena);
	text_init(&sentence, deployment->txn->arena);
	if (subgroup) {
		print_subgroup(&out, subgroup);
	} else {
		text_addf(&out, "DeploymentGroup(name=%.*s, deploymentSubgroups=[", STR_ARG(name));
		for (const struct node *item = subgroups ? subgroups->first : NULL; item; item = item->next) {
			if (item != subgroups->first)
				text_add(&out, STR(", "));
			print_subgroup(&out, item);
		}
		text_add(&out, STR("])"));
	}
	if (subgroup)
		name = pap_shown(pap_scalar_text(subgroup, "pdpType"));
	call_refuse(deployment->call, 400,
	            "\"groups\" INVALID, item has status INVALID\n  item \"%.*s\" value \"%.*s\" INVALID, %s",
	            STR_ARG(name), STR_ARG(txn_text(deployment->txn, &out)), why);
	return -ERROR_CONFLICT;
}

/* The policies of one deployment subgroup, which must be there and be supported to come. */
static int
apply_list(struct deployment *deployment, struct pdp_group *group, struct pdp_subgroup *subgroup,
           const struct node *policies, bool deploy)
{
	for (const struct node *item = policies ? policies->first : NULL; item; item = item->next) {
		struct concept id = {pap_scalar_text(item, "name"), pap_scalar_text(item, "version")};
		const struct tosca_entity *policy;

		if (!deploy) {
			(void)deployment_undeploy(deployment, group, subgroup, id); /* gone is gone */
			continue;
		}
		policy = pap_find_policy(deployment->txn, deployment->call, id);
		if (!policy)
			return -ERROR_CONFLICT;
		if (!subgroup_supports(subgroup, policy->type)) {
			call_refuse(deployment->call, 400,
			            "group %.*s subgroup %.*s does not support policy %.*s %.*s of type %.*s %.*s",
			            STR_ARG(group->name), STR_ARG(subgroup->type), STR_ARG(policy->id.name),
			            STR_ARG(policy->id.version), STR_ARG(policy->type.name),
			            STR_ARG(policy->type.version));
			return -ERROR_CONFLICT;
		}
		if (!concepts_has(&subgroup->policies, policy->id))
			deployment_deploy(deployment, group, subgroup, policy);
	}
	return 0;
}

static bool
is_listed(const struct node *policies, struct concept id)
{
	for (const struct node *item = policies ? policies->first : NULL; item; item = item->next)
		if (str_equal(pap_scalar_text(item, "name"), id.name) &&
		    str_equal(pap_scalar_text(item, "version"), id.version))
			return true;
	return false;
}

/* POST adds, DELETE takes out, PATCH makes the list the subgroup's. */
static int
apply_subgroup(struct deployment *deployment, const struct node *group_node, struct pdp_group *group,
               const struct node *node)
{
	struct str action = pap_scalar_text(node, "action"), type = pap_scalar_text(node, "pdpType");
	struct pdp_subgroup *subgroup = type.ptr ? group_subgroup(group, type) : NULL;
	const struct node *policies = node_get(node, "policies");
	bool patch = !action.ptr || str_is(action, "PATCH");

	if (!subgroup)
		return refuse_item(deployment, group_node, node, "unknown subgroup");
	if (policies && policies->kind != NODE_LIST)
		return refuse_item(deployment, group_node, node, "policies is not a list");
	if (!patch && !str_is(action, "POST") && !str_is(action, "DELETE"))
		return refuse_item(deployment, group_node, node, "unknown action: expected POST, PATCH or DELETE");
	for (size_t i = subgroup->policies.count; patch && i-- > 0;) {
		struct concept id = subgroup->policies.items[i];

		if (!is_listed(policies, id))
			(void)deployment_undeploy(deployment, group, subgroup, id); /* it has it */
	}
	return apply_list(deployment, group, subgroup, policies, patch || str_is(action, "POST"));
}

int
pap_deployments_batch(struct txn *txn, struct runtime_call *call)
{
	const struct node *groups = node_get(call->body, "groups");
	struct deployment deployment;
	int r = 0;

	documents_seed(txn);
	deployment_begin(&deployment, txn, call);
	if (!groups || groups->kind != NODE_LIST) {
		call_refuse(call, 400,
		            "\"DeploymentGroups\" INVALID, item has status INVALID\n  item \"groups\" value \"%s\" "
		            "INVALID, %s",
		            node_is_null(groups) ? "null" : node_kind_name(groups),
		            node_is_null(groups) ? "is null" : "is not a list");
		return -ERROR_CONFLICT;
	}
	for (const struct node *node = groups->first; node && r == 0; node = node->next) {
		struct str name = pap_scalar_text(node, "name");
		struct pdp_group *group = name.ptr ? deployment_group(&deployment, name) : NULL;
		const struct node *subgroups = node_get(node, "deploymentSubgroups");

		if (!group)
			return refuse_item(&deployment, node, NULL, "unknown group");
		for (const struct node *item = subgroups ? subgroups->first : NULL; item && r == 0; item = item->next)
			r = apply_subgroup(&deployment, node, group, item);
	}
	return r != 0 ? r : deployment_commit(&deployment, "batch", 202, deployment_accepted);
}
