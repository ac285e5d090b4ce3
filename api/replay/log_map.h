/* log_map - one file of a decision log in memory: the whole of it, or its newest lines */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REPLAY_LOG_MAP_H
#define API_REPLAY_LOG_MAP_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

#define LOG_KEY_LEN 8

struct log_map {
	const char *bytes; /* of whole lines, but for the last one of a mapped file */
	size_t len;
	bool mapped, cut;      /* cut: behind the first line stand the newest ones */
	uint32_t file;         /* in log_lines.paths */
	struct str time;       /* of the first line; absent when it has none */
	uint64_t next;         /* of the first line: the number of the next */
	char key[LOG_KEY_LEN]; /* of the first line: which service writes it */
};

/* Maps a file that is not shortened meanwhile. errors  ERROR_IO */
int log_map_open(const char *path, struct log_map *ret, struct error *err);

/*
 * Reads a file that may be written, renamed or shortened meanwhile: its newest lines, of `most` bytes, behind its first line
 * where that tells of the log. A line without an end is left out. A file that is not there has no lines.
 * errors  ERROR_IO, ERROR_MEMORY
 */
int log_map_read(const char *path, size_t most, struct log_map *ret, struct error *err);

void log_map_close(struct log_map *map);

/* For qsort: by time, then by number, then as given. */
int log_map_compare(const void *a, const void *b);

#endif
