/* log_files - the files of a decision log, in their order */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/log_files.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "[0-9][0-9][0-9][0-9][0-9]"

static bool
add(struct log_files *files, const char *path)
{
	char **paths = realloc(files->paths, (files->count + 1) * sizeof(*paths));

	if (!paths)
		return false;
	files->paths = paths;
	paths[files->count] = strdup(path);
	files->count += paths[files->count] != NULL;
	return paths[files->count - 1] != NULL;
}

/* The path with what glob takes for patterns escaped. */
static bool
pattern_of(const char *path, char *out, size_t size)
{
	size_t used = 0;

	for (; *path && used + 2 < size; path++) {
		if (strchr("*?[\\", *path))
			out[used++] = '\\';
		out[used++] = *path;
	}
	return *path == '\0' &&
	       (size_t)snprintf(out + used, size - used, "." DIGITS DIGITS DIGITS DIGITS) < size - used;
}

int
log_files_find(const char *path, struct log_files *ret)
{
	char pattern[2 * LOG_PATH_SIZE];
	glob_t found = {0};
	bool good;
	int r;

	*ret = (struct log_files){0};
	if (!pattern_of(path, pattern, sizeof(pattern)))
		return -1;
	r = glob(pattern, 0, NULL, &found); /* sorted */
	good = r == 0 || r == GLOB_NOMATCH;
	for (size_t i = 0; good && i < found.gl_pathc; i++)
		good = add(ret, found.gl_pathv[i]);
	globfree(&found);
	return good && add(ret, path) ? 0 : -1;
}

void
log_files_free(struct log_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct log_files){0};
}
