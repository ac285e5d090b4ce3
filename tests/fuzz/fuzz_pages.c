/* fuzz_pages - whatever the pages of a database hold, checking them ends, within the file, with a yes or a reason */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/store_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("pages", MFD_CLOEXEC), r;
	struct error err = {0};
	char path[64];

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = store_check_file(path, &err);
	if (r != -(int)err.code || (r < 0 && !err.text[0]))
		abort();
	(void)close(fd); /* nothing is kept */
	return 0;
}
