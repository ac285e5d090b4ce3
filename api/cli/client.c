/* client - one HTTP request after another to a clguardd, over TCP or a unix socket */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_MAX_BYTES ((size_t)1 << 20) /* of an answer that goes on */
#define TIMEOUT_S 90
#define ANSWER_MAX ((size_t)256 << 20)

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

struct endpoint {
	char host[256], port[16];
};

/* "host:port" or "[host]:port", perhaps after "http://" and before "/". */
static bool
split(const char *text, struct endpoint *ret)
{
	struct str address = str_from(text);
	size_t colon;

	if (str_starts_with(address, STR("http://")))
		address = (struct str){text + 7, address.len - 7 - str_ends_with(address, STR("/"))};
	colon = address.len;
	while (colon > 0 && address.ptr[colon - 1] != ':')
		colon--;
	if (colon < 2 || colon > sizeof(ret->host) || colon == address.len || address.len - colon >= sizeof(ret->port))
		return false;
	(void)snprintf(ret->port, sizeof(ret->port), "%.*s", (int)(address.len - colon), address.ptr + colon);
	if (address.ptr[0] == '[' && colon > 2)
		(void)snprintf(ret->host, sizeof(ret->host), "%.*s", (int)colon - 3, address.ptr + 1);
	else
		(void)snprintf(ret->host, sizeof(ret->host), "%.*s", (int)colon - 1, address.ptr);
	return strspn(ret->port, "0123456789") == strlen(ret->port);
}

bool
client_address_good(const char *address)
{
	struct endpoint endpoint;

	if (str_starts_with(str_from(address), STR("unix:")))
		return address[5] && strlen(address + 5) < sizeof(((struct sockaddr_un *)0)->sun_path);
	return split(address, &endpoint);
}

/* -1 with errno, or, when nobody knows the host, an error that says so. */
static int
connect_tcp(const char *address, struct error *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	struct endpoint endpoint;
	int fd = -1, r;

	if (!split(address, &endpoint)) {
		errno = EINVAL;
		return -1;
	}
	r = getaddrinfo(endpoint.host, endpoint.port, &hints, &found);
	if (r != 0)
		return error_set(err, ERROR_IO, NULL, "cannot connect to %s: the host '%s' is unknown: %s", address,
		                 endpoint.host, r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
	for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
			(void)close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

static int
open_connection(const struct client *client, struct error *err)
{
	const struct timeval limit = {client->timeout_s ? client->timeout_s : TIMEOUT_S, 0};
	struct str address = str_from(client->address);
	int fd;

	if (str_starts_with(address, STR("unix:")))
		fd = connect_unix(client->address + 5);
	else
		fd = connect_tcp(client->address, err);
	if (fd < 0 && err->code)
		return fd;
	if (fd < 0)
		return error_set(err, ERROR_IO, NULL, "cannot connect to %s: %s", client->address, strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)); /* without them it waits longer */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

/* Base64 of the credentials. */
static void
add_credentials(struct text *out, struct str user)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	text_add(out, STR("Authorization: Basic "));
	for (size_t i = 0; i < user.len; i += 3) {
		unsigned long bits = 0;
		char four[4];

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (i + j < user.len ? (unsigned char)user.ptr[i + j] : 0u);
		for (size_t j = 0; j < 4; j++)
			four[j] = i + j > user.len ? '=' : digits[bits >> (18 - 6 * j) & 63];
		text_add(out, (struct str){four, 4});
	}
	text_add(out, STR("\r\n"));
}

static int
send_all(int fd, struct str bytes, struct error *err)
{
	while (bytes.len) {
		ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return error_set(err, ERROR_IO, NULL, "cannot send: %s", strerror(errno));
		bytes.ptr += sent;
		bytes.len -= (size_t)sent;
	}
	return 0;
}

/* Everything until the server closes. */
static int
receive_all(int fd, struct text *out, struct error *err)
{
	char bytes[16384];

	for (;;) {
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, ERROR_IO, NULL, "no answer: %s", strerror(errno));
		if (got == 0)
			return 0;
		if (out->len > ANSWER_MAX)
			return error_set(err, ERROR_LIMIT, NULL, "the answer is too long");
		text_add(out, (struct str){bytes, (size_t)got});
	}
}

int
client_ask(const struct client *client, const char *method, const char *path, struct str body, const char *media,
           struct arena *arena, unsigned *ret_status, struct str *ret_body, struct error *err)
{
	struct text request, answer;
	struct str bytes;
	const char *end;
	int fd = open_connection(client, err), r;

