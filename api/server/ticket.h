/* ticket - requests in flight of one worker: their pool, their bodies, and those that wait suspended */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SERVER_TICKET_H
#define API_SERVER_TICKET_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/server/exchange.h"
#include "base/budget.h"

/*
 * Tickets come from their worker's pool and go back to it when the request has ended and nobody holds it. Nothing here
 * knows HTTP: a connection is a pointer that `suspend` and `wake` take.
 */
struct ticket {
	struct exchange exchange; /* first: handlers see only this */
	struct ticket_pool *pool;
	struct ticket *next; /* in the pool */
	void *connection;
	char *body;
	size_t body_size, body_taken; /* of the buffer; all that arrived, kept or not */
	size_t charged;               /* taken from the pool's budget beside the buffer */
	size_t headers;
	struct str length, coding; /* headers Content-Length and Transfer-Encoding; absent: not sent */
	const char *
		head_end; /* in the connection's buffer, of the part of the head that was taken last; NULL: not looked at */
	bool has_query, answer_early;
	bool suspended; /* at least once */
	bool refused;   /* the pool was closed when it wanted to be suspended: it goes on at once */
	bool *lent;     /* the worker's: where to clear that it sends a body of api/server/responses.h; else NULL */

	/* Under the pool's lock. */
	bool waiting; /* suspended, in the list */
	bool held;    /* somebody still has to call exchange_resume */
	bool orphan;  /* the request ended while held: whoever resumes puts it back */
	struct error outcome;
	int64_t deadline_ms;
	struct ticket *wait_prev, *wait_next;
};

struct ticket_pool {
	struct ticket *free;               /* of the worker */
	unsigned free_count;               /* of the worker */
	struct budget *budget;             /* for large buffers and what exchange_charge takes; NULL for none */
	atomic_uint in_flight;             /* written by the worker only */
	void (*suspend)(void *connection); /* called on the worker, under the lock */
	void (*wake)(void *connection);    /* called on any thread, under the lock */
	bool (*gone)(void *connection);    /* called on any thread, under the lock, while it is suspended */
	pthread_mutex_t lock;
	struct ticket *waiting;  /* lock */
	struct ticket *returned; /* lock: tickets put back by other threads */
	unsigned waiting_count;  /* lock */
	bool closed;             /* lock: nobody is suspended any more */
};

void ticket_pool_init(struct ticket_pool *pool, void (*suspend)(void *connection), void (*wake)(void *connection),
                      bool (*gone)(void *connection));

/* After the last exchange_resume. */
void ticket_pool_done(struct ticket_pool *pool);

/* The worker. A ticket whose exchange is the caller's to fill, or NULL when out of memory. */
struct ticket *ticket_take(struct ticket_pool *pool);

/* The worker: the request has ended. */
void ticket_end(struct ticket *ticket);

/* The worker. Appends to the body, which REQUEST_SCAN_SLACK zero bytes follow. False when memory or the budget is out. */
bool ticket_keep(struct ticket *ticket, const char *bytes, size_t count);

/* Any thread: answers those whose deadline is at or before now_ms (of the monotonic clock) as timed out. */
void ticket_expire(struct ticket_pool *pool, int64_t now_ms);

/* Any thread: answers all as timed out, now and from now on. */
void ticket_close(struct ticket_pool *pool);

unsigned ticket_waiting(struct ticket_pool *pool);

#endif
