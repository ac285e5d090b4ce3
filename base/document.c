/* document - bytes to tree, YAML or JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"

/* Whether a stands at or behind b in the document. */
static bool
came_further(const struct error *a, const struct error *b)
{
	return a->line > b->line || (a->line == b->line && a->column >= b->column);
}

int
document_read(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
              struct node **ret_root, struct error *err)
{
	struct str text = str_trim(bytes);
	struct error json = {0}, yaml = {0};
	int r;

	if (str_ends_with(str_from(file), STR(".json")))
		return json_read(bytes, file, limits, arena, ret_root, err);
	if (text.len == 0 || (text.ptr[0] != '{' && text.ptr[0] != '['))
		return yaml_read(bytes, file, limits, arena, ret_root, err);
	r = json_read(bytes, file, limits, arena, ret_root, &json);
	if (r == -ERROR_SYNTAX) {
		r = yaml_read(bytes, file, limits, arena, ret_root, &yaml);
		if (r < 0 && came_further(&json, &yaml))
			r = -ERROR_SYNTAX;
		else
			json = yaml;
	}
	if (r < 0 && err && err->code == ERROR_NONE)
		*err = json;
	return r;
}
