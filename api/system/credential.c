/* credential - secrets that a service manager hands over as files, and what must not be printed of an URL */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/system/credential.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define PREFIX STR("credential:")

int
credential_path(struct str text, struct arena *arena, const char **ret, struct error *err)
{
	struct str name = {text.ptr + PREFIX.len, text.len - PREFIX.len};
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	if (!str_starts_with(text, PREFIX)) {
		*ret = arena_str(arena, text).ptr;
		return *ret ? 0 : error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	if (name.len == 0 || memchr(name.ptr, '/', name.len) || str_is(name, ".") || str_is(name, ".."))
		return error_set(err, ERROR_TYPE, NULL, "'%.*s' is not the name of a credential", STR_ARG(name));
	if (!directory || !*directory)
		return error_set(
			err, ERROR_MISSING, NULL,
			"'%.*s': $CREDENTIALS_DIRECTORY is not set: expected to be started by a service manager "
			"that hands credentials over (LoadCredential=)",
			STR_ARG(text));
	*ret = arena_printf(arena, "%s/%.*s", directory, STR_ARG(name));
	return *ret ? 0 : error_set(err, ERROR_MEMORY, NULL, "out of memory");
}

struct str
credential_in(const char *text)
{
	const char *from = strstr(text, "://"), *at;
	size_t len;

	if (!from)
		return STR_NONE;
	from += 3;
	len = strcspn(from, "/?# ,");
	at = memrchr(from, '@', len);
	return at ? (struct str){from, (size_t)(at - from)} : STR_NONE;
}
