/* http_client - POSTs over keep-alive connections of the loopback interface, for programs that ask again and again */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_HTTP_CLIENT_H
#define BENCH_HTTP_CLIENT_H

#include "bench/report.h"

#define CONNECTIONS_MAX 1024
#define PIPELINE_MAX 64

struct connection {
	int fd;
	unsigned waiting;            /* requests without an answer */
	uint64_t sent[PIPELINE_MAX]; /* ticks; of those that wait, the oldest first */
	size_t have;                 /* bytes of answers that are not whole */
	char buffer[16384];
};

/* One server, asked one thing. Every function ends the program when something fails. */
struct client {
	unsigned port, connections, pipeline;
	const char *path, *accept, *login; /* login: of Authorization, or NULL */
	char *request;                     /* `pipeline` times the same */
	size_t request_len;
	size_t length_at;                /* where the last answer had its Content-Length */
	unsigned long answered, refused; /* since the start, counted or not; refused: status is not 200 */
	unsigned long counted;
	int epoll;
	struct samples *samples; /* of latency, NULL: not wanted */
	struct connection *connection;
};

void client_fail(const char *what);
double client_now_s(void);

/* Connects; body_file: what is posted. */
void client_open(struct client *client, const char *body_file);

/* `due`: the ticks that the latency counts from. */
void client_send(struct client *client, struct connection *connection, uint64_t due);

/* True when all that the connection asked is answered. Answers are counted if `count`. */
bool client_take(struct client *client, struct connection *connection, bool count);

/* Each connection asks again as soon as it is answered. Ends with no answer outstanding; returns the seconds that counted. */
double client_closed_loop(struct client *client, double seconds, bool count);

#endif
