/* origin - which web pages may call the service, and under which names it is reached */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/origin.h"

#include <unistd.h>

/* Without the port, and without the brackets of an IPv6 address. */
static struct str
host_name(struct str host)
{
	const char *end;

	if (host.len && host.ptr[0] == '[') {
		end = memchr(host.ptr, ']', host.len);
		return end ? (struct str){host.ptr + 1, (size_t)(end - host.ptr) - 1} : host;
	}
	end = host.len ? memchr(host.ptr, ':', host.len) : NULL;
	return end ? (struct str){host.ptr, (size_t)(end - host.ptr)} : host;
}

/* Digits and dots, or hexadecimal digits and colons: a name that is rebound is neither. */
static bool
host_is_address(struct str name)
{
	bool colon = name.len && memchr(name.ptr, ':', name.len);

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';

		if (!(colon ? hex || c == '.' : (c >= '0' && c <= '9') || c == '.'))
			return false;
	}
	return name.len > 0;
}

static bool
host_is_listed(const struct settings_list *hosts, struct str name)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (str_equal_nocase(str_from(hosts->items[i]), name))
			return true;
	return false;
}

static bool
host_is_ours(struct str name)
{
	char machine[256] = "";

	if (host_is_address(name) || str_equal_nocase(name, STR("localhost")))
		return true;
	return gethostname(machine, sizeof(machine) - 1) == 0 && str_equal_nocase(str_from(machine), name);
}

/* "http://HOST" or "https://HOST", HOST as the Host header has it. */
static bool
origin_is_own(struct str origin, struct str host)
{
	static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};

	for (size_t i = 0; i < 2; i++)
		if (str_starts_with(origin, schemes[i]) &&
		    str_equal_nocase((struct str){origin.ptr + schemes[i].len, origin.len - schemes[i].len}, host))
			return true;
	return false;
}

bool
origin_is_listed(const struct settings *settings, struct str origin)
{
	return host_is_listed(&settings->origins, origin);
}

bool
origin_is_welcome(const struct settings *settings, struct str origin, struct str fetch_site, struct str host)
{
	struct str name = host_name(host);
	bool browser = origin.ptr || fetch_site.ptr, listed = origin.ptr && origin_is_listed(settings, origin);

	if (settings->hosts.count ? host.ptr && !host_is_listed(&settings->hosts, name)
	                          : browser && host.ptr && !host_is_ours(name))
		return false;
	if (origin.ptr && !listed && !(host.ptr && origin_is_own(origin, host)))
		return false;
	return listed || !fetch_site.ptr || !str_equal(fetch_site, STR("cross-site"));
}
