/* http_client - carries requests to actors over HTTP, on a thread of its own: the one user of libcurl */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/endpoint/http_client.h"

#ifdef HAVE_LIBCURL

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#define SLOTS 256                  /* requests on their way */
#define ANSWER_BYTES (64U * 1024U) /* of an actor; one that sends more is cut off */
#define CONNECT_MS 10000
#define IDLE_MS 1000

enum stage { STAGE_FREE, STAGE_TAKEN, STAGE_FLYING, STAGE_TOLD };

/* One errand. Its texts are made when it is taken and freed when it is forgotten. */
struct slot {
	enum stage stage; /* courier->lock */
	char *id, *url, *body;
	long timeout_ms;
	CURL *easy; /* the thread's, as what follows */
	char answer[ANSWER_BYTES];
	size_t length;
};

struct courier {
	void (*done)(void *context, const struct parcel *parcel);
	void *context;
	CURLM *multi;
	struct curl_slist *headers;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	bool stopping; /* lock */
	struct slot slots[SLOTS];
};

bool
courier_is_built(void)
{
	return true;
}

/*
 * libcurl comes with twenty libraries and 3 MiB that stay in memory, and few services have an actor with a URL: it is
 * loaded by the first courier, and stays, because what it loads may not be unloaded while threads exist.
 */
#define CURL_CALLS(X) \
	X(easy_cleanup) \
	X(easy_getinfo) \
	X(easy_init) \
	X(easy_setopt) \
	X(easy_strerror) \
	X(global_cleanup) \
	X(global_init) \
	X(multi_add_handle) \
	X(multi_cleanup) \
	X(multi_info_read) \
	X(multi_init) \
	X(multi_perform) \
	X(multi_poll) \
	X(multi_remove_handle) \
	X(multi_wakeup) \
	X(slist_append) \
	X(slist_free_all)

static struct {
#define X(name) __typeof__(curl_##name) *name;
	CURL_CALLS(X)
#undef X
} curl;

/* At start, before there are threads that use it. */
static int
curl_load(struct error *err)
{
	/* There is one for each TLS library that it can be built with. */
	static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"};
	void *library = NULL, *symbol;
	char why[256] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !library; i++) {
		library = dlopen(names[i], RTLD_NOW);
		if (!library && !why[0]) /* of the first; the next call takes its text back */
			(void)snprintf(why, sizeof(why), "%s", dlerror());
	}
	if (!library)
		return error_set(err, ERROR_IO, NULL, "cannot load %s, for actors with a URL: %s", names[0], why);
#define X(name) \
	symbol = dlsym(library, "curl_" #name); \
	memcpy(&curl.name, &symbol, sizeof(symbol)); /* the way from an object's pointer to a function's */ \
	if (!symbol) \
		return error_set(err, ERROR_IO, NULL, "libcurl is too old: it has no curl_" #name);
	CURL_CALLS(X)
#undef X
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, ERROR_MEMORY, NULL, "cannot start libcurl");
	return 0;
}

static void
slot_clear(struct slot *slot)
{
	free(slot->id);
	free(slot->url);
	free(slot->body);
	slot->id = slot->url = slot->body = NULL;
	slot->stage = STAGE_FREE;
}

/* curl's; a short count ends the transfer. */
static size_t
receive(char *bytes, size_t size, size_t count, void *context)
{
	struct slot *slot = context;
	size_t len = size * count;

	if (len > ANSWER_BYTES - slot->length)
		return 0;
	memcpy(slot->answer + slot->length, bytes, len);
	slot->length += len;
	return len;
}

static bool
prepare(struct courier *courier, struct slot *slot)
{
	CURL *easy = curl.easy_init();
	long connect_ms = slot->timeout_ms < CONNECT_MS ? slot->timeout_ms : CONNECT_MS;
	CURLcode r = easy ? curl.easy_setopt(easy, CURLOPT_URL, slot->url) : CURLE_OUT_OF_MEMORY;

	slot->length = 0;
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_POSTFIELDS, slot->body);
	if (r == CURLE_OK)
		r = curl.easy_setopt(easy, CURLOPT_HTTPHEADER, courier->headers);
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
	if (r == CURLE_OK && curl.multi_add_handle(courier->multi, easy) == CURLM_OK) {
		slot->easy = easy;
		return true;
	}
	curl.easy_cleanup(easy);
	return false;
}

static void
tell(struct courier *courier, struct slot *slot, const char *why)
{
	struct parcel parcel = {.id = str_from(slot->id), .body = {slot->answer, slot->length}, .why = why};
	long status = 0;

	if (slot->easy)
		(void)curl.easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status); /* 0 when there is none */
	parcel.status = (unsigned)status;
	pthread_mutex_lock(&courier->lock);
	slot->stage = STAGE_TOLD; /* before it is told: whoever hears it may forget it at once */
	pthread_mutex_unlock(&courier->lock);
	courier->done(courier->context, &parcel);
}

static void
take_off(struct courier *courier)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &courier->slots[i];
		bool taken;

		pthread_mutex_lock(&courier->lock);
		taken = slot->stage == STAGE_TAKEN;
		if (taken)
			slot->stage = STAGE_FLYING;
		pthread_mutex_unlock(&courier->lock);
		if (taken && !prepare(courier, slot))
			tell(courier, slot, "the request cannot be sent");
	}
}

