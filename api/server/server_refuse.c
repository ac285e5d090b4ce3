/* server_refuse - what libmicrohttpd refuses by itself, in our words and not by its page */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifdef HAVE_GNUTLS
#include <gnutls/gnutls.h>
#endif

#include "api/server/server_priv.h"

/*
 * libmicrohttpd answers requests that are not HTTP before it asks anybody, with a page of HTML, which names what it did
 * not like in words of its own, and for some of them with two heads. It has no setting for that. But it queues that page
 * by MHD_queue_response as a program does, by the dynamic linker: a function of that name in the program is found first.
 * Answers of ours go by server_queue to the library's own. The page never gets there: the refusal is written to the
 * socket, which is shut before the page is queued. It is queued all the same: were it not, the library would let go of the
 * connection's memory at once and go on reading in it (a query parameter for which there is no room ended the service so).
 */
static enum MHD_Result (*library_queue)(struct MHD_Connection *connection, unsigned status,
                                        struct MHD_Response *response);

static const struct refusal {
	unsigned status;
	const char *reason, *words, *detail;
} refusals[] = {
	{400, "Bad Request", "Invalid request",
         "the request is not well-formed HTTP/1.1: expected a request line, one Host, headers, and a body of one "
         "length"},
	{413, "Content Too Large", "Content too large", "the body is over the limit (body_size)"},
	{414, "URI Too Long", "URI too long", "the path is over a limit (header_size)"},
	{431, "Request Header Fields Too Large", "Request header fields too large",
         "the headers are over a limit (header_count, header_size)"},
	{500, "Internal Server Error", "Internal server error", "the service has no memory left for this connection"},
	{501, "Not Implemented", "Not implemented", "the transfer coding is not known: expected chunked"},
	{505, "HTTP Version Not Supported", "HTTP version not supported", "expected version 1.1 or 1.0"},
};

void
server_refuse_init(void)
{
	void *symbol = dlsym(RTLD_NEXT, "MHD_queue_response");

	memcpy(&library_queue, &symbol, sizeof(symbol)); /* the way from an object's pointer to a function's */
}

enum MHD_Result
server_queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	return library_queue ? library_queue(connection, status, response) : MHD_NO;
}

/* Not whole where the client does not take it: the connection ends all the same. */
static void
refusal_send(struct MHD_Connection *connection, const char *bytes, size_t len)
{
	int fd = server_connection_fd(connection);

#ifdef HAVE_GNUTLS
	const union MHD_ConnectionInfo *tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (tls && tls->tls_session) {
		(void)gnutls_record_send(tls->tls_session, bytes, len);
		(void)gnutls_bye(tls->tls_session, GNUTLS_SHUT_WR);
		return;
	}
#endif
	if (fd < 0 || send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
	server_hang_up(fd);
}

/* Stands before the library's own. */
__attribute__((visibility("default"))) enum MHD_Result
MHD_queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	const struct refusal *refusal = &refusals[0];
	char body[400], all[800];
	int len;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].status == status)
			refusal = &refusals[i];
	len = snprintf(body, sizeof(body), "{\"errorDetails\":\"%s\",\"details\":[\"%s\"]}", refusal->words,
	               refusal->detail); /* the table's texts fit */
	len = snprintf(all, sizeof(all),
	               "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Type: application/json\r\n"
	               "Content-Length: %d\r\n\r\n%s",
	               refusal->status, refusal->reason, len, body); /* the same */
	refusal_send(connection, all, (size_t)len);
	return server_queue(connection, status, response); /* it reaches nobody */
}
