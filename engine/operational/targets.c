/* targets - what a policy is for: its `targets`, and those that its type declares */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

const struct node *
type_declares(const struct type *type, const char *key)
{
	for (; type; type = type->parent) {
		const struct node *node = node_get(type->node, key);

		if (!field_empty(node))
			return node;
	}
	return NULL;
}

/* True when the template or group is of one of the types named, or its type derives from one by the document's own. */
static bool
is_meant(const struct node *root, const char *declarations, const struct node *template, const struct node *types)
{
	struct str type = field_text(node_get(template, "type"));

	for (int level = 0; level < TYPE_DEPTH_MAX && type.ptr; level++) {
		for (const struct node *item = types->first; item; item = item->next) {
			if (str_equal(field_text(item), type))
				return true;
		}
		type = field_text(node_get(node_get_str(node_get(root, declarations), type), "derived_from"));
	}
	return false;
}

/* One name of the policy's `targets`. types: those that the policy's type is for, or NULL. */
static void
targets_check_target(struct compiler *c, const struct node *root, const struct node *item, const struct node *types)
{
	const struct node *topology = node_get(root, "topology_template");
	struct str name = field_text(item);
	const struct node *template = name.ptr ? node_get_str(node_get(topology, "node_templates"), name) : NULL;
	const struct node *group = name.ptr ? node_get_str(node_get(topology, "groups"), name) : NULL;

	if (!template && !group)
		opv_report(c, OPV_36, item, "targets", "'%.*s' is neither a node template nor a group of this document",
		           STR_ARG(name));
	else if (types && !(template && is_meant(root, "node_types", template, types)) &&
	         !(group && is_meant(root, "group_types", group, types)))
		opv_report(c, OPV_36, item, "targets", "'%.*s' is of no type that policy type %.*s is for",
		           STR_ARG(name), STR_ARG(c->policy->type_name));
}

/* A policy without targets is for whatever in its document is of a type that its own type is for. */
static void
check_any_target(struct compiler *c, const struct node *root, const struct node *types)
{
	static const char *const lists[][2] = {{"node_templates", "node_types"}, {"groups", "group_types"}};

	for (int i = 0; i < 2; i++) {
		const struct node *list = node_get(node_get(root, "topology_template"), lists[i][0]);

		for (const struct node *item = list && list->kind == NODE_MAP ? list->first : NULL; item;
		     item = item->next) {
			if (is_meant(root, lists[i][1], item, types))
				return;
		}
	}
	opv_report_as(c, OPV_36, SEVERITY_WARNING, c->body, "targets",
	              "nothing in this document is of a type that policy type %.*s is for",
	              STR_ARG(c->policy->type_name));
}

void
policy_targets(struct compiler *c)
{
	const struct node *targets = node_get(c->policy->node, "targets");
	const struct node *types = type_declares(c->type, "targets");
	const struct node *root = c->policy->node;

	while (root->parent)
		root = root->parent;
	if (types && types->kind != NODE_LIST) {
		opv_report(c, OPV_36, types, "targets", "a type's targets must be a list of node types or group types");
		types = NULL;
	}
	if (field_empty(targets)) {
		if (types)
			check_any_target(c, root, types);
		return;
	}
	if (targets->kind != NODE_LIST) {
		opv_report(c, OPV_36, targets, "targets", "must be a list of node templates or groups");
		return;
	}
	for (const struct node *item = targets->first; item; item = item->next)
		targets_check_target(c, root, item, types);
	target_names_read(c, targets);
}
