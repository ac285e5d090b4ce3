/* fuzz_types - whatever a document declares, a policy is good only without errors, and each type can be had as a schema */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/document.h"
#include "policytypes/schema_json.h"
#include "policytypes/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
write_schema(void *context, const struct type *type)
{
	struct error err = {0};
	struct str text;
	int r = type->builtin ? 0 : type_json_schema(type, NULL, context, &text, &err);

	if (r != -(int)err.code)
		abort();
	return r;
}

static void
compile(const struct node *root, const struct catalogue *builtin, struct arena *arena, struct diags *diags)
{
	struct catalogue *catalogue = catalogue_new(arena, builtin);
	struct policy_list policies = {0};

	if (!catalogue)
		return;
	template_policies(root, DOCUMENT_TEMPLATE, arena, &policies, diags);
	catalogue_add(catalogue, root, diags);
	catalogue_resolve(catalogue, diags);
	for (struct policy *p = policies.first; p; p = p->next) {
		size_t errors = diags->count[SEVERITY_ERROR];
		bool good = !p->bad && policy_check(p, catalogue, arena, diags);

		if (good && (diags->count[SEVERITY_ERROR] != errors || !p->type))
			abort();
	}
	(void)catalogue_each(catalogue, write_schema, arena); /* stops where memory ends */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document_limits limits = {.bytes = 65536, .depth = 32, .nodes = 5000, .aliases = 50, .scalar = 4096};
	static struct catalogue *builtin; /* compiled once, as the service does */
	static struct arena kept;
	enum document_kind kind;
	struct error err = {0};
	struct arena arena;
	struct diags diags;
	struct node *root;

	if (!builtin) {
		arena_init(&kept, 0);
		diags_init(&diags, &kept);
		builtin = catalogue_new(&kept, NULL);
		if (!builtin || catalogue_load_builtin(builtin, &diags) != 0)
			abort();
	}
	arena_init(&arena, (size_t)4 << 20);
	diags_init(&diags, &arena);
	if (yaml_read((struct str){(const char *)data, size}, "fuzz", &limits, &arena, &root, &err) == 0 &&
	    document_classify(root, &kind, &err) == 0 && kind == DOCUMENT_TEMPLATE)
		compile(root, builtin, &arena, &diags);
	arena_free(&arena);
	return 0;
}
