/* reload - policy files into force, at start, on change, on SIGHUP */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_RELOAD_H
#define API_DAEMON_RELOAD_H

#include "api/http/service.h"

/*
 * The first load, before the workers start: reads the files of --policies and publishes what they hold. Findings are
 * logged, once; on any error nothing is in force. 0 or a negative code.
 */
int reload_first(struct service *service);

/*
 * The admin thread: watches the files and loads them when they changed, which is when a file was closed after writing,
 * moved or deleted and two reads 200 ms apart give the same bytes. A given path that is gone, or a directory left
 * without any policy file, keeps the old set: nothing is permitted because a file is missing. Whatever was refused is
 * told by service->last_error and the log.
 */
struct watch;

int watch_start(struct service *service, struct watch **ret, struct error *err);

/* Reads users and policies again, at once, on the admin thread. */
void watch_reload(struct watch *watch);

/* Ends the thread. Takes NULL. */
void watch_stop(struct watch *watch);

#endif
