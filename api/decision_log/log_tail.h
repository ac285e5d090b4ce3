/* log_tail - reads the files of a decision log behind their writer */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_LOG_TAIL_H
#define API_DECISION_LOG_LOG_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* One thread. */
struct log_tail {
	const char *path;
	int fd; /* -1: none is open */
	char *bytes;
	size_t used, at, size; /* of bytes: read so far, and taken of it */
	uint64_t number;       /* of the last line that was taken or passed over */
	uint64_t skipped;      /* lines whose file was gone */
};

/* after: the number of the last line that is not wanted; 0: all are. False on allocation failure. */
bool log_tail_open(struct log_tail *tail, const char *path, uint64_t after);
void log_tail_close(struct log_tail *tail);

/*
 * The next whole line with its number, without its end; false when there is none yet. ret is borrowed until the next call. First
 * lines of files are passed over.
 */
bool log_tail_next(struct log_tail *tail, uint64_t *ret_number, struct str *ret);

#endif
