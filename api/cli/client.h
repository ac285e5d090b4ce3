/* client - one HTTP request after another to a clguardd, over TCP or a unix socket */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_CLIENT_H
#define API_CLI_CLIENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

/* Where to ask. */
struct client {
	const char *address; /* "127.0.0.1:6969", "[::1]:6969", "http://host:port" or "unix:PATH" */
	const char *user;    /* "name:password" for HTTP Basic, or NULL */
	const char *bearer;  /* a token, or NULL */
	unsigned timeout_s;  /* for the whole answer; 0: 90 s */
};

/* Whether the address has one of these forms; nobody is asked whether there is such a host. */
bool client_address_good(const char *address);

/*
 * One request on a connection of its own. path: with its query. body: absent for none; media is its type, or
 * that of the answer that is wanted, or NULL. The answer's
 * body is in `arena`, without the line end that closes it. errors  ERROR_IO: no connection, or no whole answer; ERROR_SYNTAX: the answer is no HTTP; ERROR_MEMORY
 */
int client_ask(const struct client *client, const char *method, const char *path, struct str body, const char *media,
               struct arena *arena, unsigned *ret_status, struct str *ret_body, struct error *err);

/*
 * A GET whose answer goes on: calls `visit` with each line of its body as it comes, until the server ends it. *ret_status is
 * set before the first. errors  as client_ask; ERROR_LIMIT a line that is too long
 */
int client_listen(const struct client *client, const char *path, unsigned *ret_status,
                  void (*visit)(void *context, struct str line), void *context, struct error *err);

#endif
