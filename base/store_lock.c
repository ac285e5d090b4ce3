/* store_lock - who has a database open, told by byte locks on a file beside it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PID_BITS 22     /* Linux numbers processes below 2^22 */
#define VERIFIED_BYTE 1 /* shared by those who have verified the file */
#define FIRST_PROCESS_BYTE 2

static const char mark[] = "clguard database 1\n";

/* The byte of this process: process numbers repeat between containers, so the number space is part of it. */
static off_t
process_byte(void)
{
	struct stat space;
	uint64_t number = (uint64_t)getpid();

	if (stat("/proc/self/ns/pid", &space) == 0)
		number |= ((uint64_t)space.st_ino & UINT32_MAX) << PID_BITS;
	return (off_t)(FIRST_PROCESS_BYTE + number);
}

static int
byte_lock(int fd, short type, off_t byte)
{
	struct flock region = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(fd, F_OFD_SETLK, &region);
}

/* The number of some process that has the database open, or 0 when none can be told. */
static long
holder(int fd)
{
	struct flock region = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = FIRST_PROCESS_BYTE, .l_len = 0 /* to the end */};

	if (fcntl(fd, F_OFD_GETLK, &region) != 0 || region.l_type == F_UNLCK)
		return 0;
	return (long)(((uint64_t)region.l_start - FIRST_PROCESS_BYTE) & ((1u << PID_BITS) - 1));
}

static int
take_bytes(int fd, const char *directory, bool exclusive, struct error *err)
{
	if (byte_lock(fd, exclusive ? F_WRLCK : F_RDLCK, 0) != 0) {
		if (errno != EAGAIN && errno != EACCES)
			return error_set(err, ERROR_IO, NULL, "cannot lock '%s': %s", directory, strerror(errno));
		return error_set(err, ERROR_BUSY, NULL, "database '%s' is %s by process %ld", directory,
		                 exclusive ? "open" : "being verified", holder(fd));
	}
	if (byte_lock(fd, F_WRLCK, process_byte()) != 0) {
		if (errno != EAGAIN && errno != EACCES)
			return error_set(err, ERROR_IO, NULL, "cannot lock '%s': %s", directory, strerror(errno));
		return error_set(err, ERROR_BUSY, NULL, "this process has database '%s' open already", directory);
	}
	return 0;
}

static int
lock_path(const char *directory, char ret[PATH_MAX])
{
	return snprintf(ret, PATH_MAX, "%s/clguard.lock", directory) < PATH_MAX ? 0 : -1;
}

int
store_lock_take(struct store_lock *lock, const char *directory, bool exclusive, struct error *err)
{
	char path[PATH_MAX];
	int fd, r;

	if (lock_path(directory, path) != 0)
		return error_set(err, ERROR_IO, NULL, "the name of directory '%s' is too long", directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (fd < 0)
		return error_set(err, ERROR_IO, NULL, "cannot open '%s': %s", path, strerror(errno));
	r = take_bytes(fd, directory, exclusive, err);
	if (r != 0) {
		(void)close(fd); /* nothing was written */
		return r;
	}
	lock->fd = fd;
	return 0;
}

bool
store_lock_alone(struct store_lock *lock)
{
	return lock->fd >= 0 && byte_lock(lock->fd, F_WRLCK, 0) == 0;
}

void
store_lock_note_verified(struct store_lock *lock)
{
	(void)byte_lock(lock->fd, F_RDLCK, VERIFIED_BYTE); /* without it the next process verifies once more */
}

void
store_lock_hand_over(struct store_lock *lock)
{
	store_lock_note_verified(lock);
	(void)byte_lock(lock->fd, F_RDLCK, 0); /* giving up a part of a lock does not fail */
	(void)byte_lock(lock->fd, F_UNLCK, process_byte());
}

bool
store_lock_is_verified(const struct store_lock *lock)
{
	struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = VERIFIED_BYTE, .l_len = 1};

	return fcntl(lock->fd, F_OFD_GETLK, &byte) == 0 && byte.l_type != F_UNLCK;
}

void
store_lock_drop(struct store_lock *lock)
{
	struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};

	if (lock->fd < 0)
		return;
	(void)fcntl(lock->fd, F_OFD_SETLK,
	            &all);     /* a forked child may hold a copy of the descriptor: close is not enough */
	(void)close(lock->fd); /* nothing is buffered */
	lock->fd = -1;
}

bool
store_lock_is_marked(const char *directory)
{
	char path[PATH_MAX];
	struct stat status;

	return lock_path(directory, path) == 0 && stat(path, &status) == 0 && status.st_size > 0;
}

int
store_lock_mark(struct store_lock *lock, struct error *err)
{
	if (pwrite(lock->fd, mark, sizeof(mark) - 1, 0) != (ssize_t)sizeof(mark) - 1 || fsync(lock->fd) != 0)
		return error_set(err, ERROR_IO, NULL, "cannot write the database's lock file: %s", strerror(errno));
	return 0;
}
