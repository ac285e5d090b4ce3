/* route - finds the handler of a method and path in a table (api/daemon/routes.c) */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_ROUTE_H
#define API_HTTP_ROUTE_H

#include "api/server/exchange.h"

enum route_flags {
	ROUTE_OPEN = 1,      /* needs no credentials */
	ROUTE_GATED = 2,     /* answers 409 in PASSIVE state */
	ROUTE_ONAP = 4,      /* carries X-ONAP-RequestID and the version headers */
	ROUTE_ID = 8,        /* the path ends with a slash, and one more segment follows it in requests */
	ROUTE_URGENT = 32,   /* the last to be refused for want of memory */
	ROUTE_PAGE = 64,     /* pages of other origins may link to it */
	ROUTE_AUTHZEN = 128, /* X-Request-ID is echoed, and a body of another type is answered with 400 */
	ROUTE_EARLY = 256,   /* answers while the database is still being verified; the others 503 */
	ROUTE_CALLER = 512,  /* an element of a control loop that shows its own token needs no role */
	ROUTE_STARS = 16     /* each `*` in the path stands for any one segment that is not empty */
};

struct route {
	const char *label; /* "POST /policy/pdpx/v1/decision" */
	struct str path;
	enum http_method method; /* GET answers HEAD too */
	unsigned flags;
	unsigned reads, writes; /* masks of media; reads 0: a body is not looked at */
	void (*answer)(struct exchange *exchange);
};

struct route_table {
	const struct route *routes;
	unsigned count;
};

/* The row for a method and path, or NULL. ret_methods: a mask of the path's methods, 0 when there is no such path. */
const struct route *route_find(const struct route_table *table, enum http_method method, struct str path,
                               unsigned *ret_methods);

/* "GET, HEAD, POST" into buf. */
void route_methods_text(unsigned methods, char *buf, size_t size);

/*
 * True for paths that a PASSIVE service refuses before it looks whether they exist: all under /policy/pdpx/v1 but those
 * that end in healthcheck, statistics or metrics.  source  the service filter of ONAP's policy-xacml-pdp
 */
bool route_path_gated(struct str path);

/* For metrics: routes are numbered from 0, the last number is for requests that met none. */
unsigned route_count(const struct route_table *table);
unsigned route_number(const struct route_table *table, const struct route *route);
const char *route_label(const struct route_table *table, unsigned number); /* a route's label, or "other" */

/* The role that a route needs, and whether its handler looks at the scope of a scoped one. route_roles.c */
struct route_role {
	unsigned role; /* of enum role */
	bool scoped;
};

/* By label; a route without a row needs `administer`. found: NULL, or whether it has one. */
struct route_role route_role_find(const char *label, bool *found);

#endif
