/* server - HTTP: connections in, exchanges out */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CANNED 64                    /* ready-made responses of a worker, a power of two */
#define BODY_KEPT ((size_t)8 << 10)  /* a ticket's body buffer up to this size stays with it */
#define DRAIN_BYTES ((size_t)1 << 20) /* read and thrown away beyond the body limit before we hang up */
#define STOP_GRACE_MS 1000

/*
 * A request in flight. Tickets come from their thread's pool and go back to it when libmicrohttpd is done with the request
 * and nobody holds it. Fields under `lock` are the thread's lock; the rest belongs to the worker thread.
 */
struct ticket {
	struct exchange exchange; /* first: handlers see only this */
	struct thread *thread;
	struct MHD_Connection *connection;
	struct ticket *next; /* in the pool */
	char *body;
	size_t body_size, body_taken; /* of the buffer; all that arrived, kept or not */
	size_t headers;
	bool too_large, answer_early, suspended;

	/* lock */
	bool waiting;  /* suspended, in the list */
	bool held;     /* somebody still has to call exchange_resume */
	bool orphan;   /* the request ended while held: whoever resumes puts it back */
	int64_t deadline_ms;
	struct ticket *wait_prev, *wait_next;
};

struct canned {
	const char *body;
	unsigned status;
	enum media media;
	bool with_id;
	struct MHD_Response *response;
};

struct thread {
	struct server *server;
	struct worker *context;
	struct MHD_Daemon *daemon;
	struct arena arena;
	struct ticket *pool;
	struct canned canned[CANNED];
	atomic_uint in_flight; /* written by the worker only */

	pthread_mutex_t lock;
	struct ticket *waiting;  /* lock */
	struct ticket *returned; /* lock: tickets put back by other threads */
	unsigned waiting_count;  /* lock */
};

struct server {
	struct server_options options;
	unsigned threads;
	struct thread thread[];
};

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* cannot fail for the clocks we ask */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct ticket *
ticket_take(struct thread *thread)
{
	struct ticket *ticket = thread->pool;

	if (!ticket) {
		pthread_mutex_lock(&thread->lock);
		ticket = thread->returned;
		thread->returned = NULL;
		pthread_mutex_unlock(&thread->lock);
	}
	if (ticket) {
		thread->pool = ticket->next;
	} else {
		ticket = calloc(1, sizeof(*ticket));
		if (!ticket)
			return NULL;
		ticket->thread = thread;
	}
	atomic_fetch_add_explicit(&thread->in_flight, 1, memory_order_relaxed); /* a count for server_stop, orders nothing */
	return ticket;
}

/* What the next request must not see; big body buffers go so that a burst of them does not stay. */
static void
ticket_clean(struct ticket *ticket)
{
	if (ticket->body_size > BODY_KEPT) {
		free(ticket->body);
		ticket->body = NULL;
		ticket->body_size = 0;
	}
	ticket->body_taken = ticket->headers = 0;
	ticket->too_large = ticket->answer_early = ticket->suspended = ticket->orphan = false;
}

static void
request_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	struct thread *thread = cls;
	struct ticket *ticket = *state;
	bool held = false;

	(void)connection;
	(void)why;
	if (!ticket)
		return;
	*state = NULL;
	atomic_fetch_sub_explicit(&thread->in_flight, 1, memory_order_relaxed);
	if (ticket->suspended) { /* another thread may still hold it */
		pthread_mutex_lock(&thread->lock);
		held = ticket->orphan = ticket->held;
		pthread_mutex_unlock(&thread->lock);
	}
	if (held)
		return;
	ticket_clean(ticket);
	ticket->next = thread->pool;
	thread->pool = ticket;
}

/* Under the lock. */
static void
wait_unlink(struct ticket *ticket)
{
	struct thread *thread = ticket->thread;

	if (ticket->wait_prev)
		ticket->wait_prev->wait_next = ticket->wait_next;
	else
		thread->waiting = ticket->wait_next;
	if (ticket->wait_next)
		ticket->wait_next->wait_prev = ticket->wait_prev;
	thread->waiting_count--;
	ticket->waiting = false;
}

void
exchange_suspend(struct exchange *exchange, int64_t timeout_ms, void (*resumed)(struct exchange *exchange))
{
	struct ticket *ticket = (struct ticket *)exchange;
	struct thread *thread = ticket->thread;

	exchange->resumed = resumed;
	ticket->suspended = true;
	pthread_mutex_lock(&thread->lock);
	ticket->waiting = ticket->held = true;
	ticket->deadline_ms = clock_ms(CLOCK_MONOTONIC) + timeout_ms;
	ticket->wait_prev = NULL;
	ticket->wait_next = thread->waiting;
	if (thread->waiting)
		thread->waiting->wait_prev = ticket;
	thread->waiting = ticket;
	thread->waiting_count++;
	MHD_suspend_connection(ticket->connection);
	pthread_mutex_unlock(&thread->lock);
}

