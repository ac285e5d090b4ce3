/* rates - how much each caller may send in a time */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_LIMITS_RATES_H
#define API_LIMITS_RATES_H

#include <pthread.h>
#include <stdint.h>

#define RATES_SLOTS 4096

/*
 * A bucket for each caller: it fills by `rate` bytes a second up to four seconds' worth, and what is sent empties it. A
 * caller is known by a hash; two that share a slot share its bucket, so that a crowd of callers takes no more memory.
 */
struct rates {
	pthread_mutex_t lock;
	int64_t rate;
	struct {
		int64_t at_ms; /* when `owed` was right; monotonic */
		int64_t owed;  /* bytes sent that the time has not made up for */
	} slot[RATES_SLOTS];
};

void rates_init(struct rates *rates, int64_t rate);
void rates_done(struct rates *rates);

/* 0, and the bytes are taken; else the seconds until there will be room for them. Any thread. */
unsigned rates_take(struct rates *rates, uint64_t caller, size_t bytes, int64_t now_ms);

#endif
