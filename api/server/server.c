/* server - HTTP: connections in, exchanges out */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "api/server/server_priv.h"
#include "api/identity/tls.h"
#include "api/system/descriptors.h"

#define STOP_GRACE_MS 1000
#define ACCEPTED_AT_ONCE 2 /* connections, before those that were sent away are closed */

static unsigned
share_of(unsigned connections, unsigned workers)
{
	return connections < workers ? 1 : connections / workers;
}

/* The connections that a worker may have open: its share, an eighth for urgent requests, and as many that are being closed. */
static unsigned
limit_of(unsigned share)
{
	return share + 2 * (share / 8 + 2);
}

unsigned
server_connections(unsigned wanted, unsigned room, unsigned workers)
{
	unsigned share = share_of(wanted, workers);

	while (share > 1 && (uint64_t)limit_of(share) * workers > room)
		share -= share / 64 + 1;
	return share_of(wanted, workers) == share ? wanted : share * workers;
}

/*
 * Accept must not fail for lack of descriptors: libmicrohttpd then waits until a connection of that worker ends, which
 * may be never, or tries again and again when it has none. There are as many connections as the limit at start has room
 * for; should it be lowered later, who comes is turned away. So is an address that has its connections.
 */
static enum MHD_Result
accept_connection(void *cls, const struct sockaddr *address, socklen_t len)
{
	struct server *server = ((struct thread *)cls)->server;
	unsigned connections = 0;

	(void)len;
	for (unsigned i = 0; i < server->threads; i++)
		connections += connections_count(&server->thread[i].connections);
	return connections < descriptors_room(server->options.descriptors) &&
	                       address_may_connect(&server->addresses, address_slot(&server->addresses, address))
	               ? MHD_YES
	               : MHD_NO;
}

void
server_suspend(void *connection)
{
	MHD_suspend_connection(connection);
}

void
server_wake(void *connection)
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
	struct pollfd closed = {.fd = server_connection_fd(connection), .events = POLLRDHUP};

	return closed.fd < 0 || (poll(&closed, 1, 0) > 0 && closed.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void
server_tick(struct server *server)
{
	int64_t now_ms = clock_monotonic_ms();

	atomic_store_explicit(&server->now_ms, now_ms, memory_order_relaxed); /* orders nothing */
	for (unsigned i = 0; i < server->threads; i++) {
		ticket_expire(&server->thread[i].tickets, now_ms);
		connections_expire(&server->thread[i].connections, now_ms);
	}
}

static int
thread_start(struct server *server, struct thread *thread)
{
	const struct server_options *options = &server->options;
	unsigned share = share_of(options->connections, options->workers);

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
		0, accept_connection, thread, server_access, thread, MHD_OPTION_LISTEN_SOCKET, thread->listening,
		MHD_OPTION_NOTIFY_COMPLETED, server_completed, thread, MHD_OPTION_NOTIFY_CONNECTION, server_connection,
		thread, MHD_OPTION_CONNECTION_LIMIT, limit_of(share), MHD_OPTION_CONNECTION_TIMEOUT,
		options->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->header_bytes,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_UNESCAPE_CALLBACK,
		server_unescape, NULL, MHD_OPTION_URI_LOG_CALLBACK, server_look_at_target, thread, MHD_OPTION_ARRAY,
		thread->tls ? secure : none, MHD_OPTION_END);
	return thread->daemon ? 0 : -1;
}

int
server_start(const struct server_options *options, struct server **ret, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server) + options->workers * sizeof(*server->thread));
	unsigned i = 0, share = share_of(options->connections, options->workers);

	*ret = server;
	if (server) {
		server_refuse_init();
		server->options = *options;
		server->threads = options->workers;
		atomic_store_explicit(&server->now_ms, clock_monotonic_ms(),
		                      memory_order_relaxed); /* before any thread */
		server->addresses.connections = options->address_connections;
		server->addresses.requests = options->address_requests;
		server->addresses.local = options->address_local;
		if (getrandom(&server->addresses.key, sizeof(server->addresses.key), 0) !=
		    sizeof(server->addresses.key))
			return error_set(err, ERROR_IO, NULL, "no random bytes");
		for (unsigned j = 0; j < options->workers; j++) {
			struct thread *thread = &server->thread[j];

			thread->server = server;
			thread->context = options->contexts[j];
			thread->listening = options->sockets[j];
			thread->tls = options->tls && options->tls[j];
			arena_init(&thread->arena, options->body_bytes * 256 + ((size_t)16 << 20));
			arena_charge(&thread->arena, options->budget, BUDGET_URGENT);
			ticket_pool_init(&thread->tickets, server_suspend, server_wake, connection_gone);
			thread->tickets.budget = options->budget;
			connections_init(&thread->connections, share, limit_of(share) - ACCEPTED_AT_ONCE);
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
		const struct connections *connections = &server->thread[i].connections;

		load.connections += connections_count(connections);
		load.suspended += ticket_waiting(&server->thread[i].tickets);
		load.late += atomic_load_explicit(&connections->late, memory_order_relaxed);       /* figures */
		load.evicted += atomic_load_explicit(&connections->evicted, memory_order_relaxed); /* the same */
	}
	load.turned_away = atomic_load_explicit(&server->addresses.turned_away, memory_order_relaxed); /* the same */
	return load;
}

/* Waits until no request is in flight, at most so long. */
static void
drain(struct server *server, int64_t at_most_ms)
{
	const struct timespec pause = {0, 2000000};
	int64_t until_ms = clock_monotonic_ms() + at_most_ms;

	for (;;) {
		unsigned in_flight = 0;

		for (unsigned i = 0; i < server->threads; i++)
			in_flight += atomic_load_explicit(&server->thread[i].tickets.in_flight, memory_order_relaxed);
		if (!in_flight || clock_monotonic_ms() >= until_ms)
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
	for (unsigned i = 0; i < server->threads && !server->options.shared_sockets; i++)
		/* who connects now hears at once that nobody is there, or gets to another process on the port */
		(void)shutdown(server->thread[i].listening, SHUT_RDWR); /* fails for none that listens */
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
	for (unsigned i = 0; i < server->threads; i++) {
		ticket_pool_done(&server->thread[i].tickets);
		connections_done(&server->thread[i].connections);
	}
	free(server);
}
