/*
 * bare_http - what libmicrohttpd alone does: reads a body, sends fixed bytes; the ceiling that clguardd is compared
 * with
 */
/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKERS_MAX 64

/* One connection's body; what clguardd keeps in its tickets. */
struct body {
	struct body *next;
	size_t len;
	char bytes[2048];
};

struct worker {
	struct MHD_Response *response;
	struct body *pool; /* of the worker's thread */
};

static enum MHD_Result
access_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
               const char *bytes, size_t *count, void **state)
{
	struct worker *worker = cls;
	struct body *body = *state;

	(void)url;
	(void)method;
	(void)version;
	if (!body) {
		body = worker->pool ? worker->pool : calloc(1, sizeof(*body));
		if (!body)
			return MHD_NO;
		worker->pool = body->next;
		body->next = NULL;
		body->len = 0;
		*state = body;
		return MHD_YES;
	}
	if (*count) {
		size_t room = sizeof(body->bytes) - body->len, take = *count < room ? *count : room;

		memcpy(body->bytes + body->len, bytes, take);
		body->len += take;
		*count = 0;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, worker->response);
}

static void
request_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	struct worker *worker = cls;
	struct body *body = *state;

	(void)connection;
	(void)why;
	if (!body)
		return;
	body->next = worker->pool;
	worker->pool = body;
	*state = NULL;
}

static int
listen_on(unsigned short port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, SOMAXCONN) != 0) {
		perror("bare_http");
		exit(3);
	}
	return fd;
}

/* The bytes of a decision's answer, headers included. */
static struct MHD_Response *
make_response(const char *answer)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(answer), (void *)(uintptr_t)answer, MHD_RESPMEM_PERSISTENT);

	if (!response)
		exit(3);
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	(void)MHD_add_response_header(response, "X-LatestVersion", "1.0.0");
	(void)MHD_add_response_header(response, "X-MinorVersion", "0");
	(void)MHD_add_response_header(response, "X-PatchVersion", "0");
	(void)MHD_add_response_header(response, "X-ONAP-RequestID", "5a5c3f0e-6a27-4d47-9c40-3a6f6a8c0001");
	return response;
}

int
main(int argc, char **argv)
{
	unsigned short port = argc > 1 ? (unsigned short)strtoul(argv[1], NULL, 10) : 7070;
	unsigned workers = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	const char *answer = argc > 3 ? argv[3] : "{\"status\":\"Permit\",\"reason\":\"permit\"}";
	struct worker worker[WORKERS_MAX] = {0};

	(void)signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < workers && i < WORKERS_MAX; i++) {
		int fd = listen_on(port);

		worker[i].response = make_response(answer);
		if (getsockname(fd, (struct sockaddr *)&address, &len) == 0)
			port = ntohs(address.sin_port); /* when any was asked for */
		/* The options are those of api/server/server.c. */
		if (!MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL,
		                      NULL, access_request, &worker[i], MHD_OPTION_LISTEN_SOCKET, fd,
		                      MHD_OPTION_NOTIFY_COMPLETED, request_completed, &worker[i],
		                      MHD_OPTION_CONNECTION_LIMIT, 4096u, MHD_OPTION_CONNECTION_TIMEOUT, 60u,
		                      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)8192, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		                      MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END))
			return 3;
	}
	fprintf(stderr, "listening on 127.0.0.1:%u\n", port);
	(void)pause();
	return 0;
}
