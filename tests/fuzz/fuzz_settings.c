/* fuzz_settings - whatever a clguard.yaml holds, it is settings that print and read back as they are, or an error */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/process/settings.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
read_bytes(struct settings *settings, const void *data, size_t size, struct diags *findings)
{
	int fd = memfd_create("settings", MFD_CLOEXEC), r;
	char path[64];

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = settings_read_file(settings, path, findings);
	(void)close(fd); /* nothing is kept */
	return r;
}

static void
print(const struct settings *settings, char **ret, size_t *ret_size)
{
	FILE *out = open_memstream(ret, ret_size);

	if (!out)
		abort();
	settings_print(settings, false, out);
	(void)fclose(out); /* to memory */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings, again;
	struct diags findings;
	struct arena arena;
	char *printed, *reprinted;
	size_t len, again_len;
	int r;

	arena_init(&arena, (size_t)16 << 20);
	diags_init(&findings, &arena);
	settings_init(&settings, &arena);
	r = read_bytes(&settings, data, size, &findings);
	if ((r < 0) != (findings.count[SEVERITY_ERROR] > 0) || (r < 0 && findings.first && !findings.first->text[0]))
		abort();
	if (r == 0) {
		print(&settings, &printed, &len);
		settings_init(&again, &arena);
		if (read_bytes(&again, printed, len, &findings) != 0) {
			fprintf(stderr, "%s\n%s\n", findings.first ? findings.first->text : "", printed);
			abort();
		}
		print(&again, &reprinted, &again_len);
		if (len != again_len || memcmp(printed, reprinted, len) != 0)
			abort();
		free(printed);
		free(reprinted);
	}
	arena_free(&arena);
	return 0;
}
