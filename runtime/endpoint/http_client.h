/* http_client - carries requests to actors over HTTP, on a thread of its own: the one user of libcurl */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ENDPOINT_HTTP_CLIENT_H
#define RUNTIME_ENDPOINT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct http_client;

/* One request: POST, JSON. */
struct http_request {
	struct str id, url, body;
	int64_t timeout_ms;
	struct str trace; /* a traceparent; absent: none is sent */
};

/* The response to a request. */
struct http_response {
	struct str id, body;
	unsigned status; /* HTTP's */
	const char *why; /* no answer came; NULL when one did */
};

/* False when the build has no libcurl; client_open then fails. */
bool http_client_is_built(void);

/*
 * done: on the client's thread, once for each request that was taken and not cut off by client_close. authorities: a PEM
 * file that certificates are verified by, NULL for the system's; borrowed.
 * errors  ERROR_UNKNOWN (no libcurl), ERROR_IO (no such file), ERROR_MEMORY
 */
int http_client_open(void (*done)(void *context, const struct http_response *response), void *context,
                     const char *authorities, struct http_client **ret, struct error *err);

/* Cuts off what is on its way, and ends the thread; takes NULL. */
void http_client_close(struct http_client *client);

/* Whether an request of this id was taken and is not forgotten. Any thread. */
bool http_client_has(struct http_client *client, struct str id);

/* The caller has dealt with the response given to `done`: the id may be sent again. Any thread. */
void http_client_forget(struct http_client *client, struct str id);

/* Takes the request, copied. False when too many are on their way, or out of memory: try again later. Any thread. */
bool http_client_send(struct http_client *client, const struct http_request *request);

#endif