bool
exchange_is_gone(struct exchange *exchange)
{
	struct ticket *ticket = (struct ticket *)exchange;
	const union MHD_ConnectionInfo *info;
	bool gone = true;
	char byte;

	pthread_mutex_lock(&ticket->thread->lock); /* so that it stays suspended, and its socket open, meanwhile */
	if (ticket->waiting) {
		info = MHD_get_connection_info(ticket->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		gone = !info || recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	}
	pthread_mutex_unlock(&ticket->thread->lock);
	return gone;
}

void
exchange_resume(struct exchange *exchange, const struct error *outcome)
{
	struct ticket *ticket = (struct ticket *)exchange;
	struct thread *thread = ticket->thread;

	pthread_mutex_lock(&thread->lock);
	ticket->held = false;
	if (ticket->waiting) {
		exchange->outcome = *outcome;
		wait_unlink(ticket);
		MHD_resume_connection(ticket->connection);
	} else if (ticket->orphan) {
		ticket_clean(ticket);
		ticket->next = thread->returned;
		thread->returned = ticket;
	}
	pthread_mutex_unlock(&thread->lock);
}

/* Answers those whose deadline is at or before now_ms. */
static void
expire(struct thread *thread, int64_t now_ms)
{
	pthread_mutex_lock(&thread->lock);
	for (struct ticket *ticket = thread->waiting, *next; ticket; ticket = next) {
		next = ticket->wait_next;
		if (ticket->deadline_ms > now_ms)
			continue;
		ticket->exchange.timed_out = true;
		wait_unlink(ticket);
		MHD_resume_connection(ticket->connection);
	}
	pthread_mutex_unlock(&thread->lock);
}

void
server_tick(struct server *server)
{
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

	for (unsigned i = 0; i < server->threads; i++)
		expire(&server->thread[i], now_ms);
}

static const char *
media_name(enum media media)
{
	switch (media) {
	case MEDIA_YAML:
		return "application/yaml";
	case MEDIA_METRICS:
		return "text/plain; version=0.0.4; charset=utf-8";
	case MEDIA_JSON:
		break;
	}
	return "application/json";
}

static bool
set_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static struct MHD_Response *
response_make(const struct reply *reply, bool constant)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(reply->body.len,
		(void *)(uintptr_t)reply->body.ptr, constant ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
	bool good;

	if (!response)
		return NULL;
	good = !reply->body.len || set_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_name(reply->media));
	if (reply->id[0])
		good = good && set_header(response, "X-LatestVersion", "1.0.0") &&
		       set_header(response, "X-MinorVersion", "0") && set_header(response, "X-PatchVersion", "0") &&
		       set_header(response, "X-ONAP-RequestID", reply->id);
	if (reply->allow)
		good = good && set_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	if (reply->authenticate)
		good = good && set_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"clguard\"");
	if (reply->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		good = good && set_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (good)
		return response;
	MHD_destroy_response(response);
	return NULL;
}

/*
 * A constant reply's response is made once a worker; only the request id in it changes. libmicrohttpd writes the header
 * bytes before the access handler's caller goes on to another connection, so one response may serve them all.
 */
static struct MHD_Response *
response_canned(struct thread *thread, const struct reply *reply)
{
	size_t slot = (uintptr_t)reply->body.ptr / 8 % CANNED;

	for (size_t i = 0; i < CANNED; i++, slot = (slot + 1) % CANNED) {
		struct canned *canned = &thread->canned[slot];

		if (!canned->response) {
			canned->response = response_make(reply, true);
			canned->body = reply->body.ptr;
			canned->status = reply->status;
			canned->media = reply->media;
			canned->with_id = reply->id[0];
			return canned->response;
		}
		if (canned->body != reply->body.ptr || canned->status != reply->status || canned->media != reply->media ||
		    canned->with_id != (bool)reply->id[0])
			continue;
		if (reply->id[0]) {
			const char *id = MHD_get_response_header(canned->response, "X-ONAP-RequestID");

			memcpy((char *)(uintptr_t)id, reply->id, sizeof(reply->id) - 1);
		}
		return canned->response;
	}
	return NULL;
}

static enum MHD_Result
queue_reply(struct ticket *ticket)
{
	struct thread *thread = ticket->thread;
	struct reply *reply = &ticket->exchange.reply;
	bool canned = reply->constant && !reply->allow && !reply->authenticate;
	struct MHD_Response *response = canned ? response_canned(thread, reply) : NULL;
	enum MHD_Result result;

	if (response)
		return MHD_queue_response(ticket->connection, reply->status, response);
	response = response_make(reply, false);
	if (!response)
		return MHD_NO;
	result = MHD_queue_response(ticket->connection, reply->status, response);
	MHD_destroy_response(response); /* the connection keeps its own reference */
	return result;
}

