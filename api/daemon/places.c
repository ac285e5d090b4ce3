/* places - directories that are watched for files that change in them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/places.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_CREATE)

/* One inotify watch on a directory, and the only name in it that matters; empty: all of them. */
struct place {
	int descriptor;
	char name[NAME_MAX + 1];
};

/* Watches the directory that holds `path`, for that name in it. */
static void
watch_parent(int inotify, const char *path, struct place *place)
{
	char directory[PATH_MAX];
	size_t len = strlen(path);
	const char *slash, *name;

	place->descriptor = -1;
	errno = ENAMETOOLONG;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= sizeof(directory))
		return;
	memcpy(directory, path, len);
	directory[len] = '\0';
	slash = strrchr(directory, '/');
	name = slash ? slash + 1 : directory;
	if (strlen(name) > NAME_MAX)
		return;                  /* no file has such a name */
	(void)strcpy(place->name, name); /* fits, see above */
	if (!slash)
		(void)strcpy(directory, ".");
	else
		directory[slash == directory ? 1 : slash - directory] = '\0';
	place->descriptor = inotify_add_watch(inotify, directory, CHANGES | IN_ONLYDIR);
}

/* Sets the watches of one path: 0, or the error number of one that could not be set. */
static int
watch_path(const struct places *places, const char *path, struct place *place)
{
	char *real = realpath(path, NULL);
	int failed = 0;

	watch_parent(places->inotify, path, &place[0]);
	if (place[0].descriptor < 0)
		failed = errno;
	place[1].descriptor = -1;
	if (real) {
		watch_parent(places->inotify, real, &place[1]);
		if (place[1].descriptor < 0)
			failed = errno;
	}
	free(real);
	place[2].name[0] = '\0';
	/* if it is one */
	place[2].descriptor = inotify_add_watch(places->inotify, path, CHANGES | IN_ONLYDIR);
	if (place[2].descriptor < 0 && errno != ENOTDIR && errno != ENOENT)
		failed = errno;
	return failed;
}

int
places_watch(struct places *places, const struct settings_list *paths)
{
	int failed = 0;

	/* There are fewer places after a places_open that failed. */
	for (size_t i = 0; i < paths->count && 3 * i < places->count; i++) {
		int error = watch_path(places, paths->items[i], &places->list[3 * i]);

		failed = error ? error : failed;
	}
	return failed;
}

/* Names that start with ".." are how Kubernetes swaps all files of a mounted volume at once. */
static bool
place_matters(const struct places *places, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if ((event->mask & IN_CREATE) && !(event->mask & IN_ISDIR))
		return false; /* a file is of interest once it is written */
	for (size_t i = 0; i < places->count; i++) {
		const struct place *place = &places->list[i];

		if (place->descriptor != event->wd)
			continue;
		if (!place->name[0] || !event->len || strcmp(place->name, event->name) == 0 ||
		    strncmp(event->name, "..", 2) == 0)
			return true;
	}
	return false;
}

bool
places_take(struct places *places)
{
	union {
		struct inotify_event event; /* for its alignment */
		char bytes[4096];
	} buffer;
	bool changed = false;
	ssize_t len;

	while ((len = read(places->inotify, &buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event = (const void *)(buffer.bytes + at);

			changed |= place_matters(places, event);
			at += (ssize_t)sizeof(*event) + event->len;
		}
	}
	return changed;
}

int
places_open(struct places *places, const struct settings_list *paths, struct error *err)
{
	struct places opened = {.inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .count = 3 * paths->count};

	opened.list = calloc(opened.count + 1, sizeof(*opened.list));
	if (opened.inotify < 0 || !opened.list) {
		(void)error_set(err, opened.list ? ERROR_IO : ERROR_MEMORY, NULL, "cannot watch the policy files: %s",
		                strerror(errno));
		places_close(&opened);
		return -(int)err->code;
	}
	for (size_t i = 0; i < opened.count; i++)
		opened.list[i].descriptor = -1;
	places_close(places);
	*places = opened;
	return 0;
}

void
places_close(struct places *places)
{
	if (places->inotify >= 0)
		(void)close(places->inotify); /* the kernel drops its watches */
	free(places->list);
	*places = (struct places){.inotify = -1};
}
