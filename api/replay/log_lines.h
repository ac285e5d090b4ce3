/* log_lines - the lines of decision logs, in the order of the counters that they are about */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REPLAY_LOG_LINES_H
#define API_REPLAY_LOG_LINES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/str.h"

/*
 * Threads of a service write their lines side by side: a line may stand before one that tells of an earlier state of the
 * counters. Each tells by commit and step which state it is about, and the lines are sorted by that. Lines that do not tell,
 * because their answer needed no count, stay behind the change before them.
 *
 * Commits are numbered by a database. Lines are of one epoch as long as that is the same one and only goes forward: another
 * database, or one that was brought back from a copy, begins another.
 */
struct log_line {
	struct str text; /* without its end of line; of the file in memory */
	uint32_t file;   /* in log_lines.paths */
	uint32_t line;   /* from 1; 0 where the lines before it were not read */
	uint32_t epoch;
	uint32_t run;  /* of a service, from its start on: generations are numbered in each */
	uint32_t step; /* UINT32_MAX: behind the whole commit */
	uint64_t commit;
	bool asks; /* not a change: behind the change of its step */
};

struct log_epoch {
	struct hash128 database; /* zero: the log does not tell */
	bool restored;           /* of the same database as an earlier epoch: records up to `record` are still there */
	uint64_t record;
};

struct log_lines {
	const char *const *paths;
	size_t file_count;
	struct log_map *maps;
	struct log_line *lines; /* sorted */
	size_t count;
	struct log_epoch *epochs;
	size_t epoch_count;
	uint32_t run_count;
	uint64_t missing; /* lines, by the gaps between the numbers of those that are there */
};

/*
 * Maps the files and sorts their lines; "-" cannot be mapped and is refused. Files that begin with a first line (chain.h) are
 * taken in the order of their time, others as given. paths outlive ret. errors  ERROR_IO, ERROR_LIMIT, ERROR_MEMORY
 *
 * most: 0 for all there is. Else the log is one that a service writes, its oldest file first, and it may be renamed or
 * shortened meanwhile: the newest lines, of at most that many bytes, behind the first lines of their files; not the one that
 * has no end yet; a file that is gone by now is left out.
 */
int log_lines_read(const char *const *paths, size_t count, size_t most, struct log_lines *ret, struct error *err);

void log_lines_free(struct log_lines *lines);

#endif
