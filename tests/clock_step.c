/* clock_step - clocks that step when a test says so */
/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/clock_step.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile struct clock_steps *steps; /* NULL until a clock is read, or they are made */

static const volatile struct clock_steps *
steps_map(void)
{
	static const struct clock_steps none;
	const char *path = getenv(CLOCK_STEPS_VARIABLE);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof(struct clock_steps), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		(void)close(fd); /* only read */
	return map == MAP_FAILED ? &none : map;
}

static int64_t
step_of_clock(clockid_t clock)
{
	if (!steps)
		steps = steps_map(); /* two threads that meet here map the same file twice */
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		return steps->wall_ms;
	return clock == CLOCK_BOOTTIME ? steps->suspended_ms : 0;
}

struct clock_steps *
clock_steps_make(void)
{
	void *map = mmap(NULL, sizeof(struct clock_steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	steps = map;
	return map;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	int r = (int)syscall(SYS_clock_gettime, clock, time);
	int64_t step_ms = r == 0 ? step_of_clock(clock) : 0;

	time->tv_sec += (time_t)(step_ms / 1000);
	time->tv_nsec += (long)(step_ms % 1000) * 1000000;
	if (time->tv_nsec < 0) {
		time->tv_nsec += 1000000000;
		time->tv_sec--;
	} else if (time->tv_nsec >= 1000000000) {
		time->tv_nsec -= 1000000000;
		time->tv_sec++;
	}
	return r;
}
