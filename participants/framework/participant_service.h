/* participant_service - what a participant says to the runtime and hears from it, over the routes of a message router */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_PARTICIPANT_SERVICE_H
#define PARTICIPANTS_FRAMEWORK_PARTICIPANT_SERVICE_H

#include <pthread.h>

#include "api/cli/client.h"
#include "base/node.h"
#include "base/text.h"
#include "base/uuid.h"
#include "participants/framework/participant_settings.h"

struct participant_service {
	struct client client;
	const struct process_settings *process;
	const char *type, *version, *name, *topic;
	pthread_mutex_t lock; /* of random */
	uint64_t random[4];
	char instance[UUID_SIZE]; /* of this run */
	bool deaf;                /* the last poll failed; of the thread that polls */
};

/* 0, or -1 when there is no randomness. */
int service_link_open(struct participant_service *service);

/*
 * One request to the service, over TLS where its address is https://, with the identity that the settings give. As
 * client_ask. Any thread.
 */
int service_link_ask(const struct participant_service *service, const char *method, const char *path, struct str body,
                     const char *media, struct arena *arena, unsigned *ret_status, struct str *ret_body,
                     struct error *err);

/* A random UUID. Any thread. */
void service_link_uuid(struct participant_service *service, char ret[UUID_SIZE]);

/* Begins a message: the envelope up to the sender's ids, without a closing brace. */
void service_link_begin(struct participant_service *service, struct text *out, struct arena *arena, const char *type);

/* Closes the message and publishes it; false after a line on stderr. Any thread. */
bool service_link_publish(struct participant_service *service, struct text *out, struct arena *arena);

/* One long poll under the participant's own name. A list of texts; NULL after a failure: the first of several is told on stderr, and the end of it. */
const struct node *service_link_poll(struct participant_service *service, long timeout_ms, struct arena *arena);

/* A message that a topic carried; NULL when it is not one, or is for others. */
const struct node *service_link_read(const struct participant_service *service, struct str text, struct arena *arena);

#endif
