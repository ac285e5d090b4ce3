/* log_files - the files of a decision log, in their order */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_LOG_FILES_H
#define API_DECISION_LOG_LOG_FILES_H

#include <stddef.h>

#define LOG_PATH_SIZE 4096

/* Those that were moved aside by their names, then the one that is written to. Names from malloc. */
struct log_files {
	char **paths;
	size_t count;
};

/* The last one need not be there. 0, or -1 when the directory cannot be read or out of memory; free it in either case. */
int log_files_find(const char *path, struct log_files *ret);

void log_files_free(struct log_files *files);

#endif