static enum http_method
method_of(const char *name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {{"POST", METHOD_POST}, {"GET", METHOD_GET},       {"PUT", METHOD_PUT},
	               {"HEAD", METHOD_HEAD}, {"DELETE", METHOD_DELETE}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return METHOD_OTHER;
}

static enum MHD_Result
take_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_len, const char *value, size_t value_len)
{
	struct ticket *ticket = cls;
	struct exchange *exchange = &ticket->exchange;
	struct str name = {key, key_len}, text = {value ? value : "", value_len};

	(void)kind;
	ticket->headers++;
	switch (key_len) { /* of the names we want each has its own length, but for the two of 6 */
	case 6:
		if (str_equal_nocase(name, STR("Accept")))
			exchange->accept = text;
		else if (str_equal_nocase(name, STR("Expect")))
			ticket->answer_early = true; /* a client that waits for 100 sends no body once it has its answer */
		break;
	case 12:
		if (str_equal_nocase(name, STR("Content-Type")))
			exchange->content_type = text;
		break;
	case 13:
		if (str_equal_nocase(name, STR("Authorization")))
			exchange->authorization = text;
		break;
	case 14:
		if (str_equal_nocase(name, STR("Content-Length"))) {
			unsigned long long length = strtoull(text.ptr, NULL, 10); /* libmicrohttpd has checked the digits */

			exchange->has_body = length > 0;
			ticket->too_large = length > ticket->thread->server->options.body_bytes;
			ticket->answer_early |= length > ticket->thread->server->options.body_bytes + DRAIN_BYTES;
		}
		break;
	case 16:
		if (str_equal_nocase(name, STR("X-ONAP-RequestID")))
			exchange->request_id = text;
		break;
	case 17:
		if (str_equal_nocase(name, STR("Transfer-Encoding")))
			exchange->has_body = true;
		break;
	default:
		break;
	}
	return MHD_YES;
}

/* Called when the body is there, and again after each suspension. */
static enum MHD_Result
finish(struct ticket *ticket)
{
	struct exchange *exchange = &ticket->exchange;
	struct thread *thread = ticket->thread;
	void (*run)(struct exchange *) = exchange->resumed ? exchange->resumed : thread->server->options.finish;
	enum MHD_Result result;

	exchange->resumed = NULL;
	run(exchange);
	result = exchange->resumed ? MHD_YES : queue_reply(ticket);
	arena_reset(&thread->arena);
	return result;
}

static enum MHD_Result
begin(struct thread *thread, struct MHD_Connection *connection, const char *url, const char *method, void **state)
{
	const struct server_options *options = &thread->server->options;
	struct ticket *ticket = ticket_take(thread);
	struct exchange *exchange;

	if (!ticket)
		return MHD_NO;
	*state = ticket;
	ticket->connection = connection;
	exchange = &ticket->exchange;
	*exchange = (struct exchange){.method = method_of(method), .path = str_from(url), .worker = thread->context,
	                              .arena = &thread->arena};
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, ticket);
	options->begin(exchange);
	if (ticket->headers > options->header_count)
		exchange->reply.status = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	else if (ticket->too_large && !exchange->reply.status)
		exchange->reply.status = MHD_HTTP_CONTENT_TOO_LARGE;
	return exchange->reply.status && ticket->answer_early ? finish(ticket) : MHD_YES;
}

static enum MHD_Result
take_body(struct ticket *ticket, const char *bytes, size_t count)
{
	const struct server_options *options = &ticket->thread->server->options;
	struct exchange *exchange = &ticket->exchange;
	size_t taken = ticket->body_taken;

	if (taken && clock_ms(CLOCK_MONOTONIC_COARSE) - exchange->started_ns / 1000000 >
	             (int64_t)options->body_timeout_s * 1000)
		return MHD_NO;
	ticket->body_taken += count;
	if (ticket->body_taken > options->body_bytes && !exchange->reply.status)
		exchange->reply.status = MHD_HTTP_CONTENT_TOO_LARGE;
	if (exchange->reply.status)
		return ticket->body_taken > options->body_bytes + DRAIN_BYTES ? MHD_NO : MHD_YES;
	if (ticket->body_taken > ticket->body_size) {
		size_t size = ticket->body_size ? ticket->body_size : 1024;
		char *body;

		while (size < ticket->body_taken)
			size *= 2;
		body = realloc(ticket->body, size);
		if (!body)
			return MHD_NO;
		ticket->body = body;
		ticket->body_size = size;
	}
	memcpy(ticket->body + taken, bytes, count);
	return MHD_YES;
}

