/* document - bytes to tree, YAML or JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"

int
document_read(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
              struct node **ret_root, struct error *err)
{
	struct str text = str_trim(bytes);
	bool json = str_ends_with(str_from(file), STR(".json")) ||
	            (text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '['));

	return (json ? json_read : yaml_read)(bytes, file, limits, arena, ret_root, err);
}
