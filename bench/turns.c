/* turns - several servers asked in short turns by one process: what a request costs each of them */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/http_client.h"

/*
 * The machine is shared, and what its other users do changes within a tenth of a second: turns of some hundredths, one
 * server after the other, have the same company, so that the ratio of neighbours is steady where the times are not. All
 * servers have their connections open all the time. A turn ends when the last answer has come. What a server does behind its
 * answers, such as writing a log, is part of what they cost: the processor time of a turn begins where that of the server's
 * turn before ended.
 */
#define SERVERS_MAX 8
#define THREADS_MAX 64

struct server {
	struct client client;
	int threads[THREADS_MAX]; /* their schedstat, open */
	unsigned thread_count;
	double used; /* processor time until the end of its last turn, nanoseconds */
};

static void
find_threads(struct server *server, long pid)
{
	char path[320];
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	tasks = opendir(path);
	if (!tasks)
		client_fail(path);
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.' || server->thread_count == THREADS_MAX)
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/task/%s/schedstat", pid, entry->d_name);
		server->threads[server->thread_count] = open(path, O_RDONLY | O_CLOEXEC);
		if (server->threads[server->thread_count++] < 0)
			client_fail(path);
	}
	closedir(tasks);
}

/* Processor time of all its threads, nanoseconds. */
static double
used_ns(const struct server *server)
{
	double sum = 0;

	for (unsigned i = 0; i < server->thread_count; i++) {
		char text[128];
		ssize_t len = pread(server->threads[i], text, sizeof(text) - 1, 0);

		if (len > 0) { /* a thread may have ended */
			text[len] = '\0';
			sum += strtod(text, NULL);
		}
	}
	return sum;
}

/* PORT:PID:PATH, or PORT:PID:PATH:LOGIN with what Authorization says */
static void
take_server(struct server *server, char *text, unsigned connections, const char *body_file)
{
	char *rest, *login;
	long port = strtol(text, &rest, 10), pid = *rest == ':' ? strtol(rest + 1, &rest, 10) : 0;

	if (pid <= 0 || *rest != ':') {
		fprintf(stderr, "bench/turns: '%s' is not PORT:PID:PATH\n", text);
		exit(2);
	}
	login = strchr(rest + 1, ':');
	if (login)
		*login++ = '\0';
	server->client = (struct client){.port = (unsigned)port,
	                                 .connections = connections,
	                                 .pipeline = 1,
	                                 .path = rest + 1,
	                                 .login = login,
	                                 .accept = "application/json"};
	client_open(&server->client, body_file);
	find_threads(server, pid);
}

int
main(int argc, char **argv)
{
	struct server servers[SERVERS_MAX] = {0};
	int count = argc - 5;
	double seconds = argc > 2 ? atof(argv[2]) / 1000 : 0;
	long rounds = argc > 3 ? atol(argv[3]) : 0, connections = argc > 4 ? atol(argv[4]) : 0;

	if (count < 1 || count > SERVERS_MAX || seconds <= 0 || rounds < 1 || connections < 1 ||
	    connections > CONNECTIONS_MAX) {
		fprintf(stderr,
		        "usage: turns BODYFILE MILLISECONDS ROUNDS CONNECTIONS PORT:PID:PATH[:LOGIN]...\n"
		        "prints a line a turn: the server's number, answers, its processor time in ns, seconds\n");
		return 2;
	}
	for (int i = 0; i < count; i++)
		take_server(&servers[i], argv[5 + i], (unsigned)connections, argv[1]);
	for (long round = -1; round < rounds; round++) { /* the first is the warm-up */
		for (int turn = 0; turn < count; turn++) {
			int i = (int)((turn + round + count) % count); /* another one begins each time */
			struct server *server = &servers[i];
			unsigned long before = server->client.answered;
			double used, begin = client_now_s(), took;

			(void)client_closed_loop(&server->client, seconds, false);
			took = client_now_s() - begin;
			used = used_ns(server) - server->used;
			server->used += used;
			if (server->client.refused) {
				fprintf(stderr, "bench/turns: server %d refused a request\n", i);
				return 1;
			}
			if (round >= 0)
				printf("%d %lu %.0f %.9f\n", i, server->client.answered - before, used, took);
		}
	}
	return 0;
}
