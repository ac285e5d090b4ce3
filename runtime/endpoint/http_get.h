/* http_get - one document from an http or https URL, bounded in time and size */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ENDPOINT_HTTP_GET_H
#define RUNTIME_ENDPOINT_HTTP_GET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct http_get {
	const char *url;
	const char *authorities; /* PEM file of those that may vouch for the server; NULL: the system's */
	long timeout_ms;
	size_t most;                 /* bytes of the body */
	bool (*stop)(void *context); /* asked meanwhile: true ends it; NULL: nobody does */
	void *context;
};

/* Loads libcurl; at start, before there are threads that use it. errors  ERROR_UNKNOWN the build lacks it, ERROR_IO */
int http_get_open(struct error *err);

/*
 * Waits for the answer; redirections are not followed, certificates are verified. ret_body: in `arena`, NUL-terminated.
 * errors  ERROR_IO      no answer, or another status than 200
 *         ERROR_LIMIT   the body is longer than `most`
 *         ERROR_MEMORY
 */
int http_get(const struct http_get *get, struct arena *arena, struct str *ret_body, struct error *err);

#endif