static enum MHD_Result
access_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
               const char *bytes, size_t *count, void **state)
{
	struct ticket *ticket = *state;
	enum MHD_Result result;

	(void)version;
	if (!ticket)
		return begin(cls, connection, url, method, state);
	if (*count) {
		result = take_body(ticket, bytes, *count);
		*count = 0;
		return result;
	}
	ticket->exchange.body = (struct str){ticket->body, ticket->exchange.reply.status ? 0 : ticket->body_taken};
	return finish(ticket);
}

struct str
exchange_query(struct exchange *exchange, const char *name)
{
	struct ticket *ticket = (struct ticket *)exchange;
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(ticket->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, &len) !=
	    MHD_YES)
		return STR_NONE;
	return (struct str){value ? value : "", value ? len : 0};
}

static int
thread_start(struct server *server, struct thread *thread, int socket)
{
	const struct server_options *options = &server->options;
	unsigned share = (options->connections + options->workers - 1) / options->workers;

	thread->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL, access_request,
		thread, MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_NOTIFY_COMPLETED, request_completed, thread,
		MHD_OPTION_CONNECTION_LIMIT, share, MHD_OPTION_CONNECTION_TIMEOUT, options->idle_timeout_s,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->header_bytes, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	return thread->daemon ? 0 : -1;
}

int
server_start(const struct server_options *options, struct server **ret, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server) + options->workers * sizeof(*server->thread));
	unsigned i = 0;

	if (server) {
		server->options = *options;
		for (; i < options->workers; i++) {
			struct thread *thread = &server->thread[i];

			thread->server = server;
			thread->context = options->contexts[i];
			arena_init(&thread->arena, options->body_bytes * 256 + ((size_t)16 << 20));
			pthread_mutex_init(&thread->lock, NULL);
			server->threads++;
			if (thread_start(server, thread, options->sockets[i]) != 0)
				break;
		}
		if (i == options->workers) {
			*ret = server;
			return 0;
		}
	}
	(void)error_set(err, server ? ERROR_IO : ERROR_MEMORY, NULL, "no HTTP worker: %s", strerror(errno));
	for (; i < options->workers; i++)
		(void)close(options->sockets[i]); /* of workers that did not start */
	if (server)
		server_stop(server);
	server_free(server);
	return -(int)err->code;
}

struct server_load
server_load(struct server *server)
{
	struct server_load load = {0};

	for (unsigned i = 0; i < server->threads; i++) {
		const union MHD_DaemonInfo *info =
			MHD_get_daemon_info(server->thread[i].daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

		load.connections += info ? info->num_connections : 0;
		pthread_mutex_lock(&server->thread[i].lock);
		load.suspended += server->thread[i].waiting_count;
		pthread_mutex_unlock(&server->thread[i].lock);
	}
	return load;
}

/* Waits until no request is in flight, at most so long. */
static void
drain(struct server *server, int64_t at_most_ms)
{
	const struct timespec pause = {0, 2000000};
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + at_most_ms;

	for (;;) {
		unsigned in_flight = 0;

		for (unsigned i = 0; i < server->threads; i++)
			in_flight += atomic_load_explicit(&server->thread[i].in_flight, memory_order_relaxed);
		if (!in_flight || clock_ms(CLOCK_MONOTONIC) >= until_ms)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

void
server_stop(struct server *server)
{
	for (unsigned i = 0; i < server->threads; i++) {
		int socket = server->thread[i].daemon ? MHD_quiesce_daemon(server->thread[i].daemon) : -1;

		if (socket >= 0)
			(void)close(socket);
	}
	drain(server, STOP_GRACE_MS);
	for (unsigned i = 0; i < server->threads; i++)
		expire(&server->thread[i], INT64_MAX);
	drain(server, STOP_GRACE_MS / 2);
	for (unsigned i = 0; i < server->threads; i++) {
		struct thread *thread = &server->thread[i];

		if (thread->daemon)
			MHD_stop_daemon(thread->daemon); /* resumed connections that are not answered by now are closed */
		for (size_t j = 0; j < CANNED; j++)
			if (thread->canned[j].response)
				MHD_destroy_response(thread->canned[j].response);
		arena_free(&thread->arena);
	}
}

static void
tickets_free(struct ticket *ticket)
{
	for (struct ticket *next; ticket; ticket = next) {
		next = ticket->next;
		free(ticket->body);
		free(ticket);
	}
}

void
server_free(struct server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < server->threads; i++) {
		tickets_free(server->thread[i].pool);
		tickets_free(server->thread[i].returned);
		pthread_mutex_destroy(&server->thread[i].lock);
	}
	free(server);
}
