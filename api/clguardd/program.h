/* program - all that clguardd holds */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLGUARDD_PROGRAM_H
#define API_CLGUARDD_PROGRAM_H

#include "api/daemon/reconfigure.h"
#include "api/http/service.h"
#include "api/process/manual_clock.h"
#include "api/system/sd_notify.h"
#include "api/system/socket.h"

struct watchdog;

/* All that the process holds, in the order of opening; closed in reverse. */
struct program {
	struct arena arena;
	struct settings settings;
	struct configuration configuration;
	struct manual_clock clock;
	struct sockets sockets;
	struct service service;
	struct worker **workers;
	unsigned worker_count; /* of the address `listen`; one more for each listener */
	struct listener *listeners;
	struct sockets *listening; /* one a listener */
	unsigned listener_count;
	int *fds;  /* of all workers, those of listeners last; the server closes them */
	bool *tls; /* the same: whether it speaks TLS */
	struct watch *watch;
	struct opening *opening; /* NULL: the database is open */
	struct sd_notify manager;
	struct watchdog *watchdog; /* NULL: the manager wants none */
};

#endif
