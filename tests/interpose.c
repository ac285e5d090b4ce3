/* interpose - between the database and the kernel: calls that fail when told to, writes that are remembered */
/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/interpose.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 1024
#define EVENTS 200000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static char watched[128];
static unsigned char files[FDS]; /* 1: of the watched directory, 2: its data.mdb, 4: opened with O_DSYNC */
static unsigned long calls, fail_at;
static int fail_error;
static bool armed, sticky_fault, fired, recording;
static struct event *events;
static size_t event_count;

void
interpose_watch(const char *directory)
{
	pthread_mutex_lock(&lock);
	watched[0] = '\0';
	if (directory)
		strncpy(watched, directory, sizeof(watched) - 1);
	memset(files, 0, sizeof(files));
	calls = 0;
	armed = fired = recording = false;
	for (size_t i = 0; i < event_count; i++)
		free(events[i].bytes);
	event_count = 0;
	pthread_mutex_unlock(&lock);
}

void
interpose_fail(unsigned long n, int error, bool sticky)
{
	pthread_mutex_lock(&lock);
	fail_at = calls + n;
	fail_error = error;
	sticky_fault = sticky;
	armed = true;
	fired = false;
	pthread_mutex_unlock(&lock);
}

void
interpose_heal(void)
{
	pthread_mutex_lock(&lock);
	armed = false;
	pthread_mutex_unlock(&lock);
}

unsigned long
interpose_calls(void)
{
	unsigned long seen;

	pthread_mutex_lock(&lock);
	seen = calls;
	pthread_mutex_unlock(&lock);
	return seen;
}

bool
interpose_failed(void)
{
	bool seen;

	pthread_mutex_lock(&lock);
	seen = fired;
	pthread_mutex_unlock(&lock);
	return seen;
}

void
interpose_record(void)
{
	pthread_mutex_lock(&lock);
	if (!events)
		events = calloc(EVENTS, sizeof(*events));
	recording = events != NULL;
	pthread_mutex_unlock(&lock);
}

size_t
interpose_events(const struct event **ret)
{
	size_t count;

	pthread_mutex_lock(&lock);
	*ret = events;
	count = event_count;
	pthread_mutex_unlock(&lock);
	return count;
}

static bool
is_watched(int fd)
{
	return fd >= 0 && fd < FDS && files[fd];
}

/* Under the lock: whether this call shall fail; errno is set then. */
static bool
shall_fail(void)
{
	unsigned long number = calls++;

	if (!armed || (sticky_fault ? number < fail_at : number != fail_at))
		return false;
	fired = true;
	errno = fail_error;
	return true;
}

static void
remember(int fd, const struct event *event)
{
	if (!recording || !(files[fd] & 2) || event_count == EVENTS)
		return;
	events[event_count] = *event;
	if (event->len) {
		events[event_count].bytes = malloc(event->len);
		memcpy(events[event_count].bytes, event->bytes, event->len);
	}
	events[event_count].synced = files[fd] & 4;
	event_count++;
}

int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	bool ours;
	int fd = -1;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	pthread_mutex_lock(&lock);
	ours = watched[0] && strncmp(path, watched, strlen(watched)) == 0;
	if (!ours || !shall_fail())
		fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (fd >= 0 && fd < FDS)
		files[fd] =
			!ours ? 0
			      : (unsigned char)(1 | (strstr(path, "/data.mdb") ? 2 : 0) | (flags & O_DSYNC ? 4 : 0));
	pthread_mutex_unlock(&lock);
	return fd;
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	ssize_t done = -1;

	pthread_mutex_lock(&lock);
	if (!is_watched(fd) || !shall_fail())
		done = syscall(SYS_pwrite64, fd, bytes, len, at);
	if (done > 0 && is_watched(fd))
		remember(fd, &(struct event){.at = at, .len = (size_t)done, .bytes = (char *)(uintptr_t)bytes});
	pthread_mutex_unlock(&lock);
	return done;
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
	ssize_t done = -1;

	pthread_mutex_lock(&lock);
	if (!is_watched(fd) || !shall_fail()) {
		off_t at = is_watched(fd) ? lseek(fd, 0, SEEK_CUR) : 0;

		done = syscall(SYS_write, fd, bytes, len);
		if (done > 0 && is_watched(fd))
			remember(fd, &(struct event){.at = at, .len = (size_t)done, .bytes = (char *)(uintptr_t)bytes});
	}
	pthread_mutex_unlock(&lock);
	return done;
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	ssize_t done = -1;

	pthread_mutex_lock(&lock);
	if (!is_watched(fd) || !shall_fail()) {
		off_t at = is_watched(fd) ? lseek(fd, 0, SEEK_CUR) : 0;

		done = syscall(SYS_writev, fd, parts, count);
		for (int i = 0; done > 0 && is_watched(fd) && i < count; i++) {
			remember(fd, &(struct event){.at = at, .len = parts[i].iov_len, .bytes = parts[i].iov_base});
			at += (off_t)parts[i].iov_len;
		}
	}
	pthread_mutex_unlock(&lock);
	return done;
}

static int
sync_with(int fd, long number)
{
	int r = -1;

	pthread_mutex_lock(&lock);
	if (!is_watched(fd) || !shall_fail())
		r = (int)syscall(number, fd);
	if (r == 0 && is_watched(fd))
		remember(fd, &(struct event){.sync = true});
	pthread_mutex_unlock(&lock);
	return r;
}

int
fsync(int fd)
{
	return sync_with(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return sync_with(fd, SYS_fdatasync);
}

void *
mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	void *map = MAP_FAILED;

	pthread_mutex_lock(&lock);
	if (!is_watched(fd) || !shall_fail())
		map = (void *)syscall(SYS_mmap, address, len, protection, flags, fd, offset);
	pthread_mutex_unlock(&lock);
	return map;
}
