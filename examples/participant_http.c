/* participant_http - a participant of control loops that configures existing systems over HTTP */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "api/process/arguments.h"
#include "base/document.h"
#include "examples/participant_common.h"

/*
 * Hosts elements of org.onap.policy.clamp.controlloop.HttpControlLoopElement and of types derived from it. An element's
 * configurationEntities hold sequences of requests; those of an entity without orderedState are sent each time that the
 * element is updated, the others when it is ordered into that state. The element has done what was ordered when each
 * answer had the status expectedResponse; at the first that had not, the rest is left. An order may come twice, and its
 * requests are sent again then: they should be such that this does no harm.
 */

#define TIMEOUT_MS 10000
#define REASON_SIZE 400

static const struct document_limits limits = {(size_t)16 << 20, 64, SIZE_MAX, 0, SIZE_MAX};

struct http {
	CURL *curl;
	const char *timeout;
	char reason[REASON_SIZE]; /* why the last order could not be carried out */
};

/* One order's requests. */
struct sending {
	struct http *http;
	const struct node *common, *own; /* properties of the definition, and of the instance */
	struct curl_slist *headers;
	struct arena *arena;
};

/* The instance's value of a property, else the definition's; as {"value": ...} too. NULL when there is none. */
static const struct node *
property(const struct sending *sending, const char *name)
{
	const struct node *value = node_get(sending->own, name), *inner = node_get(value, "value");

	if (node_is_null(value))
		value = node_get(sending->common, name);
	return inner ? inner : value;
}

static const char *
text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return !node_is_null(node) && node_is_scalar(node) ? node->text.ptr : NULL;
}

static size_t
pass_over(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	(void)context;
	return size * count; /* the answer's body says nothing to us */
}

static bool
add_header(struct sending *sending, const char *name, const char *value)
{
	const char *line = arena_printf(sending->arena, "%s: %s", name, value);
	struct curl_slist *longer = line ? curl_slist_append(sending->headers, line) : NULL;

	if (longer)
		sending->headers = longer;
	return longer != NULL;
}

static bool
add_headers(struct sending *sending)
{
	const struct node *headers = property(sending, "httpHeaders");
	bool good = add_header(sending, "Content-Type", "application/json") && add_header(sending, "Expect", "");

	for (const struct node *header = headers ? headers->first : NULL; header && good; header = header->next)
		if (header->key.ptr && node_is_scalar(header) && !strpbrk(header->text.ptr, "\r\n"))
			good = add_header(sending, header->key.ptr, header->text.ptr);
	return good;
}

/* All that a request is made of; headers and body are borrowed. */
static CURLcode
set_request(struct sending *sending, const char *method, const char *url, const char *body)
{
	CURL *curl = sending->http->curl;
	const char *timeout = sending->http->timeout;
	CURLcode code;

	curl_easy_reset(curl);
	code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_URL, url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (code == CURLE_OK && body)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, sending->headers);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, pass_over);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout ? atol(timeout) : TIMEOUT_MS);
	return code;
}

/* One request. False, with the reason, when its answer is not as expected. */
static bool
send_request(struct sending *sending, const struct node *request)
{
	struct http *http = sending->http;
	const struct node *base = property(sending, "baseUrl"), *expected = node_get(request, "expectedResponse");
	const char *method = text(request, "httpMethod"), *path = text(request, "path");
	const char *url = NULL;
	CURLcode code;
	long status = 0;

	if (base && node_is_scalar(base) && path)
		url = arena_printf(sending->arena, "%.*s%s", STR_ARG(base->text), path);
	if (!url || !method || !expected || expected->kind != NODE_INT) {
		(void)snprintf(http->reason, REASON_SIZE,
		               "a request needs baseUrl, httpMethod, path, expectedResponse");
		return false;
	}
	code = set_request(sending, method, url, text(request, "body"));
	if (code == CURLE_OK)
		code = curl_easy_perform(http->curl);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK)
		(void)snprintf(http->reason, REASON_SIZE, "%s %s: %s", method, url, curl_easy_strerror(code));
	else if (status != expected->integer)
		(void)snprintf(http->reason, REASON_SIZE, "%s %s answers %ld, not %ld", method, url, status,
		               (long)expected->integer);
	return code == CURLE_OK && status == expected->integer;
}

/* Whether an entity's requests belong to the order. */
static bool
is_due(const struct order *order, const struct node *entity)
{
	const char *state = text(entity, "orderedState");

	return state ? str_is(order->state, state) : order->update;
}

static bool
act(void *context, const struct order *order, struct arena *arena, const char **ret_message)
{
	struct http *http = context;
	struct sending sending = {.http = http, .arena = arena};
	const struct node *entities;
	struct node *common, *own;
	bool good = true;

	*ret_message = http->reason;
	(void)snprintf(http->reason, REASON_SIZE, "done");
	if (json_read(str_from(order->element->common), "", &limits, arena, &common, NULL) != 0 ||
	    json_read(str_from(order->element->own), "", &limits, arena, &own, NULL) != 0) {
		(void)snprintf(http->reason, REASON_SIZE, "the properties are not understood");
		return false;
	}
	sending.common = common;
	sending.own = own;
	if (!add_headers(&sending)) {
		(void)snprintf(http->reason, REASON_SIZE, "out of memory");
		good = false;
	}
	entities = property(&sending, "configurationEntities");
	for (const struct node *entity = entities ? entities->first : NULL; entity && good; entity = entity->next) {
		const struct node *sequence = is_due(order, entity) ? node_get(entity, "restSequence") : NULL;

		for (const struct node *one = sequence ? sequence->first : NULL; one && good; one = one->next)
			good = send_request(&sending, one);
	}
	curl_slist_free_all(sending.headers);
	return good;
}

int
main(int argc, char **argv)
{
	struct http http = {0};
	const struct argument options[] = {{"--timeout-ms", .value = &http.timeout}, {0}};
	const struct work work = {
		.program = "participant_http",
		.help = "[--timeout-ms MS]\n\n"
			"Hosts elements of HttpControlLoopElement types: sends the requests of their "
			"configurationEntities.\n"
			"A request may take 10000 ms unless --timeout-ms says otherwise.",
		.options = options,
		.act = act,
		.context = &http,
	};
	int code = EXIT_ENVIRONMENT;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return code;
	http.curl = curl_easy_init();
	if (http.curl)
		code = participant_main(&work, argc, argv);
	curl_easy_cleanup(http.curl);
	curl_global_cleanup();
	return code;
}
