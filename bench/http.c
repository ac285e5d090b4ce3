/* http - one POST over N keep-alive connections of the loopback interface, again and again: rate and latency */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/http_client.h"

/*
 * Closed loop, the default: each connection asks again as soon as it is answered, so that the server is never idle. With
 * a rate, open loop: request i is due at i / rate, goes out on the first free connection, and its latency counts from when
 * it was due, so that a server that stalls pays for all that waited. Latency of a pipelined request counts from the write.
 */
#define SAMPLES_MAX 4000000
#define SECONDS_MAX 60

struct run {
	struct client client;
	double seconds, rate;
	const char *body_file;
	struct samples samples;
};

/* Ticks of the clock in a second, as far as 50 ms tell. */
static double
ticks_a_second(void)
{
	double begin = client_now_s();
	uint64_t ticks = clock_ticks();

	while (client_now_s() - begin < .05)
		continue;
	return (double)(clock_ticks() - ticks) / (client_now_s() - begin);
}

static double
open_loop(struct run *run)
{
	struct client *client = &run->client;
	struct connection **idle = calloc(client->connections, sizeof(struct connection *));
	double tick = ticks_a_second() / run->rate, begin = client_now_s();
	unsigned idle_count = 0;
	uint64_t start = clock_ticks(), count = (uint64_t)(run->rate * run->seconds), next = 0;
	struct epoll_event events[256];

	if (!idle)
		client_fail("memory");
	for (unsigned i = 0; i < client->connections; i++)
		idle[idle_count++] = &client->connection[i];
	while (next < count || idle_count < client->connections) {
		int ready;

		while (next < count && idle_count && (double)(clock_ticks() - start) >= tick * (double)next)
			client_send(client, idle[--idle_count], start + (uint64_t)(tick * (double)next++));
		ready = epoll_wait(client->epoll, events, 256, 0); /* awake all the time: a sleeper is woken late */
		for (int i = 0; i < ready; i++) {
			if (client_take(client, events[i].data.ptr, true))
				idle[idle_count++] = events[i].data.ptr;
		}
		if (client_now_s() - begin > 2 * run->seconds + 1)
			client_fail("the server does not keep up with the rate");
	}
	free(idle);
	return client_now_s() - begin;
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
			run->client.port = (unsigned)number(optarg, 1, 65535);
			break;
		case 'c':
			run->client.connections = (unsigned)number(optarg, 1, CONNECTIONS_MAX);
			break;
		case 's':
			run->seconds = number(optarg, .01, SECONDS_MAX);
			break;
		case 'r':
			run->rate = number(optarg, 1, 1e6);
			break;
		case 'n':
			run->client.pipeline = (unsigned)number(optarg, 1, PIPELINE_MAX);
			break;
		case 'u':
			run->client.path = optarg;
			break;
		case 'b':
			run->body_file = optarg;
			break;
		case 'a':
			run->client.accept = optarg;
			break;
		case 'l':
			run->client.login = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (!run->client.port || !run->body_file || (run->rate > 0 && run->client.pipeline > 1)) {
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
	struct run run = {.client = {.connections = 1,
	                             .pipeline = 1,
	                             .path = "/policy/pdpx/v1/decision",
	                             .accept = "application/json"},
	                  .seconds = 1};
	double took;

	take_options(&run, argc, argv);
	samples_init(&run.samples, SAMPLES_MAX);
	run.client.samples = &run.samples;
	client_open(&run.client, run.body_file);
	(void)client_closed_loop(&run.client, run.seconds / 10, false); /* warm-up */
	took = run.rate > 0 ? open_loop(&run) : client_closed_loop(&run.client, run.seconds, true);
	samples_sort(&run.samples);
	printf("{\"answered\": %lu, \"refused\": %lu, \"rate\": %.6g, \"mean\": %.6g, \"p50\": %.6g, \"p99\": %.6g, "
	       "\"p99.9\": %.6g, "
	       "\"max\": %.6g, \"curve\": [",
	       run.client.counted, run.client.refused, (double)run.client.counted / took,
	       samples_mean(&run.samples) / 1e3, samples_at(&run.samples, .5) / 1e3,
	       samples_at(&run.samples, .99) / 1e3, samples_at(&run.samples, .999) / 1e3,
	       samples_at(&run.samples, 1) / 1e3);
	for (size_t i = 0; i < sizeof(curve) / sizeof(curve[0]); i++)
		printf("%s[%g, %.6g]", i ? ", " : "", curve[i], samples_at(&run.samples, curve[i]) / 1e3);
	printf("]}\n");
	return 0;
}
