/* route - finds the handler of a method and path */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/route.h"

#include <stdio.h>

static bool
route_matches(const struct route *route, struct str path)
{
	struct str pattern = route->path;
	size_t i = 0, j = 0;

	if (route->flags & ROUTE_ID)
		return str_starts_with(path, pattern) && path.len > pattern.len &&
		       !memchr(path.ptr + pattern.len, '/', path.len - pattern.len);
	if (!(route->flags & ROUTE_STARS))
		return str_equal(path, pattern);
	for (; i < pattern.len; i++) {
		size_t from = j;

		if (pattern.ptr[i] != '*') {
			if (j == path.len || path.ptr[j++] != pattern.ptr[i])
				return false;
			continue;
		}
		while (j < path.len && path.ptr[j] != '/')
			j++;
		if (j == from)
			return false;
	}
	return j == path.len;
}

const struct route *
route_find(const struct route_table *table, enum http_method method, struct str path, unsigned *ret_methods)
{
	const struct route *routes = table->routes;
	bool exact = false; /* the path stands in the table as it is: then no star is for it */

	*ret_methods = 0;
	if (method == METHOD_HEAD)
		method = METHOD_GET;
	for (size_t i = 0; i < table->count; i++) {
		if ((exact && routes[i].flags & ROUTE_STARS) || !route_matches(&routes[i], path))
			continue;
		exact = exact || !(routes[i].flags & (ROUTE_STARS | ROUTE_ID));
		*ret_methods |= routes[i].method | (routes[i].method == METHOD_GET ? METHOD_HEAD : 0);
		if (routes[i].method == method)
			return &routes[i];
	}
	return NULL;
}

void
route_methods_text(unsigned methods, char *buf, size_t size)
{
	/* as the bits of enum http_method */
	static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!(methods & 1u << i) || len >= size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "", names[i]);
	}
}

bool
route_path_gated(struct str path)
{
	static const struct str served[] = {{"/healthcheck", 12}, {"/statistics", 11}, {"/metrics", 8}};

	if (!str_starts_with(path, STR("/policy/pdpx/v1/")))
		return false;
	for (size_t i = 0; i < sizeof(served) / sizeof(*served); i++)
		if (str_ends_with(path, served[i]))
			return false;
	return true;
}

unsigned
route_count(const struct route_table *table)
{
	return table->count + 1;
}

unsigned
route_number(const struct route_table *table, const struct route *route)
{
	return route ? (unsigned)(route - table->routes) : table->count;
}

const char *
route_label(const struct route_table *table, unsigned number)
{
	return number < table->count ? table->routes[number].label : "other";
}
