/* server - HTTP: connections in, exchanges out */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "api/http/responses.h"
#include "api/http/stream.h"
#include "api/http/ticket.h"
#include "api/identity/tls.h"
#include "api/process/descriptors.h"
#include "base/bytes.h"
#include "base/hash.h"

#define DRAIN_BYTES ((size_t)1 << 20) /* read and thrown away beyond the body limit before we hang up */
#define STOP_GRACE_MS 1000
#define STREAM_BLOCK ((size_t)4 << 10) /* of a stream, sent at a time */
#define UNPRINTABLE '\x01'             /* stands for %00 in a path */

struct thread {
	struct server *server;
	struct worker *context;
	struct MHD_Daemon *daemon;
	int listening; /* the socket */
	bool tls;
	struct arena arena;
	struct ticket_pool tickets;
	atomic_uint connections; /* open ones; written by the worker only */
	struct responses responses;
};

struct server {
	struct server_options options;
	unsigned threads;
	struct thread thread[];
};

static void
request_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	struct ticket *ticket = *state;

	(void)cls;
	(void)connection;
	(void)why;
	if (!ticket)
		return;
	if (ticket->lent)
		*ticket->lent = false;
	ticket->lent = NULL;
	ticket_end(ticket);
	*state = NULL;
}

/* The address of the other side, and who it is where the kernel says so: on a unix socket. NULL: out of memory. */
static struct peer *
peer_new(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *address =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct peer *peer = calloc(1, sizeof(*peer));
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (!peer)
		return NULL;
	(void)snprintf(peer->address, sizeof(peer->address), "unix");
	if (address && address->client_addr->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &((struct sockaddr_in *)address->client_addr)->sin_addr, peer->address,
		                sizeof(peer->address));
	else if (address && address->client_addr->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &((struct sockaddr_in6 *)address->client_addr)->sin6_addr, peer->address,
		                sizeof(peer->address));
	else if (fd && getsockopt(fd->connect_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
		(void)snprintf(peer->name, sizeof(peer->name), "uid:%u", (unsigned)credentials.uid);
	return peer;
}

static void
connection_changed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode what)
{
	struct thread *thread = cls;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*state = peer_new(connection);
	} else {
		free(*state);
		*state = NULL;
	}
	atomic_fetch_add_explicit(&thread->connections, what == MHD_CONNECTION_NOTIFY_STARTED ? 1u : -1u,
	                          memory_order_relaxed); /* a figure for metrics, orders nothing */
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

/*
 * Accept must not fail for lack of descriptors: libmicrohttpd then waits until a connection of that worker ends, which
 * may be never, or tries again and again when it has none. There are as many connections as the limit at start has room
 * for; should it be lowered later, who comes is turned away.
 */
static enum MHD_Result
accept_connection(void *cls, const struct sockaddr *address, socklen_t len)
{
	struct server *server = ((struct thread *)cls)->server;
	unsigned connections = 0;

	(void)address;
	(void)len;
	for (unsigned i = 0; i < server->threads; i++)
		connections += atomic_load_explicit(&server->thread[i].connections, memory_order_relaxed);
	return connections < descriptors_room(server->options.descriptors) ? MHD_YES : MHD_NO;
}

static void
suspend_connection(void *connection)
{
	MHD_suspend_connection(connection);
}

static void
wake_connection(void *connection)
{
	MHD_resume_connection(connection);
}

/*
 * libmicrohttpd does not look at a suspended connection: whether the client has closed or reset it, the socket knows, also
 * behind another request that waits in it.
 */
static bool
connection_gone(void *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd closed = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};

	return !info || (poll(&closed, 1, 0) > 0 && closed.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void
server_tick(struct server *server)
{
	int64_t now_ms = monotonic_ms();

	for (unsigned i = 0; i < server->threads; i++)
		ticket_expire(&server->thread[i].tickets, now_ms);
}

static const char *
media_name(enum media media)
{
	switch (media) {
	case MEDIA_YAML:
		return "application/yaml";
	case MEDIA_METRICS:
		return "text/plain; version=0.0.4; charset=utf-8";
	case MEDIA_XACML:
		return "application/xacml+json";
	case MEDIA_XACML_XML:
		return "application/xacml+xml";
	case MEDIA_JSON:
	case MEDIA_OTHER: /* its reply has a type of its own */
		break;
	}
	return "application/json";
}

static bool
set_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool
set_retry(struct MHD_Response *response, const struct reply *reply)
{
	char seconds[16];

	if (reply->status != MHD_HTTP_SERVICE_UNAVAILABLE && reply->status != MHD_HTTP_TOO_MANY_REQUESTS)
		return true;
	(void)snprintf(seconds, sizeof(seconds), "%u", reply->retry_s ? reply->retry_s : 1); /* it fits */
	return set_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
}

/* What a reply says beside what all say. */
static bool
set_own_headers(struct MHD_Response *response, const struct reply *reply)
{
	bool good = !reply->tag || set_header(response, MHD_HTTP_HEADER_ETAG, reply->tag);

	for (const struct reply_header *header = reply->headers; good && header && header->name; header++)
		good = set_header(response, header->name, header->value);
	if (reply->stream)
		good = good && set_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
		       set_header(response, "X-Accel-Buffering", "no"); /* a proxy would keep it back */
	return good;
}

/* The response with the reply's headers. Takes NULL; NULL, and the response is destroyed, when memory is out. */
static struct MHD_Response *
response_head(const struct reply *reply, struct MHD_Response *response)
{
	bool good;

	if (!response)
		return NULL;
	good = (!reply->body.len && !reply->type) ||
	       set_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type ? reply->type : media_name(reply->media));
	good = good && set_own_headers(response, reply);
	if (reply->id[0])
		good = good && set_header(response, "X-LatestVersion", "1.0.0") &&
		       set_header(response, "X-MinorVersion", "0") && set_header(response, "X-PatchVersion", "0") &&
		       set_header(response, "X-ONAP-RequestID", reply->id);
	if (reply->echo.ptr)
		good = good && set_header(response, "X-Request-ID", reply->echo.ptr);
	if (reply->allow)
		good = good && set_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	if (reply->authenticate)
		good = good && set_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"clguard\"");
	good = good && set_retry(response, reply);
	if (reply->close)
		good = good && set_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (good)
		return response;
	MHD_destroy_response(response);
	return NULL;
}

