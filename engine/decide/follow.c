/* follow - reservations wait until what is deployed in the database is in force here */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/follow.h"

#include "base/store.h"
#include "engine/history/history.h"

void
follow_init(struct follow *follow)
{
	*follow = (struct follow){0};
	pthread_mutex_init(&follow->lock, NULL);
	atomic_init(&follow->following, false);
	atomic_init(&follow->number, 0);
}

void
follow_done(struct follow *follow)
{
	pthread_mutex_destroy(&follow->lock);
}

bool
follow_is_behind(struct follow *follow, struct store_txn *txn, uint64_t *ret_number)
{
	struct str value;
	uint64_t number = 0;

	if (!atomic_load_explicit(&follow->following, memory_order_relaxed))
		return false;
	if (store_get(txn, history_shared_table(HISTORY_RUNTIME), HISTORY_DEPLOYED, &value) == 1 && value.len == 8)
		number = store_unpack_u64(value.ptr);
	*ret_number = number;
	/* A follower may be ahead of this transaction's snapshot for as long as nothing was committed: a writer's is the newest. */
	return number > atomic_load_explicit(&follow->number, memory_order_acquire);
}

/* Resumes all; each may wait again. */
static void
resume_all(struct follow_waiter *waiter)
{
	for (struct follow_waiter *next; waiter; waiter = next) {
		next = waiter->next;
		waiter->resume(waiter);
	}
}

static struct follow_waiter *
take_all(struct follow *follow)
{
	struct follow_waiter *first;

	pthread_mutex_lock(&follow->lock);
	first = follow->first;
	follow->first = NULL;
	pthread_mutex_unlock(&follow->lock);
	return first;
}

void
follow_wait(struct follow *follow, struct follow_waiter *waiter, uint64_t number)
{
	void (*behind)(void *context);
	void *context;

	pthread_mutex_lock(&follow->lock);
	behind = follow->behind;
	context = follow->context;
	if (!behind || number <= atomic_load_explicit(&follow->number, memory_order_acquire)) {
		pthread_mutex_unlock(&follow->lock);
		waiter->resume(waiter);
		return;
	}
	waiter->next = follow->first;
	follow->first = waiter;
	pthread_mutex_unlock(&follow->lock);
	behind(context);
}

void
follow_set(struct follow *follow, void (*behind)(void *context), void *context)
{
	pthread_mutex_lock(&follow->lock);
	follow->behind = behind;
	follow->context = context;
	pthread_mutex_unlock(&follow->lock);
	atomic_store_explicit(&follow->following, behind != NULL, memory_order_relaxed);
	if (!behind)
		resume_all(take_all(follow));
}

void
follow_reached(struct follow *follow, uint64_t number)
{
	/* Release: who reads the number also sees the set that was published before. */
	atomic_store_explicit(&follow->number, number, memory_order_release);
	resume_all(take_all(follow));
}
