/* confine_files - Landlock: only the files that the settings name, and what the C library needs, can be opened */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONFINE_CONFINE_FILES_H
#define API_CONFINE_CONFINE_FILES_H

#include "api/process/settings.h"

/*
 * For this thread and those that it starts: the database, logs, policy files, secrets and certificates of the settings,
 * each with its directory, so that a file may be replaced by another; the system's libraries and configuration. ret: what
 * is in force, in words. No new privileges must have been set. A path that is not there is passed over: who opens it says
 * so.
 */
void confine_files(const struct settings *settings, char *ret, size_t size);

#endif
