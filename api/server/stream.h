/* stream - answers that go on: what is appended on any thread is sent as it comes */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SERVER_STREAM_H
#define API_SERVER_STREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/str.h"

#define STREAM_SIZE ((size_t)256 << 10) /* bytes that may wait for a slow reader; beyond that its stream ends */

/*
 * Nothing here knows HTTP: the server sets connection, suspend and wake, and calls stream_read on the connection's worker,
 * which suspends the connection when nothing waits. Whoever appends wakes it.
 */
struct streams {
	pthread_mutex_t lock;  /* guards what follows, and all of each stream */
	pthread_cond_t filled; /* of the monotonic clock; signalled when a stream is added, and at the end */
	struct stream *first;
	unsigned count, most;
	struct budget *budget;
	bool closed; /* new streams end at once */
};

struct stream {
	struct streams *streams;
	struct stream *next, *previous;
	void *connection;
	void (*suspend)(void *connection);
	void (*wake)(void *connection);
	bool waits;       /* the connection is suspended */
	bool ended;       /* nothing will be appended */
	bool fresh;       /* the producer has not met it yet */
	int64_t until_ms; /* of the monotonic clock: it ends then */
	unsigned grants;  /* of the producer: what the reader may see */
	size_t from, to;  /* bytes that wait */
	char bytes[STREAM_SIZE];
};

void streams_init(struct streams *streams, unsigned most, struct budget *budget);
void streams_done(struct streams *streams); /* after the last stream_free */

/* A new stream, in the list; NULL when there are too many or no memory for one. Any thread. */
struct stream *stream_new(struct streams *streams);

/* The worker: up to `most` bytes; 0: none yet, and the connection is suspended; -1: the end. */
long stream_read(struct stream *stream, char *to, size_t most);

/* The worker: the connection has ended. */
void stream_free(struct stream *stream);

/* Under the lock. A stream that has no room for it ends: what it missed its reader learns when it asks again. */
void stream_append(struct stream *stream, struct str bytes);
void stream_end(struct stream *stream);

/* All end, now and from now on. Any thread. */
void streams_close(struct streams *streams);

#endif
