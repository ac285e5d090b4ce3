/* settings_file - settings from configuration files */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/settings.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/process/settings_table.h"
#include "base/document.h"
#include "engine/decide/load.h"

#define FILE_MOST (1 << 20) /* bytes of a configuration file */

static int
setting_read_list(struct settings *settings, const struct setting *setting, const struct node *node, struct error *err)
{
	int r = 0;

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

static int
read_setting(struct settings *settings, const char *file, const struct node *node, struct error *err)
{
	const struct setting *setting = setting_find(node->key);
	int r;

	if (!setting) {
		struct suggestion meant = setting_suggest(node->key);

		return error_set_at(err, ERROR_UNKNOWN, node->key_line, node->key_column,
		                    "there is no setting '%.*s'%s%.*s%s", STR_ARG(node->key), SUGGESTION_ARG(meant));
	}
	if (node->kind == NODE_NULL)
		return 0;
	if (setting->kind == SETTING_LIST)
		r = setting_read_list(settings, setting, node, err);
	else if (!node_is_scalar(node))
		r = error_set(err, ERROR_TYPE, node, "%s: %s where one value is expected", setting->name,
		              node_kind_phrase(node));
	else
		r = setting_set(settings, setting, node->text, node, err);
	setting_note(settings, setting, SOURCE_FILE, file, node->key_line);
	return r;
}

/* The path in the settings' arena, noted as one that the configuration is read from. NULL: out of memory. */
static const char *
note_path(struct settings *settings, const char *path)
{
	struct str copy = arena_str(settings->arena, str_from(path));

	return copy.ptr && settings_list_add(settings, &settings->config, copy.ptr) == 0 ? copy.ptr : NULL;
}

int
settings_read_file(struct settings *settings, const char *path, struct diags *findings)
{
	const char *kept = note_path(settings, path);
	struct error err = {0};
	struct node *root = NULL;
	struct arena arena;
	struct str bytes;
	enum error_code first = ERROR_NONE;
	int r;

	arena_init(&arena, 0);
	r = kept ? load_file(path, FILE_MOST, &arena, &bytes, &err)
	         : error_set(&err, ERROR_MEMORY, NULL, "out of memory");
	if (r == 0)
		r = document_read(bytes, path, &document_limits_default, &arena, &root, &err);
	if (r == 0 && root->kind != NODE_MAP && root->kind != NODE_NULL)
		r = error_set(&err, ERROR_TYPE, root, "%s where a map of settings is expected", node_kind_phrase(root));
	if (r != 0)
		diags_add_error(findings, path, &err);
	for (const struct node *node = r == 0 ? root->first : NULL; node; node = node->next) {
		struct error wrong = {0};

		if (read_setting(settings, kept, node, &wrong) == 0)
			continue;
		diags_add_error(findings, path, &wrong);
		first = first ? first : wrong.code;
	}
	arena_free(&arena);
	return r != 0 ? r : -(int)first;
}

static int
is_configuration(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static int
configuration_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* bytewise, in every locale */
}

/* Whether there is nothing of that name, which is fine; what cannot be looked at is there. */
static bool
is_missing(const char *path)
{
	struct stat status;

	return stat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static int
path_error(const char *path, int code, const char *text, struct diags *findings)
{
	struct error err = {0};

	(void)error_set(&err, (enum error_code) - code, NULL, "%s", text); /* it is handed on */
	diags_add_error(findings, path, &err);
	return code;
}

/* The files of clguard.d. */
static int
settings_read_parts(struct settings *settings, const char *directory, struct diags *findings)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int r = 0, count;

	if (!note_path(settings, directory))
		return path_error(directory, -ERROR_MEMORY, "out of memory", findings);
	if (is_missing(directory))
		return 0;
	count = scandir(directory, &entries, is_configuration, configuration_by_name);
	if (count < 0)
		return path_error(directory, -ERROR_IO, strerror(errno), findings);
	for (int i = 0; i < count; i++) {
		int bad = 0;

		if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name) >= sizeof(path))
			bad = path_error(directory, -ERROR_LIMIT, "a path is too long", findings);
		else
			bad = settings_read_file(settings, path, findings);
		r = r != 0 ? r : bad;
		free(entries[i]);
	}
	free(entries);
	return r;
}

int
settings_read_directory(struct settings *settings, const char *directory, struct diags *findings)
{
	char path[PATH_MAX];
	int r = 0, bad;

	if ((size_t)snprintf(path, sizeof(path), "%s/clguard.yaml", directory) >= sizeof(path))
		return path_error(directory, -ERROR_LIMIT, "the path is too long", findings);
	if (!is_missing(path))
		r = settings_read_file(settings, path, findings);
	else if (!note_path(settings, path))
		return path_error(path, -ERROR_MEMORY, "out of memory", findings);
	strcpy(strrchr(path, '/'), "/clguard.d"); /* shorter than what it replaces */
	bad = settings_read_parts(settings, path, findings);
	return r != 0 ? r : bad;
}
