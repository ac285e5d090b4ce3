/* places - directories that are watched for files that change in them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_PLACES_H
#define API_DAEMON_PLACES_H

#include "api/process/settings.h"

struct place;

/* Of one thread. Start it as {.inotify = -1}. */
struct places {
	int inotify;
	struct place *list; /* three for each path: its own directory, where its link leads, and itself */
	size_t count;
};

/* For these paths, in place of those of before; nothing is watched yet. errors  ERROR_IO, ERROR_MEMORY */
int places_open(struct places *places, const struct settings_list *paths, struct error *err);
void places_close(struct places *places);

/*
 * Sets all watches; adding one again does nothing, so this also finds directories that were made anew. 0, or the error
 * number of one that could not be set. paths: those of places_open.
 */
int places_watch(struct places *places, const struct settings_list *paths);

/* Takes all events off the queue. True when one of them is about our files. */
bool places_take(struct places *places);

#endif
