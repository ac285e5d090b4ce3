/* server_probe - a question to each worker, to see that it is alive */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server/server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/server/server_priv.h"

/* A worker that speaks TLS takes it for a handshake that fails, and closes: that is an answer too. */
#define PROBE "GET /live HTTP/1.0\r\n\r\n"

int
server_probe(struct server *server, unsigned worker, int *ret_fd, struct error *err)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return error_set(err, ERROR_IO, NULL, "no socket to ask a worker by: %s", strerror(errno));
	/* Written before the worker has its end, so that it finds the question at once; it always fits. */
	if (send(pair[0], PROBE, sizeof(PROBE) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(PROBE) - 1 ||
	    MHD_add_connection(server->thread[worker].daemon, pair[1], (const struct sockaddr *)&address,
	                       sizeof(address.sun_family)) != MHD_YES) {
		(void)close(pair[0]); /* nothing is expected of it; the other end is libmicrohttpd's in any case */
		return error_set(err, ERROR_BUSY, NULL, "worker %u takes no connection", worker);
	}
	*ret_fd = pair[0];
	return 0;
}
