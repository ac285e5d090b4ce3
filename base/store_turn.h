/* store_turn - whose turn it is with what a database's processes change in turns */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_TURN_H
#define BASE_STORE_TURN_H

#include <pthread.h>

#include "base/error.h"

/*
 * LMDB's mutexes lie in memory that processes share, and such a mutex may lose a waiter: when one that has just been woken is
 * killed, and another process has taken the mutex meanwhile, nobody wakes the third, for as long as nobody else has to
 * wait. So processes wait for their turn here, and find LMDB's mutexes free: at a byte of DIRECTORY/clguard.turn, which the kernel
 * gives to the next one whoever dies. It is the process that has it, and not the open file: a child that was forked meanwhile
 * keeps nothing. Its threads wait for each other at `lock`.
 */
struct store_turn {
	pthread_mutex_t lock;
	int fd; /* -1: not opened, for a database that no other process knows */
};

void store_turn_init(struct store_turn *turn);
int store_turn_open(struct store_turn *turn, const char *directory, struct error *err); /* errors  ERROR_IO */
void store_turn_close(struct store_turn *turn);

/* Waits; 0 or a system error's number. Given back by the same thread. */
int store_turn_take(struct store_turn *turn);
void store_turn_give(struct store_turn *turn);

#endif
