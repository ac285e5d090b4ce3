/* watchdog - the service manager is told that all is well only when every thread that matters has answered */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLGUARDD_WATCHDOG_H
#define API_CLGUARDD_WATCHDOG_H

#include "api/clguardd/program.h"

struct watchdog;

/*
 * Four times in the manager's interval each HTTP worker is asked a question over a connection of its own, and the committer and
 * the runtime's thread must have gone round since. When all have, the manager hears of it; when one has not within half the
 * interval, the log and the manager's status name it, and the manager ends the process when the interval is over.
 * NULL where no manager asks, or without memory, which ends the process too.
 */
struct watchdog *watchdog_open(const struct program *program);

/* The main thread, at each tick. Takes NULL. */
void watchdog_look(struct watchdog *watchdog, struct program *program);

void watchdog_close(struct watchdog *watchdog); /* takes NULL */

#endif
