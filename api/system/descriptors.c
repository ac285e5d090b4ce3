/* descriptors - how many files and connections the process may have open */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/system/descriptors.h"

#include <dirent.h>
#include <limits.h>
#include <sys/resource.h>

#define KEPT 32        /* for policies that are read again, users, a database that is opened again */
#define WORKER_NEEDS 6 /* its epoll, what wakes it, the connection that accept is about to give, a watchdog's */
#define USED_GUESS 64  /* without /proc */

void
descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* then there are fewer connections: see descriptors_room */
	}
}

static unsigned
count_open(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	if (!directory)
		return USED_GUESS;
	while (readdir(directory))
		count++;
	(void)closedir(directory); /* only read */
	return count;
}

unsigned
descriptors_needed(unsigned workers)
{
	return count_open() + KEPT + WORKER_NEEDS * workers;
}

unsigned
descriptors_room(unsigned needed)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= UINT_MAX)
		return UINT_MAX;
	return limit.rlim_cur > needed ? (unsigned)limit.rlim_cur - needed : 0;
}
