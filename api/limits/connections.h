/* connections - the open connections of a worker: how long each may take, and which one makes room */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_LIMITS_CONNECTIONS_H
#define API_LIMITS_CONNECTIONS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/identity/identities.h"
#include "api/limits/addresses.h"

/* The other side of a connection, and its state. Lives as long as the connection. */
struct peer {
	char address[48];        /* "192.0.2.7", "2001:db8::7", "unix" */
	char name[IDENTITY_MAX]; /* "uid:1000", "cert:NAME"; empty: it shows none */
	bool examined;           /* a client certificate has been looked for */
	struct address_slot *slot;

	/* The worker's. */
	int fd;
	unsigned place;         /* in its list */
	bool asked;             /* it has had an answer */
	bool busy;              /* a request is there, and being answered */
	bool extra;             /* it came when there was room for urgent requests only */
	bool leaving;           /* its socket has been shut down */
	const char *target_end; /* in libmicrohttpd's buffer, of the request whose line came last */
	int64_t since_ms;       /* waits for a request since then */
	uint64_t turn;          /* the same as a number: the longer one has waited, the lower it is */

	atomic_int_fast64_t
		due_ms; /* must have moved by then; 0: it has no deadline. Written by the worker, orders nothing */
};

/*
 * A worker adds and removes; the main thread looks for those that are late. A socket is shut down under the lock, which
 * its removal takes before it is closed, so that the number is never another connection's.
 */
struct connections {
	pthread_mutex_t lock;
	struct peer **open;   /* lock */
	unsigned count, room; /* lock */
	atomic_uint figure;   /* `count`, for who does not hold the lock; orders nothing */
	unsigned most;        /* beyond it those that come make room, or are for urgent requests only */
	unsigned full;        /* beyond it room is made at any price: the server would accept nobody else */
	uint64_t turns;       /* the worker's: the last number */
	unsigned hand;        /* the worker's: where it looks next for one that can go */
	atomic_uint_fast64_t late, evicted; /* figures */
};

void connections_init(struct connections *connections, unsigned most, unsigned full);
void connections_done(struct connections *connections);

/* The worker. False when out of memory. The new one may be the cause that another one goes, or be extra. */
bool connections_add(struct connections *connections, struct peer *peer, int64_t now_ms);
void connections_remove(struct connections *connections, struct peer *peer);

/* The worker: it is the other side's turn again. */
void connections_rest(struct connections *connections, struct peer *peer, int64_t now_ms);

/* Any thread: shuts down those whose deadline is over, and makes room when there are too many. */
void connections_expire(struct connections *connections, int64_t now_ms);

static inline unsigned
connections_count(const struct connections *connections)
{
	return atomic_load_explicit(&connections->figure, memory_order_relaxed); /* orders nothing */
}

/* The worker: whether a request of this connection is served only if it is urgent. */
static inline bool
connections_crowded(const struct connections *connections, const struct peer *peer)
{
	return peer->extra && connections_count(connections) > connections->most;
}

static inline void
peer_due(struct peer *peer, int64_t due_ms)
{
	atomic_store_explicit(&peer->due_ms, due_ms, memory_order_relaxed); /* orders nothing */
}

#endif
