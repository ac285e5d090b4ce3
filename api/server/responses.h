/* responses - the responses that a worker uses again, so that an answer costs no memory */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SERVER_RESPONSES_H
#define API_SERVER_RESPONSES_H

#include "api/server/exchange.h"

struct MHD_Response; /* libmicrohttpd's; only api/server/server.c knows what it is */

#define RESPONSES_SETS 16
#define RESPONSES_WAYS 4
#define RESPONSES_BODY_MOST ((size_t)8 << 10) /* a larger body is not kept */

/*
 * libmicrohttpd fixes a response's headers and the length of its body when it is made, which takes some twenty calls
 * of malloc; the bytes it only points to. So one response serves every reply of the same status and length: the
 * request id is overwritten where the response keeps it, and the body where it points to. Headers are written out
 * before libmicrohttpd turns to another connection; a body may have to wait for the client, and is lent to its
 * connection until that has sent it all. A constant body is everybody's.
 */
struct response {
	struct MHD_Response *response; /* NULL: nothing here */
	const char *constant;          /* the body, when it is constant */
	char *body;                    /* when it is not: `length` bytes, which end with the response */
	size_t length;
	unsigned status;
	char *id; /* where the response keeps X-ONAP-RequestID; NULL without */
	bool lent;
};

/* Of one worker's thread. */
struct responses {
	struct response sets[RESPONSES_SETS][RESPONSES_WAYS];
	unsigned next; /* which of a full set goes next */
};

/*
 * The place for a reply: *ret_fits tells whether its response serves it already, or is to be replaced. NULL: make one
 * for this reply alone.
 */
struct response *responses_find(struct responses *responses, const struct reply *reply, bool *ret_fits);

#endif
