/* pdp - policy decision points that registered over the bus: what they have, what they are told, when they are gone */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/pdp.h"

#include <stdatomic.h>

#include "base/document.h"
#include "runtime/policies/documents.h"
#include "runtime/policies/generation.h"
#include "runtime/policies/notification.h"
#include "runtime/policies/pdp_row.h"
#include "runtime/policies/pdp_send.h"

/* source  the recorded messages of ONAP's PAP, tests/conformance/onap-service/pdp-pap-messages-guard.jsonl */

#define SILENT_MS (3 * PDP_HEARTBEAT_MS)
#define ANSWER_MS INT64_C(30000)
#define TRIES_MAX 2
#define OWN_KEY STR("Spdp") /* of HISTORY_DOCUMENTS */

static const struct document_limits message_limits = {
	.bytes = (size_t)1 << 20, .depth = 64, .nodes = 100000, .aliases = 0, .scalar = (size_t)1 << 20};

/* --- clguard itself --- */

struct str
pdp_own_id(struct txn *txn)
{
	struct str id;

	return txn_table_get(txn, HISTORY_DOCUMENTS, OWN_KEY, &id) ? id : STR("");
}

void
pdp_seed(struct txn *txn)
{
	char *id = arena_printf(txn->arena, "clguard-%.*s", STR_ARG(txn_uuid(txn)));

	if (!id)
		txn_fail(txn, ERROR_MEMORY);
	else
		txn_table_put(txn, HISTORY_DOCUMENTS, OWN_KEY, str_from(id));
}

/* Policies in force here are in force in this PDP; those that could not be brought into force have failed. */
static struct pdp *
own_pdp(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup)
{
	struct pdp *pdp = arena_alloc(txn->arena, sizeof(*pdp));
	bool refused = atomic_load_explicit(&txn->runtime->refused, memory_order_relaxed);

	if (!pdp) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	*pdp = (struct pdp){
		.group = group->name,
		.type = subgroup->type,
		.id = pdp_own_id(txn),
		.state = group->state,
		.health = refused ? STR("NOT_HEALTHY") : STR("HEALTHY"),
		.heard_ms = txn->now_ms,
		.request = STR(""),
		.own = true,
	};
	for (size_t i = 0; i < subgroup->policies.count; i++) {
		struct pdp_policy *policy = pdp_policy_of(txn, pdp, subgroup->policies.items[i]);

		if (!policy)
			break;
		policy->deploy = true;
		policy->state = refused ? POLICY_FAILURE : POLICY_SUCCESS;
	}
	return pdp;
}

struct pdp *
pdps_list(struct txn *txn, struct str group_name, struct str type)
{
	struct pdp_subgroup *subgroup;
	struct pdp_group *group = group_own(txn, &subgroup);
	struct pdp *rows = pdp_rows(txn, group_name, type);
	struct pdp *own;

	if (!group || !str_equal(group->name, group_name) || (type.ptr && !str_equal(subgroup->type, type)))
		return rows;
	own = own_pdp(txn, group, subgroup);
	if (!own)
		return rows;
	own->next = rows;
	return own;
}

/* --- what a PDP says --- */

