/* http_get - one document from an http or https URL, bounded in time and size */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/endpoint/http_get.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/endpoint/curl_library.h"

#ifdef HAVE_LIBCURL

#define CONNECT_MS 5000

/* The body as it comes in. */
struct incoming {
	const struct http_get *get;
	char *bytes;
	size_t length, room;
	bool long_body, stopped, out_of_memory;
};

int
http_get_open(struct error *err)
{
	return curl_load(err);
}

/* curl's; a short count ends the transfer. */
static size_t
incoming_take(char *bytes, size_t size, size_t count, void *context)
{
	struct incoming *in = context;
	size_t len = size * count;

	if (len > in->get->most - in->length) {
		in->long_body = true;
		return 0;
	}
	if (in->length + len + 1 > in->room) {
		size_t room = in->room ? in->room : 4096;
		char *more;

		while (room < in->length + len + 1)
			room *= 2;
		more = realloc(in->bytes, room);
		if (!more) {
			in->out_of_memory = true;
			return 0;
		}
		in->bytes = more;
		in->room = room;
	}
	memcpy(in->bytes + in->length, bytes, len);
	in->length += len;
	return len;
}

/* curl's; anything but 0 ends the transfer. */
static int
incoming_look(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct incoming *in = context;

	(void)down_total, (void)down, (void)up_total, (void)up;
	in->stopped = in->get->stop && in->get->stop(in->get->context);
	return in->stopped;
}

static CURLcode
prepare_get(CURL *easy, const struct http_get *get, struct incoming *in)
{
	long connect_ms = get->timeout_ms < CONNECT_MS ? get->timeout_ms : CONNECT_MS;
	CURLcode r = curl.easy_setopt(easy, CURLOPT_URL, get->url);

	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (r == CURLE_OK && get->authorities)
		r = curl.easy_setopt(easy, CURLOPT_CAINFO, get->authorities);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, incoming_take);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_WRITEDATA, in);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, incoming_look);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_XFERINFODATA, in);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, get->timeout_ms);
	return r;
}

static int
explain_get(const struct http_get *get, const struct incoming *in, CURLcode r, long status, struct error *err)
{
	if (in->out_of_memory)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (in->long_body)
		return error_set(err, ERROR_LIMIT, NULL, "the answer is longer than %zu bytes", get->most);
	if (in->stopped)
		return error_set(err, ERROR_IO, NULL, "the service stops");
	if (r != CURLE_OK)
		return error_set(err, ERROR_IO, NULL, "%s", curl.easy_strerror(r));
	return error_set(err, ERROR_IO, NULL, "the answer has status %ld: expected 200", status);
}

int
http_get(const struct http_get *get, struct arena *arena, struct str *ret_body, struct error *err)
{
	struct incoming in = {.get = get};
	CURL *easy = curl.easy_init();
	struct str body;
	long status = 0;
	int result = 0;
	CURLcode r;

	if (!easy)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	r = prepare_get(easy, get, &in);
	if (r == CURLE_OK)
		r = curl.easy_perform(easy);
	if (r == CURLE_OK)
		(void)curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status); /* 0 when there is none */
	if (r != CURLE_OK || status != 200)
		result = explain_get(get, &in, r, status, err);
	body = arena_str(arena, (struct str){in.length ? in.bytes : "", in.length});
	if (result == 0 && !body.ptr)
		result = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (result == 0)
		*ret_body = body;
	curl.easy_cleanup(easy);
	free(in.bytes);
	return result;
}

#else /* a build without libcurl: http_get_open fails, and nobody goes on */

int
http_get_open(struct error *err)
{
	return error_set(err, ERROR_UNKNOWN, NULL, "an URL needs a build with libcurl");
}

int
http_get(const struct http_get *get, struct arena *arena, struct str *ret_body, struct error *err)
{
	(void)get, (void)arena, (void)ret_body;
	return http_get_open(err);
}

#endif
