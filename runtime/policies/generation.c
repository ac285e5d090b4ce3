/* generation - each change of what is deployed, numbered, with who made it: the audit, and the way back */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/generation.h"

#include <inttypes.h>

#include "base/document.h"
#include "base/hash.h"

#define ROW_GENERATION 'H'      /* of HISTORY_DOCUMENTS, by number */
#define ROW_BODY 'B'            /* (name, version, hash) */
#define AUDIT_KEY STR("Saudit") /* of HISTORY_DOCUMENTS: the last number */

static const struct document_limits generation_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

uint64_t
generation_number(struct txn *txn)
{
	struct str value;

	return txn_get(txn, HISTORY_DEPLOYED, &value) && value.len == 8 ? store_unpack_u64(value.ptr) : 0;
}

void
generation_count(struct txn *txn)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, generation_number(txn) + 1);
	txn_put(txn, HISTORY_DEPLOYED, (struct str){(const char *)bytes, sizeof(bytes)});
	txn->deployed = true;
}

/* --- rows by number --- */

static struct str
number_row(struct txn *txn, char kind, uint64_t number)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, number);
	return txn_key(txn, kind, (struct str){(const char *)bytes, sizeof(bytes)}, STR_NONE);
}

static uint64_t
audit_number(struct txn *txn)
{
	struct str value;

	return txn_table_get(txn, HISTORY_DOCUMENTS, AUDIT_KEY, &value) && value.len == 8 ? store_unpack_u64(value.ptr)
	                                                                                  : 0;
}

static void
add_audit(struct txn *txn, uint64_t number, struct str user, const struct deployment_change *change)
{
	struct text out;

	text_init(&out, txn->arena);
	text_addf(&out, "{\"auditId\":%" PRIu64 ",\"pdpGroup\":", number);
	text_add_json(&out, change->group);
	text_add(&out, STR(",\"pdpType\":"));
	text_add_json(&out, change->type);
	text_add(&out, STR(",\"policy\":"));
	concept_write(&out, change->policy);
	text_addf(&out, ",\"action\":\"%s\",\"timestamp\":", change->deploy ? "DEPLOYMENT" : "UNDEPLOYMENT");
	text_add_json(&out, txn_time(txn));
	text_add(&out, STR(",\"user\":"));
	text_add_json(&out, user);
	text_add(&out, STR("}"));
	txn_table_put(txn, HISTORY_DOCUMENTS, number_row(txn, ROW_AUDIT, number), txn_text(txn, &out));
	if (number > AUDITS_KEPT)
		txn_table_delete(txn, HISTORY_DOCUMENTS, number_row(txn, ROW_AUDIT, number - AUDITS_KEPT));
}

/* --- bodies --- */

struct str
body_hash(struct txn *txn, const struct tosca_entity *entity)
{
	static const struct hash_key key = {0, 0}; /* tells contents of one name and version apart */
	struct str row = entity_row(entity, txn->arena);
	struct hash128 hash = hash_parts(&key, &row, row.ptr ? 1 : 0);
	char *text = arena_printf(txn->arena, "%016" PRIx64, hash.lo);

	if (!row.ptr || !text) {
		txn_fail(txn, ERROR_MEMORY);
		return STR("");
	}
	return str_from(text);
}

static void
keep_body(struct txn *txn, const struct tosca_entity *entity, struct str hash)
{
	struct str row = entity_row(entity, txn->arena);

	if (row.ptr)
		txn_table_put(txn, HISTORY_DOCUMENTS,
		              document_row(txn, ROW_BODY, entity->id.name,
		                           txn_key(txn, '-', entity->id.version, STR_NONE), hash),
		              row);
	else
		txn_fail(txn, ERROR_MEMORY);
}

struct tosca_entity *
body_find(struct txn *txn, struct concept id, struct str hash)
{
	struct tosca_entity *entity = arena_alloc(txn->arena, sizeof(*entity));
	struct str row;

	if (!txn_table_get(txn, HISTORY_DOCUMENTS,
	                   document_row(txn, ROW_BODY, id.name, txn_key(txn, '-', id.version, STR_NONE), hash), &row))
		return NULL;
	if (entity) {
		*entity = (struct tosca_entity){.kind = ENTITY_POLICY};
		entity_split_row(entity, row);
	}
	if (entity && entity_recall(entity, txn->arena))
		return entity;
	txn_fail(txn, txn->arena->exhausted ? ERROR_MEMORY : ERROR_DAMAGED);
	return NULL;
}

