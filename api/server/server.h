/* server - HTTP: connections in, exchanges out */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SERVER_SERVER_H
#define API_SERVER_SERVER_H

#include "api/server/exchange.h"
#include "base/budget.h"

/*
 * N workers, each a single-threaded libmicrohttpd daemon with its own listening socket and epoll. An exchange is begun
 * when its headers are there and finished when its body is; both run on the worker and set reply.status when they know
 * the answer, or suspend. A body over the limit is read and thrown away, up to a bound, so that the client hears of
 * the 413.
 */
struct server_options {
	unsigned workers;
	const int *sockets;             /* one listening socket a worker; server_stop closes them */
	bool shared_sockets;            /* another process has them too: they stay open for its connections */
	struct worker *const *contexts; /* one a worker: exchange->worker */
	const bool *tls;                /* one a worker: whether it speaks TLS; NULL: none does */
	const char *tls_trust;          /* PEM: authorities of client certificates; NULL: none is asked for */
	/* The name of a client certificate's identity into buf; session: GnuTLS's. NULL: certificates name nobody. */
	void (*name_client)(struct worker *worker, void *session, char *buf, size_t size);
	void (*begin)(struct exchange *exchange);
	void (*finish)(struct exchange *exchange);
	/*
	 * In all; each worker takes its share, and one at least. When that is full one that waits for a request goes; when
	 * none does, an eighth on top is for urgent requests and administration only.
	 */
	unsigned connections;
	unsigned address_connections, address_requests; /* of one address; see addresses.h */
	bool address_local;                             /* the limits are also of this machine */
	unsigned descriptors;                           /* that must stay for everything but connections */
	size_t header_bytes; /* of a connection: request line, headers, and buffer for the rest */
	unsigned header_count;
	size_t body_bytes;
	struct budget *budget;   /* for bodies, arenas and answers */
	unsigned idle_timeout_s; /* of a connection on which nothing moves */
	unsigned
		header_timeout_s; /* for a connection's first headers to arrive, and behind idle_timeout_s for others */
	unsigned body_timeout_s;  /* for a body to arrive whole */
	unsigned answer_timeout_s; /* for an answer to be taken, and a second for each ANSWER_RATE bytes of it */
};

#define ANSWER_RATE 65536

/* How many connections there can be, of those wanted, with so many descriptors for them. */
unsigned server_connections(unsigned wanted, unsigned room, unsigned workers);

struct server;

/*
 * *ret is set before the first request comes, and also when it fails (NULL when out of memory): then it is to be
 * stopped and freed all the same.
 * errors  ERROR_MEMORY, ERROR_IO
 */
int server_start(const struct server_options *options, struct server **ret, struct error *err);

/*
 * Asks one worker, numbered from 0, for /live over a connection of its own, *ret_fd, on which the answer comes, or the end.
 * The main thread; the caller closes it. errors  ERROR_IO, ERROR_BUSY it takes no connection; nothing is to be closed then
 */
int server_probe(struct server *server, unsigned worker, int *ret_fd, struct error *err);

/* Main thread, now and then: answers suspended exchanges whose time is over, and ends connections that are late. */
void server_tick(struct server *server);

/* Open connections, and how many of them wait suspended; those that were ended, and why, since the start. Any thread. */
struct server_load {
	unsigned connections, suspended;
	uint64_t late;        /* over a deadline */
	uint64_t evicted;     /* to make room */
	uint64_t turned_away; /* their address had all that it may have */
};

struct server_load server_load(struct server *server);

/*
 * No new connections; suspended exchanges get a second to be resumed by whoever took them, then are answered as timed
 * out; returns when all workers ended. exchange_resume may still be called until server_free.
 */
void server_stop(struct server *server);

/* After server_stop, and after the last exchange_resume. Takes NULL. */
void server_free(struct server *server);

#endif
