/* field - what a question tells beside its attributes, by path: resource.properties.status */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/field.h"

#include "guards/guard.h"

const struct str field_root_text[FIELD_ROOTS_COUNT] = {
#define X(name, text) [FIELD_##name] = {text, sizeof(text) - 1},
	FIELD_ROOTS(X)
#undef X
};

bool
field_parse(struct str path, enum field_root *ret_root, struct str *ret_name)
{
	for (unsigned i = 0; i < FIELD_ROOTS_COUNT; i++) {
		struct str root = field_root_text[i], name;

		if (!str_starts_with(path, root) || path.len == root.len)
			continue;
		name = (struct str){path.ptr + root.len, path.len - root.len};
		if ((i == FIELD_SUBJECT || i == FIELD_RESOURCE) && !str_is(name, "type"))
			return false;
		*ret_root = i;
		*ret_name = name;
		return true;
	}
	return false;
}

int
field_attribute(struct str path)
{
	if (str_is(path, "subject.id"))
		return ATTRIBUTE_ACTOR;
	if (str_is(path, "action.name"))
		return ATTRIBUTE_OPERATION;
	return str_is(path, "resource.id") ? (int)ATTRIBUTE_TARGET : -1;
}

const struct request_field *
field_find(const struct request *request, const struct request_field *from, enum field_root root, struct str name)
{
	const struct request_field *end = request->fields ? request->fields + request->field_count : NULL;

	for (const struct request_field *field = from; field != end; field++) {
		if (field->root == root && str_equal(field->name, name))
			return field;
	}
	return NULL;
}

struct str
field_path(const struct request_field *field, struct arena *arena)
{
	struct str root = field_root_text[field->root];
	char *path = arena_bytes(arena, root.len + field->name.len + 1);

	if (!path)
		return STR_NONE;
	memcpy(path, root.ptr, root.len);
	memcpy(path + root.len, field->name.ptr, field->name.len);
	path[root.len + field->name.len] = '\0';
	return (struct str){path, root.len + field->name.len};
}

static bool
request_fields_copy(struct arena *arena, struct request *request)
{
	const struct request_field *given = request->fields;
	struct request_field *fields = arena_array(arena, request->field_count, sizeof(*fields));
	bool copied = true;

	if (!fields)
		return false;
	for (size_t i = 0; i < request->field_count; i++) {
		fields[i] = given[i];
		copied = arena_copy(arena, &fields[i].name) && copied;
		copied = arena_copy(arena, &fields[i].value) && copied;
	}
	request->fields = fields;
	return copied;
}

bool
request_copy(struct arena *arena, struct request *request)
{
	bool copied = request->field_count == 0 || request_fields_copy(arena, request);

	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		copied = arena_copy(arena, &request->attribute[i]) && copied;
	return arena_copy(arena, &request->request_id) && arena_copy(arena, &request->subrequest_id) && copied;
}