	if (fd < 0)
		return fd;
	text_init(&request, arena);
	text_addf(&request, "%s %s HTTP/1.1\r\nHost: clguard\r\nConnection: close\r\n", method, path);
	if (client->bearer)
		text_addf(&request, "Authorization: Bearer %s\r\n", client->bearer);
	else if (client->user)
		add_credentials(&request, str_from(client->user));
	if (body.ptr)
		text_addf(&request, "Content-Type: %s\r\nContent-Length: %zu\r\n", media, body.len);
	else if (media)
		text_addf(&request, "Accept: %s\r\n", media);
	text_add(&request, STR("\r\n"));
	text_add(&request, body);
	text_init(&answer, arena);
	bytes = text_done(&request);
	r = bytes.ptr ? send_all(fd, bytes, err) : error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (r == 0)
		r = receive_all(fd, &answer, err);
	(void)close(fd);
	if (r != 0)
		return r;
	bytes = text_done(&answer);
	if (!bytes.ptr)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	end = strstr(bytes.ptr, "\r\n\r\n");
	if (!str_starts_with(bytes, STR("HTTP/1.1 ")) || !end)
		return error_set(err, ERROR_SYNTAX, NULL, "the answer is not HTTP/1.1");
	*ret_status = (unsigned)strtoul(bytes.ptr + 9, NULL, 10);
	*ret_body = (struct str){end + 4, (size_t)(bytes.ptr + bytes.len - end - 4)};
	ret_body->len -= str_ends_with(*ret_body, STR("\n"));
	return 0;
}

/* The lines that are whole; what is left of the last one moves to the front. Answers its length. */
static size_t
visit_lines(char *bytes, size_t len, unsigned *ret_status, bool *body, void (*visit)(void *context, struct str line),
            void *context)
{
	size_t from = 0;
	char *end;

	while ((end = memchr(bytes + from, '\n', len - from))) {
		struct str line = {bytes + from, (size_t)(end - bytes) - from};

		from += line.len + 1;
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (*body)
			visit(context, line);
		else if (str_starts_with(line, STR("HTTP/1.")) && line.len > 9)
			*ret_status = (unsigned)strtoul(line.ptr + 9, NULL, 10);
		else if (line.len == 0)
			*body = true;
	}
	memmove(bytes, bytes + from, len - from);
	return len - from;
}

static int
listen_on(int fd, char *bytes, unsigned *ret_status, void (*visit)(void *context, struct str line), void *context,
          struct error *err)
{
	bool body = false;
	size_t len = 0;

	for (;;) {
		ssize_t got = recv(fd, bytes + len, LINE_MAX_BYTES - len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, ERROR_IO, NULL, "no answer: %s", strerror(errno));
		if (got == 0)
			return *ret_status ? 0 : error_set(err, ERROR_SYNTAX, NULL, "the answer is no HTTP/1.1");
		len = visit_lines(bytes, len + (size_t)got, ret_status, &body, visit, context);
		if (len == LINE_MAX_BYTES)
			return error_set(err, ERROR_LIMIT, NULL, "a line of the answer is too long");
	}
}

/* By HTTP/1.0, so that the body comes as it is, without chunks. */
int
client_listen(const struct client *client, const char *path, unsigned *ret_status,
              void (*visit)(void *context, struct str line), void *context, struct error *err)
{
	char *bytes = malloc(LINE_MAX_BYTES);
	struct arena arena;
	struct text request;
	struct str text;
	int fd, r = bytes ? 0 : error_set(err, ERROR_MEMORY, NULL, "out of memory");

	*ret_status = 0;
	if (r != 0)
		return r;
	arena_init(&arena, 0);
	text_init(&request, &arena);
	text_addf(&request, "GET %s HTTP/1.0\r\nHost: clguard\r\n", path);
	if (client->user)
		add_credentials(&request, str_from(client->user));
	text_add(&request, STR("\r\n"));
	text = text_done(&request);
	fd = open_connection(client, err);
	r = fd < 0 ? fd : text.ptr ? send_all(fd, text, err) : error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (r == 0)
		r = listen_on(fd, bytes, ret_status, visit, context, err);
	if (fd >= 0)
		(void)close(fd);
	arena_free(&arena);
	free(bytes);
	return r;
}
