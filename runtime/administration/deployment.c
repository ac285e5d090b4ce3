/* deployment - what one call changes of what is deployed: compiled first, then written, audited and told, or nothing of it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/administration/deployment.h"

#include <inttypes.h>

#include "engine/decide/document_scope.h"
#include "runtime/act/deploy.h"
#include "runtime/policies/in_force.h"
#include "runtime/policies/notification.h"

const struct str deployment_accepted = {
	"{\"message\":\"Use the policy status url to fetch the latest status. Kindly note that when a policy is "
	"successfully undeployed, it will no longer appear in policy status response.\","
	"\"uri\":\"/policy/pap/v1/policies/status\"}",
	sizeof("{\"message\":\"Use the policy status url to fetch the latest status. Kindly note that when a policy is "
               "successfully undeployed, it will no longer appear in policy status response.\","
               "\"uri\":\"/policy/pap/v1/policies/status\"}") -
		1,
};

void
deployment_begin(struct deployment *deployment, struct txn *txn, struct runtime_call *call)
{
	*deployment = (struct deployment){.txn = txn, .call = call};
}

/* --- groups --- */

static struct pdp_group *
find_group(const struct deployment *deployment, struct str name)
{
	struct pdp_group *group = deployment->groups;

	while (group && !str_equal(group->name, name))
		group = group->next;
	return group;
}

struct pdp_group *
deployment_group(struct deployment *deployment, struct str name)
{
	struct pdp_group *group = find_group(deployment, name), **last = &deployment->groups;

	if (group)
		return group;
	group = group_load(deployment->txn, name);
	while (*last)
		last = &(*last)->next;
	*last = group;
	return group;
}

struct pdp_group *
deployment_groups(struct deployment *deployment)
{
	struct pdp_group *all = groups_list(deployment->txn), **link = &all;

	for (; *link; link = &(*link)->next) {
		struct pdp_group *known = find_group(deployment, (*link)->name);

		if (!known)
			continue;
		/* the one that may have been changed already takes its place */
		struct pdp_group *rest = (*link)->next, **from = &deployment->groups;

		while (*from != known)
			from = &(*from)->next;
		*from = known->next;
		known->next = rest;
		*link = known;
	}
	*link = deployment->groups; /* those that are not rows yet */
	deployment->groups = all;
	return all;
}

/* --- changes --- */

/* A change that undoes an earlier one takes it away instead. */
static void
add_change(struct deployment *deployment, struct deployment_change change)
{
	struct deployment_change **link = &deployment->changes, *kept;

	for (; *link; link = &(*link)->next) {
		struct deployment_change *other = *link;

		if (other->deploy != change.deploy && concept_equal(other->policy, change.policy) &&
		    str_equal(other->group, change.group) && str_equal(other->type, change.type)) {
			*link = other->next;
			return;
		}
	}
	kept = arena_alloc(deployment->txn->arena, sizeof(*kept));
	if (!kept) {
		txn_fail(deployment->txn, ERROR_MEMORY);
		return;
	}
	*kept = change;
	*link = kept;
}

void
deployment_deploy(struct deployment *deployment, struct pdp_group *group, struct pdp_subgroup *subgroup,
                  const struct tosca_entity *policy)
{
	concepts_add(deployment->txn, &subgroup->policies, policy->id);
	add_change(deployment, (struct deployment_change){.group = group->name,
	                                                  .type = subgroup->type,
	                                                  .policy = policy->id,
	                                                  .entity = policy,
	                                                  .deploy = true});
}

bool
deployment_undeploy(struct deployment *deployment, struct pdp_group *group, struct pdp_subgroup *subgroup,
                    struct concept policy)
{
	if (!concepts_drop(&subgroup->policies, policy))
		return false;
	add_change(deployment,
	           (struct deployment_change){.group = group->name, .type = subgroup->type, .policy = policy});
	return true;
}

/* --- what would be in force --- */

/* The policies of the own subgroup as the deployment leaves it; false when there is no such subgroup. */
static struct concepts
own_policies(const struct deployment *deployment)
{
	const struct runtime_options *options = &deployment->txn->runtime->options;
	const struct pdp_group *group = find_group(deployment, options->pdp_group);
	const struct pdp_subgroup *subgroup;
	struct pdp_subgroup *stored;

	if (!group)
		group = group_own(deployment->txn, &stored);
	subgroup = group ? group_subgroup(group, options->pdp_type) : NULL;
	return subgroup ? subgroup->policies : (struct concepts){0};
}

/* Whether anything comes into force here, or leaves. */
static bool
changes_own(const struct deployment *deployment)
{
	const struct runtime_options *options = &deployment->txn->runtime->options;

	for (const struct deployment_change *change = deployment->changes; change; change = change->next)
		if (str_equal(change->group, options->pdp_group) && str_equal(change->type, options->pdp_type))
			return true;
	return false;
}

static bool
same_documents(const struct compile_check *check, const struct document_list *list)
{
	if (!check || check->count != list->count)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(check->documents[i].name, list->items[i].name) != 0 ||
		    !str_equal(check->documents[i].bytes, list->items[i].bytes))
			return false;
	return true;
}

/* 0 when the documents have been compiled, else negative: they are handed to the runtime's thread. */
static int
compiled(const struct deployment *deployment)
{
	struct runtime_call *call = deployment->call;
	struct document_list list = {.arena = &call->scratch};
	struct concepts own = own_policies(deployment);
	struct compile_check *check;

	deploy_documents(deployment->txn, &own, &list);
	if (deployment->txn->failed)
		return deployment->txn->failed;
	if (call->check && call->check->done && same_documents(call->check, &list))
		return 0;
	check = arena_alloc(&call->scratch, sizeof(*check));
	if (!check)
		return -ERROR_MEMORY;
	*check = (struct compile_check){.documents = list.items, .count = list.count, .whole = true};
	call->check = check;
	call->status = 0;
	return -ERROR_BUSY;
}

