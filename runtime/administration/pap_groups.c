/* pap_groups - groups of PDPs: made, changed, activated, removed */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "runtime/administration/pap.h"
#include "runtime/policies/pdp.h"

#define DESIRED_MAX 1000000

/* --- what a group must be --- */

static bool
check_subgroup(struct runtime_call *call, const struct pdp_group *group, size_t i)
{
	const struct pdp_subgroup *subgroup = &group->subgroups[i];
	const char *wrong = NULL;

	if (!concept_name_valid(subgroup->type))
		wrong = "pdpType is missing or malformed: expected 1 to 200 of A-Z a-z 0-9 - _ .";
	else if (subgroup->supported.count == 0)
		wrong = "supportedPolicyTypes is empty: expected at least one policy type";
	else if (subgroup->desired < 1 || subgroup->desired > DESIRED_MAX)
		wrong = "desiredInstanceCount is out of range: expected 1 or more";
	for (size_t j = 0; j < i && !wrong; j++)
		if (str_equal(group->subgroups[j].type, subgroup->type))
			wrong = "the subgroup is there twice: expected one subgroup a pdpType";
	for (size_t j = 0; j < subgroup->supported.count && !wrong; j++) {
		struct concept type = subgroup->supported.items[j];
		struct str stem = type.name;

		if (str_ends_with(stem, STR(".*")))
			stem.len -= 2;
		if (!concept_name_valid(stem) || !concept_version_valid(type.version))
			wrong = "a supported policy type is malformed: expected a name, which may end in .*, and a "
				"version";
	}
	if (wrong)
		call_refuse(call, 400, "group %.*s subgroup %.*s: %s", STR_ARG(group->name), STR_ARG(subgroup->type),
		            wrong);
	return !wrong;
}

static bool
check_group(struct runtime_call *call, const struct pdp_group *group)
{
	if (!concept_name_valid(group->name)) {
		call_refuse(
			call, 400,
			"name of a group is missing or malformed: expected 1 to 200 of A-Z a-z 0-9 - _ ., got '%.*s'",
			STR_ARG(group->name));
		return false;
	}
	if (!str_is(group->state, "ACTIVE") && !str_is(group->state, "PASSIVE")) {
		call_refuse(call, 400, "group %.*s: pdpGroupState is unknown: expected ACTIVE or PASSIVE, got '%.*s'",
		            STR_ARG(group->name), STR_ARG(group->state));
		return false;
	}
	if (group->count == 0) {
		call_refuse(call, 400, "group %.*s: pdpSubgroups is empty: expected at least one",
		            STR_ARG(group->name));
		return false;
	}
	for (size_t i = 0; i < group->count; i++)
		if (!check_subgroup(call, group, i))
			return false;
	return true;
}

/* --- made or changed --- */

static bool
same_policies(const struct concepts *a, const struct concepts *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (!concepts_has(b, a->items[i]))
			return false;
	return a->count == b->count;
}

/* The policies of a group that is described stay as they are: they come and go by deployments alone. */
static bool
keep_policies(struct deployment *deployment, const struct pdp_group *known, struct pdp_group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		struct pdp_subgroup *subgroup = &group->subgroups[i];
		const struct pdp_subgroup *before = known ? group_subgroup(known, subgroup->type) : NULL;
		struct concepts none = {0};

		if (subgroup->policies.count &&
		    !same_policies(&subgroup->policies, before ? &before->policies : &none)) {
			call_refuse(deployment->call, 400,
			            "group %.*s subgroup %.*s: policies cannot be changed here: expected the present "
			            "ones or "
			            "none; deploy them with pdps/deployments/batch",
			            STR_ARG(group->name), STR_ARG(subgroup->type));
			return false;
		}
		subgroup->policies = before ? before->policies : none;
		for (size_t j = 0; before && j < before->policies.count; j++) {
			const struct tosca_entity *policy =
				document_get(deployment->txn, ENTITY_POLICY, before->policies.items[j]);

			if (!policy || subgroup_supports(subgroup, policy->type))
				continue;
			call_refuse(deployment->call, 400,
			            "group %.*s subgroup %.*s: policy %.*s %.*s is deployed and its type %.*s is no "
			            "longer supported: "
			            "undeploy it first",
			            STR_ARG(group->name), STR_ARG(subgroup->type), STR_ARG(policy->id.name),
			            STR_ARG(policy->id.version), STR_ARG(policy->type.name));
			return false;
		}
	}
	return true;
}

