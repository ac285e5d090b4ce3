/* watch_fault - inotify that has no watches left, preloaded: as long as the file that CLGUARD_NO_WATCHES names is there */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

int
inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	const char *file = getenv("CLGUARD_NO_WATCHES");

	if (file && access(file, F_OK) == 0) {
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}