/* --- changes --- */

static void
generation_add_change(struct txn *txn, struct text *out, const struct deployment_change *change)
{
	const struct tosca_entity *entity = change->entity;
	struct str hash;

	if (!entity)
		entity = document_get(txn, ENTITY_POLICY, change->policy);
	hash = entity ? body_hash(txn, entity) : STR("");
	if (change->deploy && entity)
		keep_body(txn, entity, hash);
	text_addf(out, "{\"deploy\":%s,\"pdpGroup\":", change->deploy ? "true" : "false");
	text_add_json(out, change->group);
	text_add(out, STR(",\"pdpType\":"));
	text_add_json(out, change->type);
	text_add(out, STR(",\"policy\":"));
	concept_write(out, change->policy);
	text_add(out, STR(",\"hash\":"));
	text_add_json(out, hash);
	text_add(out, STR("}"));
}

static void
drop_oldest_row(struct txn *txn, uint64_t number)
{
	if (number > GENERATIONS_KEPT)
		txn_table_delete(txn, HISTORY_DOCUMENTS, number_row(txn, ROW_GENERATION, number - GENERATIONS_KEPT));
}

void
generation_add(struct txn *txn, const char *action, struct str user, const struct deployment_change *changes)
{
	uint64_t audits = audit_number(txn), number;
	unsigned char bytes[8];
	struct text out;

	generation_count(txn);
	number = generation_number(txn);
	text_init(&out, txn->arena);
	text_addf(&out, "{\"generation\":%" PRIu64 ",\"timestamp\":", number);
	text_add_json(&out, txn_time(txn));
	text_add(&out, STR(",\"user\":"));
	text_add_json(&out, user);
	text_addf(&out, ",\"action\":\"%s\",\"changes\":[", action);
	for (const struct deployment_change *change = changes; change; change = change->next) {
		if (change != changes)
			text_add(&out, STR(","));
		generation_add_change(txn, &out, change);
		add_audit(txn, ++audits, user, change);
	}
	text_add(&out, STR("]}"));
	txn_table_put(txn, HISTORY_DOCUMENTS, number_row(txn, ROW_GENERATION, number), txn_text(txn, &out));
	store_pack_u64(bytes, audits);
	txn_table_put(txn, HISTORY_DOCUMENTS, AUDIT_KEY, (struct str){(const char *)bytes, sizeof(bytes)});
	drop_oldest_row(txn, number);
}

void
generation_withdraw(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup,
                    const struct concepts *policies)
{
	struct deployment_change *first = NULL, **last = &first;

	for (size_t i = 0; i < policies->count; i++) {
		struct deployment_change *change = arena_alloc(txn->arena, sizeof(*change));

		if (!change) {
			txn_fail(txn, ERROR_MEMORY);
			return;
		}
		*change = (struct deployment_change){
			.group = group->name, .type = subgroup->type, .policy = policies->items[i]};
		*last = change;
		last = &change->next;
	}
	generation_add(txn, "withdraw", STR("pap"), first);
}

void
generations_each(struct txn *txn, uint64_t above, bool (*visit)(void *context, const struct node *row), void *context)
{
	for (uint64_t number = generation_number(txn); number > above; number--) {
		struct node *root;
		struct str row;

		if (txn->failed)
			return;
		if (!txn_table_get(txn, HISTORY_DOCUMENTS, number_row(txn, ROW_GENERATION, number), &row))
			continue; /* a change of a control loop's guards, or too old */
		if (json_read(row, "", &generation_limits, txn->arena, &root, NULL) != 0) {
			txn_fail(txn, txn->arena->exhausted ? ERROR_MEMORY : ERROR_DAMAGED);
			return;
		}
		if (!visit(context, root))
			return;
	}
}
