/* server_receive - connections and requests as libmicrohttpd hands them over: headers, bodies, lengths that are doubtful */
/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "api/server/server_priv.h"
#include "base/hash.h"

#define DRAIN_BYTES ((size_t)1 << 20) /* read and thrown away beyond the body limit before we hang up */
#define ARGUMENT_BYTES 72  /* of a connection's buffer: what libmicrohttpd keeps of a query parameter, and some */
#define UNPRINTABLE '\x01' /* stands for %00 in a path */

/*
 * The service has done its part: the connection takes the answer until due_ms, or waits for the next request. While it
 * does, and while a request comes in, it may be the one that makes room.
 */
static void
peer_rests(struct thread *thread, struct peer *peer, int64_t due_ms)
{
	peer->busy = false;
	peer->asked = true;
	connections_rest(&thread->connections, peer, server_now(thread->server));
	peer_due(peer, due_ms);
}

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
		peer_rests(cls, ticket->exchange.peer, next_due(((struct thread *)cls)->server));
	if (ticket->lent)
		*ticket->lent = false;
	ticket->lent = NULL;
	ticket_end(ticket);
	*state = NULL;
}

/* What libmicrohttpd 1.0 tells stands in one place of the connection: it is over when something else is asked. */
static const struct sockaddr *
client_address(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info ? info->client_addr : NULL;
}

int
server_connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* The address of the other side, and who it is where the kernel says so: on a unix socket. NULL: out of memory. */
static struct peer *
peer_new(struct thread *thread, struct MHD_Connection *connection)
{
	const struct sockaddr *address = client_address(connection);
	int fd = server_connection_fd(connection);
	struct peer *peer = fd >= 0 ? calloc(1, sizeof(*peer)) : NULL;
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (!peer)
		return NULL;
	peer->fd = fd;
	peer->slot = address_slot(&thread->server->addresses, address);
	(void)snprintf(peer->address, sizeof(peer->address), "unix");
	if (address && address->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, peer->address,
		                sizeof(peer->address));
	else if (address && address->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
		                peer->address, sizeof(peer->address));
	else if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
		(void)snprintf(peer->name, sizeof(peer->name), "uid:%u", (unsigned)credentials.uid);
	return peer;
}

static void
connection_begins(struct thread *thread, struct MHD_Connection *connection, void **state)
{
	int64_t now_ms = server_now(thread->server);
	struct peer *peer = peer_new(thread, connection);

	*state = NULL;
	if (!peer)
		return;
	peer_due(peer, now_ms + (int64_t)thread->server->options.header_timeout_s * 1000);
	if (connections_add(&thread->connections, peer, now_ms))
		*state = peer;
	else
		free(peer);
}

void
server_connection(void *cls, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode what)
{
	struct thread *thread = cls;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		connection_begins(thread, connection, state);
	} else if (*state) {
		connections_remove(&thread->connections, *state);
		free(*state);
		*state = NULL;
	}
}

/* The connection's peer; with the name of its client certificate, which is there after the handshake. */
static struct peer *
peer_of(const struct thread *thread, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *context =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct peer *peer = context ? context->socket_context : NULL;
	const struct server_options *options = &thread->server->options;

	if (peer && thread->tls && options->name_client && !peer->examined) {
		const union MHD_ConnectionInfo *session =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

		peer->examined = true;
		if (session)
			options->name_client(thread->context, session->tls_session, peer->name, sizeof(peer->name));
	}
	return peer;
}

const char *
exchange_client(const struct exchange *exchange)
{
	return exchange->peer ? exchange->peer->address : "unknown";
}

/* strcmp for words that differ early, without the way to the C library. */
static inline bool
is_word(const char *text, const char *word)
{
	while (*word && *text == *word) {
		text++;
		word++;
	}
	return *text == *word;
}

static enum http_method
method_of(const char *name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {{"POST", METHOD_POST}, {"GET", METHOD_GET},       {"PUT", METHOD_PUT},
	               {"HEAD", METHOD_HEAD}, {"DELETE", METHOD_DELETE}, {"OPTIONS", METHOD_OPTIONS}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (is_word(name, methods[i].name))
			return methods[i].method;
	return METHOD_OTHER;
}

/*
 * A Content-Length. libmicrohttpd has refused what is not a number, but not where it does not look: in a request that comes in
 * chunks, in a second such header. That is too much.
 */
static uint64_t
length_of(struct str digits)
{
	uint64_t length = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || length > UINT64_MAX / 10 - 1)
			return UINT64_MAX;
		length = length * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return length;
}

