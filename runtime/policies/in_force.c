/* in_force - the documents of deployed policies that this engine enforces: guards and operational policies */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/in_force.h"

#include "base/document.h"
#include "base/yaml_write.h"
#include "policytypes/catalogue.h"

#define CHAIN_MAX 32

static const struct document_limits in_force_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

void
document_list_add(struct document_list *list, struct document document)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct document *items = arena_array(list->arena, room, sizeof(*items));

		if (!items) {
			list->failed = true;
			return;
		}
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = document;
}

/* --- what is enforced --- */

static bool
name_is_enforced(struct str name)
{
	return str_starts_with(name, STR("onap.policies.controlloop.guard.")) ||
	       str_is(name, "onap.policies.controlloop.Guard") ||
	       str_starts_with(name, STR("onap.policies.controlloop.operational."));
}

bool
policy_type_is_enforced(struct txn *txn, struct concept type)
{
	for (int i = 0; type.name.ptr && i < CHAIN_MAX; i++) {
		const struct tosca_entity *entity;
		const struct node *parent;

		if (name_is_enforced(type.name))
			return true;
		entity = document_get(txn, ENTITY_POLICY_TYPE, type);
		parent = entity ? node_get(entity->given, "derived_from") : NULL;
		type = (struct concept){parent && node_is_scalar(parent) ? parent->text : STR_NONE, STR_NONE};
	}
	return false;
}

bool
policy_type_is_known(struct txn *txn, struct concept type)
{
	return catalogue_find(engine_builtin(txn->runtime->engine), TYPE_POLICY, type.name, type.version) ||
	       document_get(txn, ENTITY_POLICY_TYPE, type);
}

/* --- documents --- */

static bool
engine_knows(struct txn *txn, const struct tosca_entity *type)
{
	const struct catalogue *builtin = engine_builtin(txn->runtime->engine);
	enum type_kind kind = type->kind == ENTITY_POLICY_TYPE ? TYPE_POLICY
	                      : type->kind == ENTITY_DATA_TYPE ? TYPE_DATA
	                                                       : TYPE_NODE;
	/* Data types have no versions in ONAP's policy API: all are 0.0.0. */
	struct str version = type->kind == ENTITY_POLICY_TYPE ? type->id.version : STR_NONE;

	return catalogue_find(builtin, kind, type->id.name, version) != NULL;
}

/* The members "data_types": {...} and "policy_types": {...}, with a comma before each. True when there was one. */
static bool
force_add_types(struct txn *txn, struct text *out, const struct tosca_entity *types)
{
	bool any = false;

	for (int kind = ENTITY_DATA_TYPE; kind <= ENTITY_POLICY_TYPE; kind++) {
		bool first = true;

		for (const struct tosca_entity *type = types; type; type = type->next) {
			if (type->kind != (enum entity_kind)kind || engine_knows(txn, type))
				continue;
			if (first)
				text_addf(out, ",\"%s\":{", entity_section[kind]);
			else
				text_add(out, STR(","));
			first = false;
			text_add_json(out, type->id.name);
			text_add(out, STR(":"));
			text_add(out, type->source);
		}
		if (!first)
			text_add(out, STR("}"));
		any |= !first;
	}
	return any;
}

/* JSON to YAML in the arena. */
static struct str
as_yaml(struct txn *txn, struct text *json, struct arena *arena)
{
	struct str bytes = txn_text(txn, json), yaml = STR_NONE;
	struct node *root;

	if (txn->failed || json_read(bytes, "", &in_force_limits, txn->arena, &root, NULL) != 0 ||
	    yaml_write(root, arena, &yaml, NULL) != 0) {
		txn_fail(txn, txn->arena->exhausted || arena->exhausted ? ERROR_MEMORY : ERROR_DAMAGED);
		return STR_NONE;
	}
	return yaml;
}

void
policy_document_json(struct txn *txn, const struct tosca_entity *policy, struct text *out)
{
	struct tosca_entity only = *policy;

	only.next = NULL;
	text_add(out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\""));
	if (!catalogue_find(engine_builtin(txn->runtime->engine), TYPE_POLICY, policy->type.name, policy->type.version))
		(void)force_add_types(txn, out, documents_closure(txn, &only, NULL)); /* perhaps there are none */
	text_add(out, STR(",\"topology_template\":{\"policies\":[{"));
	text_add_json(out, policy->id.name);
	text_add(out, STR(":"));
	text_add(out, policy->source);
	text_add(out, STR("}]}}"));
}

struct str
policy_document(struct txn *txn, const struct tosca_entity *policy, struct arena *arena)
{
	struct text out;

	text_init(&out, txn->arena);
	policy_document_json(txn, policy, &out);
	return as_yaml(txn, &out, arena);
}

struct str
types_document(struct txn *txn, const struct tosca_entity *types, struct arena *arena)
{
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\""));
	if (!force_add_types(txn, &out, types))
		return STR_NONE;
	text_add(&out, STR("}"));
	return as_yaml(txn, &out, arena);
}

const char *
policy_document_name(struct concept id, struct arena *arena)
{
	return arena_printf(arena, "policy %.*s %.*s", STR_ARG(id.name), STR_ARG(id.version));
}

void
in_force_documents(struct txn *txn, const struct concepts *policies, struct document_list *list)
{
	for (size_t i = 0; i < policies->count && !txn->failed; i++) {
		const struct tosca_entity *policy = document_get(txn, ENTITY_POLICY, policies->items[i]);
		struct document document = {0};

		if (!policy) {
			txn_fail(txn, ERROR_DAMAGED); /* what is deployed cannot be removed */
			return;
		}
		if (!policy_type_is_enforced(txn, policy->type))
			continue;
		document.name = policy_document_name(policy->id, list->arena);
		document.bytes = policy_document(txn, policy, list->arena);
		if (!document.name)
			txn_fail(txn, ERROR_MEMORY);
		document_list_add(list, document);
	}
	if (list->failed)
		txn_fail(txn, ERROR_MEMORY);
}

void
in_force_deployed(struct txn *txn, struct document_list *list)
{
	struct pdp_subgroup *subgroup;

	if (group_own(txn, &subgroup))
		in_force_documents(txn, &subgroup->policies, list);
}
