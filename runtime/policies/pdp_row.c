/* pdp_row - PDPs that registered over the bus, as rows */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/pdp_row.h"

#include <inttypes.h>

#include "base/document.h"
#include "runtime/policies/documents.h"

#define ROW_PDP 'I' /* of HISTORY_DOCUMENTS: (group, type, id) */

static const struct document_limits pdp_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

const char *const policy_state_name[] = {
	[POLICY_WAITING] = "WAITING", [POLICY_SUCCESS] = "SUCCESS", [POLICY_FAILURE] = "FAILURE"};

static struct str
pdp_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_TEXT ? node->text : STR("");
}

static int64_t
pdp_number(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? node->integer : 0;
}

static void
policies_of_row(struct txn *txn, const struct node *list, struct pdp *pdp)
{
	struct pdp_policy **last = &pdp->policies;

	for (const struct node *item = list && list->kind == NODE_LIST ? list->first : NULL; item; item = item->next) {
		struct pdp_policy *policy = arena_alloc(txn->arena, sizeof(*policy));
		const struct node *deploy = node_get(item, "deploy");
		struct str state = pdp_text(item, "state");

		if (!policy) {
			txn_fail(txn, ERROR_MEMORY);
			return;
		}
		policy->policy = concept_read(node_get(item, "policy"));
		policy->type = concept_read(node_get(item, "policyType"));
		policy->deploy = deploy && deploy->kind == NODE_BOOL && deploy->boolean;
		for (int i = POLICY_WAITING; i <= POLICY_FAILURE; i++)
			if (str_is(state, policy_state_name[i]))
				policy->state = (enum policy_state)i;
		*last = policy;
		last = &policy->next;
	}
}

static struct pdp *
pdp_of_row(struct txn *txn, struct str row)
{
	struct pdp *pdp = arena_alloc(txn->arena, sizeof(*pdp));
	struct node *root;

	if (!pdp || json_read(row, "", &pdp_limits, txn->arena, &root, NULL) != 0) {
		txn_fail(txn, txn->arena->exhausted ? ERROR_MEMORY : ERROR_DAMAGED);
		return NULL;
	}
	*pdp = (struct pdp){
		.group = pdp_text(root, "group"),
		.type = pdp_text(root, "type"),
		.id = pdp_text(root, "id"),
		.state = pdp_text(root, "state"),
		.health = pdp_text(root, "healthy"),
		.heard_ms = pdp_number(root, "heard_ms"),
		.request = pdp_text(root, "request"),
		.requested_ms = pdp_number(root, "requested_ms"),
		.tries = pdp_number(root, "tries"),
	};
	policies_of_row(txn, node_get(root, "policies"), pdp);
	return pdp;
}

struct pdp *
pdp_rows(struct txn *txn, struct str group, struct str type)
{
	struct str prefix =
		document_row(txn, ROW_PDP, group, type.ptr ? type : STR_NONE, type.ptr ? STR("") : STR_NONE);
	struct str from;
	struct pdp *first = NULL, **last = &first;
	struct store_entry entry;

	if (group.len && !type.ptr)
		prefix = document_row(txn, ROW_PDP, group, STR(""), STR_NONE);
	from = prefix;
	while (txn_table_above(txn, HISTORY_DOCUMENTS, from, prefix.len, &entry)) {
		struct pdp *pdp = pdp_of_row(txn, entry.value);

		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
		if (!pdp)
			break;
		*last = pdp;
		last = &pdp->next;
	}
	return first;
}

struct pdp *
pdp_find(struct txn *txn, struct str id, size_t *ret_count)
{
	struct pdp *found = NULL;

	*ret_count = 0;
	for (struct pdp *pdp = pdp_rows(txn, STR(""), STR_NONE); pdp; pdp = pdp->next) {
		++*ret_count;
		if (str_equal(pdp->id, id))
			found = pdp;
	}
	return found;
}

void
pdp_save(struct txn *txn, const struct pdp *pdp)
{
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"group\":"));
	text_add_json(&out, pdp->group);
	text_add(&out, STR(",\"type\":"));
	text_add_json(&out, pdp->type);
	text_add(&out, STR(",\"id\":"));
	text_add_json(&out, pdp->id);
	text_add(&out, STR(",\"state\":"));
	text_add_json(&out, pdp->state);
	text_add(&out, STR(",\"healthy\":"));
	text_add_json(&out, pdp->health);
	text_add(&out, STR(",\"request\":"));
	text_add_json(&out, pdp->request);
	text_addf(&out, ",\"heard_ms\":%" PRId64 ",\"requested_ms\":%" PRId64 ",\"tries\":%" PRId64 ",\"policies\":[",
	          pdp->heard_ms, pdp->requested_ms, pdp->tries);
	for (const struct pdp_policy *policy = pdp->policies; policy; policy = policy->next) {
		text_add(&out, policy == pdp->policies ? STR("{\"policy\":") : STR(",{\"policy\":"));
		concept_write(&out, policy->policy);
		text_add(&out, STR(",\"policyType\":"));
		concept_write(&out, policy->type);
		text_addf(&out, ",\"deploy\":%s,\"state\":\"%s\"}", policy->deploy ? "true" : "false",
		          policy_state_name[policy->state]);
	}
	text_add(&out, STR("]}"));
	txn_table_put(txn, HISTORY_DOCUMENTS, document_row(txn, ROW_PDP, pdp->group, pdp->type, pdp->id),
	              txn_text(txn, &out));
}

void
pdp_remove(struct txn *txn, const struct pdp *pdp)
{
	txn_table_delete(txn, HISTORY_DOCUMENTS, document_row(txn, ROW_PDP, pdp->group, pdp->type, pdp->id));
}

struct pdp_policy *
pdp_policy_of(struct txn *txn, struct pdp *pdp, struct concept id)
{
	struct pdp_policy **last = &pdp->policies;
	struct tosca_entity *entity;

	while (*last && !concept_equal((*last)->policy, id))
		last = &(*last)->next;
	if (*last)
		return *last;
	*last = arena_alloc(txn->arena, sizeof(**last));
	entity = document_get(txn, ENTITY_POLICY, id);
	if (!*last) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	(*last)->policy = id;
	if (entity)
		(*last)->type = entity->type;
	return *last;
}
