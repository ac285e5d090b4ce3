/* http_client - carries requests to actors over HTTP, on a thread of its own: the one user of libcurl */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/endpoint/http_client.h"

#ifdef HAVE_LIBCURL

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/endpoint/curl_library.h"

#define SLOTS 256                  /* requests on their way */
#define ANSWER_BYTES (64U * 1024U) /* of an actor; one that sends more is cut off */
#define CONNECT_MS 10000
#define IDLE_MS 1000

enum stage { STAGE_FREE, STAGE_TAKEN, STAGE_FLYING, STAGE_TOLD };

/* One request. Its texts are made when it is taken and freed when it is forgotten. */
struct http_client_slot {
	enum stage stage; /* client->lock */
	char *id, *url, *body;
	struct curl_slist *headers; /* of a request with a trace; NULL: the client's */
	long timeout_ms;
	CURL *easy; /* the thread's, as what follows */
	char answer[ANSWER_BYTES];
	size_t length;
};

struct http_client {
	void (*done)(void *context, const struct http_response *response);
	void *context;
	const char *authorities;
	CURLM *multi;
	struct curl_slist *headers;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	bool stopping; /* lock */
	struct http_client_slot slots[SLOTS];
};

bool
http_client_is_built(void)
{
	return true;
}

static void
slot_clear(struct http_client_slot *slot)
{
	free(slot->id);
	free(slot->url);
	free(slot->body);
	slot->id = slot->url = slot->body = NULL;
	curl.slist_free_all(slot->headers); /* takes NULL */
	slot->headers = NULL;
	slot->stage = STAGE_FREE;
}

/* curl's; a short count ends the transfer. */
static size_t
receive(char *bytes, size_t size, size_t count, void *context)
{
	struct http_client_slot *slot = context;
	size_t len = size * count;

	if (len > ANSWER_BYTES - slot->length)
		return 0;
	memcpy(slot->answer + slot->length, bytes, len);
	slot->length += len;
	return len;
}

static bool
http_client_prepare(struct http_client *client, struct http_client_slot *slot)
{
	CURL *easy = curl.easy_init();
	long connect_ms = slot->timeout_ms < CONNECT_MS ? slot->timeout_ms : CONNECT_MS;
	CURLcode r = easy ? curl.easy_setopt(easy, CURLOPT_URL, slot->url) : CURLE_OUT_OF_MEMORY;

	slot->length = 0;
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (r == CURLE_OK && client->authorities)
		r = curl.easy_setopt(easy, CURLOPT_CAINFO, client->authorities);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_POSTFIELDS, slot->body);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_HTTPHEADER, slot->headers ? slot->headers : client->headers);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_WRITEDATA, slot);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_PRIVATE, slot);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, slot->timeout_ms);
	if (r == CURLE_OK && curl.multi_add_handle(client->multi, easy) == CURLM_OK) {
		slot->easy = easy;
		return true;
	}
	curl.easy_cleanup(easy);
	return false;
}

static void
http_client_notify(struct http_client *client, struct http_client_slot *slot, const char *why)
{
	struct http_response response = {.id = str_from(slot->id), .body = {slot->answer, slot->length}, .why = why};
	long status = 0;

	if (slot->easy)
		(void)curl.easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status); /* 0 when there is none */
	response.status = (unsigned)status;
	pthread_mutex_lock(&client->lock);
	slot->stage = STAGE_TOLD; /* before it is told: whoever hears it may forget it at once */
	pthread_mutex_unlock(&client->lock);
	client->done(client->context, &response);
}

static void
take_off(struct http_client *client)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct http_client_slot *slot = &client->slots[i];
		bool taken;

		pthread_mutex_lock(&client->lock);
		taken = slot->stage == STAGE_TAKEN;
		if (taken)
			slot->stage = STAGE_FLYING;
		pthread_mutex_unlock(&client->lock);
		if (taken && !http_client_prepare(client, slot))
			http_client_notify(client, slot, "the request cannot be sent");
	}
}

static void
land(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl.multi_info_read(client->multi, &left))) {
		CURLcode r = message->data.result;
		CURL *easy = message->easy_handle;
		struct http_client_slot *slot = NULL;

		if (message->msg != CURLMSG_DONE ||
		    curl.easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot) != CURLE_OK)
			continue;
		(void)curl.multi_remove_handle(client->multi, easy); /* it was added */
		http_client_notify(client, slot, r == CURLE_OK ? NULL : curl.easy_strerror(r));
		curl.easy_cleanup(easy);
	}
}

static void *
http_client_main(void *argument)
{
	struct http_client *client = argument;
	bool stop = false;
	int running;

	while (!stop) {
		take_off(client);
		if (curl.multi_perform(client->multi, &running) == CURLM_OK)
			land(client);
		(void)curl.multi_poll(client->multi, NULL, 0, IDLE_MS, NULL); /* when it fails we only look again */
		pthread_mutex_lock(&client->lock);
		stop = client->stopping;
		pthread_mutex_unlock(&client->lock);
	}
	return NULL;
}

