/* log - lines on stderr, the program's only voice */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_LOG_H
#define API_PROCESS_LOG_H

#include "api/process/settings.h"

/* Whether stderr is the stream that JOURNAL_STREAM names, so that the journal reads it. source  systemd.exec(5) */
bool log_is_journal(void);

/*
 * "2026-04-14T12:00:00.123Z info text": one write a line, so that lines of several threads never mix. Long ones are
 * cut. To the journal, which has a time of its own: "<6>info text", with the priority of syslog(3).
 */
void log_line(const struct settings *settings, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
