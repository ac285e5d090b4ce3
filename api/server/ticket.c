/* ticket - requests in flight of one worker: their pool, their bodies, and those that wait suspended */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server/ticket.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "api/bodies/request_scan.h"

#define BODY_FIRST 1024
#define BODY_KEPT ((size_t)16 << 10) /* a buffer up to this size stays with its ticket, and is not charged */
#define FREE_MOST 256                /* tickets that stay with the pool: a crowd leaves no more */

void
ticket_pool_init(struct ticket_pool *pool, void (*suspend)(void *connection), void (*wake)(void *connection),
                 bool (*gone)(void *connection))
{
	*pool = (struct ticket_pool){.suspend = suspend, .wake = wake, .gone = gone};
	atomic_init(&pool->in_flight, 0);
	pthread_mutex_init(&pool->lock, NULL);
}

static void
free_list(struct ticket *ticket)
{
	for (struct ticket *next; ticket; ticket = next) {
		next = ticket->next;
		free(ticket->body);
		free(ticket);
	}
}

void
ticket_pool_done(struct ticket_pool *pool)
{
	free_list(pool->free);
	free_list(pool->returned);
	pthread_mutex_destroy(&pool->lock);
}

/* One thread writes it and server_stop reads it, so no locked instruction is needed; it orders nothing. */
static void
count_in_flight(struct ticket_pool *pool, int by)
{
	unsigned count = atomic_load_explicit(&pool->in_flight, memory_order_relaxed);

	atomic_store_explicit(&pool->in_flight, count + (unsigned)by, memory_order_relaxed);
}

struct ticket *
ticket_take(struct ticket_pool *pool)
{
	struct ticket *ticket;

	if (!pool->free) {
		pthread_mutex_lock(&pool->lock);
		pool->free = pool->returned;
		pool->returned = NULL;
		pthread_mutex_unlock(&pool->lock);
	}
	ticket = pool->free;
	if (ticket) {
		pool->free = ticket->next;
		pool->free_count -= pool->free_count > 0; /* those returned by other threads are not counted */
	} else {
		ticket = calloc(1, sizeof(*ticket));
		if (!ticket)
			return NULL;
		ticket->pool = pool;
	}
	count_in_flight(pool, 1);
	return ticket;
}

static size_t
charge_of(size_t body_size)
{
	return body_size > BODY_KEPT ? body_size : 0;
}

/* Clears the state that the next request must not see; a large buffer is freed, so that a burst of large bodies does not stay. */
static void
clean(struct ticket *ticket)
{
	size_t charged = ticket->charged + charge_of(ticket->body_size);

	if (ticket->body_size > BODY_KEPT) {
		free(ticket->body);
		ticket->body = NULL;
		ticket->body_size = 0;
	}
	if (charged)
		budget_give(ticket->pool->budget, charged);
	ticket->charged = ticket->body_taken = ticket->headers = 0;
	ticket->has_query = ticket->answer_early = ticket->suspended = false;
	ticket->refused = ticket->orphan = false;
}

void
ticket_end(struct ticket *ticket)
{
	struct ticket_pool *pool = ticket->pool;
	bool held = false;

	count_in_flight(pool, -1);
	if (ticket->exchange.resumed && ticket->exchange.ended)
		ticket->exchange.ended(&ticket->exchange); /* it was not resumed, and will not be */
	if (ticket->suspended) {                           /* another thread may still hold it */
		pthread_mutex_lock(&pool->lock);
		held = ticket->orphan = ticket->held;
		pthread_mutex_unlock(&pool->lock);
	}
	if (held)
		return;
	clean(ticket);
	if (pool->free_count == FREE_MOST) {
		free(ticket->body);
		free(ticket);
		return;
	}
	ticket->next = pool->free;
	pool->free = ticket;
	pool->free_count++;
}

/* The buffer with another size; what is charged for it changes with that. */
static bool
resize_body(struct ticket *ticket, size_t size)
{
	struct budget *budget = ticket->pool->budget;
	size_t before = charge_of(ticket->body_size), after = charge_of(size);
	char *body;

	if (after && !budget_take(budget, after, ticket->exchange.urgent ? BUDGET_URGENT : BUDGET_OTHER))
		return false;
	body = realloc(ticket->body, size);
	if (!body) {
		budget_give(budget, after);
		return false;
	}
	budget_give(budget, before);
	ticket->body = body;
	ticket->body_size = size;
	return true;
}

/*
 * For so many bytes, and at once for what is announced, but not for more than four times what is there: who announces much
 * has to send some of it first.
 */
static size_t
body_size_for(const struct ticket *ticket, size_t needed)
{
	uint64_t announced = ticket->exchange.body_length;
	size_t size = ticket->body_size ? ticket->body_size : BODY_FIRST, most;

	while (size < needed)
		size *= 2;
	most = size < BODY_KEPT / 4 ? BODY_KEPT : 4 * size;
	if (announced >= most)
		return most;
	return announced + REQUEST_SCAN_SLACK > size ? (size_t)announced + REQUEST_SCAN_SLACK : size;
}

