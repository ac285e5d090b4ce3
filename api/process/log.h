/* log - lines on stderr or in the journal, the program's only voice */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_LOG_H
#define API_PROCESS_LOG_H

#include "api/process/settings.h"

/* Whether stderr is the stream that JOURNAL_STREAM names, so that the journal reads it. source  systemd.exec(5) */
bool log_is_journal(void);

/* State that lines share: how often each was written recently, and the journal's socket. settings->log; NULL: neither. */
struct log;

/* errors  ERROR_IO: no process listens at log_journal; ERROR_MEMORY */
int log_open(const struct settings *settings, struct log **ret, struct error *err);

/* Tells of what was left out. Takes NULL. */
void log_close(struct log *log, const struct settings *settings);

/* Tells of lines that were left out and come no more. Once a second or so; main thread. */
void log_tick(const struct settings *settings);

/* Whose request a line is about; absent texts are left out. */
struct log_request {
	struct str id, trace;
};

/*
 * A line of the module that a source file belongs to, which is its folder; about: may be NULL. One write a line, so that lines of
 * several threads never mix; long ones are cut. More than log_burst of one kind within ten seconds are counted, and told together.
 * shapes  text: "2026-04-14T12:00:00.123Z info text"; to the journal's stream, which has a time of its own: "<6>info text", with
 *         the priority of syslog(3); json: {"time","level","module","message","requestId"?,"traceId"?}; log_journal: the journal's
 *         own protocol, with CLGUARD_MODULE, CLGUARD_REQUEST_ID and CLGUARD_TRACE_ID
 */
void log_write(const struct settings *settings, const char *file, enum log_level level, const struct log_request *about,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

#define log_line(settings, level, ...) log_write(settings, __FILE__, level, NULL, __VA_ARGS__)

/* Lines of this module, one a request, are written only where log_levels names it; they are not counted. */
#define LOG_ACCESS "access"

/* Whether a line of a module would be written. */
bool log_wants(const struct settings *settings, struct str module, enum log_level level);

/* As log_write, of the module access. */
void log_access(const struct settings *settings, const struct log_request *about, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* An item of log_levels: MODULE=LEVEL. */
bool log_level_good(const char *item);

#endif
