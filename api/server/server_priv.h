/* server_priv - a worker of the server, as the files that receive and send see it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SERVER_SERVER_PRIV_H
#define API_SERVER_SERVER_PRIV_H

#include <microhttpd.h>

#include "api/server/responses.h"
#include "api/server/server.h"
#include "api/server/ticket.h"
#include "api/limits/connections.h"

struct thread {
	struct server *server;
	struct worker *context;
	struct MHD_Daemon *daemon;
	int listening; /* the socket */
	bool tls;
	struct arena arena;
	struct ticket_pool tickets;
	struct connections connections;
	struct responses responses;
};

struct server {
	struct server_options options;
	atomic_int_fast64_t now_ms; /* by the main thread's last look at the clock: deadlines need no better */
	struct addresses addresses;
	unsigned threads;
	struct thread thread[];
};

static inline int64_t
server_now(const struct server *server)
{
	return atomic_load_explicit(&server->now_ms, memory_order_relaxed); /* orders nothing */
}

/* --- server.c: a connection that waits, and goes on --- */

void server_suspend(void *connection);
void server_wake(void *connection);

/* --- server_receive.c: what libmicrohttpd calls --- */

enum MHD_Result server_access(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *bytes, size_t *count, void **state);
void server_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why);

/* --- server_head.c --- */

/* Method, path and headers into the ticket's exchange. */
void server_take_head(struct ticket *ticket, const char *method, const char *target, const char *version);

/* --- server_peer.c --- */

void server_connection(void *cls, struct MHD_Connection *connection, void **state,
                       enum MHD_ConnectionNotificationCode what);
/* The socket of a connection; -1 when it has none. */
int server_connection_fd(struct MHD_Connection *connection);

/*
 * Ends the connection behind an answer that was sent past libmicrohttpd: closing with unread bytes would reset it, and the
 * answer might be lost on the way.
 */
void server_hang_up(int fd);

/* The connection's peer; with the name of its client certificate, which is there after the handshake. */
struct peer *server_peer(const struct thread *thread, struct MHD_Connection *connection);

/*
 * The service has done its part: the connection takes the answer until due_ms, or waits for the next request. While it
 * does, and while a request comes in, it may be the one that makes room.
 */
void server_peer_rests(struct thread *thread, struct peer *peer, int64_t due_ms);

/* --- server_target.c: what libmicrohttpd calls --- */

#define UNPRINTABLE '\x01' /* stands for %00 in a path */

/* The request line is there. NULL always. */
void *server_look_at_target(void *cls, const char *target, struct MHD_Connection *connection);

size_t server_unescape(void *cls, struct MHD_Connection *connection, char *text);

/* --- server_send.c --- */

/* Hands the ticket's reply over, and lets go of its body when it has been sent. */
enum MHD_Result server_send(struct thread *thread, struct ticket *ticket);

/* --- server_refuse.c --- */

/* Finds libmicrohttpd's own way to queue an answer. At start, before any thread. */
void server_refuse_init(void);

/* MHD_queue_response, for answers of ours. */
enum MHD_Result server_queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response);

#endif
