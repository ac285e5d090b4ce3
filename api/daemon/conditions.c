/* conditions - what a person should look at: noticed, logged once, and told by /ready until it is over */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/conditions.h"

#include <inttypes.h>

#include "api/process/log.h"

/* Sets a condition; true when that changes it. Relaxed: a reader may be late by one look. */
static bool
condition_set(atomic_bool *condition, bool now)
{
	return atomic_exchange_explicit(condition, now, memory_order_relaxed) != now;
}

/* It is over only at half the setting, so that a clock that lingers there does not fill the log. */
static void
look_at_clock(struct service *service)
{
	int64_t difference_ms = history_clock_difference(engine_history(service->engine));
	int64_t apart_ms = difference_ms < 0 ? -difference_ms : difference_ms,
		most_ms = service->settings->clock_difference_ms;
	bool differed = atomic_load_explicit(&service->clock_differs, memory_order_relaxed);

	if (!condition_set(&service->clock_differs, apart_ms > (differed ? most_ms / 2 : most_ms)))
		return;
	if (differed)
		log_line(service->settings, LOG_LEVEL_INFO, "the wall clock agrees with the decision clock again");
	else
		log_line(service->settings, LOG_LEVEL_ERROR,
		         "the wall clock is %" PRId64
		         " s %s the decision clock: someone set it, or it was wrong at start; limits go "
		         "on in the decision clock's time until 'clguard db accept' makes it follow the wall clock",
		         apart_ms / 1000, difference_ms < 0 ? "behind" : "ahead of");
}

void
conditions_look(struct service *service)
{
	look_at_clock(service);
}
