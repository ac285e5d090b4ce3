/* authzen_entities - the document that names subjects, actions and resources for searches */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/authzen/authzen_entities.h"

#include "base/document.h"
#include "engine/decide/load.h"

static const char *const list_name[AUTHZEN_PARTS] = {"subjects", "actions", "resources", NULL};

static bool
has_text(const struct node *entity, const char *key)
{
	const struct node *text = node_get(entity, key);

	return text && text->kind == NODE_TEXT && text->text.len <= ATTRIBUTE_SIZE_MAX;
}

static int
list_check(const struct node *list, enum authzen_part part, struct error *err)
{
	if (list->kind != NODE_LIST)
		return error_set(err, ERROR_TYPE, list, "%s where a list is expected", node_kind_phrase(list));
	for (const struct node *entity = list->first; entity; entity = entity->next) {
		const struct node *properties = node_get(entity, "properties");
		bool good = part == AUTHZEN_ACTION ? has_text(entity, "name")
		                                   : has_text(entity, "type") && has_text(entity, "id");

		if (!good)
			return error_set(err, ERROR_MISSING, entity, "an entry of %s has no %s: expected a text",
			                 list_name[part], part == AUTHZEN_ACTION ? "name" : "type, or no id");
		if (properties && properties->kind != NODE_MAP)
			return error_set(err, ERROR_TYPE, properties, "%s where a map is expected",
			                 node_kind_phrase(properties));
	}
	return 0;
}

static int
lists_find(const struct node *root, struct authzen_entities *ret, struct error *err)
{
	if (!root || root->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, root, "not a map of subjects, actions and resources");
	for (const struct node *member = root->first; member; member = member->next) {
		unsigned part = 0;
		int r;

		while (part < AUTHZEN_CONTEXT && !str_is(member->key, list_name[part]))
			part++;
		if (part == AUTHZEN_CONTEXT)
			return error_set(err, ERROR_UNKNOWN, member,
			                 "unknown member '%.*s': expected subjects, actions or resources",
			                 STR_ARG(member->key));
		r = list_check(member, part, err);
		if (r != 0)
			return r;
		ret->list[part] = member;
	}
	return 0;
}

int
authzen_entities_read(const struct settings *settings, struct arena *arena, struct authzen_entities *ret,
                      struct error *err)
{
	const struct document_limits limits = settings_document_limits(settings);
	struct error wrong = {0};
	struct str bytes;
	struct node *root;
	int r;

	*ret = (struct authzen_entities){0};
	r = load_file(settings->entities, limits.bytes, arena, &bytes, err);
	if (r != 0)
		return r;
	r = document_read(bytes, settings->entities, &limits, arena, &root, &wrong);
	if (r == 0)
		r = lists_find(root, ret, &wrong);
	if (r == 0)
		return 0;
	return error_set(err, wrong.code == ERROR_MEMORY ? ERROR_MEMORY : ERROR_IO, NULL, "%s:%u:%u: %s",
	                 settings->entities, wrong.line, wrong.column, wrong.text);
}
