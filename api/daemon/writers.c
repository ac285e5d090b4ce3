/* writers - is a policy file whole, or does someone still write to it? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/writers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A read lease is granted only while nobody has the file open to write. It is given back at once; who opens the file in
 * between waits that long, and the signal that tells of it is one that nobody minds (the usual one would end the process).
 */
static enum file_state
lease_state(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) != 0)
		return FILE_UNKNOWN;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
		return errno == EAGAIN ? FILE_WRITTEN : FILE_UNKNOWN;
	(void)fcntl(fd, F_SETLEASE, F_UNLCK); /* closing it would do */
	return FILE_QUIET;
}

int
file_state(const char *path, enum file_state *ret, struct error *err)
{
	struct stat status;
	int fd;

	*ret = FILE_QUIET;
	if (stat(path, &status) != 0)
		return 0;
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_TYPE, NULL, "'%s' is wrong: expected a regular file, got %s", path,
		                 S_ISFIFO(status.st_mode)   ? "a FIFO"
		                 : S_ISSOCK(status.st_mode) ? "a socket"
		                 : S_ISDIR(status.st_mode)  ? "a directory"
		                                            : "a device");
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	*ret = lease_state(fd);
	(void)close(fd); /* only looked at */
	return 0;
}
