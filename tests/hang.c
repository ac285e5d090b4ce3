/* hang - a thread that hangs, preloaded: the first one that calls the function that the file HANG_FILE names, from then on */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <unistd.h>
#include <dlfcn.h>

static atomic_bool hung;

static void
hang_at(const char *function)
{
	const char *path = getenv("HANG_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char name[40] = "";

	if (fd < 0)
		return;
	if (read(fd, name, sizeof(name) - 1) > 0 && strcmp(name, function) == 0 && !atomic_exchange(&hung, true))
		for (;;)
			(void)pause();
	(void)close(fd);
}

int
epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
	hang_at("epoll_wait");
	return epoll_pwait(epoll, events, most, timeout, NULL);
}

/* Of the control loop runtime and the committer. */
int
pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                       const struct timespec *restrict until)
{
	typedef int timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	void *next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	timedwait *call;

	hang_at("pthread_cond_timedwait");
	memcpy(&call, &next, sizeof(call));
	return call(condition, mutex, until);
}
