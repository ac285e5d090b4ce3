/* types - the built-in types, for a program that lists them and a form that is made of one */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/types.h"

#include "engine/operational/registry_schema.h"
#include "policytypes/schema_json.h"
#include "runtime/model/vocabulary.h"

const char *const type_kind_word[] = {
	[TYPE_POLICY] = "policy",
	[TYPE_DATA] = "data",
	[TYPE_NODE] = "node",
	[TYPE_CAPABILITY] = "capability",
};

const struct type *
types_find(const struct catalogue *catalogue, struct str name, struct str version)
{
	const struct type *type = NULL;

	for (int kind = TYPE_POLICY; kind <= TYPE_CAPABILITY && !type; kind++)
		type = catalogue_find(catalogue, (enum type_kind)kind, vocabulary_type(name), version);
	return type;
}

int
types_schema(const struct catalogue *catalogue, const struct type *type, struct arena *arena, struct str *ret_text,
             struct error *err)
{
	const struct registry *registry;
	struct diags diags;
	struct str text;
	int r;

	diags_init(&diags, arena);
	registry = registry_new(arena, &diags);
	if (!registry)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	r = type_json_schema(type, catalogue, arena, &text, err);
	return r != 0 ? r : registry_schema(registry, text, arena, ret_text, err);
}
