/* audit - which requests are lines of the audit log */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_AUDIT_H
#define API_HTTP_AUDIT_H

#include "api/http/service.h"

/*
 * The worker, when the answer is known: a line for a request that would change what the service does or guards (its
 * route needs administer or operate and is not a GET), done or not. The service keeps an audit log.
 */
void audit_exchange(struct exchange *exchange);

/* A line for files that were read again: which, and why not. err: NULL when they were. Takes NULL for the log. */
void audit_reload(struct audit_log *log, const char *what, const struct error *err);

/* "GET" and so on; "other". */
const char *http_method_name(enum http_method method);

#endif