bool
ticket_keep(struct ticket *ticket, const char *bytes, size_t count)
{
	size_t needed = ticket->body_taken + count; /* both are bounded by the limit for bodies */

	if (needed + REQUEST_SCAN_SLACK > ticket->body_size &&
	    !resize_body(ticket, body_size_for(ticket, needed + REQUEST_SCAN_SLACK)))
		return false;
	memcpy(ticket->body + ticket->body_taken, bytes, count);
	memset(ticket->body + needed, 0, REQUEST_SCAN_SLACK);
	ticket->body_taken = needed;
	return true;
}

char *
exchange_take_body(struct exchange *exchange, size_t *ret_charged)
{
	struct ticket *ticket = (struct ticket *)exchange;
	char *body = ticket->body;

	*ret_charged = charge_of(ticket->body_size);
	ticket->body = NULL;
	ticket->body_size = 0;
	exchange->body = STR_NONE;
	return body;
}

bool
exchange_charge(struct exchange *exchange, size_t bytes)
{
	struct ticket *ticket = (struct ticket *)exchange;

	if (!budget_take(ticket->pool->budget, bytes, exchange->urgent ? BUDGET_URGENT : BUDGET_OTHER))
		return false;
	ticket->charged += bytes;
	return true;
}

/* Under the lock. */
static void
unlink_waiting(struct ticket *ticket)
{
	struct ticket_pool *pool = ticket->pool;

	if (ticket->wait_prev)
		ticket->wait_prev->wait_next = ticket->wait_next;
	else
		pool->waiting = ticket->wait_next;
	if (ticket->wait_next)
		ticket->wait_next->wait_prev = ticket->wait_prev;
	pool->waiting_count--;
	ticket->waiting = false;
}

void
exchange_suspend(struct exchange *exchange, int64_t timeout_ms, void (*resumed)(struct exchange *exchange))
{
	struct ticket *ticket = (struct ticket *)exchange;
	struct ticket_pool *pool = ticket->pool;

	exchange->resumed = resumed;
	ticket->suspended = true;
	pthread_mutex_lock(&pool->lock);
	ticket->held = true;
	if (pool->closed) {
		exchange->timed_out = ticket->refused = true;
	} else {
		ticket->waiting = true;
		ticket->deadline_ms = clock_monotonic_ms() + timeout_ms;
		ticket->wait_prev = NULL;
		ticket->wait_next = pool->waiting;
		if (pool->waiting)
			pool->waiting->wait_prev = ticket;
		pool->waiting = ticket;
		pool->waiting_count++;
		pool->suspend(ticket->connection);
	}
	pthread_mutex_unlock(&pool->lock);
}

bool
exchange_is_gone(struct exchange *exchange)
{
	struct ticket *ticket = (struct ticket *)exchange;
	bool gone;

	pthread_mutex_lock(&ticket->pool->lock); /* so that it stays suspended, and its socket open, meanwhile */
	gone = !ticket->waiting || ticket->pool->gone(ticket->connection);
	pthread_mutex_unlock(&ticket->pool->lock);
	return gone;
}

void
exchange_resume(struct exchange *exchange, const struct error *outcome)
{
	struct ticket *ticket = (struct ticket *)exchange;
	struct ticket_pool *pool = ticket->pool;

	pthread_mutex_lock(&pool->lock);
	ticket->held = false;
	if (ticket->waiting) {
		ticket->outcome = *outcome;
		exchange->outcome = &ticket->outcome;
		unlink_waiting(ticket);
		pool->wake(ticket->connection);
	} else if (ticket->orphan) {
		clean(ticket);
		ticket->next = pool->returned;
		pool->returned = ticket;
	}
	pthread_mutex_unlock(&pool->lock);
}

/* Under the lock. */
static void
expire(struct ticket_pool *pool, int64_t now_ms)
{
	for (struct ticket *ticket = pool->waiting, *next; ticket; ticket = next) {
		next = ticket->wait_next;
		if (ticket->deadline_ms > now_ms)
			continue;
		ticket->exchange.timed_out = true;
		unlink_waiting(ticket);
		pool->wake(ticket->connection);
	}
}

void
ticket_expire(struct ticket_pool *pool, int64_t now_ms)
{
	pthread_mutex_lock(&pool->lock);
	expire(pool, now_ms);
	pthread_mutex_unlock(&pool->lock);
}

void
ticket_close(struct ticket_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->closed = true;
	expire(pool, INT64_MAX);
	pthread_mutex_unlock(&pool->lock);
}

unsigned
ticket_waiting(struct ticket_pool *pool)
{
	unsigned count;

	pthread_mutex_lock(&pool->lock);
	count = pool->waiting_count;
	pthread_mutex_unlock(&pool->lock);
	return count;
}
