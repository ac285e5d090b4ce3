/* analysis_fields - the values of what an event brings that filters can tell apart */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis_priv.h"

#include "guards/text_test.h"

#define COMBINATIONS_MAX 4096

/*
 * Equality and order can be tried out: between two texts that rules name all values are alike, and the one right behind
 * a text, which has one zero byte more, stands for them; so do the empty text and none at all. Patterns and parts of
 * texts cannot.
 */
static bool
is_finite(const struct text_test *test)
{
	switch (test->function) {
	case TEXT_FUNCTION_EQUAL:
	case TEXT_FUNCTION_GREATER_THAN:
	case TEXT_FUNCTION_GREATER_THAN_OR_EQUAL:
	case TEXT_FUNCTION_LESS_THAN:
	case TEXT_FUNCTION_LESS_THAN_OR_EQUAL:
		return true;
	default:
		return false;
	}
}

static struct field *
field_of(struct fields *fields, enum attribute attribute)
{
	struct field *field = fields->list;

	while (field < fields->list + fields->count && field->attribute != attribute)
		field++;
	if (field == fields->list + FIELDS_MAX)
		return NULL;
	if (field == fields->list + fields->count) {
		*field = (struct field){.attribute = attribute, .values = {STR_NONE, STR("")}, .count = 2};
		fields->count++;
	}
	return field;
}

/* The text, and the one right behind it. */
static bool
field_add(struct field *field, struct str text, struct arena *arena)
{
	char *next = arena_alloc(arena, text.len + 2);

	if (!next || field->count + 2 > FIELD_VALUES_MAX)
		return false;
	if (text.len > 0)
		memcpy(next, text.ptr, text.len);
	field->values[field->count++] = text;
	field->values[field->count++] = (struct str){next, text.len + 1};
	return true;
}

bool
fields_add(struct fields *fields, const struct guard *filter, struct arena *arena)
{
	struct fields grown = *fields;
	size_t combinations = 1;
	enum attribute attribute;
	const struct text_test *test;

	for (size_t i = 0; (test = filter_test(filter, i, &attribute)); i++) {
		struct field *field =
			is_finite(test) && attribute < ATTRIBUTE_COUNT ? field_of(&grown, attribute) : NULL;

		if (!field || !field_add(field, test->text, arena))
			return false;
	}
	for (size_t i = 0; i < grown.count; i++) {
		combinations *= grown.list[i].count;
		if (combinations > COMBINATIONS_MAX)
			return false;
	}
	*fields = grown;
	return true;
}

bool
fields_next(struct fields *fields, struct request *request)
{
	bool more = false;

	for (size_t i = 0; i < fields->count && !more; i++) {
		struct field *field = &fields->list[i];

		more = ++field->at < field->count;
		if (!more)
			field->at = 0;
		request->attribute[field->attribute] = field->values[field->at];
	}
	return more;
}
