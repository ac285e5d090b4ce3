/* http_client - POSTs over keep-alive connections of the loopback interface */
/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void
client_fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

double
client_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
make_request(struct client *client, const char *body_file)
{
	char body[65536], head[2048];
	FILE *in = fopen(body_file, "r");
	size_t body_len = in ? fread(body, 1, sizeof(body), in) : 0, one;

	if (!in)
		client_fail(body_file);
	fclose(in);
	one = (size_t)snprintf(
		head, sizeof(head),
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\nAccept: %s\r\n"
		"%s%s%sContent-Length: %zu\r\n\r\n",
		client->path, client->port, client->accept, client->login ? "Authorization: " : "",
		client->login ? client->login : "", client->login ? "\r\n" : "", body_len);
	if (one >= sizeof(head))
		client_fail("the headers are too long");
	client->request = malloc(client->pipeline * (one + body_len));
	if (!client->request)
		client_fail("memory");
	for (unsigned i = 0; i < client->pipeline; i++) {
		memcpy(client->request + client->request_len, head, one);
		memcpy(client->request + client->request_len + one, body, body_len);
		client->request_len += one + body_len;
	}
}

static void
connect_to(struct client *client, struct connection *connection)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)client->port),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	int on = 1;

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    epoll_ctl(client->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
		client_fail("connect");
}

void
client_open(struct client *client, const char *body_file)
{
	make_request(client, body_file);
	client->epoll = epoll_create1(EPOLL_CLOEXEC);
	client->connection = calloc(client->connections, sizeof(*client->connection));
	if (client->epoll < 0 || !client->connection)
		client_fail("start");
	for (unsigned i = 0; i < client->connections; i++)
		connect_to(client, &client->connection[i]);
}

/* Requests fit the socket's buffer many times, so a write is never short. */
void
client_send(struct client *client, struct connection *connection, uint64_t due)
{
	if (write(connection->fd, client->request, client->request_len) != (ssize_t)client->request_len)
		client_fail("write");
	for (unsigned i = 0; i < client->pipeline; i++)
		connection->sent[i] = due;
	connection->waiting = client->pipeline;
}

/* Length of the answer that the bytes begin with, 0 when it is not whole. */
static size_t
answer_length(struct client *client, const char *bytes, size_t have)
{
	static const char name[] = "content-length:";
	const char *end = memmem(bytes, have, "\r\n\r\n", 4);
	size_t head, at = client->length_at;

	if (!end)
		return 0;
	head = (size_t)(end - bytes) + 4;
	if (at + sizeof(name) > head || strncasecmp(bytes + at, name, sizeof(name) - 1) != 0) {
		for (at = 0; at + sizeof(name) < head; at++)
			if (strncasecmp(bytes + at, name, sizeof(name) - 1) == 0)
				break;
		client->length_at = at;
	}
	if (at + sizeof(name) >= head) {
		fprintf(stderr, "bench: an answer without Content-Length\n");
		exit(1);
	}
	head += strtoul(bytes + at + sizeof(name) - 1, NULL, 10);
	return head <= have ? head : 0;
}

bool
client_take(struct client *client, struct connection *connection, bool count)
{
	ssize_t got = read(connection->fd, connection->buffer + connection->have,
	                   sizeof(connection->buffer) - connection->have);
	uint64_t now = clock_ticks();
	size_t at = 0, length;

	if (got <= 0)
		client_fail("the server hung up");
	connection->have += (size_t)got;
	while (connection->waiting &&
	       (length = answer_length(client, connection->buffer + at, connection->have - at)) != 0) {
		client->refused += memcmp(connection->buffer + at, "HTTP/1.1 200", 12) != 0;
		client->answered++;
		if (count) {
			client->counted++;
			if (client->samples)
				samples_add(client->samples, connection->sent[client->pipeline - connection->waiting],
				            now);
		}
		connection->waiting--;
		at += length;
	}
	memmove(connection->buffer, connection->buffer + at, connection->have - at);
	connection->have -= at;
	return connection->waiting == 0;
}

double
client_closed_loop(struct client *client, double seconds, bool count)
{
	struct epoll_event events[256];
	double begin = client_now_s(), end = begin + seconds, now = begin, heard = begin;
	unsigned busy = client->connections;

	for (unsigned i = 0; i < client->connections; i++)
		client_send(client, &client->connection[i], clock_ticks());
	while (busy) {
		/* Awake all the time: to wake a sleeper costs the server more than some of its answers do. */
		int ready = epoll_wait(client->epoll, events, 256, 0);

		now = client_now_s();
		if (ready < 0 || (ready == 0 && now - heard > 1))
			client_fail("no answer for a second");
		if (ready > 0)
			heard = now;
		for (int i = 0; i < ready; i++) {
			struct connection *connection = events[i].data.ptr;

			if (!client_take(client, connection, count && now < end))
				continue;
			if (now < end)
				client_send(client, connection, clock_ticks());
			else
				busy--;
		}
	}
	return (now < end ? now : end) - begin;
}
