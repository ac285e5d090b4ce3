/* confine_process - what the process gives up once it has its sockets: its user, new privileges, system calls, files */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONFINE_CONFINE_PROCESS_H
#define API_CONFINE_CONFINE_PROCESS_H

#include "api/process/settings.h"

/*
 * Before the first thread, and after the sockets are bound. In this order: no core dumps with what is in memory
 * (settings->core_dumps), no new privileges, the user and group of the settings, files by Landlock (settings->landlock),
 * system calls by seccomp (settings->seccomp). One line in the log says what is in force and what the kernel lacks.
 * sockets: paths of unix sockets, which the new user is to own, and to remove at the end.
 * errors  ERROR_UNKNOWN  there is no such user or group; ERROR_IO  the process may not become that user; ERROR_MEMORY
 */
int confine_process(const struct settings *settings, const char *const *sockets, size_t count, struct error *err);

#endif
