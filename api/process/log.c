/* log - lines on stderr, the program's only voice */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/log.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

void
log_line(const struct settings *settings, enum log_level level, const char *format, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	char line[1500], time[TIME_TEXT_SIZE];
	struct timespec now;
	va_list args;
	int len, more;

	if ((int)level > settings->log_level)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	time_format_instant((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, time);
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