static struct str
message_text(const struct node *message, const char *key)
{
	const struct node *node = node_get(message, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

/* A PDP that is not known yet: into its group, and told what to have. */
static void
pdp_enter(struct txn *txn, const struct node *message, struct str id)
{
	struct str group_name = message_text(message, "pdpGroup"), type = message_text(message, "pdpType");
	struct pdp_group *group = group_name.ptr ? group_load(txn, group_name) : NULL;
	struct pdp_subgroup *subgroup = group && type.ptr ? group_subgroup(group, type) : NULL;
	struct pdp pdp = {.id = id, .request = STR(""), .heard_ms = txn->now_ms};

	if (!subgroup)
		return;
	pdp.group = group->name;
	pdp.type = subgroup->type;
	pdp.state = message_text(message, "state").ptr ? message_text(message, "state") : STR("PASSIVE");
	pdp.health = message_text(message, "healthy").ptr ? message_text(message, "healthy") : STR("HEALTHY");
	pdp_update(txn, &pdp, &subgroup->policies, NULL);
}

static bool
pdp_wants(const struct pdp *pdp, struct concept id)
{
	for (const struct pdp_policy *policy = pdp->policies; policy; policy = policy->next)
		if (policy->deploy && concept_equal(policy->policy, id))
			return true;
	return false;
}

/* The answer to an update settles every policy: what it has is in force there, what it lacks has failed. */
static void
settle_policies(struct pdp *pdp, const struct concepts *has, struct concepts *ret_changed, struct txn *txn)
{
	struct pdp_policy **link = &pdp->policies;

	while (*link) {
		struct pdp_policy *policy = *link;
		bool there = concepts_has(has, policy->policy);
		enum policy_state state = there == policy->deploy ? POLICY_SUCCESS : POLICY_FAILURE;

		if (policy->state != state || !policy->deploy)
			concepts_add(txn, ret_changed, policy->policy);
		policy->state = state;
		if (!policy->deploy && !there)
			*link = policy->next;
		else
			link = &policy->next;
	}
}

/* Takes policies that a PDP could not take out of its subgroup, as ONAP's PAP does; all its PDPs are told. False: none. */
static bool
withdraw_failed(struct txn *txn, struct pdp *pdp)
{
	struct pdp_group *group = group_load(txn, pdp->group);
	struct pdp_subgroup *subgroup = group ? group_subgroup(group, pdp->type) : NULL;
	struct concepts failed = {0};

	for (struct pdp_policy *policy = pdp->policies; policy; policy = policy->next)
		if (policy->deploy && policy->state == POLICY_FAILURE && subgroup &&
		    concepts_drop(&subgroup->policies, policy->policy))
			concepts_add(txn, &failed, policy->policy);
	if (!failed.count)
		return false;
	group_save(txn, group);
	generation_withdraw(txn, group, subgroup, &failed);
	pdps_update(txn, group, subgroup, NULL, &failed);
	return true;
}

/* A heartbeat whose list differs from what it is to have brings an update. */
static bool
list_differs(struct txn *txn, struct pdp *pdp, const struct concepts *has, struct concepts *ret_missing,
             struct concepts *ret_surplus)
{
	for (const struct pdp_policy *policy = pdp->policies; policy; policy = policy->next)
		if (policy->deploy && !concepts_has(has, policy->policy))
			concepts_add(txn, ret_missing, policy->policy);
	for (size_t i = 0; i < has->count; i++)
		if (!pdp_wants(pdp, has->items[i]))
			concepts_add(txn, ret_surplus, has->items[i]);
	return ret_missing->count || ret_surplus->count;
}

static void
pdp_answered(struct txn *txn, struct pdp *pdp, const struct node *message)
{
	const struct node *list = node_get(message, "policies");
	struct concepts has = concepts_read(txn, list), changed = {0};
	const struct pdp_group *group;

	pdp->request = STR("");
	pdp->tries = 0;
	if (list) {
		settle_policies(pdp, &has, &changed, txn);
		pdp_save(txn, pdp);
		if (changed.count)
			notify_policies(txn, &changed, 1);
		if (withdraw_failed(txn, pdp))
			return; /* it is to answer that first */
	}
	group = group_load(txn, pdp->group);
	if (group && !str_equal(pdp->state, group->state)) {
		pdp->tries = 1;
		pdp_send_state(txn, pdp, group->state);
	}
	pdp_save(txn, pdp);
}

static void
pdp_status(struct txn *txn, const struct node *message)
{
	struct str id = message_text(message, "name"), state = message_text(message, "state");
	struct str health = message_text(message, "healthy");
	struct str to = message_text(node_get(message, "response"), "responseTo");
	struct concepts missing = {0}, surplus = {0}, has;
	size_t count;
	struct pdp *pdp;

	if (!concept_name_valid(id) || str_equal(id, pdp_own_id(txn)))
		return;
	pdp = pdp_find(txn, id, &count);
	if (state.ptr && str_is(state, "TERMINATED")) {
		if (pdp)
			pdp_remove(txn, pdp);
		return;
	}
	if (!pdp && count < PDPS_MAX)
		pdp_enter(txn, message, id);
	if (!pdp)
		return;
	pdp->heard_ms = txn->now_ms;
	pdp->state = state.ptr ? state : pdp->state;
	pdp->health = health.ptr ? health : pdp->health;
	if (to.ptr && to.len && str_equal(to, pdp->request)) {
		pdp_answered(txn, pdp, message);
		return;
	}
	has = concepts_read(txn, node_get(message, "policies"));
	if (pdp->request.len == 0 && node_get(message, "policies") && list_differs(txn, pdp, &has, &missing, &surplus))
		pdp_update(txn, pdp, &missing, &surplus);
	else
		pdp_save(txn, pdp);
}

void
pdp_receive(struct txn *txn, struct str message)
{
	struct node *root;
	struct str name;

	if (json_read(message, "", &message_limits, txn->arena, &root, NULL) != 0)
		return;
	name = message_text(root, "messageName");
	if (name.ptr && str_is(name, "PDP_STATUS") && documents_seeded(txn))
		pdp_status(txn, root);
	else if (name.ptr && str_is(name, "PDP_STATUS")) {
		documents_seed(txn);
		pdp_status(txn, root);
	}
}

/* --- time --- */

/* Repeats a message that has not been answered, once; then the PDP is gone. */
static void
remind(struct txn *txn, struct pdp *pdp)
{
	struct pdp_group *group = group_load(txn, pdp->group);
	struct pdp_subgroup *subgroup = group ? group_subgroup(group, pdp->type) : NULL;
	struct concepts removed = {0};

	if (!subgroup || pdp->tries >= TRIES_MAX) {
		pdp_remove(txn, pdp);
		return;
	}
	for (const struct pdp_policy *policy = pdp->policies; policy; policy = policy->next)
		if (!policy->deploy)
			concepts_add(txn, &removed, policy->policy);
	pdp->tries++;
	pdp_send_update(txn, pdp, &subgroup->policies, &removed);
	pdp_save(txn, pdp);
}

bool
pdps_scan(struct txn *txn)
{
	struct pdp *rows = pdp_rows(txn, STR(""), STR_NONE);

	for (struct pdp *pdp = rows; pdp; pdp = pdp->next) {
		if (txn->now_ms - pdp->heard_ms >= SILENT_MS)
			pdp_remove(txn, pdp);
		else if (pdp->request.len && txn->now_ms - pdp->requested_ms >= ANSWER_MS)
			remind(txn, pdp);
	}
	return rows != NULL;
}
