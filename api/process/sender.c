/* sender - a thread of its own that sends bodies to a URL, one after the other, and rests in between */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/sender.h"

#include <time.h>

#include "runtime/endpoint/http_client.h"

#define MARGIN_MS 500 /* for the client to tell that the time is over */

void
sender_init(struct sender *sender)
{
	pthread_condattr_t monotonic;

	*sender = (struct sender){.client = NULL};
	pthread_mutex_init(&sender->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sender->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void
sender_answered(void *context, const struct http_response *response)
{
	struct sender *sender = context;

	pthread_mutex_lock(&sender->lock);
	sender->answered = true;
	sender->status = response->why ? 0 : response->status;
	pthread_cond_broadcast(&sender->wake);
	pthread_mutex_unlock(&sender->lock);
}

int
sender_connect(struct sender *sender, const char *authorities, struct error *err)
{
	return http_client_open(sender_answered, sender, authorities, &sender->client, err);
}

bool
sender_start(struct sender *sender, void *(*run)(void *argument), void *argument)
{
	sender->started = pthread_create(&sender->thread, NULL, run, argument) == 0;
	return sender->started;
}

void
sender_stop(struct sender *sender)
{
	if (sender->started) {
		pthread_mutex_lock(&sender->lock);
		sender->stopping = true;
		pthread_cond_broadcast(&sender->wake);
		pthread_mutex_unlock(&sender->lock);
		pthread_join(sender->thread, NULL);
	}
	http_client_close(sender->client);
	pthread_cond_destroy(&sender->wake);
	pthread_mutex_destroy(&sender->lock);
}

static struct timespec
sender_moment(int64_t in_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
	until.tv_sec += in_ms / 1000;
	until.tv_nsec += in_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return until;
}

bool
sender_rest(struct sender *sender, int64_t ms)
{
	struct timespec until = sender_moment(ms);
	bool stopping;

	pthread_mutex_lock(&sender->lock);
	while (!sender->stopping && pthread_cond_timedwait(&sender->wake, &sender->lock, &until) == 0)
		continue;
	stopping = sender->stopping;
	pthread_mutex_unlock(&sender->lock);
	return !stopping;
}

bool
sender_post(struct sender *sender, struct str id, const char *url, struct str body, int64_t wait_ms, bool gives_up)
{
	const struct http_request request = {.id = id, .url = str_from(url), .body = body, .timeout_ms = wait_ms};
	struct timespec until = sender_moment(wait_ms + MARGIN_MS);
	bool good;

	sender->answered = false; /* nothing is on its way */
	if (!http_client_send(sender->client, &request))
		return false;
	pthread_mutex_lock(&sender->lock);
	while (!sender->answered && !(gives_up && sender->stopping) &&
	       pthread_cond_timedwait(&sender->wake, &sender->lock, &until) == 0)
		continue;
	good = sender->answered && sender->status / 100 == 2;
	pthread_mutex_unlock(&sender->lock);
	http_client_forget(sender->client, request.id);
	return good;
}
