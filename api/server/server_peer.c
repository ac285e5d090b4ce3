/* server_peer - connections as they come and go, and the other side of each */
/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/hash.h"
#include "api/server/server_priv.h"

/* libmicrohttpd 1.0 keeps its answer in one place of the connection: the next question overwrites it. */
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

void
server_hang_up(int fd)
{
	char rest[4096];

	(void)shutdown(fd, SHUT_WR); /* where that fails the other side has gone */
	for (int i = 0; i < 64 && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		continue;
	(void)shutdown(fd, SHUT_RDWR); /* the library sees that the connection is over */
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

struct peer *
server_peer(const struct thread *thread, struct MHD_Connection *connection)
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

void
server_peer_rests(struct thread *thread, struct peer *peer, int64_t due_ms)
{
	peer->busy = false;
	peer->asked = true;
	connections_rest(&thread->connections, peer, server_now(thread->server));
	peer_due(peer, due_ms);
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
