/* confine_system - seccomp: the system calls that the service never makes are refused */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONFINE_CONFINE_SYSTEM_H
#define API_CONFINE_CONFINE_SYSTEM_H

#include "api/process/settings.h"

/* Whether a sanitizer looks for leaks at the end: it traces the process for that, which is refused else. */
#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_TRACED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_TRACED 1
#endif
#endif
#ifndef CONFINE_TRACED
#define CONFINE_TRACED 0
#endif

/* For this thread and those that it starts. ret: what is in force, in words. No new privileges must have been set. */
void confine_system(const struct settings *settings, char *ret, size_t size);

#endif
