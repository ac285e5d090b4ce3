/* http_client - carries requests to actors over HTTP, on a thread of its own: the one user of libcurl */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ENDPOINT_HTTP_CLIENT_H
#define RUNTIME_ENDPOINT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct courier;

/* One request: POST, JSON. */
struct errand {
	struct str id, url, body;
	int64_t timeout_ms;
};

/* What came of it. */
struct parcel {
	struct str id, body;
	unsigned status; /* HTTP's */
	const char *why; /* no answer came; NULL when one did */
};

/* False when the build has no libcurl; courier_open then fails. */
bool courier_is_built(void);

/* done: on the courier's thread, once for each errand that was taken and not cut off by courier_close. */
int courier_open(void (*done)(void *context, const struct parcel *parcel), void *context, struct courier **ret,
                 struct error *err);

/* Cuts off what is on its way, and ends the thread; takes NULL. */
void courier_close(struct courier *courier);

/* Whether an errand of this id was taken and is not forgotten. Any thread. */
bool courier_has(struct courier *courier, struct str id);

/* What was told to `done` has been dealt with: the id may be sent again. Any thread. */
void courier_forget(struct courier *courier, struct str id);

/* Takes the errand, copied. False when too many are on their way, or memory is out: try again later. Any thread. */
bool courier_send(struct courier *courier, const struct errand *errand);

#endif