static void
add_changes(struct text *out, const struct deployment_change *change, bool deploy)
{
	const char *comma = "";

	text_addf(out, ",\"%s\":[", deploy ? "deploy" : "undeploy");
	for (; change; change = change->next) {
		if (change->deploy != deploy)
			continue;
		text_addf(out, "%s{\"pdpGroup\":", comma);
		text_add_json(out, change->group);
		text_add(out, STR(",\"pdpType\":"));
		text_add_json(out, change->type);
		text_add(out, STR(",\"policy\":"));
		concept_write(out, change->policy);
		text_add(out, STR("}"));
		comma = ",";
	}
	text_add(out, STR("]"));
}

/* In the call's arena: its scratch ends before it is answered. */
static int
keep_documents(struct runtime_call *call)
{
	struct document *kept = arena_array(&call->arena, call->check->count, sizeof(*kept));

	for (size_t i = 0; kept && i < call->check->count; i++) {
		const struct document *from = &call->check->documents[i];
		struct str name = arena_str(&call->arena, str_from(from->name));

		kept[i] = (struct document){name.ptr, arena_str(&call->arena, from->bytes),
		                            only_copy(from->only, &call->arena)};
	}
	if (!kept || call->arena.exhausted)
		return -ERROR_MEMORY;
	call->documents = kept;
	call->document_count = call->check->count;
	return 0;
}

static int
answer_dry_run(const struct deployment *deployment)
{
	struct runtime_call *call = deployment->call;
	struct text out;

	if (call->keep_documents && call->check && call->check->good && keep_documents(call) != 0)
		return -ERROR_MEMORY;

	text_init(&out, &call->arena);
	text_addf(&out, "{\"dryRun\":true,\"generation\":%" PRIu64 ",\"good\":%s", generation_number(deployment->txn),
	          call->check && !call->check->good ? "false" : "true");
	add_changes(&out, deployment->changes, true);
	add_changes(&out, deployment->changes, false);
	text_add(&out, STR(",\"findings\":"));
	text_add(&out, call->check ? call->check->findings : STR("[]"));
	text_add(&out, STR(",\"guards\":"));
	text_add(&out, call->check ? call->check->guards : STR("[]"));
	text_add(&out, STR("}"));
	call_answer(call, 200, text_done(&out));
	return 0;
}

static int
refuse_findings(struct runtime_call *call)
{
	struct text out;

	text_init(&out, &call->arena);
	text_add(&out, STR("{\"errorDetails\":"));
	text_add_json(&out, call->check->error);
	text_add(&out, STR(",\"findings\":"));
	text_add(&out, call->check->findings);
	text_add(&out, STR("}"));
	call_answer(call, 400, text_done(&out));
	return -ERROR_CONFLICT;
}

/* --- writing --- */

/* The PDPs of each subgroup that has changed learn what came and what went. */
static void
notify_pdps(struct deployment *deployment)
{
	struct txn *txn = deployment->txn;

	for (const struct pdp_group *group = deployment->groups; group; group = group->next) {
		for (size_t i = 0; i < group->count; i++) {
			const struct pdp_subgroup *subgroup = &group->subgroups[i];
			struct concepts added = {0}, removed = {0};

			for (const struct deployment_change *change = deployment->changes; change;
			     change = change->next)
				if (str_equal(change->group, group->name) && str_equal(change->type, subgroup->type))
					concepts_add(txn, change->deploy ? &added : &removed, change->policy);
			if (added.count || removed.count)
				pdps_update(txn, group, subgroup, &added, &removed);
		}
	}
}

/* Policies that come into force here at once are announced at once; other PDPs answer first. */
static void
notify_topic(struct deployment *deployment)
{
	const struct runtime_options *options = &deployment->txn->runtime->options;
	struct concepts own = {0};

	for (const struct deployment_change *change = deployment->changes; change; change = change->next)
		if (str_equal(change->group, options->pdp_group) && str_equal(change->type, options->pdp_type) &&
		    !concepts_has(&own, change->policy))
			concepts_add(deployment->txn, &own, change->policy);
	if (own.count)
		notify_policies(deployment->txn, &own, 1);
}

/* Anew each time: the call may be run again. */
static void
count_own(const struct deployment *deployment)
{
	const struct runtime_options *options = &deployment->txn->runtime->options;
	struct runtime_call *call = deployment->call;

	call->deployed = call->undeployed = 0;
	for (const struct deployment_change *change = deployment->changes; change; change = change->next) {
		if (!str_equal(change->group, options->pdp_group) || !str_equal(change->type, options->pdp_type))
			continue;
		call->deployed += change->deploy;
		call->undeployed += !change->deploy;
	}
}

int
deployment_commit(struct deployment *deployment, const char *action, unsigned status, struct str answer)
{
	struct txn *txn = deployment->txn;
	struct runtime_call *call = deployment->call;
	int r = changes_own(deployment) || call->dry_run ? compiled(deployment) : 0;

	if (r != 0)
		return r;
	count_own(deployment);
	if (call->dry_run)
		return answer_dry_run(deployment);
	if (call->check && !call->check->good)
		return refuse_findings(call);
	if (deployment->changes || deployment->touched)
		for (const struct pdp_group *group = deployment->groups; group; group = group->next)
			group_save(txn, group);
	if (deployment->changes) {
		generation_add(txn, action, call->user, deployment->changes);
		notify_pdps(deployment);
		notify_topic(deployment);
	}
	call_answer(call, status, answer);
	return txn->failed;
}
