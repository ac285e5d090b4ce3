/* confine_system - seccomp: the system calls that the service never makes are refused */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONFINE_CONFINE_SYSTEM_H
#define API_CONFINE_CONFINE_SYSTEM_H

#include "api/process/settings.h"

/* For this thread and those that it starts. ret: what is in force, in words. No new privileges must have been set. */
void confine_system(const struct settings *settings, char *ret, size_t size);

#endif
