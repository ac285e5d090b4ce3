/* pdp_send - what PDPs are told: updates of their policies, changes of their state */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/pdp_send.h"

#include <inttypes.h>

#include "runtime/policies/documents.h"
#include "runtime/policies/pdp_row.h"
#include "runtime/rows/transport.h"

static void
begin_message(struct txn *txn, struct text *out, struct pdp *pdp, const char *name)
{
	pdp->request = txn_uuid(txn);
	pdp->requested_ms = txn->now_ms;
	text_init(out, txn->arena);
	text_addf(out,
	          "{\"source\":\"pap-%.*s\",\"messageName\":\"%s\",\"requestId\":\"%.*s\",\"timestampMs\":%" PRId64
	          ",\"name\":",
	          STR_ARG(pdp_own_id(txn)), name, STR_ARG(pdp->request), txn->now_ms);
	text_add_json(out, pdp->id);
	text_add(out, STR(",\"pdpGroup\":"));
	text_add_json(out, pdp->group);
	text_add(out, STR(",\"pdpSubgroup\":"));
	text_add_json(out, pdp->type);
}

static void
send_message(struct txn *txn, struct text *out)
{
	text_add(out, STR("}"));
	txn->runtime->transport->send(txn, txn->runtime->options.pdp_topic, txn_text(txn, out));
}

/* The policies whole, as they are kept. */
static void
add_policies(struct txn *txn, struct text *out, const struct concepts *policies)
{
	const char *comma = "";

	text_add(out, STR("["));
	for (size_t i = 0; policies && i < policies->count; i++) {
		const struct tosca_entity *entity = document_get(txn, ENTITY_POLICY, policies->items[i]);

		if (!entity)
			continue;
		text_add(out, str_from(comma));
		text_add(out, entity->kept);
		comma = ",";
	}
	text_add(out, STR("]"));
}

void
pdp_send_update(struct txn *txn, struct pdp *pdp, const struct concepts *added, const struct concepts *removed)
{
	struct text out;

	begin_message(txn, &out, pdp, "PDP_UPDATE");
	text_addf(&out, ",\"pdpHeartbeatIntervalMs\":%" PRId64 ",\"policiesToBeDeployed\":", PDP_HEARTBEAT_MS);
	add_policies(txn, &out, added);
	if (removed && removed->count) {
		text_add(&out, STR(",\"policiesToBeUndeployed\":"));
		concepts_write(&out, removed);
	}
	send_message(txn, &out);
}

void
pdp_send_state(struct txn *txn, struct pdp *pdp, struct str state)
{
	struct text out;

	begin_message(txn, &out, pdp, "PDP_STATE_CHANGE");
	text_add(&out, STR(",\"state\":"));
	text_add_json(&out, state);
	send_message(txn, &out);
}

/* Marks the policies to add and to remove as waiting. */
static void
expect(struct txn *txn, struct pdp *pdp, const struct concepts *list, bool deploy)
{
	for (size_t i = 0; list && i < list->count; i++) {
		struct pdp_policy *policy = pdp_policy_of(txn, pdp, list->items[i]);

		if (!policy)
			return;
		policy->deploy = deploy;
		policy->state = POLICY_WAITING;
	}
}

void
pdp_update(struct txn *txn, struct pdp *pdp, const struct concepts *added, const struct concepts *removed)
{
	expect(txn, pdp, added, true);
	expect(txn, pdp, removed, false);
	pdp->tries = 1;
	pdp_send_update(txn, pdp, added, removed);
	pdp_save(txn, pdp);
}

void
pdps_update(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup,
            const struct concepts *added, const struct concepts *removed)
{
	for (struct pdp *pdp = pdp_rows(txn, group->name, subgroup->type); pdp; pdp = pdp->next)
		pdp_update(txn, pdp, added, removed);
}

void
pdps_change_state(struct txn *txn, const struct pdp_group *group)
{
	for (struct pdp *pdp = pdp_rows(txn, group->name, STR_NONE); pdp; pdp = pdp->next) {
		pdp->tries = 1;
		pdp_send_state(txn, pdp, group->state);
		pdp_save(txn, pdp);
	}
}

void
pdps_dismiss(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup)
{
	for (struct pdp *pdp = pdp_rows(txn, group->name, subgroup->type); pdp; pdp = pdp->next) {
		pdp_send_update(txn, pdp, NULL, &subgroup->policies);
		pdp_send_state(txn, pdp, STR("PASSIVE"));
		pdp_remove(txn, pdp);
	}
}
