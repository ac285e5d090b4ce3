/* settings_file - settings from a configuration file */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/settings.h"

#include "api/process/settings_table.h"
#include "base/document.h"
#include "engine/decide/load.h"

#define FILE_MOST (1 << 20) /* bytes of a configuration file */

static int
read_setting(struct settings *settings, const struct node *node, struct error *err)
{
	const struct setting *setting = setting_find(node->key);
	int r = 0;

	if (!setting) {
		struct suggestion meant = setting_suggest(node->key);

		return error_set_at(err, ERROR_UNKNOWN, node->key_line, node->key_column,
		                    "there is no setting '%.*s'%s%.*s%s", STR_ARG(node->key), SUGGESTION_ARG(meant));
	}
	if (node->kind == NODE_NULL)
		return 0;
	if (setting->kind != SETTING_LIST) {
		if (!node_is_scalar(node))
			return error_set(err, ERROR_TYPE, node, "%s: %s where one value is expected", setting->name,
			                 node_kind_phrase(node));
		return setting_set(settings, setting, node->text, node, err);
	}
	if (node->kind != NODE_LIST)
		return error_set(err, ERROR_TYPE, node, "%s: %s where a list is expected", setting->name,
		                 node_kind_phrase(node));
	setting_clear_list(settings, setting);
	for (const struct node *item = node->first; item && r == 0; item = item->next) {
		if (!node_is_scalar(item))
			return error_set(err, ERROR_TYPE, item, "%s: %s where one value is expected", setting->name,
			                 node_kind_phrase(item));
		r = setting_set(settings, setting, item->text, item, err);
	}
	return r;
}

int
settings_read_file(struct settings *settings, const char *path, struct error *err)
{
	struct node *root = NULL;
	struct arena arena;
	struct str bytes;
	int r;

	arena_init(&arena, 0);
	r = load_file(path, FILE_MOST, &arena, &bytes, err);
	if (r == 0)
		r = document_read(bytes, path, &document_limits_default, &arena, &root, err);
	if (r == 0 && root->kind != NODE_MAP && root->kind != NODE_NULL)
		r = error_set(err, ERROR_TYPE, root, "%s where a map of settings is expected", node_kind_phrase(root));
	for (const struct node *node = r == 0 ? root->first : NULL; node && r == 0; node = node->next)
		r = read_setting(settings, node, err);
	arena_free(&arena);
	return r;
}
