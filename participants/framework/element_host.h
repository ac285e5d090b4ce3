/* element_host - one participant of control loops: registered under its name, hosting elements of one kind */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_ELEMENT_HOST_H
#define PARTICIPANTS_FRAMEWORK_ELEMENT_HOST_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/node.h"
#include "base/text.h"
#include "participants/framework/hosted.h"
#include "participants/framework/participant_kind.h"
#include "participants/framework/participant_service.h"

#define WORKERS_MAX 16

/*
 * Threads. One hears the topic, keeps what it is told and reports; `workers` others do what is ordered, one element each
 * at a time, and look at the far side when there is nothing to do. The lock protects the hosted elements, the queue and
 * the figures; nobody holds it while asking anybody anything.
 */
struct element_host {
	const struct participant_settings *settings;
	const struct process_settings *process;
	struct participant_service service;
	pthread_mutex_t lock;
	pthread_cond_t work; /* something was queued, or it is time to stop */
	struct hosted hosted;
	struct hosted_element *queue, **queue_end;
	bool registered;                   /* of the listener */
	atomic_bool refused;               /* the runtime does not take it: its threads end */
	int64_t started_ms, last_start_ms; /* Unix epoch: of the program, of the last order begun */
	uint64_t orders, failures;
	int64_t last_ms, total_ms; /* time that the last order took, and all together */
	int64_t observe_due_ms;    /* monotonic: when the far side is looked at next */
	bool observing;            /* a worker does */
	char gateway_problem[512]; /* why the API gateway is not as it should be, or empty */
	bool report_now;           /* something was seen that the next report should not wait for */
	pthread_t listener, attendant, workers[WORKERS_MAX];
	size_t worker_count;
	bool listening, attended;
};

/* Opens what was kept and starts the threads. 0 or a negative code. */
int participant_start(struct element_host *participant, const struct participant_settings *settings,
                      const struct process_settings *process, struct participant_memory *memory, struct error *err);

/* Waits for the threads, which end when stopping() holds. Whether the runtime refused its registration. */
bool participant_join(struct element_host *participant);

/* Set once by a signal; all threads look at it. */
bool participant_is_stopping(void);
void participant_stop(void); /* async-signal-safe */

/* Caller holds the lock. An order for the element; answered by the worker that carries it out. */
void participant_queue(struct element_host *participant, struct hosted_element *element, struct str state, bool update);

/* The threads' functions; the argument is the participant. */
void *participant_listen(void *participant);
void *participant_work(void *participant);

/* All elements as PARTICIPANT_STATUS, in as many messages as they need. */
void participant_report(struct element_host *participant, struct arena *arena);

#endif
