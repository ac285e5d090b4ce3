/* load - policy files and directories to documents, documents to the engine */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_all(int fd, const char *path, size_t most, struct arena *arena, struct str *ret, struct error *err)
{
	size_t size = 0, room = 16384;
	char *bytes = malloc(room);
	int r = 0;

	while (bytes && r == 0) {
		ssize_t n;

		if (size == room) {
			char *more = realloc(bytes, room *= 2);

			if (!more)
				break;
			bytes = more;
		}
		n = read(fd, bytes + size, room - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = error_set(err, ERROR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
		if (n <= 0)
			break;
		size += (size_t)n;
		if (size > most)
			r = error_set(err, ERROR_LIMIT, NULL, "'%s' is larger than the limit of %zu bytes", path, most);
	}
	if (r == 0 && bytes)
		*ret = arena_str(arena, (struct str){bytes, size});
	if (r == 0 && (!bytes || !ret->ptr))
		r = error_set(err, ERROR_MEMORY, NULL, "out of memory reading '%s'", path);
	free(bytes);
	return r;
}

/* Failures that may pass by themselves are told apart from those that somebody must mend. */
static int
fail_to(const char *what, const char *path, struct error *err)
{
	bool passes = errno == EMFILE || errno == ENFILE || errno == ENOMEM;

	return error_set(err, passes ? ERROR_MEMORY : ERROR_IO, NULL, "cannot %s '%s': %s", what, path,
	                 strerror(errno));
}

int
load_file(const char *path, size_t most, struct arena *arena, struct str *ret_bytes, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return fail_to("open", path, err);
	r = read_all(fd, path, most, arena, ret_bytes, err);
	close(fd);
	return r;
}

static int
has_policy_suffix(const struct dirent *entry)
{
	struct str name = str_from(entry->d_name);

	return name.ptr[0] != '.' && (str_ends_with(name, STR(".yaml")) || str_ends_with(name, STR(".yml")) ||
	                              str_ends_with(name, STR(".json")));
}

static int
load_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* the locale has no say in the load order */
}

static int
load_list_add(struct path_list *list, const char *path, struct arena *arena)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		const char **paths = arena_array(arena, room, sizeof(*paths));

		if (!paths)
			return -ERROR_MEMORY;
		if (list->count)
			memcpy(paths, list->paths, list->count * sizeof(*paths));
		list->paths = paths;
		list->room = room;
	}
	list->paths[list->count++] = path;
	return 0;
}

static int
add_directory(struct path_list *list, const char *directory, struct arena *arena, struct error *err)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, has_policy_suffix, load_by_name), r = 0;

	if (count < 0)
		return fail_to("list", directory, err);
	for (int i = 0; i < count; i++) {
		bool slash = str_ends_with(str_from(directory), STR("/"));
		const char *path = arena_printf(arena, "%s%s%s", directory, slash ? "" : "/", entries[i]->d_name);

		if (r == 0 && (!path || load_list_add(list, path, arena) != 0))
			r = error_set(err, ERROR_MEMORY, NULL, "out of memory listing '%s'", directory);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int
load_expand(const char *const *paths, size_t count, struct arena *arena, struct path_list *ret, struct error *err)
{
	struct path_list list = {0};

	for (size_t i = 0; i < count; i++) {
		struct stat st;
		int r;

		if (stat(paths[i], &st) != 0)
			return fail_to("open", paths[i], err);
		if (S_ISDIR(st.st_mode))
			r = add_directory(&list, paths[i], arena, err);
		else if (load_list_add(&list, paths[i], arena) != 0)
			r = error_set(err, ERROR_MEMORY, NULL, "out of memory listing '%s'", paths[i]);
		else
			r = 0;
		if (r != 0)
			return r;
	}
	*ret = list;
	return 0;
}

/* The files' bytes. With skip_bad a file that cannot be read is a finding and left out. */
static int
read_documents(const struct path_list *list, size_t most, bool skip_bad, struct arena *arena,
               struct document *documents, size_t *ret_count, struct diags *diags)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct error err = {0};

		documents[count].name = list->paths[i];
		if (load_file(list->paths[i], most, arena, &documents[count].bytes, &err) == 0) {
			count++;
			continue;
		}
		diags_add_error(diags, list->paths[i], &err);
		if (!skip_bad || err.code == ERROR_MEMORY)
			return -(int)err.code;
	}
	*ret_count = count;
	return 0;
}

int
load_documents(const char *const *paths, size_t count, size_t most, bool skip_bad, struct arena *arena,
               struct document **ret, size_t *ret_count, struct diags *diags)
{
	struct path_list list;
	struct error err = {0};
	int r = load_expand(paths, count, arena, &list, &err);

	if (r != 0) {
		diags_add_error(diags, "", &err);
		return r;
	}
	*ret = arena_array(arena, list.count, sizeof(**ret));
	if (!*ret) {
		diags_error(diags, NULL, "out of memory");
		return -ERROR_MEMORY;
	}
	return read_documents(&list, most, skip_bad, arena, *ret, ret_count, diags);
}
