/* concept - a name with a version, by which types, instances and participants are known */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/concept.h"

#define NAME_MAX_BYTES 200

struct concept concept_read(const struct node *node)
{
	const struct node *name = node_get(node, "name"), *version = node_get(node, "version");

	return (struct concept){name && name->kind == NODE_TEXT ? name->text : STR_NONE,
	                        version && node_is_scalar(version) && !node_is_null(version) ? version->text
	                                                                                     : STR_NONE};
}

bool concept_equal(struct concept a, struct concept b)
{
	return str_equal(a.name, b.name) && str_equal(a.version, b.version);
}

void
concept_write(struct text *out, struct concept concept)
{
	text_add(out, STR("{\"name\":"));
	text_add_json(out, concept.name);
	text_add(out, STR(",\"version\":"));
	text_add_json(out, concept.version);
	text_add(out, STR("}"));
}

bool
concept_name_valid(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

bool
concept_version_valid(struct str version)
{
	size_t digits = 0;
	unsigned dots = 0;

	for (size_t i = 0; i < version.len; i++) {
		char c = version.ptr[i];

		if (c >= '0' && c <= '9') {
			if (++digits > 9 || (digits == 2 && version.ptr[i - 1] == '0'))
				return false; /* more than an int holds, or 02 for 2 */
		} else if (c == '.' && digits > 0) {
			dots++;
			digits = 0;
		} else {
			return false;
		}
	}
	return dots == 2 && digits > 0;
}
