/* fuzz_log - whatever a decision log holds: lines, a verdict of its chain, and events or errors with their place */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/decision_log/verify.h"
#include "api/replay/log_event.h"
#include "api/replay/log_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_verify(const char *path)
{
	const struct hash_key key = {1, 2};
	const struct verify_wanted wanted = {.number = 2};
	struct verify_report report = {0};
	struct error err = {0};
	FILE *out = fopen("/dev/null", "w");

	if (!out || verify_files(&path, 1, &key, &wanted, out, &report, &err) != 0 || report.files != 1 ||
	    (verify_is_whole(&report) && report.changed))
		abort();
	fclose(out);
}

/* As clguard log show and replay read them. */
static void
fuzz_lines(const char *path, size_t most, size_t size)
{
	struct log_lines lines = {0};
	struct error err = {0};
	struct arena arena;

	arena_init(&arena, (size_t)32 << 20);
	if (log_lines_read(&path, 1, most, &lines, &err) != 0) {
		if (!err.text[0])
			abort();
		lines.count = 0;
	}
	for (size_t i = 0; i < lines.count; i++) {
		struct log_event event;
		struct error why = {0};
		int r = log_event_read(lines.lines[i].text, &arena, &event, &why);

		if (lines.lines[i].text.len > size || (r < 0 && !why.text[0]) || (r < 0) != (why.code != 0))
			abort();
		arena_reset(&arena);
	}
	log_lines_free(&lines);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[40];
	int fd = memfd_create("log", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fuzz_verify(path);
	fuzz_lines(path, 0, size);
	fuzz_lines(path, 4096, size);
	close(fd);
	return 0;
}
