/* log - lines on stderr or in the journal, the program's only voice */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"

#define TEXT_MOST 1400 /* of a message */
#define LINE_MOST (6 * TEXT_MOST + 512)
#define BURST_MS 10000
#define KINDS 64 /* of lines that are counted at a time */

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

/* Folders that log, and access. */
static const char *const modules[] = {"access",   "clguardd", "confine", "daemon", "decision_log",
                                      "identity", "process",  "tracing", NULL};

/* Lines of one format. */
struct log_kind {
	const char *format;
	int64_t since_ms; /* monotonic: begin of the ten seconds */
	unsigned written, held;
	enum log_level level;
	struct str module; /* static */
	char last[200];    /* of those that were held */
};

struct log {
	pthread_mutex_t lock; /* guards the kinds; taken with no other */
	struct log_kind kinds[KINDS];
	int journal; /* -1: none */
};

/* One line, wherever it goes. */
struct log_message {
	enum log_level level;
	struct str module;
	struct log_request about;
	const char *text;
};

bool
log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char own[64];

	if (!stream || fstat(STDERR_FILENO, &status) != 0)
		return false;
	(void)snprintf(own, sizeof(own), "%" PRIu64 ":%" PRIu64, (uint64_t)status.st_dev, (uint64_t)status.st_ino);
	return strcmp(stream, own) == 0;
}

/* --- which lines --- */

/* The folder that a source file stands in: "daemon" of "../api/daemon/reload.c". Static storage. */
static struct str
module_of(const char *file)
{
	const char *end = strrchr(file, '/'), *begin;

	if (!end)
		return STR("process");
	for (begin = end; begin > file && begin[-1] != '/'; begin--)
		;
	return (struct str){begin, (size_t)(end - begin)};
}

static int
level_find(struct str name)
{
	for (int i = 0; i < 4; i++)
		if (str_is(name, level_names[i]))
			return i;
	return -1;
}

/* The level that an item of log_levels has for its module, whose name it returns. */
static struct str
item_split(const char *item, int *ret_level)
{
	struct str text = str_from(item);
	const char *equals = strchr(item, '=');

	*ret_level = -1;
	if (!equals)
		return text;
	*ret_level = level_find(str_from(equals + 1));
	return (struct str){item, (size_t)(equals - item)};
}

bool
log_level_good(const char *item)
{
	int level;
	struct str module = item_split(item, &level);

	for (size_t i = 0; modules[i] && level >= 0; i++)
		if (str_is(module, modules[i]))
			return true;
	return false;
}

bool
log_wants(const struct settings *settings, struct str module, enum log_level level)
{
	int most = str_is(module, LOG_ACCESS) ? -1 : settings->log_level;

	for (size_t i = 0; i < settings->log_levels.count; i++) {
		int own;

		if (str_equal(item_split(settings->log_levels.items[i], &own), module))
			most = own;
	}
	return (int)level <= most;
}

/* --- where they go --- */

/* A name from outside must not make a line of its own. */
static void
flatten(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20)
			*text = ' ';
}

/* A field of the journal's protocol; values have no line feeds. */
static size_t
journal_field(char *line, size_t at, size_t most, const char *name, struct str value)
{
	int len = value.ptr && at < most ? snprintf(line + at, most - at, "%s=%.*s\n", name, STR_ARG(value)) : 0;

	return len > 0 && (size_t)len < most - at ? at + (size_t)len : at;
}