int
http_client_open(void (*done)(void *context, const struct http_response *response), void *context,
                 const char *authorities, struct http_client **ret, struct error *err)
{
	struct http_client *client;
	int r;

	if (authorities && access(authorities, R_OK) != 0)
		return error_set(err, ERROR_IO, NULL, "https_ca: cannot read %s: %s", authorities, strerror(errno));
	client = calloc(1, sizeof(*client));
	if (!client)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	r = curl_load(err);
	if (r != 0) {
		free(client);
		return r;
	}
	client->done = done;
	client->context = context;
	client->authorities = authorities;
	pthread_mutex_init(&client->lock, NULL);
	client->multi = curl.multi_init();
	client->headers = curl.slist_append(NULL, "Content-Type: application/json");
	if (!client->multi || !client->headers || !curl.slist_append(client->headers, "Expect:") ||
	    pthread_create(&client->thread, NULL, http_client_main, client) != 0) {
		http_client_close(client);
		return error_set(err, ERROR_MEMORY, NULL, "cannot start the thread for HTTP requests to actors");
	}
	client->started = true;
	*ret = client;
	return 0;
}

void
http_client_close(struct http_client *client)
{
	if (!client)
		return;
	pthread_mutex_lock(&client->lock);
	client->stopping = true;
	pthread_mutex_unlock(&client->lock);
	if (client->started) {
		(void)curl.multi_wakeup(client->multi); /* else within IDLE_MS */
		pthread_join(client->thread, NULL);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		struct http_client_slot *slot = &client->slots[i];

		if (slot->stage == STAGE_FLYING) {
			(void)curl.multi_remove_handle(client->multi, slot->easy); /* it was added */
			curl.easy_cleanup(slot->easy);
		}
		slot_clear(slot);
	}
	(void)curl.multi_cleanup(client->multi); /* nothing is in it */
	curl.slist_free_all(client->headers);
	pthread_mutex_destroy(&client->lock);
	curl.global_cleanup();
	free(client);
}

/* With the lock held. */
static struct http_client_slot *
http_client_slot_find(struct http_client *client, struct str id)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (client->slots[i].stage != STAGE_FREE && str_equal(str_from(client->slots[i].id), id))
			return &client->slots[i];
	return NULL;
}

bool
http_client_has(struct http_client *client, struct str id)
{
	bool has;

	pthread_mutex_lock(&client->lock);
	has = http_client_slot_find(client, id) != NULL;
	pthread_mutex_unlock(&client->lock);
	return has;
}

void
http_client_forget(struct http_client *client, struct str id)
{
	struct http_client_slot *slot;

	pthread_mutex_lock(&client->lock);
	slot = http_client_slot_find(client, id);
	if (slot && slot->stage == STAGE_TOLD)
		slot_clear(slot);
	pthread_mutex_unlock(&client->lock);
}

/* The headers of a request that belongs to a trace; NULL when out of memory. */
static struct curl_slist *
trace_headers(struct str trace)
{
	char line[100];
	struct curl_slist *headers = curl.slist_append(NULL, "Content-Type: application/json");

	(void)snprintf(line, sizeof(line), "traceparent: %.*s", STR_ARG(trace)); /* 55 characters */
	if (headers && curl.slist_append(headers, "Expect:") && curl.slist_append(headers, line))
		return headers;
	curl.slist_free_all(headers);
	return NULL;
}

bool
http_client_send(struct http_client *client, const struct http_request *request)
{
	struct http_client_slot *slot = NULL;
	bool taken = false;

	pthread_mutex_lock(&client->lock);
	for (size_t i = 0; i < SLOTS && !slot; i++)
		if (client->slots[i].stage == STAGE_FREE)
			slot = &client->slots[i];
	if (slot) {
		slot->id = strndup(request->id.ptr, request->id.len);
		slot->url = strndup(request->url.ptr, request->url.len);
		slot->body = strndup(request->body.ptr, request->body.len);
		slot->headers = request->trace.ptr ? trace_headers(request->trace) : NULL;
		slot->timeout_ms = (long)request->timeout_ms;
		slot->easy = NULL;
		slot->length = 0;
		taken = slot->id && slot->url && slot->body && (slot->headers || !request->trace.ptr);
		if (taken)
			slot->stage = STAGE_TAKEN;
		else
			slot_clear(slot);
	}
	pthread_mutex_unlock(&client->lock);
	if (taken)
		(void)curl.multi_wakeup(client->multi); /* else within IDLE_MS */
	return taken;
}

#else /* a build without libcurl: no actor has a URL, so nobody opens one */

bool
http_client_is_built(void)
{
	return false;
}

int
http_client_open(void (*done)(void *context, const struct http_response *response), void *context,
                 const char *authorities, struct http_client **ret, struct error *err)
{
	(void)done, (void)context, (void)authorities, (void)ret;
	return error_set(err, ERROR_UNKNOWN, NULL, "this build has no libcurl");
}

void
http_client_close(struct http_client *client)
{
	(void)client;
}

bool
http_client_has(struct http_client *client, struct str id)
{
	(void)client, (void)id;
	return false;
}

void
http_client_forget(struct http_client *client, struct str id)
{
	(void)client, (void)id;
}

bool
http_client_send(struct http_client *client, const struct http_request *request)
{
	(void)client, (void)request;
	return false;
}

#endif
