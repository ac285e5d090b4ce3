/* log - lines on stderr, the program's only voice */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

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

void
log_line(const struct settings *settings, enum log_level level, const char *format, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	char line[1500], time[TIME_TEXT_SIZE];
	struct timespec now;
	va_list args;
	int len, more;

	if ((int)level > settings->log_level)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	time_format_instant((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, time);
	if (settings->journal)
		len = snprintf(line, sizeof(line), "<%d>%s ", priorities[level], names[level]);
	else
		len = snprintf(line, sizeof(line), "%s %s ", time, names[level]);
	va_start(args, format);
	more = vsnprintf(line + len, sizeof(line) - (size_t)len, format, args);
	va_end(args);
	if (more < 0)
		return;
	len += more < (int)sizeof(line) - len ? more : (int)sizeof(line) - len - 1;
	for (int i = 0; i < len; i++) /* a name from outside must not make a line of its own */
		if ((unsigned char)line[i] < 0x20)
			line[i] = ' ';
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)len); /* nobody is left to tell */
}
