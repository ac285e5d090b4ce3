/* stream - answers that go on: what is appended on any thread is sent as it comes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server/stream.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
streams_init(struct streams *streams, unsigned most, struct budget *budget)
{
	pthread_condattr_t attributes;

	*streams = (struct streams){.most = most, .budget = budget};
	pthread_mutex_init(&streams->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&streams->filled, &attributes);
	pthread_condattr_destroy(&attributes);
}

void
streams_done(struct streams *streams)
{
	pthread_cond_destroy(&streams->filled);
	pthread_mutex_destroy(&streams->lock);
}

/* The memory of one stream, from the budget. */
static struct stream *
stream_alloc(struct streams *streams)
{
	struct stream *stream;

	if (!budget_take(streams->budget, sizeof(*stream), BUDGET_OTHER))
		return NULL;
	stream = malloc(sizeof(*stream));
	if (!stream)
		budget_give(streams->budget, sizeof(*stream));
	else
		memset(stream, 0, offsetof(struct stream, bytes));
	return stream;
}

struct stream *
stream_new(struct streams *streams)
{
	struct stream *stream = NULL;

	pthread_mutex_lock(&streams->lock);
	if (streams->count < streams->most && !streams->closed)
		stream = stream_alloc(streams);
	if (stream) {
		stream->streams = streams;
		stream->until_ms = INT64_MAX;
		stream->fresh = true;
		stream->next = streams->first;
		if (streams->first)
			streams->first->previous = stream;
		streams->first = stream;
		streams->count++;
		pthread_cond_signal(&streams->filled);
	}
	pthread_mutex_unlock(&streams->lock);
	return stream;
}

long
stream_read(struct stream *stream, char *to, size_t most)
{
	size_t count;
	long result = 0;

	pthread_mutex_lock(&stream->streams->lock);
	count = stream->to - stream->from < most ? stream->to - stream->from : most;
	if (count) {
		memcpy(to, stream->bytes + stream->from, count);
		stream->from += count;
		if (stream->from == stream->to)
			stream->from = stream->to = 0;
		result = (long)count;
	} else if (stream->ended) {
		result = -1;
	} else {
		stream->waits = true;
		stream->suspend(stream->connection);
	}
	pthread_mutex_unlock(&stream->streams->lock);
	return result;
}

/* Under the lock. */
static void
stream_wake(struct stream *stream)
{
	if (!stream->waits)
		return;
	stream->waits = false;
	stream->wake(stream->connection);
}

void
stream_append(struct stream *stream, struct str bytes)
{
	if (stream->ended)
		return;
	if (stream->from && STREAM_SIZE - stream->to < bytes.len) {
		memmove(stream->bytes, stream->bytes + stream->from, stream->to - stream->from);
		stream->to -= stream->from;
		stream->from = 0;
	}
	if (STREAM_SIZE - stream->to < bytes.len) {
		stream_end(stream);
		return;
	}
	memcpy(stream->bytes + stream->to, bytes.ptr, bytes.len);
	stream->to += bytes.len;
	stream_wake(stream);
}

void
stream_end(struct stream *stream)
{
	stream->ended = true;
	stream_wake(stream);
}

void
stream_free(struct stream *stream)
{
	struct streams *streams = stream->streams;

	pthread_mutex_lock(&streams->lock);
	if (stream->previous)
		stream->previous->next = stream->next;
	else
		streams->first = stream->next;
	if (stream->next)
		stream->next->previous = stream->previous;
	streams->count--;
	pthread_mutex_unlock(&streams->lock);
	free(stream);
	budget_give(streams->budget, sizeof(*stream));
}

void
streams_close(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->closed = true;
	for (struct stream *stream = streams->first; stream; stream = stream->next)
		stream_end(stream);
	pthread_cond_signal(&streams->filled);
	pthread_mutex_unlock(&streams->lock);
}