/* `bytes`: the body; `mode`: whose it is. */
static struct MHD_Response *
response_make(const struct reply *reply, void *bytes, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(reply->body.len, bytes, mode);

	if (!response && mode == MHD_RESPMEM_MUST_FREE)
		free(bytes);
	return response_head(reply, response);
}

/* The owner of the body lets go of it when the response does. */
static struct MHD_Response *
response_lend(struct reply *reply)
{
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
		reply->body.len, (void *)(uintptr_t)reply->body.ptr, reply->release, reply->owner);

	if (response)
		reply->owner = NULL; /* from here on the response's */
	return response_head(reply, response);
}

/* Makes the response of a place anew, for replies like this one. False when memory is out: the place is empty then. */
static bool
response_place(struct response *place, const struct reply *reply)
{
	char *bytes = (char *)(uintptr_t)reply->body.ptr; /* of a constant one; not written to */

	if (place->response)
		MHD_destroy_response(place->response); /* connections that still send it have their own reference */
	*place = (struct response){.length = reply->body.len, .status = reply->status};
	if (reply->constant)
		place->constant = bytes;
	else
		place->body = bytes = malloc(reply->body.len + 1);
	if (bytes)
		place->response =
			response_make(reply, bytes, reply->constant ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
	if (place->response && reply->id[0])
		place->id = (char *)(uintptr_t)MHD_get_response_header(place->response, "X-ONAP-RequestID");
	return place->response != NULL;
}

/* A response that is used again, with this reply's bytes in it; NULL when there is none for it. */
static struct MHD_Response *
response_again(struct thread *thread, struct ticket *ticket)
{
	struct reply *reply = &ticket->exchange.reply;
	bool fits;
	struct response *place = responses_find(&thread->responses, reply, &fits);

	if (!place || (!fits && !response_place(place, reply)))
		return NULL;
	if (place->id)
		memcpy(place->id, reply->id, sizeof(reply->id) - 1);
	if (place->body) {
		if (place->length)
			memcpy(place->body, reply->body.ptr, place->length);
		place->lent = true;
		ticket->lent = &place->lent;
	}
	return place->response;
}

static void
drop_bytes(void *bytes)
{
	bytes_drop(bytes);
}

static void
release_body(struct reply *reply)
{
	if (reply->owner)
		reply->release(reply->owner);
	reply->owner = NULL;
}

/* A large body stays until its client has read it, however slowly: so it is taken from the budget, or the answer is 503. */
static void
own_body(struct thread *thread, struct ticket *ticket)
{
	static const char refusal[] =
		"{\"errorDetails\":\"Service Unavailable\",\"details\":[\"the answer is over the memory budget "
		"(memory_budget); ask again later, or for less\"]}";
	enum budget_use use = ticket->exchange.urgent ? BUDGET_URGENT : BUDGET_OTHER;
	struct reply *reply = &ticket->exchange.reply;
	struct bytes *bytes;

	if (reply->owner || reply->constant || reply->body.len <= RESPONSES_BODY_MOST)
		return;
	bytes = bytes_new(reply->body.len, thread->server->options.budget, use);
	if (!bytes) {
		reply->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		reply->media = MEDIA_JSON;
		reply->body = (struct str){refusal, sizeof(refusal) - 1};
		reply->constant = true;
		return;
	}
	memcpy(bytes->data, reply->body.ptr, reply->body.len);
	reply->body.ptr = bytes->data;
	reply->owner = bytes;
	reply->release = drop_bytes;
}

static ssize_t
read_stream(void *cls, uint64_t position, char *to, size_t most)
{
	long count = stream_read(cls, to, most);

	(void)position;
	return count < 0 ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)count;
}

