/* listener - further addresses to listen on, and which roles they carry */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/listener.h"

#include <stdio.h>

#include "api/identity/roles.h"
#include "api/system/socket.h"

int
listener_parse(const char *text, struct listener *ret, struct error *err)
{
	struct str rest = str_from(text);
	struct listener listener = {.roles = ROLE_ALL};
	bool first = true;

	while (rest.len || first) {
		const char *comma = rest.len ? memchr(rest.ptr, ',', rest.len) : NULL;
		struct str word = {rest.ptr, comma ? (size_t)(comma - rest.ptr) : rest.len};
		struct error why = {0};

		rest.ptr += word.len + (comma != NULL);
		rest.len -= word.len + (comma != NULL);
		if (first) {
			(void)snprintf(listener.address, sizeof(listener.address), "%.*s", STR_ARG(word));
			if (word.len >= sizeof(listener.address) || !socket_address_good(listener.address))
				return error_set(err, ERROR_TYPE, NULL,
				                 "listeners: '%.*s' is not ADDR:PORT, [ADDR]:PORT or unix:PATH",
				                 STR_ARG(word));
			first = false;
		} else if (str_is(word, "plain")) {
			listener.plain = true;
		} else if (str_starts_with(word, STR("roles="))) {
			if (roles_parse((struct str){word.ptr + 6, word.len - 6}, &listener.roles, &why) != 0)
				return error_set(err, why.code, NULL, "listeners: %s", why.text);
		} else {
			return error_set(err, ERROR_TYPE, NULL,
			                 "listeners: '%.*s' is not an option: expected plain or roles=ROLE+ROLE",
			                 STR_ARG(word));
		}
	}
	*ret = listener;
	return 0;
}

bool
listener_is_local(const char *address)
{
	static const char *const local[] = {"unix:", "127.", "[::1]:", "localhost:"};

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (str_starts_with(str_from(address), str_from(local[i])))
			return true;
	return false;
}
