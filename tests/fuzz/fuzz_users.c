/* fuzz_users - whatever a users file holds, it is users or an error with its place, and who is let in has a password */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/identity/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Hashes are slow on purpose and not ours: a line with one is left to the corpus of `make check`. */
static bool
holds_hash(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++)
		if (data[i] == ':' && data[i + 1] == '$')
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct user *users = NULL;
	struct error err = {0};
	struct arena arena;
	size_t count = 0;
	char path[64];
	bool known;
	int fd, r;

	if (holds_hash(data, size))
		return 0;
	fd = memfd_create("users", MFD_CLOEXEC);
	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	arena_init(&arena, 0);
	r = users_read(path, &arena, &users, &count, &err);
	if (r != -(int)err.code || (r == 0) != (count > 0 && users) || (r < 0 && !err.text[0]))
		abort();
	/* "nobody:" has no password, which no line can give; "x:y" is let in only by a line of its own. */
	if (r == 0 && users_check(users, count, STR("nobody"), STR(""), &known))
		abort();
	if (r == 0 && users_check(users, count, STR("x"), STR("y"), &known) && !memmem(data, size, "x:y", 3))
		abort();
	arena_free(&arena);
	(void)close(fd); /* nothing is kept */
	return 0;
}
