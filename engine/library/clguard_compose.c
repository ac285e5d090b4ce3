/* clguard_compose - clg_compose: the SDK that makes control loop types of element definitions */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/library/clguard.h"

#include <stdlib.h>

#include "base/document.h"
#include "base/yaml_write.h"
#include "engine/library/clguard_priv.h"
#include "policytypes/compose.h"

static int
compose_read_documents(const struct clg_document *documents, size_t count, struct arena *arena, struct node ***ret,
                       struct error *err)
{
	struct node **roots = arena_array(arena, count, sizeof(*roots));
	struct error local = {0};

	if (!roots)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const struct clg_document *document = clg_element(documents, sizeof(*documents), i);
		const char *name = document->name ? document->name : "";

		if (document_read(str_from(document->text), name, &document_limits_default, arena, &roots[i], &local) ==
		    0)
			continue;
		return error_set_at(err, local.code, local.line, local.column, "%s:%u:%u: %s", name, local.line,
		                    local.column, local.text);
	}
	*ret = roots;
	return 0;
}

static int
compose_text(const struct clg_document *documents, size_t count, const char *spec, struct arena *arena, char **ret_yaml,
             struct error *err)
{
	struct node **roots = NULL, *asked, *made;
	struct str json, yaml;
	int r = document_read(str_from(spec), "", &document_limits_default, arena, &asked, err);

	if (r == 0)
		r = compose_read_documents(documents, count, arena, &roots, err);
	if (r == 0)
		r = compose(asked, roots, count, arena, &json, err);
	if (r == 0)
		r = json_read(json, "", &document_limits_default, arena, &made, err);
	if (r == 0)
		r = yaml_write(made, arena, &yaml, err);
	if (r != 0)
		return r;
	*ret_yaml = strdup(yaml.ptr);
	return *ret_yaml ? 0 : error_set(err, ERROR_MEMORY, NULL, "out of memory");
}

int
clg_compose(const struct clg_document *documents, size_t count, const char *spec, char **ret_yaml,
            struct clg_error *err)
{
	struct error error = {0};
	struct arena arena;
	int r;

	arena_init(&arena, 0);
	r = compose_text(documents, count, spec, &arena, ret_yaml, &error);
	arena_free(&arena);
	return r == 0 ? 0 : clg_error_from(err, &error);
}
