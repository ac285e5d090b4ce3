/* log_file - the file of the decision log: where it was left, chained lines, and one file after the other */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_LOG_FILE_H
#define API_DECISION_LOG_LOG_FILE_H

#include "api/process/settings.h"

#include "api/decision_log/chain.h"

/* The writer's thread alone, but for log_file_open and log_file_close. */
struct log_file {
	const struct settings *settings;
	const char *path;
	struct hash_key key;
	int fd;
	bool regular;       /* else a device or a pipe: neither read nor rotated */
	uint64_t bytes;     /* in the file */
	int64_t begun_ms;   /* when its first line was written */
	uint64_t last;      /* number of the last line that was put, 0 for none */
	struct hash128 mac; /* of it */
	char *out;          /* lines that are to be written */
	size_t out_used, out_done, out_size;
	bool empty; /* no first line yet */
	int code;   /* errno of the last write that failed; 0: it did not */
};

/*
 * Finds the last line of the file, and cuts off what was written of another. A file of another key or of another form is moved
 * aside. The file is made when missing. errors  ERROR_IO, ERROR_SYNTAX, ERROR_MEMORY
 */
int log_file_open(struct log_file *file, const struct settings *settings, struct error *err);

/* Writes nothing more: what is left in `out` is lost. */
void log_file_close(struct log_file *file);

/*
 * Puts a line behind the others, without its number, in front of which it begins with a comma, and without its code. When the
 * file is new its first line goes before. False, and nothing is put, while what is to be written fills all room: flush.
 */
bool log_file_put(struct log_file *file, uint64_t number, struct str line);

/* Writes what was put. False when it cannot all be written now; then later. */
bool log_file_flush(struct log_file *file);

/* Whether what was put makes the file as large as it may be. */
bool log_file_is_full(const struct log_file *file);

/* Everything is flushed: goes on in a new file when this one is full or old enough, or was moved away (`moved`). */
void log_file_turn(struct log_file *file, int64_t now_ms, bool moved);

/* The name of the file that was moved aside, which begins with line `first`: "PATH.00000000000000000001". In `out` of `size`. */
void log_file_aside(const char *path, uint64_t first, char *out, size_t size);

#endif
