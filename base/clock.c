/* clock - the system's clocks: the one that people set, and those that only go forward */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_TOGETHER_NS 1000000 /* two readings of one clock so close together count as one */
#define READINGS_MOST 50

static int64_t
milliseconds_of(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
nanoseconds_of(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
clock_monotonic_ns(void)
{
	return nanoseconds_of(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_ms(void)
{
	return milliseconds_of(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return milliseconds_of(CLOCK_REALTIME_COARSE);
}

int64_t
clock_steady_ms(void)
{
	return milliseconds_of(CLOCK_MONOTONIC_COARSE);
}

/* The later reading of the steady clock is subtracted: a thread that loses the processor in between sees less sleep. */
int64_t
clock_slept_ms(void)
{
	int64_t before, boot, after;

	for (int i = 0; i < READINGS_MOST; i++) {
		before = nanoseconds_of(CLOCK_MONOTONIC);
		boot = nanoseconds_of(CLOCK_BOOTTIME);
		after = nanoseconds_of(CLOCK_MONOTONIC);
		if (after - before < READ_TOGETHER_NS)
			break;
	}
	return boot > after ? (boot - after) / 1000000 : 0;
}

bool
clock_boot_read(struct clock_boot *ret)
{
	struct stat space;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	bool whole;

	memset(ret, 0, sizeof(*ret)); /* its bytes are compared and summed, padding included */
	if (fd < 0)
		return false;
	whole = read(fd, ret->id, sizeof(ret->id)) == (ssize_t)sizeof(ret->id);
	(void)close(fd); /* only read */
	if (stat("/proc/self/ns/time", &space) == 0)
		ret->space = (uint64_t)space.st_ino;
	return whole;
}
