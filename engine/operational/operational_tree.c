/* operational_tree - all operational policies of a document, whatever kind of document it is */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

#include "policytypes/template.h"

static struct str
tree_scalar_text(const struct node *node)
{
	return node_is_scalar(node) && !node_is_null(node) ? node->text : STR_NONE;
}

/* A bare body may lack even its type: its shape tells. */
static bool
compile_bare(const struct node *root, const struct catalogue *catalogue, const struct registry *registry,
             struct arena *arena, const struct operational **ret, struct diags *diags)
{
	struct policy policy = {
		.name = tree_scalar_text(node_get(root, "name")),
		.type_name = tree_scalar_text(node_get(root, "type")),
		.type_version = tree_scalar_text(node_get(root, "type_version")),
		.version = tree_scalar_text(node_get(root, "version")),
		.bare = true,
		.node = root,
		.properties = node_get(root, "properties"),
		.metadata = node_get(root, "metadata"),
	};

	if (!policy.name.ptr)
		policy.name = str_from(node_file(root));
	if (catalogue && policy.type_name.ptr)
		policy.type = catalogue_find(catalogue, TYPE_POLICY, policy.type_name, policy.type_version);
	if (!operational_is(&policy)) {
		*ret = NULL;
		return true;
	}
	return operational_compile_known(&policy, catalogue, registry, arena, ret, diags);
}

/*
 * The compiler's policies are const; the list's links are the caller's. The struct is copied so that nobody writes into
 * what another holds.
 */
static bool
tree_append(struct operational ***tail, const struct operational *policy, struct arena *arena, struct diags *diags)
{
	struct operational *copy;

	if (!policy)
		return true;
	copy = arena_alloc(arena, sizeof(*copy));
	if (!copy) {
		diags_error(diags, NULL, "no memory for the policies");
		return false;
	}
	*copy = *policy;
	copy->next = NULL;
	**tail = copy;
	*tail = &copy->next;
	return true;
}

bool
operational_compile_tree(const struct node *root, const struct catalogue *catalogue, const struct registry *registry,
                         struct arena *arena, struct operational ***tail, struct diags *diags)
{
	const struct operational *policy = NULL;
	struct policy_list list = {0};
	size_t errors = diags->count[SEVERITY_ERROR];
	bool whole;

	if (node_get(root, "controlLoop"))
		return operational_compile_document(root, registry, arena, &policy, diags) &&
		       tree_append(tail, policy, arena, diags);
	if (!node_get(root, "tosca_definitions_version") && !node_get(root, "topology_template") &&
	    (node_get(root, "properties") || node_get(root, "triggers")))
		return compile_bare(root, catalogue, registry, arena, &policy, diags) &&
		       tree_append(tail, policy, arena, diags);
	if (!node_get(root, "tosca_definitions_version") && !node_get(root, "topology_template") &&
	    !node_get(root, "policies")) {
		size_t kept = diags->kept;

		diags_add(diags, SEVERITY_ERROR, "OPV-00", root,
		          "this is not a policy: neither a service template, a policy body, nor an El Alto document");
		if (diags->kept > kept)
			diags->last->path = "/";
		return false;
	}
	template_policies(root, DOCUMENT_TEMPLATE, arena, &list, diags);
	whole = diags->count[SEVERITY_ERROR] == errors;
	for (struct policy *at = list.first; at; at = at->next) {
		policy = NULL;
		if (!at->type && catalogue && at->type_name.ptr)
			at->type = catalogue_find(catalogue, TYPE_POLICY, at->type_name, at->type_version);
		if (!operational_is(at))
			continue;
		if (!operational_compile_known(at, catalogue, registry, arena, &policy, diags) ||
		    !tree_append(tail, policy, arena, diags))
			whole = false;
	}
	return whole;
}
