/* writers - is a policy file whole, or does someone still write to it? */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_WRITERS_H
#define API_DAEMON_WRITERS_H

#include "base/error.h"

enum file_state {
	FILE_QUIET,   /* nobody has it open to write */
	FILE_WRITTEN, /* some process has */
	FILE_UNKNOWN  /* the system does not tell: not our file, or not a local file system */
};

/*
 * Never waits, whatever stands at the path. A file that is gone is FILE_QUIET: reading it tells.
 * errors  ERROR_TYPE: not a regular file
 */
int file_state(const char *path, enum file_state *ret, struct error *err);

#endif