static bool
journal_send(int fd, const struct log_message *message)
{
	char line[TEXT_MOST + 1024], priority[2] = {(char)('0' + priorities[message->level]), '\0'};
	size_t len = journal_field(line, 0, sizeof(line), "PRIORITY", str_from(priority));

	len = journal_field(line, len, sizeof(line), "SYSLOG_IDENTIFIER", STR("clguardd"));
	len = journal_field(line, len, sizeof(line), "CLGUARD_MODULE", message->module);
	len = journal_field(line, len, sizeof(line), "MESSAGE", str_from(message->text));
	len = journal_field(line, len, sizeof(line), "CLGUARD_REQUEST_ID", message->about.id);
	len = journal_field(line, len, sizeof(line), "CLGUARD_TRACE_ID", message->about.trace);
	return send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* The line as JSON; cut texts end before they would not fit. */
static size_t
json_line(const struct log_message *message, const char *time, char line[LINE_MOST])
{
	char *at = line + snprintf(line, LINE_MOST,
	                           "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"%.*s\",\"message\":", time,
	                           level_names[message->level], STR_ARG(message->module));

	at = put_json(at, str_from(message->text));
	if (message->about.id.ptr)
		at = put_json(put_piece(at, STR(",\"requestId\":")), message->about.id);
	if (message->about.trace.ptr)
		at = put_json(put_piece(at, STR(",\"traceId\":")), message->about.trace);
	at = put_piece(at, STR("}\n"));
	return (size_t)(at - line);
}

static void
message_write(const struct settings *settings, const struct log_message *message)
{
	char line[LINE_MOST], time[TIME_TEXT_SIZE];
	size_t len;

	if (settings->log && settings->log->journal >= 0 && journal_send(settings->log->journal, message))
		return;
	time_format_instant(clock_wall_ms(), time);
	if (settings->log_json)
		len = json_line(message, time, line);
	else if (settings->journal)
		len = (size_t)snprintf(line, sizeof(line), "<%d>%s %s\n", priorities[message->level],
		                       level_names[message->level], message->text);
	else
		len = (size_t)snprintf(line, sizeof(line), "%s %s %s\n", time, level_names[message->level],
		                       message->text);
	(void)!write(STDERR_FILENO, line, len); /* there is no other place to report to */
}

/* --- how many --- */

static void
tell_held(const struct settings *settings, const struct log_kind *kind)
{
	char text[TEXT_MOST];
	struct log_message message = {.level = kind->level, .module = kind->module, .text = text};

	(void)snprintf(text, sizeof(text),
	               "%u more lines of this kind within 10 s were left out (log_burst), the last: %s", kind->held,
	               kind->last);
	message_write(settings, &message);
}

/* Under the lock: the place of a format; another's that is over and has told all, or NULL. */
static struct log_kind *
log_find_kind(struct log *log, const char *format, int64_t now_ms)
{
	struct log_kind *unused = NULL;

	for (size_t i = 0; i < KINDS; i++) {
		struct log_kind *kind = &log->kinds[i];

		if (kind->format == format)
			return kind;
		if (!unused && (!kind->format || (kind->held == 0 && now_ms - kind->since_ms >= BURST_MS)))
			unused = kind;
	}
	if (unused)
		*unused = (struct log_kind){.format = format, .since_ms = now_ms};
	return unused;
}

/* Under the lock: begins new ten seconds when those of before are over; what was held then is to be told. */
static bool
kind_turn(struct log_kind *kind, int64_t now_ms, struct log_kind *ret_over)
{
	if (now_ms - kind->since_ms < BURST_MS)
		return false;
	*ret_over = *kind;
	kind->since_ms = now_ms;
	kind->written = kind->held = 0;
	return ret_over->held > 0;
}

/* Whether the line is one too many of its kind. */
static bool
is_repeated(const struct settings *settings, const char *format, const struct log_message *message)
{
	struct log *log = settings->log;
	int64_t now_ms = clock_monotonic_ms();
	bool held = false, tells = false;
	struct log_kind *kind, over;

	if (!log || settings->log_burst == 0)
		return false;
	pthread_mutex_lock(&log->lock);
	kind = log_find_kind(log, format, now_ms);
	if (kind) {
		tells = kind_turn(kind, now_ms, &over);
		held = kind->written >= (uint64_t)settings->log_burst;
		kind->level = message->level;
		kind->module = message->module;
		kind->written += !held;
		kind->held += held;
		if (held)
			(void)snprintf(kind->last, sizeof(kind->last), "%.*s", (int)sizeof(kind->last) - 1,
			               message->text);
	}
	pthread_mutex_unlock(&log->lock);
	if (tells)
		tell_held(settings, &over);
	return held;
}

/* `all`: those whose ten seconds are not over too. */
static void
tell_all_held(const struct settings *settings, bool all)
{
	struct log *log = settings->log;
	int64_t now_ms = clock_monotonic_ms();

	for (size_t i = 0; log && i < KINDS; i++) {
		struct log_kind over;
		bool tells = false;

		pthread_mutex_lock(&log->lock);
		if (log->kinds[i].held)
			tells = kind_turn(&log->kinds[i], all ? now_ms + BURST_MS : now_ms, &over);
		pthread_mutex_unlock(&log->lock);
		if (tells)
			tell_held(settings, &over);
	}
}

void
log_tick(const struct settings *settings)
{
	tell_all_held(settings, false);
}

void
log_write(const struct settings *settings, const char *file, enum log_level level, const struct log_request *about,
          const char *format, ...)
{
	char text[TEXT_MOST];
	struct log_message message = {.level = level, .module = module_of(file), .text = text};
	va_list args;
	int len;

	if (!log_wants(settings, message.module, level))
		return;
	if (about)
		message.about = *about;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		return;
	flatten(text);
	if (!is_repeated(settings, format, &message))
		message_write(settings, &message);
}

void
log_access(const struct settings *settings, const struct log_request *about, const char *format, ...)
{
	char text[TEXT_MOST];
	struct log_message message = {
		.level = LOG_LEVEL_INFO, .module = STR(LOG_ACCESS), .about = *about, .text = text};
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		return;
	flatten(text);
	message_write(settings, &message);
}

int
log_open(const struct settings *settings, struct log **ret, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	pthread_mutex_init(&log->lock, NULL);
	log->journal = -1;
	if (settings->log_journal) {
		(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", settings->log_journal);
		log->journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (log->journal < 0 || strlen(settings->log_journal) >= sizeof(address.sun_path) ||
		    connect(log->journal, (struct sockaddr *)&address, sizeof(address)) != 0) {
			log_close(log, settings);
			return error_set(err, ERROR_IO, NULL, "log_journal: no process listens at '%s'",
			                 settings->log_journal);
		}
	}
	*ret = log;
	return 0;
}

void
log_close(struct log *log, const struct settings *settings)
{
	if (!log)
		return;
	if (settings->log == log)
		tell_all_held(settings, true);
	if (log->journal >= 0)
		(void)close(log->journal); /* datagrams are gone when they are sent */
	pthread_mutex_destroy(&log->lock);
	free(log);
}