/* Drops the subgroups that the new description does not have. */
static void
drop_subgroups(struct deployment *deployment, struct pdp_group *known, const struct pdp_group *group)
{
	for (size_t i = 0; i < known->count; i++) {
		struct pdp_subgroup *subgroup = &known->subgroups[i];

		if (group && group_subgroup(group, subgroup->type))
			continue;
		if (!deployment->call->dry_run)
			pdps_dismiss(deployment->txn, known, subgroup);
		while (subgroup->policies.count)
			(void)deployment_undeploy(deployment, known, subgroup,
			                          subgroup->policies.items[0]); /* it has it */
	}
}

static int
enter_group(struct deployment *deployment, const struct node *node)
{
	struct txn *txn = deployment->txn;
	struct pdp_group *group = group_read(txn, node), *known, **link;

	if (!group)
		return txn->failed;
	known = concept_name_valid(group->name) ? deployment_group(deployment, group->name) : NULL;
	if (known && node_is_null(node_get(node, "pdpGroupState")))
		group->state = known->state;
	if (!check_group(deployment->call, group) || !keep_policies(deployment, known, group))
		return -ERROR_CONFLICT;
	if (known) {
		bool changed = !str_equal(known->state, group->state);

		drop_subgroups(deployment, known, group);
		if (changed && !deployment->call->dry_run)
			pdps_change_state(txn, group);
		group->next = known->next;
		*known = *group;
	} else {
		for (link = &deployment->groups; *link;)
			link = &(*link)->next;
		*link = group;
	}
	deployment->touched = true;
	return 0;
}

int
pap_groups_batch(struct txn *txn, struct runtime_call *call)
{
	const struct node *groups = node_get(call->body, "groups");
	struct deployment deployment;
	int r = 0;

	documents_seed(txn);
	deployment_begin(&deployment, txn, call);
	if (!groups || groups->kind != NODE_LIST) {
		call_refuse(
			call, 400,
			"\"PdpGroups\" INVALID, item has status INVALID\n  item \"groups\" value \"%s\" INVALID, %s",
			groups ? node_kind_name(groups) : "null", groups ? "is not a list" : "is null");
		return -ERROR_CONFLICT;
	}
	for (const struct node *node = groups->first; node && r == 0; node = node->next)
		r = enter_group(&deployment, node);
	if (r != 0)
		return r;
	if (!call->dry_run)
		generation_count(txn); /* processes that follow see a new state */
	return deployment_commit(&deployment, "group", 200, STR("{}"));
}

/* --- state --- */

int
pap_group_state(struct txn *txn, struct runtime_call *call)
{
	bool good = call->other.ptr && (str_is(call->other, "ACTIVE") || str_is(call->other, "PASSIVE"));
	struct pdp_group *group;

	documents_seed(txn);
	if (!good && call->other.ptr && (str_is(call->other, "SAFE") || str_is(call->other, "TEST"))) {
		call_refuse(call, 400, "state of a group is not settable: expected ACTIVE or PASSIVE, got '%.*s'",
		            STR_ARG(call->other));
		return -ERROR_CONFLICT;
	}
	if (!good) {
		char *why = arena_printf(&call->arena,
		                         "java.lang.IllegalArgumentException No enum constant "
		                         "org.onap.policy.models.pdp.enums.PdpState.%.*s",
		                         STR_ARG(call->other));

		call_answer(call, 400, str_from(why));
		return -ERROR_CONFLICT;
	}
	call_answer(call, 200, STR("{}"));
	group = group_load(txn, call->name);
	if (!group || str_equal(group->state, call->other) || call->dry_run)
		return txn->failed;
	group->state = call->other;
	group_save(txn, group);
	pdps_change_state(txn, group);
	generation_count(txn);
	return txn->failed;
}

/* --- gone --- */

int
pap_group_delete(struct txn *txn, struct runtime_call *call)
{
	struct deployment deployment;
	struct pdp_group *group;
	int r;

	documents_seed(txn);
	deployment_begin(&deployment, txn, call);
	group = deployment_group(&deployment, call->name);
	if (!group) {
		call_refuse(call, 404, "group not found");
		return -ERROR_CONFLICT;
	}
	if (str_is(group->state, "ACTIVE")) {
		call_refuse(call, 400, "group is still ACTIVE");
		return -ERROR_CONFLICT;
	}
	drop_subgroups(&deployment, group, NULL);
	r = deployment_commit(&deployment, "group", 200, STR("{}"));
	if (r == 0 && !call->dry_run) {
		group_remove(txn, group->name);
		if (!deployment.changes)
			generation_count(txn);
	}
	return r != 0 ? r : txn->failed;
}
