/* socket - listening sockets, one a worker */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SYSTEM_SOCKET_H
#define API_SYSTEM_SOCKET_H

#include <stdbool.h>

#include "base/error.h"

#define SOCKET_NAME_SIZE 160

struct sockets {
	int *fds; /* malloc'ed; the server takes the descriptors */
	unsigned count;
	char name[SOCKET_NAME_SIZE]; /* "127.0.0.1:6969", "[::1]:6969", "unix:/run/clguard.sock" */
	char unix_path[108];         /* removed by sockets_done; empty when there is none */
	bool inherited;              /* it is the service manager's too */
};

/* Whether it is ADDR:PORT, [ADDR]:PORT, :PORT or unix:PATH; nobody is asked whether there is such an address. */
bool socket_address_good(const char *listen);

/* How unix sockets are made; texts as in the settings, NULL for what the system does. */
struct socket_access {
	const char *mode, *owner, *group;
};

bool socket_mode_good(const char *mode);

/*
 * Listens on ADDR:PORT, [ADDR]:PORT, :PORT (all addresses) or unix:PATH, `count` times. Where a service manager hands
 * over sockets (LISTEN_PID, LISTEN_FDS), one is taken in place of the address: that which LISTEN_FDNAMES calls "listen", for
 * place 0, or "listener-PLACE"; where it has no such name at all, the one numbered `place` from 0. When there is none the
 * address holds. ret->name: where it listens in truth. TCP: each worker's own socket with SO_REUSEPORT,
 * after a trial without it, which fails where another program listens; unix and inherited: one socket, dup'ed. A
 * socket file that nobody listens on is replaced.
 * errors  ERROR_BUSY in use, ERROR_IO, ERROR_TYPE not an address, ERROR_UNKNOWN no such user or group, ERROR_MEMORY
 */
int sockets_open(const char *listen, unsigned place, unsigned count, const struct socket_access *access,
                 struct sockets *ret, struct error *err);

/* How many sockets a service manager has handed over. */
unsigned sockets_inherited(void);

/* Frees the list and removes the unix socket; descriptors belong to the server. */
void sockets_done(struct sockets *sockets);

/* Closes the descriptors: before a server took them. */
void sockets_close(struct sockets *sockets);

#endif