static void
free_stream(void *cls)
{
	stream_free(cls);
}

/* From here on the stream is the response's. */
static enum MHD_Result
queue_stream(struct ticket *ticket)
{
	struct reply *reply = &ticket->exchange.reply;
	struct stream *stream = reply->stream;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	stream->connection = ticket->connection;
	stream->suspend = suspend_connection;
	stream->wake = wake_connection;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream, free_stream);
	if (!response)
		stream_free(stream);
	response = response_head(reply, response);
	if (response) {
		result = MHD_queue_response(ticket->connection, reply->status, response);
		MHD_destroy_response(response); /* the connection keeps its own reference */
	}
	return result;
}

static enum MHD_Result
queue_reply(struct thread *thread, struct ticket *ticket)
{
	struct reply *reply = &ticket->exchange.reply;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	if (reply->stream)
		return queue_stream(ticket);
	own_body(thread, ticket);
	response = response_again(thread, ticket);
	if (response) {
		result = MHD_queue_response(ticket->connection, reply->status, response);
	} else {
		response = reply->owner && reply->body.len > RESPONSES_BODY_MOST
		                   ? response_lend(reply)
		                   : response_make(reply, (void *)(uintptr_t)reply->body.ptr,
		                                   reply->constant ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
		if (response) {
			result = MHD_queue_response(ticket->connection, reply->status, response);
			MHD_destroy_response(response); /* the connection keeps its own reference */
		}
	}
	release_body(reply);
	return result;
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
	} methods[] = {{"POST", METHOD_POST},
	               {"GET", METHOD_GET},
	               {"PUT", METHOD_PUT},
	               {"HEAD", METHOD_HEAD},
	               {"DELETE", METHOD_DELETE}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (is_word(name, methods[i].name))
			return methods[i].method;
	return METHOD_OTHER;
}

/*
 * A Content-Length. libmicrohttpd has refused what is no number, but not where it does not look: in a request that comes in
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
		break;
	case 17:
		if (is_named(name, STR("Transfer-Encoding"))) {
			if (ticket->length.ptr || ticket->coding.ptr)
				exchange->doubtful = "two lengths of the body: expected one Content-Length, or chunks";
			else if (!str_equal_nocase(text, STR("chunked")))
				exchange->doubtful = "the transfer coding is not known: expected chunked";
			ticket->coding = text;
		}
		break;
	default:
		break;
	}
	return MHD_YES;
}

/* Called when the body is there, and again after each suspension. */
static enum MHD_Result
server_finish(struct thread *thread, struct ticket *ticket)
{
	struct exchange *exchange = &ticket->exchange;
	void (*run)(struct exchange *);
	enum MHD_Result result;

	do {
		run = exchange->resumed ? exchange->resumed : thread->server->options.finish;
		exchange->resumed = NULL;
		run(exchange);
	} while (exchange->resumed && ticket->refused);
	result = exchange->resumed ? MHD_YES : queue_reply(thread, ticket);
	arena_reset(&thread->arena);
	return result;
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
	    monotonic_ms() - exchange->started_ns / 1000000 > (int64_t)options->body_timeout_s * 1000)
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

static enum MHD_Result
access_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
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
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(ticket->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return hash_address(info ? info->client_addr : NULL);
}

/* As libmicrohttpd decodes %XX, but a NUL does not end the text: it becomes a byte that no path has. */
static size_t
unescape(void *cls, struct MHD_Connection *connection, char *text)
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

static int
thread_start(struct server *server, struct thread *thread)
{
	const struct server_options *options = &server->options;
	unsigned share = options->connections < options->workers ? 1 : options->connections / options->workers;

	const struct MHD_OptionItem secure[] = {
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
		{MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_callback()},
		{options->tls_trust ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
	         (void *)(uintptr_t)options->tls_trust},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	thread->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
			(thread->tls ? (unsigned)MHD_USE_TLS : 0u),
		0, accept_connection, thread, access_request, thread, MHD_OPTION_LISTEN_SOCKET, thread->listening,
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, thread, MHD_OPTION_NOTIFY_CONNECTION,
		connection_changed, thread, MHD_OPTION_CONNECTION_LIMIT, share, MHD_OPTION_CONNECTION_TIMEOUT,
		options->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->header_bytes,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_UNESCAPE_CALLBACK,
		unescape, NULL, MHD_OPTION_ARRAY, thread->tls ? secure : none, MHD_OPTION_END);
	return thread->daemon ? 0 : -1;
}

int
server_start(const struct server_options *options, struct server **ret, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server) + options->workers * sizeof(*server->thread));
	unsigned i = 0;

	*ret = server;
	if (server) {
		server->options = *options;
		server->threads = options->workers;
		for (unsigned j = 0; j < options->workers; j++) {
			struct thread *thread = &server->thread[j];

			thread->server = server;
			thread->context = options->contexts[j];
			thread->listening = options->sockets[j];
			thread->tls = options->tls && options->tls[j];
			arena_init(&thread->arena, options->body_bytes * 256 + ((size_t)16 << 20));
			arena_charge(&thread->arena, options->budget, BUDGET_URGENT);
			ticket_pool_init(&thread->tickets, suspend_connection, wake_connection, connection_gone);
			thread->tickets.budget = options->budget;
		}
		while (i < options->workers && thread_start(server, &server->thread[i]) == 0)
			i++;
		if (i == options->workers)
			return 0;
	}
	return error_set(err, server ? ERROR_IO : ERROR_MEMORY, NULL, "no HTTP worker: %s", strerror(errno));
}

