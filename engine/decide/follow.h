/* follow - reservations wait until what is deployed in the database is in force here */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_FOLLOW_H
#define ENGINE_DECIDE_FOLLOW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct store_txn;

/*
 * Another process of the same database may have deployed or withdrawn a policy. The database counts these changes; a
 * follower, if there is one, brings each into force with engine_deploy and then says up to which number it has come. A
 * reservation compares the two inside its write transaction, and waits for the follower when they differ.
 */

/* Whoever waits. resume is called once, on the follower's thread or by the call that would have waited. */
struct follow_waiter {
	struct follow_waiter *next;
	void (*resume)(struct follow_waiter *waiter);
};

struct follow {
	pthread_mutex_t lock; /* guards what follows but for `number` and `following` */
	struct follow_waiter *first;
	void (*behind)(void *context);
	void *context;
	atomic_bool following;       /* there is a follower */
	atomic_uint_fast64_t number; /* release by the follower after it published; acquire */
};

void follow_init(struct follow *follow);
void follow_done(struct follow *follow);

/* The number that the database has when it is not the follower's; false when there is nothing to wait for. */
bool follow_is_behind(struct follow *follow, struct store_txn *txn, uint64_t *ret_number);

/* Resumes the waiter when the follower has come to `number` or further, which may be at once. Any thread. */
void follow_wait(struct follow *follow, struct follow_waiter *waiter, uint64_t number);

/* behind: called by any thread when somebody waits; it must not wait. NULL: there is no follower any more. */
void follow_set(struct follow *follow, void (*behind)(void *context), void *context);

/* The follower has come to this number. */
void follow_reached(struct follow *follow, uint64_t number);

#endif
