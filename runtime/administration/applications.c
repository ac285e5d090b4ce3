/* applications - decisions that hand out policies instead of asking guards: configure, naming, optimize */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/administration/applications.h"

#include "base/document.h"
#include "policytypes/section.h"
#include "runtime/policies/group.h"

#define CHAIN_MAX 32

static const struct document_limits request_limits = {
	.bytes = (size_t)16 << 20, .depth = 64, .nodes = 100000, .aliases = 0, .scalar = (size_t)1 << 20};

static const struct application {
	const char *action, *base; /* base: the type that its policies derive from, or are of */
} applications[] = {
	{"configure", "onap.policies.Monitoring"},
	{"naming", "onap.policies.Naming"},
	{"optimize", "onap.policies.Optimization"},
};

static const struct application *
application_find(struct str action)
{
	for (size_t i = 0; i < sizeof(applications) / sizeof(*applications); i++)
		if (str_is(action, applications[i].action))
			return &applications[i];
	return NULL;
}

bool
application_is(struct str action)
{
	return action.ptr && application_find(action);
}

/* --- what is asked for --- */

/* A text, or one of a list's; an empty list, and what is not there, asks for nothing in particular. */
static bool
asks_for(const struct node *wanted, struct str value)
{
	if (!wanted || node_is_null(wanted) || (wanted->kind == NODE_LIST && wanted->count == 0))
		return true;
	if (node_is_scalar(wanted))
		return str_equal(wanted->text, value);
	for (const struct node *item = wanted->first; item; item = item->next)
		if (node_is_scalar(item) && str_equal(item->text, value))
			return true;
	return false;
}

static bool
is_matchable(const struct node *property)
{
	const struct node *matchable = node_get(node_get(property, "metadata"), "matchable");

	return matchable && str_is(matchable->text, "true");
}

/* A policy's values of a property: none says that it is for every value. */
static bool
values_meet(const struct node *values, const struct node *wanted)
{
	if (node_is_null(values) || (values->kind == NODE_LIST && values->count == 0))
		return true;
	if (node_is_scalar(values))
		return asks_for(wanted, values->text);
	for (const struct node *item = values->first; item; item = item->next)
		if (node_is_scalar(item) && asks_for(wanted, item->text))
			return true;
	return false;
}

/* The matchable properties of the type and its ancestors against the resource. */
static bool
properties_meet(struct txn *txn, const struct tosca_entity *policy, const struct node *resource)
{
	struct tosca_entity only = *policy;

	only.next = NULL;
	for (const struct tosca_entity *type = documents_closure(txn, &only, NULL); type; type = type->next) {
		const struct node *properties =
			type->kind == ENTITY_POLICY_TYPE ? node_get(type->given, "properties") : NULL;

		for (const struct node *property = section_first(properties); property;
		     property = section_next(property))
			if (is_matchable(property) &&
			    !values_meet(node_get_str(node_get(policy->given, "properties"), property->key),
			                 node_get_str(resource, property->key)))
				return false;
	}
	return true;
}

static bool
is_about(struct txn *txn, const struct application *application, struct concept type)
{
	for (int i = 0; type.name.ptr && i < CHAIN_MAX; i++) {
		const struct tosca_entity *entity;
		const struct node *parent;

		if (str_is(type.name, application->base))
			return true;
		entity = document_get(txn, ENTITY_POLICY_TYPE, type);
		parent = entity ? node_get(entity->given, "derived_from") : NULL;
		type = (struct concept){parent && node_is_scalar(parent) ? parent->text : STR_NONE, STR_NONE};
	}
	return false;
}

static void
applications_add_policy(struct text *out, const struct tosca_entity *policy, bool abbreviated)
{
	const struct node *metadata = node_get(policy->given, "metadata");

	text_add_json(out, policy->id.name);
	text_add(out, STR(":"));
	if (!abbreviated) {
		text_add(out, policy->kept);
		return;
	}
	text_add(out, STR("{\"type\":"));
	text_add_json(out, policy->type.name);
	text_add(out, STR(",\"metadata\":"));
	text_add_node(out, metadata, false);
	text_add(out, STR("}"));
}

void
applications_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	bool yaml = call->other.ptr && str_is(call->other, "yaml");
	const struct application *application;
	struct pdp_subgroup *subgroup = NULL;
	const struct node *resource, *action;
	const char *comma = "";
	struct node *root;

	if ((yaml ? yaml_read : json_read)(call->raw, "", &request_limits, txn->arena, &root, &call->err) != 0)
		return;
	resource = node_get(root, "resource");
	action = node_get(root, "action");
	application = action ? application_find(action->text) : NULL;
	text_add(out, STR("{\"policies\":{"));
	(void)group_own(txn, &subgroup); /* NULL: nothing is deployed here */
	for (size_t i = 0; application && subgroup && i < subgroup->policies.count; i++) {
		const struct tosca_entity *policy = document_get(txn, ENTITY_POLICY, subgroup->policies.items[i]);

		if (!policy || !is_about(txn, application, policy->type) ||
		    !asks_for(node_get(resource, "policy-id"), policy->id.name) ||
		    !asks_for(node_get(resource, "policy-type"), policy->type.name) ||
		    !properties_meet(txn, policy, resource))
			continue;
		text_add(out, str_from(comma));
		applications_add_policy(out, policy, call->version.ptr != NULL);
		comma = ",";
	}
	text_add(out, STR("}}"));
}
