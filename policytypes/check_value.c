/* check_value - one value against what a type says of it, down to its parts */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/check_priv.h"

#include <inttypes.h>
#include <stdio.h>

#include "policytypes/section.h"
#include "policytypes/suggest.h"

#define SHOWN_MAX 60 /* bytes of a name or value in a message; more of it says no more */

bool
check_scratch(struct check *check, const struct node *where)
{
	if (!check->scratch) {
		check->scratch = pattern_scratch_new();
		if (!check->scratch)
			diags_error(check->diags, where, "out of memory");
	}
	return check->scratch != NULL;
}

void
check_done(struct check *check)
{
	pattern_scratch_free(check->scratch);
	check->scratch = NULL;
}

/* The length of what is shown of a text: whole characters only. */
static int
shown_len(struct str text)
{
	size_t len = text.len;

	if (len > SHOWN_MAX) {
		for (len = SHOWN_MAX; len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80; len--)
			;
	}
	return (int)len;
}

struct label
check_label(const struct check *check, const struct node *value)
{
	const struct node *list = value->parent;
	struct str name = value->key;
	struct label label;

	/* Names are short enough for the label, so it is never cut. */
	if (value == check->fallback) {
		name = check->fallback_of;
		(void)snprintf(label.text, sizeof(label.text), "the default of property '%.*s'", shown_len(name),
		               name.ptr);
	} else if (name.ptr) {
		(void)snprintf(label.text, sizeof(label.text), "property '%.*s'", shown_len(name), name.ptr);
	} else if (list && list->key.ptr) {
		(void)snprintf(label.text, sizeof(label.text), "entry %" PRIu32 " of '%.*s'", value->index + 1,
		               shown_len(list->key), list->key.ptr);
	} else {
		(void)snprintf(label.text, sizeof(label.text), "the value");
	}
	return label;
}

struct label
check_shown(const struct node *value)
{
	struct label label;
	int len = shown_len(value->text);

	/* As above, these fit. */
	if (value->kind == NODE_NULL || (node_is_scalar(value) && len == 0))
		(void)snprintf(label.text, sizeof(label.text), "is empty");
	else if (!node_is_scalar(value))
		(void)snprintf(label.text, sizeof(label.text), "is %s", node_kind_phrase(value));
	else
		(void)snprintf(label.text, sizeof(label.text), "is %s'%.*s'%s", value->quoted ? "the text " : "", len,
		               value->text.ptr, (size_t)len < value->text.len ? "..." : "");
	return label;
}

static bool
check_entries(struct check *check, const struct schema *entry, const struct node *value)
{
	bool good = true;

	for (const struct node *child = entry ? value->first : NULL; child; child = child->next)
		good = check_value(check, entry, child) && good;
	return good;
}

/* A key is checked as if it stood there as a plain value. */
static bool
value_check_keys(struct check *check, const struct schema *key, const struct node *value)
{
	bool good = true;

	for (const struct node *child = key ? value->first : NULL; child; child = child->next) {
		struct node name = {.parent = child->parent, .key = child->key};

		name.line = child->key_line;
		name.column = child->key_column;
		node_set_plain(&name, child->key);
		good = check_value(check, key, &name) && good;
	}
	return good;
}

static void
unknown_part(struct check *check, const struct type *type, const struct node *part)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, part->key);
	for (size_t i = 0; i < type->property_count && !diags_full(check->diags); i++)
		suggestion_offer(&suggestion, type->properties[i].name);
	diags_error_key(check->diags, part, "unknown property '%.*s' of %.*s%s%.*s%s", STR_ARG(part->key),
	                STR_ARG(type->name), SUGGESTION_ARG(suggestion));
}

/* A map with the properties of a declared type. */
static bool
check_parts(struct check *check, const struct type *type, const struct node *value)
{
	bool good = true;

	for (const struct node *part = value->first; part; part = part->next) {
		const struct property *property = type_property(type, part->key);

		if (!property)
			unknown_part(check, type, part);
		good = property && check_value(check, &property->schema, part) && good;
	}
	for (size_t i = 0; i < type->property_count; i++) {
		const struct property *property = &type->properties[i];

		if (!property->required || property->fallback || node_get_str(value, property->name))
			continue;
		diags_error(check->diags, value, "%s lacks the required property '%.*s'",
		            check_label(check, value).text, STR_ARG(property->name));
		good = false;
	}
	return good;
}

bool
check_value(struct check *check, const struct schema *schema, const struct node *value)
{
	bool good;

	if (schema->by_name && value_fits(VALUE_STRING, value))
		return true;
	if (!value_fits(schema->kind, value)) {
		diags_error(check->diags, value, "%s must be %s, %s", check_label(check, value).text,
		            value_kind_wanted(schema->kind), check_shown(value).text);
		return false;
	}
	switch (schema->kind) {
	case VALUE_LIST:
		good = check_entries(check, schema->entry, value);
		break;
	case VALUE_MAP:
		good = value_check_keys(check, schema->key, value);
		good = check_entries(check, schema->entry, value) && good;
		break;
	case VALUE_TYPE:
		good = check_parts(check, schema->type, value);
		break;
	default:
		good = true;
	}
	return check_constraints(check, schema, value) && good;
}
