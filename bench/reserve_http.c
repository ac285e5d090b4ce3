/* reserve_http - rights taken over HTTP from a clguardd of our own, each client on a connection that stays */
/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/reserve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_SIZE 8192

extern char **environ;

struct http_side {
	pid_t process;
	FILE *log; /* the service's stderr: it writes nothing more after it listens, so nobody needs to read on */
	unsigned clients;
	int sockets[CLIENTS_MOST];
};

/* Reads the log up to the line that names the port. */
static unsigned
port_of(FILE *log)
{
	char line[1024];

	while (fgets(line, sizeof(line), log)) {
		const char *colon = strrchr(line, ':');

		if (strncmp(line, "listening on ", 13) == 0 && colon)
			return (unsigned)strtoul(colon + 1, NULL, 10);
	}
	die("clguardd does not start");
}

static void
start_service(struct http_side *http, const char *data, const char *policies, bool durable)
{
	const char *build = getenv("top_builddir");
	char path[1024];
	const char *const arguments[] = {path,          "--listen",     "127.0.0.1:0",
	                                 "--data",      data,           "--policies",
	                                 policies,      "--durability", durable ? "group" : "process",
	                                 "--log-level", "info",         NULL};
	posix_spawn_file_actions_t actions;
	int ends[2];

	snprintf(path, sizeof(path), "%s/clguardd", build ? build : ".");
	if (pipe(ends) != 0 || posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, ends[1], 2) != 0 ||
	    posix_spawn_file_actions_addclose(&actions, ends[0]) != 0 ||
	    posix_spawn(&http->process, path, &actions, NULL, (char **)(uintptr_t)arguments, environ) != 0)
		die(path);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	http->log = fdopen(ends[0], "r");
	if (!http->log)
		die("no memory");
}

struct http_side *
http_side_start(const char *data, const char *policies, bool durable, unsigned clients)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct http_side *http = calloc(1, sizeof(*http));
	int on = 1;

	if (!http)
		die("no memory");
	start_service(http, data, policies, durable);
	address.sin_port = htons((uint16_t)port_of(http->log));
	for (; http->clients < clients; http->clients++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
			die("connect");
		http->sockets[http->clients] = fd;
	}
	return http;
}

void
http_side_stop(struct http_side *http)
{
	int status;

	for (unsigned i = 0; i < http->clients; i++)
		close(http->sockets[i]);
	if (kill(http->process, SIGTERM) != 0 || waitpid(http->process, &status, 0) != http->process || status != 0)
		die("clguardd did not end well");
	fclose(http->log);
	free(http);
}

/* Reads one answer, to its last byte; anything but 201 ends the program. */
static void
expect_created(int fd)
{
	char answer[ANSWER_SIZE + 1], *end = NULL, *length;
	size_t have = 0, whole = 0;

	while (!whole || have < whole) {
		ssize_t got = have < ANSWER_SIZE ? read(fd, answer + have, ANSWER_SIZE - have) : 0;

		if (got <= 0)
			die("the service hung up");
		have += (size_t)got;
		answer[have] = '\0';
		end = end ? end : strstr(answer, "\r\n\r\n");
		if (!end || whole)
			continue;
		length = strcasestr(answer, "\r\ncontent-length:");
		if (strncmp(answer, "HTTP/1.1 201", 12) != 0 || !length || length > end)
			die(answer);
		whole = (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
	}
}

void
http_side_take(struct side *side, unsigned number)
{
	struct http_side *http = side->context;
	int fd = http->sockets[number % CLIENTS_MOST];
	char body[256], request[512];
	int len = snprintf(body, sizeof(body),
	                   "{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"SO\",\"operation\":\"Restart\","
	                   "\"target\":\"vm-%u\",\"requestId\":\"r-%u\"}}}",
	                   number * 2654435761u % TARGETS, number);

	len = snprintf(request, sizeof(request),
	               "POST /clguard/v1/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	               "Content-Length: %d\r\n\r\n%s",
	               len, body);
	if (write(fd, request, (size_t)len) != (ssize_t)len)
		die("write");
	expect_created(fd);
}