struct server_load
server_load(struct server *server)
{
	struct server_load load = {0};

	for (unsigned i = 0; i < server->threads; i++) {
		load.connections += atomic_load_explicit(&server->thread[i].connections, memory_order_relaxed);
		load.suspended += ticket_waiting(&server->thread[i].tickets);
	}
	return load;
}

/* Waits until no request is in flight, at most so long. */
static void
drain(struct server *server, int64_t at_most_ms)
{
	const struct timespec pause = {0, 2000000};
	int64_t until_ms = monotonic_ms() + at_most_ms;

	for (;;) {
		unsigned in_flight = 0;

		for (unsigned i = 0; i < server->threads; i++)
			in_flight += atomic_load_explicit(&server->thread[i].tickets.in_flight, memory_order_relaxed);
		if (!in_flight || monotonic_ms() >= until_ms)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

void
server_stop(struct server *server)
{
	for (unsigned i = 0; i < server->threads; i++)
		if (server->thread[i].daemon)
			/* gives the socket back, which is closed below */
			(void)MHD_quiesce_daemon(server->thread[i].daemon);
	drain(server, STOP_GRACE_MS);
	for (unsigned i = 0; i < server->threads; i++)
		/* libmicrohttpd ends the process that stops it with one suspended */
		ticket_close(&server->thread[i].tickets);
	drain(server, STOP_GRACE_MS / 2);
	for (unsigned i = 0; i < server->threads; i++) {
		struct thread *thread = &server->thread[i];

		if (thread->daemon)
			/* resumed connections that are not answered by now are closed */
			MHD_stop_daemon(thread->daemon);
		(void)close(thread->listening); /* not earlier: the worker might have looked at it still */
		for (size_t j = 0; j < RESPONSES_SETS * RESPONSES_WAYS; j++) {
			struct response *place = &thread->responses.sets[j / RESPONSES_WAYS][j % RESPONSES_WAYS];

			if (place->response)
				MHD_destroy_response(place->response);
		}
		arena_free(&thread->arena);
	}
}

void
server_free(struct server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < server->threads; i++)
		ticket_pool_done(&server->thread[i].tickets);
	free(server);
}
