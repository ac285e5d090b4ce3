/* sd_notify - what a service manager is told: ready, reloading, stopping, status, still alive */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SYSTEM_SD_NOTIFY_H
#define API_SYSTEM_SD_NOTIFY_H

#include <stdint.h>

/*
 * The protocol of sd_notify(3), without its library: one datagram to the unix socket that NOTIFY_SOCKET names, its first
 * character '@' for one in the abstract name space. Without NOTIFY_SOCKET nothing is sent. Nothing here fails: nobody but
 * the manager would want to know, and that is who cannot be reached.
 */
struct sd_notify {
	int fd;              /* connected; -1: there is no manager */
	int64_t watchdog_ms; /* it wants to hear from us at least so often; 0: it does not */
};

#define SD_NOTIFY_NONE ((struct sd_notify){.fd = -1})

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
void sd_notify_open(struct sd_notify *notify);
void sd_notify_close(struct sd_notify *notify);

/* Lines of NAME=VALUE, as READY=1 or STATUS=..., line ends between them. Any thread. */
void sd_notify_send(const struct sd_notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* RELOADING=1 with the instant, which Type=notify-reload needs. Ends with READY=1. */
void sd_notify_reloading(const struct sd_notify *notify);

#endif
