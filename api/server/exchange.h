/* exchange - one HTTP request and its reply, as the handlers see it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SERVER_EXCHANGE_H
#define API_SERVER_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/bodies/media.h"
#include "api/identity/auth.h"
#include "api/limits/connections.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/trace.h"
#include "guards/verdict.h"

struct route;
struct worker;

enum http_method {
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_PUT = 8,
	METHOD_DELETE = 16,
	METHOD_OPTIONS = 32, /* of no route: what a web page asks before it asks */
	METHOD_OTHER = 64
};

/* A header of a reply; static storage. */
struct reply_header {
	const char *name, *value;
};

struct stream;

struct reply {
	unsigned status; /* 0 while there is none */
	enum media media;
	const char *type;                   /* Content-Type, in place of media's; static; NULL: media's */
	const char *tag;                    /* ETag; static */
	const struct reply_header *headers; /* more of them, up to one without a name; NULL: none */
	struct stream *stream;              /* in place of a body: what comes is sent until it ends */
	struct str body;                    /* in the arena or static; may be absent */
	bool constant;                      /* body is static storage: always the same bytes behind this pointer */
	const char *allow;                  /* the methods of the path, with 405 and to a preflight; static */
	struct str origin; /* the web page that asks, when it may read the answer (setting origins); absent: none */
	bool preflight;    /* the page asks what it may do */
	bool authenticate; /* with 401 */
	bool close;        /* the connection ends with this answer */
	char id[37];       /* X-ONAP-RequestID, and the version headers with it; empty: without them */
	struct str echo;   /* X-Request-ID; NUL-terminated, as long as the exchange; absent: without it */
	unsigned retry_s;  /* Retry-After with 429 and 503; 0: a second */
	uint64_t limit;    /* with 429: what one address may ask a second; 0: it is not told */
	/* Whose memory the body is, if not the arena's: release(owner) is called once, when the body is sent or not needed. */
	void (*release)(void *owner);
	void *owner;
};

/*
 * Belongs to one worker thread from the request's headers to the reply's last byte; other threads may only call
 * exchange_resume. Texts of the request live as long as it does, the arena until the reply is handed over.
 */
struct exchange {
	/* The request. Headers are absent when they were not sent. */
	enum http_method method;
	struct str path;
	struct str content_type, accept, authorization, request_id, host, origin, fetch_site, traceparent,
		if_none_match, echo_id; /* the last: X-Request-ID */
	struct str asked_method;        /* Access-Control-Request-Method */
	struct str coding;              /* Content-Encoding */
	const char *doubtful;           /* why the request cannot be trusted to end where it seems to; NULL: it can */
	struct peer *peer;              /* the connection's */
	struct str body;                /* REQUEST_SCAN_SLACK zero bytes follow, if it is not empty */
	uint64_t body_length;           /* as announced; 0 when it is not */
	bool chunked;                   /* a body comes in chunks */

	/* Filled by begin and finish. */
	struct worker *worker;
	const struct route *route;
	enum media reads, writes; /* of the body, and what the client accepts */
	int64_t started_ns;
	bool urgent;    /* of a route that is the last to be refused for want of memory */
	bool preferred; /* the same, or of one that administers: served when there are connections for nothing else */
	bool crowded;   /* refused because there are connections for urgent requests only */
	bool uncounted; /* of a probe: no limit of the address holds it up */
	struct reply reply;

	struct identity identity; /* who asks; zero when the service is open */
	bool unverified;          /* its credentials are still to be checked */

	bool polling; /* counted among those that wait for messages */

	uint64_t note; /* the handler's own, kept while suspended */

	/* The request's trace, given or new. trace_text, for who is asked on its behalf; empty: it has none. */
	struct trace_context trace;
	unsigned char parent[8]; /* the caller's span; zero: there is none */
	char trace_text[TRACE_TEXT_SIZE];
	enum reason reason; /* of the last decision; REASON_COUNT: none was made */
	bool permitted;

	struct arena *arena;

	/* Suspension; see exchange_suspend. */
	void (*resumed)(struct exchange *exchange);
	void (*ended)(
		struct exchange *exchange); /* in its place, when the client has gone: lets go of what `note` holds */
	bool timed_out;                     /* nobody resumed it in time, or the server stops */
	const struct error *outcome;        /* what exchange_resume was given; NULL when timed_out */
};

/* The client's address for logs: "192.0.2.7", "unix"; never empty. As long as the connection. */
const char *exchange_client(const struct exchange *exchange);

/* The value of a header; absent when it is not sent. Borrowed as headers are. */
struct str exchange_header(struct exchange *exchange, const char *name);

/* The value of a query parameter, decoded; absent when it is not given, empty for ?name. Borrowed as headers are. */
struct str exchange_query(struct exchange *exchange, const char *name);

/* Hashes who asks: the address, without its port. What a client says of itself would make it many callers. */
uint64_t exchange_caller(struct exchange *exchange);

/*
 * The body becomes the caller's: malloc's, with REQUEST_SCAN_SLACK zero bytes behind it; *ret_charged was taken from the
 * server's budget for it, and is the caller's to give back. NULL for an empty one.
 */
char *exchange_take_body(struct exchange *exchange, size_t *ret_charged);

/*
 * Takes so many bytes from the server's budget until the request has ended and nobody holds it, for what others keep
 * of it. False when there are none.
 */
bool exchange_charge(struct exchange *exchange, size_t bytes);

/*
 * Takes the exchange off its worker until exchange_resume, or until timeout_ms later. Then `resumed` is called on the worker
 * and must set a reply; or `ended`, if that is set, when the request ends without it because its client has gone. Every
 * suspended exchange must be resumed once, even when its time is over. The arena is reset in between.
 */
void exchange_suspend(struct exchange *exchange, int64_t timeout_ms, void (*resumed)(struct exchange *exchange));

/* Whether nobody waits for the answer of a suspended exchange any more. Any thread, before exchange_resume. */
bool exchange_is_gone(struct exchange *exchange);

/* Any thread. outcome is copied. */
void exchange_resume(struct exchange *exchange, const struct error *outcome);

#endif
