/* listening - sockets of all addresses, and the workers that serve them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLGUARDD_LISTENING_H
#define API_CLGUARDD_LISTENING_H

#include "api/clguardd/program.h"

/* Listens on all addresses. Neither users nor TLS where other machines reach it: only when told in words. */
int listening_open(struct program *program, struct error *err);

/* Before the first thread; the unix sockets go over to the new user. */
int listening_confine(const struct program *program, struct error *err);

/* Opens the workers and starts the server on the sockets, which it takes, also on an error. */
int listening_start(struct program *program, struct error *err);

#endif