/* Names mostly come as everybody spells them. */
static bool
is_named(struct str name, struct str wanted)
{
	return memcmp(name.ptr, wanted.ptr, wanted.len) == 0 || str_equal_nocase(name, wanted);
}

static void
take_once(struct exchange *exchange, struct str *header, struct str text, const char *doubtful)
{
	if (header->ptr)
		exchange->doubtful = doubtful;
	*header = text;
}

/* The headers that we look at, and how many there are. */
static enum MHD_Result
take_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_len, const char *value, size_t value_len)
{
	struct ticket *ticket = cls;
	struct exchange *exchange = &ticket->exchange;
	struct str name = {key, key_len}, text = {value ? value : "", value_len};

	if (kind == MHD_GET_ARGUMENT_KIND) {
		ticket->has_query = true;
		return MHD_YES;
	}
	ticket->headers++;
	switch (key_len) { /* is_named compares that many bytes */
	case 4:
		if (is_named(name, STR("Host")))
			take_once(exchange, &exchange->host, text, "two Host headers: expected one");
		break;
	case 6:
		if (is_named(name, STR("Accept")))
			exchange->accept = text;
		else if (is_named(name, STR("Origin")))
			exchange->origin = text;
		else if (is_named(name, STR("Expect")))
			/* a client that waits for 100 sends no body once it has its answer */
			ticket->answer_early = true;
		break;
	case 11:
		if (is_named(name, STR("traceparent")))
			exchange->traceparent = text;
		break;
	case 12:
		if (is_named(name, STR("Content-Type")))
			exchange->content_type = text;
		else if (is_named(name, STR("X-Request-ID")))
			exchange->echo_id = text;
		break;
	case 13:
		if (is_named(name, STR("Authorization")))
			take_once(exchange, &exchange->authorization, text, "two Authorization headers: expected one");
		else if (is_named(name, STR("If-None-Match")))
			exchange->if_none_match = text;
		break;
	case 14:
		if (is_named(name, STR("Content-Length"))) {
			if (ticket->length.ptr || ticket->coding.ptr)
				exchange->doubtful = "two lengths of the body: expected one Content-Length, or chunks";
			ticket->length = text;
			exchange->body_length = length_of(text);
		} else if (is_named(name, STR("Sec-Fetch-Site"))) {
			exchange->fetch_site = text;
		}
		break;
	case 16:
		if (is_named(name, STR("X-ONAP-RequestID")))
			exchange->request_id = text;
		else if (is_named(name, STR("Content-Encoding")))
			exchange->coding = text;
		break;
	case 17:
		if (is_named(name, STR("Transfer-Encoding"))) {
			if (ticket->length.ptr || ticket->coding.ptr)
				exchange->doubtful = "two lengths of the body: expected one Content-Length, or chunks";
			else if (!str_equal_nocase(text, STR("chunked")))
				exchange->doubtful = "the transfer coding is not known: expected chunked";
			ticket->coding = text;
			exchange->chunked = true;
		}
		break;
	case 29:
		if (is_named(name, STR("Access-Control-Request-Method")))
			exchange->asked_method = text;
		break;
	default:
		break;
	}
	return MHD_YES;
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
		peer_rests(thread, exchange->peer, answer_due(thread->server, exchange->reply.body.len));
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
             void **state)
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
		.method = method_of(method),
		.path = str_from(url),
		.worker = thread->context,
		.arena = &thread->arena,
		.peer = peer_of(thread, connection),
	};
	ticket->length = ticket->coding = STR_NONE;
	if (strchr(url, UNPRINTABLE))
		exchange->doubtful = "the path has a NUL in it";
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND, take_header, ticket);
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

	(void)version;
	if (!ticket)
		return server_begin(thread, connection, url, method, state);
	if (*count) {
		result = take_body(thread, ticket, bytes, *count);
		*count = 0;
		return result;
	}
	ticket->exchange.body = (struct str){ticket->body, ticket->exchange.reply.status ? 0 : ticket->body_taken};
	return server_finish(thread, ticket);
}

