/* http - one POST over N keep-alive connections of the loopback interface, again and again: rate and latency */
/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/report.h"

/*
 * Closed loop, the default: each connection asks again as soon as it is answered, so that the server is never idle. With
 * a rate, open loop: request i is due at i / rate, goes out on the first free connection, and its latency counts from when
 * it was due, so that a server that stalls pays for all that waited. Latency of a pipelined request counts from the write.
 */
#define CONNECTIONS_MAX 1024
#define PIPELINE_MAX 64
#define SAMPLES_MAX 4000000
#define SECONDS_MAX 60

struct connection {
	int fd;
	unsigned waiting;            /* requests without an answer */
	uint64_t sent[PIPELINE_MAX]; /* ticks; of those that wait, the oldest first */
	size_t have;                 /* bytes of answers that are not whole */
	char buffer[16384];
};

struct run {
	unsigned port, connections, pipeline;
	double seconds, rate;
	const char *path, *body_file, *accept, *login;
	char *request; /* `pipeline` times the same */
	size_t request_len;
	size_t length_at;                /* where the last answer had its Content-Length */
	unsigned long answered, refused; /* refused: status is not 200 */
	int epoll;
	struct samples samples;
};

static void
fail(const char *what)
{
	fprintf(stderr, "bench/http: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
make_request(struct run *run)
{
	char body[65536], head[2048];
	FILE *in = fopen(run->body_file, "r");
	size_t body_len = in ? fread(body, 1, sizeof(body), in) : 0, one;

	if (!in)
		fail(run->body_file);
	fclose(in);
	one = (size_t)snprintf(
		head, sizeof(head),
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\nAccept: %s\r\n"
		"%s%s%sContent-Length: %zu\r\n\r\n",
		run->path, run->port, run->accept, run->login ? "Authorization: " : "", run->login ? run->login : "",
		run->login ? "\r\n" : "", body_len);
	run->request = malloc(run->pipeline * (one + body_len));
	if (!run->request)
		fail("memory");
	for (unsigned i = 0; i < run->pipeline; i++) {
		memcpy(run->request + run->request_len, head, one);
		memcpy(run->request + run->request_len + one, body, body_len);
		run->request_len += one + body_len;
	}
}

static void
connect_to(struct run *run, struct connection *connection)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)run->port),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	int on = 1;

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    epoll_ctl(run->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
		fail("connect");
}

/* Requests fit the socket's buffer many times, so a write is never short. */
static void
send_requests(struct run *run, struct connection *connection, uint64_t due)
{
	if (write(connection->fd, run->request, run->request_len) != (ssize_t)run->request_len)
		fail("write");
	for (unsigned i = 0; i < run->pipeline; i++)
		connection->sent[i] = due;
	connection->waiting = run->pipeline;
}

/* Length of the answer that the bytes begin with, 0 when it is not whole. */
static size_t
answer_length(struct run *run, const char *bytes, size_t have)
{
	static const char name[] = "content-length:";
	const char *end = memmem(bytes, have, "\r\n\r\n", 4);
	size_t head, at = run->length_at;

	if (!end)
		return 0;
	head = (size_t)(end - bytes) + 4;
	if (at + sizeof(name) > head || strncasecmp(bytes + at, name, sizeof(name) - 1) != 0) {
		for (at = 0; at + sizeof(name) < head; at++)
			if (strncasecmp(bytes + at, name, sizeof(name) - 1) == 0)
				break;
		run->length_at = at;
	}
	if (at + sizeof(name) >= head) {
		fprintf(stderr, "bench/http: an answer without Content-Length\n");
		exit(1);
	}
	head += strtoul(bytes + at + sizeof(name) - 1, NULL, 10);
	return head <= have ? head : 0;
}

/* True when all that the connection asked is answered. */
static bool
take_answers(struct run *run, struct connection *connection, bool count)
{
	ssize_t got = read(connection->fd, connection->buffer + connection->have,
	                   sizeof(connection->buffer) - connection->have);
	uint64_t now = clock_ticks();
	size_t at = 0, length;

	if (got <= 0)
		fail("the server hung up");
	connection->have += (size_t)got;
	while (connection->waiting &&
	       (length = answer_length(run, connection->buffer + at, connection->have - at)) != 0) {
		run->refused += memcmp(connection->buffer + at, "HTTP/1.1 200", 12) != 0;
		if (count) {
			run->answered++;
			samples_add(&run->samples, connection->sent[run->pipeline - connection->waiting], now);
		}
		connection->waiting--;
		at += length;
	}
	memmove(connection->buffer, connection->buffer + at, connection->have - at);
	connection->have -= at;
	return connection->waiting == 0;
}

