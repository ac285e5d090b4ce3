/* rates - how much each caller may send in a time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/limits/rates.h"

#include <string.h>

#define BURST_S 4
#define LONG_MS 3600000 /* after which nothing is owed: no body is that large */

void
rates_init(struct rates *rates, int64_t rate)
{
	memset(rates, 0, sizeof(*rates));
	pthread_mutex_init(&rates->lock, NULL);
	rates->rate = rate;
}

void
rates_done(struct rates *rates)
{
	pthread_mutex_destroy(&rates->lock);
}

/* A body larger than the bucket passes when that is empty, and is made up for by time as any other. */
unsigned
rates_take(struct rates *rates, uint64_t caller, size_t bytes, int64_t now_ms)
{
	size_t i = (size_t)(caller % RATES_SLOTS);
	int64_t gone_ms, paid, room;
	unsigned wait_s = 0;

	pthread_mutex_lock(&rates->lock);
	gone_ms = now_ms - rates->slot[i].at_ms;
	paid = gone_ms > LONG_MS ? rates->slot[i].owed : gone_ms * rates->rate / 1000;
	if (paid >= rates->slot[i].owed) {
		rates->slot[i].owed = 0;
		rates->slot[i].at_ms = now_ms;
	} else if (paid > 0) { /* the rest of the time stays for the next one */
		rates->slot[i].owed -= paid;
		rates->slot[i].at_ms += paid * 1000 / rates->rate;
	}
	room = BURST_S * rates->rate - rates->slot[i].owed;
	if (rates->slot[i].owed == 0 || (int64_t)bytes <= room)
		rates->slot[i].owed += (int64_t)bytes;
	else
		wait_s = 1 + (unsigned)(((int64_t)bytes - room) / rates->rate);
	pthread_mutex_unlock(&rates->lock);
	return wait_s;
}
