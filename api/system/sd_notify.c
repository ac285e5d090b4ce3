/* sd_notify - what a service manager is told: ready, reloading, stopping, status, still alive */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/system/sd_notify.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_SIZE 1024

static int
connect_manager(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd;

	if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
		return fd;
	(void)close(fd); /* nothing was sent */
	return -1;
}

/* The manager's interval, when it is meant for this process. */
static int64_t
watchdog_interval_ms(void)
{
	const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!interval || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtoll(interval, NULL, 10) / 1000;
}

void
sd_notify_open(struct sd_notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*notify = SD_NOTIFY_NONE;
	if (!path)
		return;
	notify->fd = connect_manager(path);
	if (notify->fd >= 0)
		notify->watchdog_ms = watchdog_interval_ms();
}

void
sd_notify_close(struct sd_notify *notify)
{
	if (notify->fd >= 0)
		(void)close(notify->fd); /* nothing is buffered */
	*notify = SD_NOTIFY_NONE;
}

void
sd_notify_send(const struct sd_notify *notify, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list args;

	if (notify->fd < 0)
		return;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* a long one is cut */
	va_end(args);
	(void)send(notify->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT); /* see the header */
}

void
sd_notify_reloading(const struct sd_notify *notify)
{
	sd_notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_ns() / 1000);
}
