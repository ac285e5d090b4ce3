/* operational_set - the operational policies of several documents, with the types and actors these declare */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/operational_set.h"

#include "engine/decide/policyset.h"

/* The documents as trees, and what all of them know: types and actors. */
struct library {
	struct node **roots;
	size_t count;
	struct catalogue *catalogue;
	struct registry *registry;
};

static void
read_document(struct library *library, const struct document *document, struct arena *arena, struct diags *diags)
{
	struct error err = {0};
	struct node *root;
	size_t kept = diags->kept;

	if (document_read(document->bytes, document->name, &document_limits_default, arena, &root, &err) == 0) {
		library->roots[library->count++] = root;
		return;
	}
	diags_add_error(diags, document->name, &err);
	if (diags->kept > kept && err.code != ERROR_MEMORY) {
		diags->last->code = "OPV-00";
		diags->last->path = "/";
	}
}

/* Types and actors of all documents, beside the built-in ones. */
static bool
learn(struct library *library, struct arena *arena, struct diags *diags)
{
	const struct catalogue *builtin;
	struct error err = {0};

	if (policyset_builtin(arena, &builtin, &err) < 0) {
		diags_add_error(diags, "", &err);
		return false;
	}
	library->catalogue = catalogue_new(arena, builtin);
	library->registry = registry_new(arena, diags);
	if (!library->catalogue || !library->registry) {
		diags_error(diags, NULL, "no memory for the policy types");
		return false;
	}
	for (size_t i = 0; i < library->count; i++) {
		if (node_get(library->roots[i], "tosca_definitions_version"))
			catalogue_add(library->catalogue, library->roots[i], diags);
		registry_add(library->registry, library->roots[i], diags);
	}
	catalogue_resolve(library->catalogue, diags);
	return true;
}

bool
operational_set_compile(const struct document *documents, size_t count, struct arena *arena,
                        const struct operational **ret, struct diags *diags)
{
	struct library library = {.roots = arena_array(arena, count, sizeof(struct node *))};
	struct operational *list = NULL, **tail = &list;
	size_t errors = diags->count[SEVERITY_ERROR];

	*ret = NULL;
	if (!library.roots) {
		diags_error(diags, NULL, "no memory for the policies");
		return false;
	}
	for (size_t i = 0; i < count; i++)
		read_document(&library, &documents[i], arena, diags);
	if (!learn(&library, arena, diags))
		return false;
	for (size_t i = 0; i < library.count; i++)
		(void)operational_compile_tree(library.roots[i], library.catalogue, library.registry, arena, &tail,
		                               diags); /* errors are counted below */
	(void)operational_unique(list, diags);
	*ret = list;
	return diags->count[SEVERITY_ERROR] == errors;
}
