/* audit_log - who changed what, who was refused and whose credentials were wrong: a line of JSON each */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/process/log.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"

#define BUFFER_SIZE ((size_t)256 << 10)
#define FILE_MODE 0640
#define TEXT_MOST 512 /* bytes of a text that others chose; more is cut off */
#define LINE_MOST (512 + 6 * PUT_JSON_MOST(TEXT_MOST))

struct audit_log {
	const struct settings *settings;
	int fd;
	bool failing; /* the thread's */
	pthread_t thread;
	bool started;
	atomic_bool reopen;
	pthread_mutex_t lock; /* guards what follows; held for a copy or a swap, never while writing */
	pthread_cond_t wake;
	char *filling, *writing;
	size_t used;
	uint64_t lines;
	struct audit_count count;
	bool stopping;
};

static int
audit_open_file(const struct settings *settings)
{
	if (strcmp(settings->audit_log, "stderr") == 0)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	return open(settings->audit_log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
}

static bool
audit_write(int fd, const char *bytes, size_t count)
{
	while (count) {
		ssize_t written = write(fd, bytes, count);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			bytes += written;
			count -= (size_t)written;
		}
	}
	return true;
}

static void
audit_reopen_file(struct audit_log *log)
{
	int fd = audit_open_file(log->settings);

	if (fd < 0) {
		log_line(log->settings, LOG_LEVEL_ERROR, "cannot open the audit log '%s' again: %s",
		         log->settings->audit_log, strerror(errno));
		return;
	}
	(void)close(log->fd); /* every write was looked at */
	log->fd = fd;
}

/* The thread, under the lock: takes what waits, and writes it without the lock. */
static void
audit_flush(struct audit_log *log)
{
	uint64_t lines = log->lines;
	char *bytes = log->filling;
	size_t used = log->used;
	bool good;

	log->filling = log->writing;
	log->writing = bytes;
	log->used = log->lines = 0;
	pthread_mutex_unlock(&log->lock);
	if (atomic_exchange(&log->reopen, false))
		audit_reopen_file(log);
	good = audit_write(log->fd, bytes, used);
	if (!good && !log->failing)
		log_line(log->settings, LOG_LEVEL_ERROR, "cannot write the audit log '%s': %s",
		         log->settings->audit_log, strerror(errno));
	log->failing = !good;
	pthread_mutex_lock(&log->lock);
	*(good ? &log->count.written : &log->count.dropped) += lines;
}

static void *
audit_main(void *argument)
{
	struct audit_log *log = argument;

	pthread_mutex_lock(&log->lock);
	for (;;) {
		if (log->used || atomic_load(&log->reopen))
			audit_flush(log);
		else if (log->stopping)
			break;
		else
			pthread_cond_wait(&log->wake, &log->lock);
	}
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

int
audit_log_open(const struct settings *settings, struct audit_log **ret, struct error *err)
{
	struct audit_log *log = calloc(1, sizeof(*log));

	if (!log)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	log->settings = settings;
	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->wake, NULL);
	log->filling = malloc(BUFFER_SIZE);
	log->writing = malloc(BUFFER_SIZE);
	log->fd = audit_open_file(settings);
	if (log->fd < 0)
		(void)error_set(err, ERROR_IO, NULL, "cannot open the audit log '%s': %s", settings->audit_log,
		                strerror(errno));
	else if (!log->filling || !log->writing || pthread_create(&log->thread, NULL, audit_main, log) != 0)
		(void)error_set(err, ERROR_MEMORY, NULL, "no memory for the audit log");
	else
		log->started = true;
	if (log->started) {
		*ret = log;
		return 0;
	}
	audit_log_close(log);
	return -(int)err->code;
}

void
audit_log_close(struct audit_log *log)
{
	if (!log)
		return;
	if (log->started) {
		pthread_mutex_lock(&log->lock);
		log->stopping = true;
		pthread_cond_signal(&log->wake);
		pthread_mutex_unlock(&log->lock);
		pthread_join(log->thread, NULL);
	}
	if (log->fd >= 0)
		(void)close(log->fd); /* every write was looked at */
	free(log->filling);
	free(log->writing);
	pthread_cond_destroy(&log->wake);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

static char *
audit_put(char *at, const char *member, struct str value)
{
	if (!value.ptr)
		return at;
	at = put_piece(put_piece(at, STR(",\"")), str_from(member));
	return put_json(put_piece(at, STR("\":")),
	                (struct str){value.ptr, value.len < TEXT_MOST ? value.len : TEXT_MOST});
}

static size_t
audit_line(const struct audit_entry *entry, char *line)
{
	char time[TIME_TEXT_SIZE], *at = line;

	(void)time_format_instant(clock_wall_ms(), time);
	at = put_piece(put_piece(put_piece(at, STR("{\"time\":\"")), str_from(time)), STR("\""));
	at = audit_put(at, "event", str_from(entry->event));
	at = audit_put(at, "identity", entry->identity.len ? entry->identity : STR_NONE);
	at = audit_put(at, "address", entry->address);
	at = audit_put(at, "requestId", entry->id.len ? entry->id : STR_NONE);
	at = audit_put(at, "method", entry->method ? str_from(entry->method) : STR_NONE);
	at = audit_put(at, "path", entry->path);
	if (entry->status)
		at = put_number(put_piece(at, STR(",\"status\":")), entry->status);
	at = audit_put(at, "outcome", str_from(entry->outcome));
	at = audit_put(at, "why", entry->why.len ? entry->why : STR_NONE);
	return (size_t)(put_piece(at, STR("}\n")) - line);
}

void
audit_log_add(struct audit_log *log, const struct audit_entry *entry)
{
	char line[LINE_MOST];
	size_t len;

	if (!log)
		return;
	len = audit_line(entry, line);
	pthread_mutex_lock(&log->lock);
	if (len <= BUFFER_SIZE - log->used) {
		memcpy(log->filling + log->used, line, len);
		log->used += len;
		log->lines++;
	} else {
		log->count.dropped++;
	}
	pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

void
audit_log_reopen(struct audit_log *log)
{
	if (!log)
		return;
	pthread_mutex_lock(&log->lock);
	atomic_store(&log->reopen, true);
	pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

struct audit_count
audit_log_count(struct audit_log *log)
{
	struct audit_count count = {0, 0};

	if (!log)
		return count;
	pthread_mutex_lock(&log->lock);
	count = log->count;
	pthread_mutex_unlock(&log->lock);
	return count;
}
