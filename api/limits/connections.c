/* connections - the open connections of a worker: how long each may take, and which one makes room */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/limits/connections.h"

#include <stdlib.h>
#include <sys/socket.h>

#define LOOKED_AT 64 /* connections, for the one that goes */
#define REST_MS 1000 /* one that waits for a request no longer than that stays */

void
connections_init(struct connections *connections, unsigned most, unsigned full)
{
	*connections = (struct connections){.most = most, .full = full};
	pthread_mutex_init(&connections->lock, NULL);
}

void
connections_done(struct connections *connections)
{
	free(connections->open);
	pthread_mutex_destroy(&connections->lock);
}

/* Under the lock. The server sees that it has ended, and closes it. */
static void
peer_shut(struct peer *peer)
{
	peer->leaving = true;
	peer_due(peer, 0);
	(void)shutdown(peer->fd, SHUT_RDWR); /* fails when the other side was faster */
}

/* One that has been there for a while and never asked for anything. */
static bool
is_mute(const struct peer *peer, int64_t now_ms)
{
	return !peer->asked && now_ms - peer->since_ms >= REST_MS;
}

/* Whether a goes rather than b: those that are mute first, then the one that has waited longest. */
static bool
goes_first(const struct peer *a, const struct peer *b, int64_t now_ms)
{
	return is_mute(a, now_ms) != is_mute(b, now_ms) ? is_mute(a, now_ms) : a->turn < b->turn;
}

/*
 * Under the lock. A crowd that holds connections open must not keep others out: of some that wait for a request, the
 * one that has been the least use goes. False when all of them are at work, or have waited for less than rest_ms.
 */
static bool
make_room(struct connections *connections, int64_t now_ms, int64_t rest_ms)
{
	struct peer *gone = NULL;

	for (unsigned i = 0; i < LOOKED_AT && i < connections->count; i++) {
		struct peer *peer = connections->open[connections->hand++ % connections->count];

		if (!peer->busy && !peer->leaving && now_ms - peer->since_ms >= rest_ms &&
		    (!gone || goes_first(peer, gone, now_ms)))
			gone = peer;
	}
	if (!gone)
		return false;
	peer_shut(gone);
	atomic_fetch_add_explicit(&connections->evicted, 1, memory_order_relaxed);
	return true;
}

void
connections_rest(struct connections *connections, struct peer *peer, int64_t now_ms)
{
	peer->since_ms = now_ms;
	peer->turn = ++connections->turns;
}

bool
connections_add(struct connections *connections, struct peer *peer, int64_t now_ms)
{
	bool good = true;

	connections_rest(connections, peer, now_ms);
	pthread_mutex_lock(&connections->lock);
	if (connections->count == connections->room) {
		unsigned room = connections->room ? 2 * connections->room : 64;
		struct peer **open = realloc(connections->open, room * sizeof(struct peer *));

		good = open != NULL;
		if (good) {
			connections->open = open;
			connections->room = room;
		}
	}
	if (good && connections->count >= connections->most)
		peer->extra = !make_room(connections, now_ms, REST_MS);
	if (good && connections->count >= connections->full)
		(void)make_room(connections, now_ms, 0); /* when there is none, those that come wait */
	if (good) {
		peer->place = connections->count;
		connections->open[connections->count++] = peer;
		atomic_store_explicit(&connections->figure, connections->count, memory_order_relaxed);
	}
	pthread_mutex_unlock(&connections->lock);
	if (good && peer->slot)
		atomic_fetch_add_explicit(&peer->slot->open, 1, memory_order_relaxed);
	return good;
}

void
connections_remove(struct connections *connections, struct peer *peer)
{
	struct peer *last;

	pthread_mutex_lock(&connections->lock);
	last = connections->open[--connections->count];
	connections->open[peer->place] = last;
	last->place = peer->place;
	atomic_store_explicit(&connections->figure, connections->count, memory_order_relaxed);
	pthread_mutex_unlock(&connections->lock);
	if (peer->slot)
		atomic_fetch_sub_explicit(&peer->slot->open, 1, memory_order_relaxed);
}

void
connections_expire(struct connections *connections, int64_t now_ms)
{
	pthread_mutex_lock(&connections->lock);
	for (unsigned i = 0; i < connections->count; i++) {
		struct peer *peer = connections->open[i];
		int64_t due_ms = atomic_load_explicit(&peer->due_ms, memory_order_relaxed);

		if (due_ms == 0 || due_ms > now_ms)
			continue;
		peer_shut(peer);
		atomic_fetch_add_explicit(&connections->late, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&connections->lock);
}
