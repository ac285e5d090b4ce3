/* clock_step - clocks that step when a test says so */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLOCK_STEP_H
#define TESTS_CLOCK_STEP_H

#include <stdint.h>

/*
 * Takes clock_gettime's place, in a program that it is linked into or in a process that it is preloaded into. The environment
 * variable below names a file that holds a struct clock_steps, from the first reading of a clock on: whoever writes there
 * sets the clocks of all processes that have it.
 */
#define CLOCK_STEPS_VARIABLE "CLGUARD_CLOCK_STEPS"

struct clock_steps {
	int64_t wall_ms;      /* how far the wall clock is ahead */
	int64_t suspended_ms; /* how long the machine was suspended; the wall clock does not follow by itself */
};

/*
 * In a program that it is linked into: sets the clocks of this process and of those that it forks from now on. To be
 * called while no other thread reads a clock. NULL when there is no memory.
 */
struct clock_steps *clock_steps_make(void);

#endif
