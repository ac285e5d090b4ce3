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

/* Reads users, certificates and policies again, at once, on the admin thread. */
void watch_reload(struct watch *watch);

/*
 * The same, and done(context, error) is called once on the admin thread when it has ended: the first thing that was refused, or
 * nothing; ERROR_BUSY when the service stops before. errors  ERROR_MEMORY, ERROR_BUSY, and done is not called
 */
int watch_reload_ask(struct watch *watch, void (*done)(void *context, const struct error *err), void *context,
                     struct error *err);

/* Has the service manager show what is in force, and what was refused. */
void watch_status(struct service *service);

/* Ends the thread; who waits for a reload is turned away, now and later. Takes NULL. */
void watch_stop(struct watch *watch);

/* After watch_stop, and when no worker is left that may ask. Takes NULL. */
void watch_close(struct watch *watch);

#endif
