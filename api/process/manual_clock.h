/* manual_clock - the clock that stands still until it is told to move */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_MANUAL_CLOCK_H
#define API_PROCESS_MANUAL_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

/* Atomic, because workers read it while another moves it; relaxed, because it orders nothing else. */
struct manual_clock {
	atomic_int_fast64_t now_ms;
};

/* As engine_options.clock; context is the struct manual_clock. */
int64_t manual_clock_now(void *context);

#endif
