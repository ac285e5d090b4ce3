/* event_stream - GET events: what happens, as it happens */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONSOLE_EVENT_STREAM_H
#define API_CONSOLE_EVENT_STREAM_H

#include "api/http/service.h"

/*
 * A thread of its own looks at the counters and at the database a few times a second, whichever process changed it, and tells
 * whoever listens. It samples the rates each second also when nobody does.
 */
struct event_stream;

/* After the runtime. errors  ERROR_MEMORY, those of history_reader_open */
int event_stream_open(struct service *service, struct event_stream **ret, struct error *err);

/* Ends all streams, and the thread. Before the server stops. Takes NULL, as event_stream_close does. */
void event_stream_stop(struct event_stream *events);
void event_stream_close(struct event_stream *events); /* after the server has stopped */

#endif
