/* clock - the system's clocks: the one that people set, and those that only go forward */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The wall clock: Unix milliseconds. Whoever administers the machine may set it back or ahead at any moment. By the
 * kernel's last tick, at most 4 ms old: reading it costs a fifth of asking for the nanosecond.
 */
int64_t clock_wall_ms(void);

/* Milliseconds by a clock that nobody sets and that stands while the machine sleeps; by the last tick too. */
int64_t clock_steady_ms(void);

/* The monotonic clock to the nanosecond, for waits, deadlines and latencies; no other process's, and never kept. */
int64_t clock_monotonic_ns(void);
int64_t clock_monotonic_ms(void);

/*
 * How long the machine has slept since it was started, in milliseconds: clock_steady_ms() + clock_slept_ms() is the
 * time since then. Never too large; too small by a millisecond at most, unless the
 * processor is very busy.
 */
int64_t clock_slept_ms(void);

/* The start of the machine, and the time namespace, in which the clocks above are alike for all processes. */
struct clock_boot {
	char id[36]; /* of the kernel, random at each start */
	uint64_t space;
};

/* False when the system does not tell. */
bool clock_boot_read(struct clock_boot *ret);

#endif
