/* element_host - one participant of control loops: registered under its name, hosting elements of one kind */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/element_host.h"

#include <time.h>

#include "base/clock.h"

#define ATTEND_MS 200

static atomic_bool stopping; /* a signal handler can reach nothing else */

bool
participant_is_stopping(void)
{
	return atomic_load_explicit(&stopping, memory_order_relaxed);
}

void
participant_stop(void)
{
	atomic_store_explicit(&stopping, true, memory_order_relaxed);
}

/* A condition variable on the monotonic clock, and the lock. */
static int
init_lock(struct element_host *participant)
{
	pthread_condattr_t attributes;
	int r = pthread_condattr_init(&attributes);

	if (r == 0)
		r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (r == 0)
		r = pthread_cond_init(&participant->work, &attributes);
	if (r == 0)
		r = pthread_mutex_init(&participant->lock, NULL);
	return r;
}

/* Of kinds that look after something. */
static void *
participant_attend(void *context)
{
	struct element_host *participant = context;
	const struct timespec pause = {0, ATTEND_MS * 1000000};
	struct arena arena;

	arena_init(&arena, 0);
	while (!participant_is_stopping() && !participant->refused) {
		arena_reset(&arena);
		participant->settings->kind->attend(participant, &arena);
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
	arena_free(&arena);
	return NULL;
}

int
participant_start(struct element_host *participant, const struct participant_settings *settings,
                  const struct process_settings *process, struct participant_memory *memory, struct error *err)
{
	size_t workers = settings->kind->serial ? 1 : (size_t)settings->workers;
	int r;

	*participant = (struct element_host){
		.settings = settings,
		.process = process,
		.service = {.process = process,
	                    .client = {.address = process->service, .user = process->service_user},
	                    .type = settings->type,
	                    .version = settings->version,
	                    .name = settings->name,
	                    .topic = process->topic},
		.started_ms = clock_wall_ms(),
		.observe_due_ms = clock_monotonic_ms() + settings->observe_ms,
	};
	participant->queue_end = &participant->queue;
	if (service_link_open(&participant->service) != 0 || init_lock(participant) != 0)
		return error_set(err, ERROR_IO, NULL, "%s cannot be started", settings->name);
	r = hosted_open(&participant->hosted, memory, settings->name, err);
	if (r != 0)
		return r;
	participant->listening = pthread_create(&participant->listener, NULL, participant_listen, participant) == 0;
	while (participant->listening && participant->worker_count < workers &&
	       pthread_create(&participant->workers[participant->worker_count], NULL, participant_work, participant) ==
	               0)
		participant->worker_count++;
	if (participant->worker_count && settings->kind->attend && settings->engine) {
		participant->attended =
			pthread_create(&participant->attendant, NULL, participant_attend, participant) == 0;
		if (!participant->attended)
			return error_set(err, ERROR_IO, NULL, "%s cannot start its threads", settings->name);
	}
	if (participant->worker_count == 0)
		return error_set(err, ERROR_IO, NULL, "%s cannot start its threads", settings->name);
	return 0;
}

bool
participant_join(struct element_host *participant)
{
	if (participant->listening)
		(void)pthread_join(participant->listener, NULL); /* it is there */
	if (participant->attended)
		(void)pthread_join(participant->attendant, NULL); /* it is there */
	(void)pthread_mutex_lock(&participant->lock);
	(void)pthread_cond_broadcast(&participant->work);
	(void)pthread_mutex_unlock(&participant->lock);
	for (size_t i = 0; i < participant->worker_count; i++)
		(void)pthread_join(participant->workers[i], NULL); /* it is there */
	hosted_close(&participant->hosted);
	return participant->refused;
}

void
participant_queue(struct element_host *participant, struct hosted_element *element, struct str state, bool update)
{
	if (!hosted_set(&element->ordered, state))
		return; /* the runtime asks again */
	element->update |= update;
	if (element->queued || element->busy)
		return; /* who has it takes this one next */
	element->queued = true;
	element->next_order = NULL;
	*participant->queue_end = element;
	participant->queue_end = &element->next_order;
	(void)pthread_cond_signal(&participant->work);
}
