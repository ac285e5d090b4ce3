/* server_target - the target of a request line: too many parameters, bytes that no path has */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "api/server/server_priv.h"

#define ARGUMENT_BYTES 72 /* of a connection's buffer: what libmicrohttpd keeps of a query parameter, and some */

/* Where the target ends as it came: libmicrohttpd parts and decodes it in its place. */
static void
note_target_end(struct MHD_Connection *connection, const char *target)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct peer *peer = info ? info->socket_context : NULL;

	if (peer)
		peer->target_end = target + strlen(target);
}

/*
 * libmicrohttpd 0.9 forgets a request whose query parameters do not fit its buffer, and lets the client wait until the
 * connection is idle for too long. It tells of the request line before it takes that apart: whoever sends more parameters than
 * fit is answered here, past it, and hung up on. It must not run out of memory all the same: it goes on with a request that it
 * has given up in the middle (the service ended so). So what parts the parameters goes, and they are one.
 */
void *
server_look_at_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	static const char body[] =
		"{\"errorDetails\":\"URI too long\",\"details\":[\"too many query parameters for the "
		"connection's buffer (header_size)\"]}\n";
	const struct thread *thread = cls;
	size_t room = thread->server->options.header_bytes, count = 0;
	char refusal[sizeof(body) + 160];
	int fd;

	note_target_end(connection, target);
	for (const char *at = strchr(target, '?'); at; at = strchr(at + 1, '&'))
		count++;
	/* The line lies in the same buffer, which grows in steps; an eighth is left for what else is kept. */
	if (count == 0 || count * ARGUMENT_BYTES + 2 * strlen(target) + room / 8 <= room)
		return NULL;
	fd = server_connection_fd(connection);
	(void)snprintf(refusal, sizeof(refusal),
	               "HTTP/1.1 414 URI Too Long\r\nConnection: close\r\nContent-Type: application/json\r\n"
	               "Content-Length: %zu\r\n\r\n%s",
	               sizeof(body) - 1, body);
	if (!thread->tls)
		(void)!send(fd, refusal, strlen(refusal), MSG_NOSIGNAL | MSG_DONTWAIT); /* it may have gone */
	server_hang_up(fd);
	for (char *at = (char *)(uintptr_t)target; *at; at++) /* the line in its buffer */
		if (*at == '&')
			*at = UNPRINTABLE;
	return NULL;
}

/* As libmicrohttpd decodes %XX, but a NUL does not end the text: it becomes a byte that no path has. */
size_t
server_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	size_t len;

	(void)cls;
	(void)connection;
	len = MHD_http_unescape(text);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = UNPRINTABLE;
	return len;
}
