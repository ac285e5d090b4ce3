/* web_request - one HTTP request of a participant to the far side: the program's one user of libcurl */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/web_request.h"

#include <stdlib.h>

#include <curl/curl.h>

#include "base/document.h"
#include "base/text.h"

#define BODY_MAX ((size_t)4 << 20)
#define SHOWN_MAX 200 /* bytes of a body in a message */

/* One request under way. */
struct web_exchange {
	struct element_order *order;
	CURL *curl;
	struct curl_slist *headers;
	struct text body;
	size_t limit;
	bool to_the_end;
};

int
web_open(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

void
web_close(void)
{
	curl_global_cleanup();
}

static size_t
web_take_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct web_exchange *exchange = context;

	if (exchange->body.len + size * count <= exchange->limit)
		text_add(&exchange->body, (struct str){bytes, size * count});
	return size * count;
}

/* Other than 0 ends the request: the program is told to stop. */
static int
look_around(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct web_exchange *exchange = context;

	(void)a, (void)b, (void)c, (void)d; /* libcurl's signature */
	return exchange->to_the_end || order_may_wait() ? 0 : 1;
}

static bool
web_add_header(struct web_exchange *exchange, const char *name, const char *value)
{
	const char *line = arena_printf(exchange->order->arena, "%s: %s", name, value);
	struct curl_slist *longer = line ? curl_slist_append(exchange->headers, line) : NULL;

	if (longer)
		exchange->headers = longer;
	return longer != NULL;
}

static bool
web_add_headers(struct web_exchange *exchange, const struct web_request *request)
{
	bool good = web_add_header(exchange, "Expect", "");

	if (request->media)
		good = good && web_add_header(exchange, "Content-Type", request->media) &&
		       web_add_header(exchange, "Accept", request->media);
	if (request->bearer)
		good = good && web_add_header(exchange, "Authorization",
		                              arena_printf(exchange->order->arena, "Bearer %s", request->bearer));
	for (const struct node *header = request->headers ? request->headers->first : NULL; header && good;
	     header = header->next)
		if (header->key.ptr && node_is_scalar(header) && !strpbrk(header->text.ptr, "\r\n"))
			good = web_add_header(exchange, header->key.ptr, header->text.ptr);
	return good;
}

static CURLcode
set_security(CURL *curl, const struct participant_settings *settings)
{
	CURLcode code = CURLE_OK;

	if (settings->user) {
		code = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		if (code == CURLE_OK)
			code = curl_easy_setopt(curl, CURLOPT_USERPWD, settings->user);
	}
	if (code == CURLE_OK && settings->ca)
		code = curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca);
	if (code == CURLE_OK && settings->certificate)
		code = curl_easy_setopt(curl, CURLOPT_SSLCERT, settings->certificate);
	if (code == CURLE_OK && settings->key)
		code = curl_easy_setopt(curl, CURLOPT_SSLKEY, settings->key);
	return code;
}

/* All that the request is made of; headers and body are borrowed. */
static CURLcode
set_request(struct web_exchange *exchange, const struct web_request *request)
{
	CURL *curl = exchange->curl;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");

	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_URL, request->url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	if (code == CURLE_OK && request->socket)
		code = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->socket);
	if (code == CURLE_OK && request->body.ptr)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	if (code == CURLE_OK && request->body.ptr)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.ptr);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, web_take_bytes);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_around);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)exchange->order->settings->timeout_ms);
	return code == CURLE_OK ? set_security(curl, exchange->order->settings) : code;
}

enum act_result
web_ask(struct element_order *order, const struct web_request *request, struct web_answer *ret)
{
	struct web_exchange exchange = {.order = order,
	                                .curl = curl_easy_init(),
	                                .limit = request->limit ? request->limit : BODY_MAX,
	                                .to_the_end = request->to_the_end};
	CURLcode code = exchange.curl ? CURLE_OK : CURLE_OUT_OF_MEMORY;

	if (order->participant) /* else it is not an element's */
		order_progress(order, "%s %s", request->method, request->url);

	*ret = (struct web_answer){0};
	text_init(&exchange.body, order->arena);
	if (code == CURLE_OK && !web_add_headers(&exchange, request))
		code = CURLE_OUT_OF_MEMORY;
	if (code == CURLE_OK)
		code = set_request(&exchange, request);
	if (code == CURLE_OK)
		code = curl_easy_perform(exchange.curl);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &ret->status);
	ret->body = exchange.body.len ? text_done(&exchange.body) : STR("");
	curl_slist_free_all(exchange.headers);
	curl_easy_cleanup(exchange.curl);
	if (code == CURLE_OK && ret->body.ptr)
		return ACT_DONE;
	return order_say(order, ACT_AGAIN, "%s %s: %s", request->method, request->url,
	                 code == CURLE_OK ? "out of memory" : curl_easy_strerror(code));
}

enum act_result
web_judge(struct element_order *order, const struct web_request *request, const struct web_answer *answer)
{
	const int shown = answer->body.len < SHOWN_MAX ? (int)answer->body.len : SHOWN_MAX;
	bool later = answer->status == 408 || answer->status == 425 || answer->status == 429 || answer->status >= 500;

	if (answer->status >= 200 && answer->status < 300)
		return ACT_DONE;
	return order_say(order, later ? ACT_AGAIN : ACT_FAILED, "%s %s answers %ld: %.*s", request->method,
	                 request->url, answer->status, shown, answer->body.ptr);
}

enum act_result
web_tree(struct element_order *order, const struct web_answer *answer, struct node **ret)
{
	static const struct document_limits limits = {
		.bytes = BODY_MAX, .depth = 128, .nodes = SIZE_MAX, .aliases = 0, .scalar = BODY_MAX};
	struct error err = {0};

	if (json_read(answer->body, "", &limits, order->arena, ret, &err) == 0)
		return ACT_DONE;
	return order_say(order, ACT_FAILED, "the answer is not JSON: %s", err.text);
}

const char *
web_escape(struct str segment, struct arena *arena)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct text out;

	text_init(&out, arena);
	for (size_t i = 0; i < segment.len; i++) {
		if (memchr(plain, segment.ptr[i], sizeof(plain) - 1))
			text_add(&out, (struct str){segment.ptr + i, 1});
		else
			text_addf(&out, "%%%02X", (unsigned)(unsigned char)segment.ptr[i]);
	}
	return text_done(&out).ptr;
}
