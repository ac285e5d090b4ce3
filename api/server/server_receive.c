/* server_receive - requests as libmicrohttpd hands them over: begun, their bodies, finished */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "api/server/server_priv.h"

#define DRAIN_BYTES ((size_t)1 << 20) /* read and thrown away beyond the body limit before we hang up */

/* When the headers of the next request must be there. */
static int64_t
next_due(const struct server *server)
{
	const struct server_options *options = &server->options;

	return server_now(server) + (int64_t)(options->idle_timeout_s + options->header_timeout_s) * 1000;
}

void
server_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	struct ticket *ticket = *state;

	(void)connection;
	(void)why;
	if (!ticket)
		return;
	if (ticket->exchange.peer)
		server_peer_rests(cls, ticket->exchange.peer, next_due(((struct thread *)cls)->server));
	if (ticket->lent)
		*ticket->lent = false;
	ticket->lent = NULL;
	ticket_end(ticket);
	*state = NULL;
}

/* When an answer of so many bytes must have been taken. */
static int64_t
answer_due(const struct server *server, size_t len)
{
	return server_now(server) + ((int64_t)server->options.answer_timeout_s + (int64_t)(len / ANSWER_RATE)) * 1000;
}

/* Called when the body is there, and again after each suspension. */
static enum MHD_Result
server_finish(struct thread *thread, struct ticket *ticket)
{
	struct exchange *exchange = &ticket->exchange;
	void (*run)(struct exchange *);
	enum MHD_Result result;

	if (exchange->peer) {
		exchange->peer->busy = true;
		peer_due(exchange->peer, 0);
	}
	do {
		run = exchange->resumed ? exchange->resumed : thread->server->options.finish;
		exchange->resumed = NULL;
		run(exchange);
	} while (exchange->resumed && ticket->refused);
	result = exchange->resumed ? MHD_YES : server_send(thread, ticket);
	if (exchange->peer && !exchange->resumed && !exchange->reply.stream) /* a stream has no end */
		server_peer_rests(thread, exchange->peer, answer_due(thread->server, exchange->reply.body.len));
	arena_reset(&thread->arena);
	return result;
}

/* A request that is one too many: of its address, or of those that are not urgent. */
static void
refuse_crowd(const struct thread *thread, struct exchange *exchange)
{
	struct server *server = thread->server;
	struct reply *reply = &exchange->reply;
	struct peer *peer = exchange->peer;

	if (reply->status || !peer)
		return;
	if (!exchange->uncounted)
		reply->retry_s = address_asks(&server->addresses, peer->slot, exchange->started_ns / 1000);
	if (reply->retry_s) {
		reply->status = MHD_HTTP_TOO_MANY_REQUESTS;
		reply->limit = server->addresses.requests;
	} else if (connections_crowded(&thread->connections, peer) && !exchange->preferred) {
		reply->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		reply->close = exchange->crowded = true;
	}
}

static enum MHD_Result
server_begin(struct thread *thread, struct MHD_Connection *connection, const char *url, const char *method,
             const char *version, void **state)
{
	const struct server_options *options = &thread->server->options;
	struct ticket *ticket = ticket_take(&thread->tickets);
	struct exchange *exchange;

	if (!ticket)
		return MHD_NO;
	*state = ticket;
	ticket->connection = connection;
	exchange = &ticket->exchange;
	*exchange = (struct exchange){
		.worker = thread->context,
		.arena = &thread->arena,
		.peer = server_peer(thread, connection),
	};
	server_take_head(ticket, method, url, version);
	options->begin(exchange);
	refuse_crowd(thread, exchange);
	if (exchange->peer)
		peer_due(exchange->peer, server_now(thread->server) + (int64_t)options->body_timeout_s * 1000);
	if (exchange->doubtful)
		ticket->answer_early = true; /* where its body ends is what is in doubt */
	thread->arena.use = exchange->urgent ? BUDGET_URGENT : BUDGET_OTHER;
	if (ticket->headers > options->header_count)
		exchange->reply.status = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	else if (exchange->body_length > options->body_bytes && !exchange->reply.status)
		exchange->reply.status = MHD_HTTP_CONTENT_TOO_LARGE;
	if (exchange->body_length > options->body_bytes + DRAIN_BYTES)
		ticket->answer_early = true;
	return exchange->reply.status && ticket->answer_early ? server_finish(thread, ticket) : MHD_YES;
}

/*
 * The body of a refused request is read all the same, so that the client hears why and may go on with the connection.
 */
static enum MHD_Result
take_body(struct thread *thread, struct ticket *ticket, const char *bytes, size_t count)
{
	const struct server_options *options = &thread->server->options;
	struct exchange *exchange = &ticket->exchange;

	if (ticket->body_taken &&
	    clock_monotonic_ms() - exchange->started_ns / 1000000 > (int64_t)options->body_timeout_s * 1000)
		return MHD_NO;
	if (ticket->body_taken + count > options->body_bytes && !exchange->reply.status)
		exchange->reply.status = MHD_HTTP_CONTENT_TOO_LARGE;
	if (!exchange->reply.status && ticket_keep(ticket, bytes, count))
		return MHD_YES;
	if (!exchange->reply.status)
		exchange->reply.status = MHD_HTTP_SERVICE_UNAVAILABLE;
	ticket->body_taken += count;
	return ticket->body_taken > options->body_bytes + DRAIN_BYTES ? MHD_NO : MHD_YES;
}

enum MHD_Result
server_access(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
              const char *bytes, size_t *count, void **state)
{
	struct thread *thread = cls;
	struct ticket *ticket = *state;
	enum MHD_Result result;

	if (!ticket)
		return server_begin(thread, connection, url, method, version, state);
	if (*count) {
		result = take_body(thread, ticket, bytes, *count);
		*count = 0;
		return result;
	}
	ticket->exchange.body = (struct str){ticket->body, ticket->exchange.reply.status ? 0 : ticket->body_taken};
	return server_finish(thread, ticket);
}