static void
land(struct courier *courier)
{
	CURLMsg *message;
	int left;

	while ((message = curl.multi_info_read(courier->multi, &left))) {
		CURLcode r = message->data.result;
		CURL *easy = message->easy_handle;
		struct slot *slot = NULL;

		if (message->msg != CURLMSG_DONE ||
		    curl.easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot) != CURLE_OK)
			continue;
		(void)curl.multi_remove_handle(courier->multi, easy); /* it was added */
		tell(courier, slot, r == CURLE_OK ? NULL : curl.easy_strerror(r));
		curl.easy_cleanup(easy);
	}
}

static void *
courier_main(void *argument)
{
	struct courier *courier = argument;
	bool stop = false;
	int running;

	while (!stop) {
		take_off(courier);
		if (curl.multi_perform(courier->multi, &running) == CURLM_OK)
			land(courier);
		(void)curl.multi_poll(courier->multi, NULL, 0, IDLE_MS, NULL); /* when it fails we only look again */
		pthread_mutex_lock(&courier->lock);
		stop = courier->stopping;
		pthread_mutex_unlock(&courier->lock);
	}
	return NULL;
}

int
courier_open(void (*done)(void *context, const struct parcel *parcel), void *context, struct courier **ret,
             struct error *err)
{
	struct courier *courier = calloc(1, sizeof(*courier));
	int r;

	if (!courier)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	r = curl_load(err);
	if (r != 0) {
		free(courier);
		return r;
	}
	courier->done = done;
	courier->context = context;
	pthread_mutex_init(&courier->lock, NULL);
	courier->multi = curl.multi_init();
	courier->headers = curl.slist_append(NULL, "Content-Type: application/json");
	if (!courier->multi || !courier->headers || !curl.slist_append(courier->headers, "Expect:") ||
	    pthread_create(&courier->thread, NULL, courier_main, courier) != 0) {
		courier_close(courier);
		return error_set(err, ERROR_MEMORY, NULL, "cannot start the thread for HTTP requests to actors");
	}
	courier->started = true;
	*ret = courier;
	return 0;
}

void
courier_close(struct courier *courier)
{
	if (!courier)
		return;
	pthread_mutex_lock(&courier->lock);
	courier->stopping = true;
	pthread_mutex_unlock(&courier->lock);
	if (courier->started) {
		(void)curl.multi_wakeup(courier->multi); /* else within IDLE_MS */
		pthread_join(courier->thread, NULL);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &courier->slots[i];

		if (slot->stage == STAGE_FLYING) {
			(void)curl.multi_remove_handle(courier->multi, slot->easy); /* it was added */
			curl.easy_cleanup(slot->easy);
		}
		slot_clear(slot);
	}
	(void)curl.multi_cleanup(courier->multi); /* nothing is in it */
	curl.slist_free_all(courier->headers);
	pthread_mutex_destroy(&courier->lock);
	curl.global_cleanup();
	free(courier);
}

/* With the lock held. */
static struct slot *
slot_find(struct courier *courier, struct str id)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (courier->slots[i].stage != STAGE_FREE && str_equal(str_from(courier->slots[i].id), id))
			return &courier->slots[i];
	return NULL;
}

bool
courier_has(struct courier *courier, struct str id)
{
	bool has;

	pthread_mutex_lock(&courier->lock);
	has = slot_find(courier, id) != NULL;
	pthread_mutex_unlock(&courier->lock);
	return has;
}

void
courier_forget(struct courier *courier, struct str id)
{
	struct slot *slot;

	pthread_mutex_lock(&courier->lock);
	slot = slot_find(courier, id);
	if (slot && slot->stage == STAGE_TOLD)
		slot_clear(slot);
	pthread_mutex_unlock(&courier->lock);
}

bool
courier_send(struct courier *courier, const struct errand *errand)
{
	struct slot *slot = NULL;
	bool taken = false;

	pthread_mutex_lock(&courier->lock);
	for (size_t i = 0; i < SLOTS && !slot; i++)
		if (courier->slots[i].stage == STAGE_FREE)
			slot = &courier->slots[i];
	if (slot) {
		slot->id = strndup(errand->id.ptr, errand->id.len);
		slot->url = strndup(errand->url.ptr, errand->url.len);
		slot->body = strndup(errand->body.ptr, errand->body.len);
		slot->timeout_ms = (long)errand->timeout_ms;
		slot->easy = NULL;
		slot->length = 0;
		taken = slot->id && slot->url && slot->body;
		if (taken)
			slot->stage = STAGE_TAKEN;
		else
			slot_clear(slot);
	}
	pthread_mutex_unlock(&courier->lock);
	if (taken)
		(void)curl.multi_wakeup(courier->multi); /* else within IDLE_MS */
	return taken;
}

#else /* a build without libcurl: no actor has a URL, so nobody opens one */

bool
courier_is_built(void)
{
	return false;
}

int
courier_open(void (*done)(void *context, const struct parcel *parcel), void *context, struct courier **ret,
             struct error *err)
{
	(void)done, (void)context, (void)ret;
	return error_set(err, ERROR_UNKNOWN, NULL, "this build has no libcurl");
}

void
courier_close(struct courier *courier)
{
	(void)courier;
}

bool
courier_has(struct courier *courier, struct str id)
{
	(void)courier, (void)id;
	return false;
}

void
courier_forget(struct courier *courier, struct str id)
{
	(void)courier, (void)id;
}

bool
courier_send(struct courier *courier, const struct errand *errand)
{
	(void)courier, (void)errand;
	return false;
}

#endif