struct str
exchange_header(struct exchange *exchange, const char *name)
{
	struct ticket *ticket = (struct ticket *)exchange;
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(ticket->connection, MHD_HEADER_KIND, name, strlen(name), &value, &len) !=
	    MHD_YES)
		return STR_NONE;
	return (struct str){value ? value : "", value ? len : 0};
}

struct str
exchange_query(struct exchange *exchange, const char *name)
{
	struct ticket *ticket = (struct ticket *)exchange;
	const char *value = NULL;
	size_t len = 0;

	if (!ticket->has_query || MHD_lookup_connection_value_n(ticket->connection, MHD_GET_ARGUMENT_KIND, name,
	                                                        strlen(name), &value, &len) != MHD_YES)
		return STR_NONE;
	return (struct str){value ? value : "", value ? len : 0};
}

/* The address without the port, hashed. */
static uint64_t
hash_address(const struct sockaddr *address)
{
	static const struct hash_key key = {0, 0}; /* who makes addresses collide shares a bound with himself */
	const void *bytes = address;
	size_t len = 0;

	if (address && address->sa_family == AF_INET) {
		bytes = &((const struct sockaddr_in *)bytes)->sin_addr;
		len = sizeof(struct in_addr);
	} else if (address && address->sa_family == AF_INET6) {
		bytes = &((const struct sockaddr_in6 *)bytes)->sin6_addr;
		len = sizeof(struct in6_addr);
	}
	return hash_str(&key, (struct str){bytes, len});
}

uint64_t
exchange_caller(struct exchange *exchange)
{
	struct ticket *ticket = (struct ticket *)exchange;

	return hash_address(client_address(ticket->connection));
}

/*
 * libmicrohttpd 0.9 forgets a request whose query parameters do not fit its buffer, and lets the client wait until the
 * connection is idle for too long. It tells of the request line before it takes that apart: whoever sends more parameters than
 * fit is answered here, past it, and hung up on. It must not run out of memory all the same: it goes on with a request that it
 * has given up in the middle (the service ended so). So what parts the parameters goes, and they are one.
 */
void *
server_look_at_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	static const char body[] =
		"{\"errorDetails\":\"URI too long\",\"details\":[\"too many query parameters for the "
		"connection's buffer (header_size)\"]}\n";
	const struct thread *thread = cls;
	size_t room = thread->server->options.header_bytes, count = 0;
	char refusal[sizeof(body) + 160], rest[4096];
	int fd;

	for (const char *at = strchr(target, '?'); at; at = strchr(at + 1, '&'))
		count++;
	/* The line lies in the same buffer, which grows in steps; an eighth is left for what else is kept. */
	if (count == 0 || count * ARGUMENT_BYTES + 2 * strlen(target) + room / 8 <= room)
		return NULL;
	fd = server_connection_fd(connection);
	(void)snprintf(refusal, sizeof(refusal),
	               "HTTP/1.1 414 URI Too Long\r\nConnection: close\r\nContent-Type: application/json\r\n"
	               "Content-Length: %zu\r\n\r\n%s",
	               sizeof(body) - 1, body);
	if (!thread->tls)
		(void)!send(fd, refusal, strlen(refusal), MSG_NOSIGNAL | MSG_DONTWAIT); /* it may have gone */
	(void)shutdown(fd, SHUT_WR);
	/* What is closed with bytes that nobody read resets the connection, and the answer may be lost on the way. */
	for (int i = 0; i < 64 && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		;
	(void)shutdown(fd, SHUT_RDWR);
	for (char *at = (char *)(uintptr_t)target; *at; at++) /* the line in its buffer */
		if (*at == '&')
			*at = UNPRINTABLE;
	return NULL;
}

/* As libmicrohttpd decodes %XX, but a NUL does not end the text: it becomes a byte that no path has. */
size_t
server_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	size_t len;

	(void)cls;
	(void)connection;
	len = MHD_http_unescape(text);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = UNPRINTABLE;
	return len;
}
