/* fuzz_authorization - whatever an Authorization header says, only the right name and password are let in */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/identity/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define USERS "alice:secret of hers\nbob:pass:word\n"

struct users {
	struct arena arena;
	struct user *users;
	size_t count;
};

static struct users *
open_users(void)
{
	int fd = memfd_create("users", MFD_CLOEXEC);
	static struct users users; /* read once, for all inputs */
	struct error err = {0};
	char path[64];

	arena_init(&users.arena, 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, USERS, sizeof(USERS) - 1) != sizeof(USERS) - 1 ||
	    users_read(path, &users.arena, &users.users, &users.count, &err) != 0)
		abort();
	return &users;
}

/* What a decoder without limits makes of the header, for comparison. */
static bool
is_user(const uint8_t *data, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char said[128] = "";
	unsigned bits = 0, have = 0;
	size_t len = 0, i = 6;

	while (size > i && strchr(" \t\r\n", data[size - 1]) && data[size - 1])
		size--;
	while (i < size && data[i] && strchr(" \t\r\n", data[i]))
		i++;
	while (size > i && data[size - 1] == '=')
		size--;
	for (; i < size && len < sizeof(said) - 1; i++) {
		const char *digit = data[i] ? strchr(digits, data[i]) : NULL;

		if (!digit)
			return false;
		bits = bits << 6 | (unsigned)(digit - digits);
		have += 6;
		if (have >= 8)
			said[len++] = (char)(bits >> (have -= 8) & 0xff);
	}
	if (have == 6 || bits & ((1u << have) - 1))
		return false;
	said[len] = '\0';
	return i == size && strlen(said) == len &&
	       (strcmp(said, "alice:secret of hers") == 0 || strcmp(said, "bob:pass:word") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct users *users;
	struct credentials credentials;
	struct str header = {(const char *)data, size};
	bool good, known;

	if (!users)
		users = open_users();
	good = credentials_read(header, &credentials) && !credentials.bearer &&
	       users_check(users->users, users->count, credentials.name, credentials.secret, &known);
	if (good != (size > 6 && is_user(data, size) && str_equal_nocase((struct str){header.ptr, 6}, STR("Basic "))))
		abort();
	return 0;
}