static double
closed_loop(struct run *run, struct connection *connections, double seconds, bool count)
{
	struct epoll_event events[256];
	double begin = now_s(), end = begin + seconds, now = begin;
	unsigned busy = run->connections;

	for (unsigned i = 0; i < run->connections; i++)
		send_requests(run, &connections[i], clock_ticks());
	while (busy) {
		int ready = epoll_wait(run->epoll, events, 256, 1000);

		if (ready <= 0)
			fail("no answer for a second");
		now = now_s();
		for (int i = 0; i < ready; i++) {
			struct connection *connection = events[i].data.ptr;

			if (!take_answers(run, connection, count && now < end))
				continue;
			if (now < end)
				send_requests(run, connection, clock_ticks());
			else
				busy--;
		}
	}
	return (now < end ? now : end) - begin;
}

/* Ticks of the clock in a second, as far as 50 ms tell. */
static double
ticks_a_second(void)
{
	double begin = now_s();
	uint64_t ticks = clock_ticks();

	while (now_s() - begin < .05)
		continue;
	return (double)(clock_ticks() - ticks) / (now_s() - begin);
}

static double
open_loop(struct run *run, struct connection *connections)
{
	struct connection **idle = calloc(run->connections, sizeof(struct connection *));
	double tick = ticks_a_second() / run->rate, begin = now_s();
	unsigned idle_count = 0;
	uint64_t start = clock_ticks(), count = (uint64_t)(run->rate * run->seconds), next = 0;
	struct epoll_event events[256];

	if (!idle)
		fail("memory");
	for (unsigned i = 0; i < run->connections; i++)
		idle[idle_count++] = &connections[i];
	while (next < count || idle_count < run->connections) {
		int ready;

		while (next < count && idle_count && (double)(clock_ticks() - start) >= tick * (double)next)
			send_requests(run, idle[--idle_count], start + (uint64_t)(tick * (double)next++));
		ready = epoll_wait(run->epoll, events, 256, 0); /* awake all the time: a sleeper is woken late */
		for (int i = 0; i < ready; i++) {
			if (take_answers(run, events[i].data.ptr, true))
				idle[idle_count++] = events[i].data.ptr;
		}
		if (now_s() - begin > 2 * run->seconds + 1)
			fail("the server does not keep up with the rate");
	}
	free(idle);
	return now_s() - begin;
}

static double
number(const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || value < least || value > most) {
		fprintf(stderr, "bench/http: '%s' is not between %g and %g\n", text, least, most);
		exit(2);
	}
	return value;
}

static void
take_options(struct run *run, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "p:c:s:r:n:u:b:a:l:")) != -1) {
		switch (option) {
		case 'p':
			run->port = (unsigned)number(optarg, 1, 65535);
			break;
		case 'c':
			run->connections = (unsigned)number(optarg, 1, CONNECTIONS_MAX);
			break;
		case 's':
			run->seconds = number(optarg, .01, SECONDS_MAX);
			break;
		case 'r':
			run->rate = number(optarg, 1, 1e6);
			break;
		case 'n':
			run->pipeline = (unsigned)number(optarg, 1, PIPELINE_MAX);
			break;
		case 'u':
			run->path = optarg;
			break;
		case 'b':
			run->body_file = optarg;
			break;
		case 'a':
			run->accept = optarg;
			break;
		case 'l':
			run->login = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (!run->port || !run->body_file || (run->rate > 0 && run->pipeline > 1)) {
		fprintf(stderr, "usage: http -p PORT -b BODYFILE [-u PATH] [-c CONNECTIONS] [-s SECONDS] [-r RATE | -n "
		                "PIPELINED] "
		                "[-a ACCEPT] [-l AUTHORIZATION]\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	static const double curve[] = REPORT_CURVE;
	struct run run = {.connections = 1,
	                  .pipeline = 1,
	                  .seconds = 1,
	                  .path = "/policy/pdpx/v1/decision",
	                  .accept = "application/json"};
	struct connection *connections;
	double took;

	take_options(&run, argc, argv);
	make_request(&run);
	samples_init(&run.samples, SAMPLES_MAX);
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	connections = calloc(run.connections, sizeof(*connections));
	if (run.epoll < 0 || !connections)
		fail("start");
	for (unsigned i = 0; i < run.connections; i++)
		connect_to(&run, &connections[i]);
	(void)closed_loop(&run, connections, run.seconds / 10, false); /* warm-up */
	took = run.rate > 0 ? open_loop(&run, connections) : closed_loop(&run, connections, run.seconds, true);
	samples_sort(&run.samples);
	printf("{\"answered\": %lu, \"refused\": %lu, \"rate\": %.6g, \"mean\": %.6g, \"p50\": %.6g, \"p99\": %.6g, "
	       "\"p99.9\": %.6g, "
	       "\"max\": %.6g, \"curve\": [",
	       run.answered, run.refused, (double)run.answered / took, samples_mean(&run.samples) / 1e3,
	       samples_at(&run.samples, .5) / 1e3, samples_at(&run.samples, .99) / 1e3,
	       samples_at(&run.samples, .999) / 1e3, samples_at(&run.samples, 1) / 1e3);
	for (size_t i = 0; i < sizeof(curve) / sizeof(curve[0]); i++)
		printf("%s[%g, %.6g]", i ? ", " : "", curve[i], samples_at(&run.samples, curve[i]) / 1e3);
	printf("]}\n");
	return 0;
}
