/* sender - a thread of its own that sends bodies to a URL, one after the other, and rests in between */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_SENDER_H
#define API_PROCESS_SENDER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct http_client;

/* The owner's, around its thread; only sender_stop may be called by others. */
struct sender {
	struct http_client *client; /* NULL: nothing is sent by HTTP */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool stopping, answered;
	unsigned status; /* HTTP's, 0 when there was no answer; the thread's between two requests */
};

void sender_init(struct sender *sender);

/* authorities, errors  those of http_client_open */
int sender_connect(struct sender *sender, const char *authorities, struct error *err);

/* Starts the thread. False on allocation failure. */
bool sender_start(struct sender *sender, void *(*run)(void *argument), void *argument);

/* Ends the thread, which sees it by sender_rest, and frees what sender_connect took. For one that was initialized. */
void sender_stop(struct sender *sender);

/* The thread. Waits that long; false when it is to end. */
bool sender_rest(struct sender *sender, int64_t ms);

/*
 * The thread. Posts a body, and waits for the answer, at most wait_ms and a little more; with `gives_up` no longer than until
 * the thread is to end. True when the status is 2xx. id: one request at a time has it.
 */
bool sender_post(struct sender *sender, struct str id, const char *url, struct str body, int64_t wait_ms,
                 bool gives_up);

#endif
