/* section - the named entries of a service template's section, given as a map or as a list of one-key maps */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/section.h"

#include <stdarg.h>
#include <stdio.h>

#include "policytypes/suggest.h"

bool
diags_full(const struct diags *diags)
{
	size_t count = 0;

	for (size_t i = 0; i <= SEVERITY_ERROR; i++)
		count += diags->count[i];
	return count >= DIAGS_MAX;
}

void
diags_error_key(struct diags *diags, const struct node *node, const char *format, ...)
{
	char text[ERROR_TEXT_SIZE];
	struct node at_key = *node;
	va_list args;

	if (node->key.ptr) {
		at_key.line = node->key_line;
		at_key.column = node->key_column;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a longer text is cut, as diags would */
	va_end(args);
	diags_error(diags, &at_key, "%s", text);
}

static bool
is_entry_item(const struct node *item)
{
	return item->kind == NODE_MAP && item->count == 1;
}

bool
section_check(const struct node *section, struct diags *diags)
{
	bool good = true;

	if (node_is_null(section) || section->kind == NODE_MAP)
		return true;
	if (section->kind != NODE_LIST) {
		diags_error(diags, section, "'%.*s' must be a map, or a list of maps with one name each, found %s",
		            STR_ARG(section->key), node_kind_phrase(section));
		return false;
	}
	for (const struct node *item = section->first; item; item = item->next) {
		if (is_entry_item(item))
			continue;
		diags_error(diags, item, "an entry of '%.*s' must be a map with one name as its key%s",
		            STR_ARG(section->key),
		            item->kind == NODE_MAP && item->count > 1 ? "; is the body indented less than the name?"
		                                                      : "");
		good = false;
	}
	return good;
}

static const struct node *
first_entry(const struct node *item)
{
	while (item && !is_entry_item(item))
		item = item->next;
	return item ? item->first : NULL;
}

const struct node *
section_first(const struct node *section)
{
	if (section && section->kind == NODE_MAP)
		return section->first;
	return section && section->kind == NODE_LIST ? first_entry(section->first) : NULL;
}

const struct node *
section_next(const struct node *entry)
{
	const struct node *item = entry->parent;

	if (item->parent && item->parent->kind == NODE_LIST)
		return first_entry(item->next);
	return entry->next;
}

bool
section_check_keys(const struct node *map, const char *const *known, const char *what, enum severity severity,
                   struct diags *diags)
{
	bool good = true;

	for (const struct node *child = map->first; child; child = child->next) {
		const char *const *name = known;
		struct suggestion suggestion;
		struct node at_key = *child;

		while (*name && !str_is(child->key, *name))
			name++;
		if (*name)
			continue;
		good = false;
		suggestion_init(&suggestion, child->key);
		for (name = known; *name && !diags_full(diags); name++)
			suggestion_offer(&suggestion, str_from(*name));
		at_key.line = child->key_line;
		at_key.column = child->key_column;
		diags_add(diags, severity, NULL, &at_key, "unknown key '%.*s' in a %s%s%.*s%s", STR_ARG(child->key),
		          what, SUGGESTION_ARG(suggestion));
	}
	return good;
}

struct str
section_text(const struct node *map, const char *key, struct diags *diags)
{
	const struct node *node = node_get(map, key);

	if (node_is_null(node))
		return STR_NONE;
	if (!node_is_scalar(node)) {
		diags_error(diags, node, "'%s' must be text, found %s", key, node_kind_phrase(node));
		return STR_NONE;
	}
	return node->text;
}
