/* gateway_read - the property `gateway` of control loop types: what it may say, and what must hold in it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/looptype/gateway_priv.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/document.h"
#include "runtime/looptype/looptype_priv.h"

#define ITEMS_MAX GATEWAY_PATHS_MAX /* of any list */
#define HOST_MAX_BYTES 253
#define PATH_MAX_BYTES 1024

const char *const gateway_method_name[GATEWAY_METHOD_COUNT] = {
#define X(name) #name,
	GATEWAY_METHODS(X)
#undef X
};

static const char *const row_members[] = {"line", "column", "name", "version", NULL};

void
gateway_find(struct gateway_reading *r, const struct node *at, const char *format, ...)
{
	char path[160], what[512];
	va_list args;

	if (!r->findings)
		return;
	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args); /* a longer one is cut */
	va_end(args);
	node_path(at, path, sizeof(path));
	looptype_find(r->findings, 400, at, "%s: %s", path, what);
}

unsigned
gateway_method_find(struct str name)
{
	for (unsigned i = 0; i < GATEWAY_METHOD_COUNT; i++)
		if (str_is(name, gateway_method_name[i]))
			return 1u << i;
	return 0;
}

bool
gateway_path_covers(struct str path, struct str asked)
{
	return str_starts_with(asked, path) && (asked.len == path.len || asked.ptr[path.len] == '/');
}

/* True for names that can stand in a path of the gateway as they are. */
static bool
is_name(struct str name)
{
	return concept_name_valid(name) && !str_is(name, ".") && !str_is(name, "..");
}

static bool
is_member(const char *const *names, struct str key)
{
	while (*names && !str_is(key, *names))
		names++;
	return *names != NULL;
}

bool
gateway_check_map(struct gateway_reading *r, const struct node *map, const char *const *members)
{
	if (map->kind != NODE_MAP) {
		gateway_find(r, map, "%s where a map is expected", node_kind_phrase(map));
		return false;
	}
	for (const struct node *child = map->first; child; child = child->next)
		if (!is_member(members, child->key) && !(r->row && is_member(row_members, child->key)))
			gateway_find(r, child, "there is no such member");
	return true;
}

static uint32_t
place(const struct gateway_reading *r, const struct node *node, const char *member)
{
	const struct node *number = node_get(node, member);

	if (!r->row)
		return member[0] == 'l' ? node->line : node->column;
	return number && number->kind == NODE_INT ? (uint32_t)number->integer : 0;
}

const struct node *
gateway_list(struct gateway_reading *r, const struct node *map, const char *key)
{
	const struct node *list = node_get(map, key);

	if (node_is_null(list))
		return NULL;
	if (list->kind != NODE_LIST)
		gateway_find(r, list, "%s where a list is expected", node_kind_phrase(list));
	else if (list->count == 0 || list->count > ITEMS_MAX)
		gateway_find(r, list, "a list of 1 to %d", ITEMS_MAX);
	else
		return list;
	return NULL;
}

/* Room for what a list holds. */
static void *
room(struct gateway_reading *r, const struct node *list, size_t size)
{
	void *array = arena_array(r->arena, list ? list->count : 0, size);

	r->exhausted |= !array;
	return array;
}

static bool
read_flag(struct gateway_reading *r, const struct node *map, const char *key, bool otherwise)
{
	const struct node *node = node_get(map, key);

	if (node_is_null(node))
		return otherwise;
	if (node->kind != NODE_BOOL) {
		gateway_find(r, node, "true or false, not '%.*s'", STR_ARG(node->text));
		return otherwise;
	}
	return node->boolean;
}

/* --- scopes --- */

/* Segments of A-Z a-z 0-9 - . _ , none of them . or .. , each after a slash. */
static bool
is_path(struct str path)
{
	size_t i = 0;

	while (i < path.len) {
		struct str segment = {path.ptr + i + 1, 0};

		if (path.ptr[i++] != '/')
			return false;
		for (; i < path.len && path.ptr[i] != '/'; i++)
			segment.len++;
		if (!is_name(segment))
			return false;
	}
	return path.len > 0 && path.len <= PATH_MAX_BYTES;
}

/* The path without a slash at its end; absent after a finding. */
static struct str
read_path(struct gateway_reading *r, const struct node *node)
{
	struct str path = node->kind == NODE_TEXT ? node->text : STR("");

	if (str_is(path, "/"))
		return STR("");
	if (path.len && path.ptr[path.len - 1] == '/')
		path.len--;
	if (is_path(path))
		return path;
	gateway_find(r, node, "a path is like /api/v1, of A-Z a-z 0-9 - . _, not '%.*s'", STR_ARG(node->text));
	return STR_NONE;
}

void
gateway_read_scope(struct gateway_reading *r, const struct node *map, struct gateway_scope *ret)
{
	static const struct str everything = {"", 0};
	const struct node *methods = gateway_list(r, map, "methods"), *paths = gateway_list(r, map, "paths");
	struct str *list = room(r, paths, sizeof(*list));

	*ret = (struct gateway_scope){methods ? 0 : GATEWAY_METHODS_ALL, &everything, 1};
	for (const struct node *node = methods ? methods->first : NULL; node; node = node->next) {
		unsigned method = gateway_method_find(node->text);

		if (!method)
			gateway_find(r, node, "'%.*s' is none of GET HEAD POST PUT PATCH DELETE OPTIONS",
			             STR_ARG(node->text));
		ret->methods |= method;
	}
	if (!paths || !list)
		return;
	ret->paths = list;
	ret->path_count = 0;
	for (const struct node *node = paths->first; node; node = node->next) {
		list[ret->path_count] = read_path(r, node);
		ret->path_count += list[ret->path_count].ptr != NULL;
	}
}

/* --- services --- */

static bool
is_host(struct str host)
{
	return concept_name_valid(host) && host.len <= HOST_MAX_BYTES && host.ptr[0] != '.' && host.ptr[0] != '-';
}

/* protocol://host[:port][/path], as far as it goes. */
static void
split_url(struct str url, struct gateway_service *ret)
{
	struct str rest;
	size_t i = 0;

	ret->protocol = str_starts_with(url, STR("https://")) ? STR("https") : STR("http");
	if (!str_starts_with(url, ret->protocol) || url.len < ret->protocol.len + 3 ||
	    memcmp(url.ptr + ret->protocol.len, "://", 3) != 0)
		return;
	rest = (struct str){url.ptr + ret->protocol.len + 3, url.len - ret->protocol.len - 3};
	while (i < rest.len && rest.ptr[i] != ':' && rest.ptr[i] != '/')
		i++;
	ret->host = (struct str){rest.ptr, i};
	if (i < rest.len && rest.ptr[i] == ':') {
		ret->port = 0;
		for (i++; i < rest.len && rest.ptr[i] >= '0' && rest.ptr[i] <= '9' && ret->port < 65536; i++)
			ret->port = ret->port * 10 + (rest.ptr[i] - '0');
	} else {
		ret->port = -1;
	}
	ret->path = (struct str){rest.ptr + i, rest.len - i};
}

static void
read_url(struct gateway_reading *r, const struct node *url, const struct node *map, struct gateway_service *ret)
{
	if (node_get(map, "host") || node_get(map, "protocol") || node_get(map, "port") || node_get(map, "path"))
		gateway_find(r, url, "either url, or host with protocol, port and path");
	split_url(url->text, ret);
	if (str_is(ret->path, "/"))
		ret->path = STR("");
	if (!is_host(ret->host) || ret->port == 0 || ret->port > 65535 || (ret->path.len && !is_path(ret->path)))
		gateway_find(r, url, "a url is like http://host:8080/path, not '%.*s'", STR_ARG(url->text));
}

void
gateway_read_endpoint(struct gateway_reading *r, const struct node *map, struct gateway_service *ret)
{
	const struct node *url = node_get(map, "url"), *protocol = node_get(map, "protocol");
	const struct node *port = node_get(map, "port"), *path = node_get(map, "path"), *host = node_get(map, "host");

	ret->protocol = STR("http");
	ret->path = STR("");
	ret->port = -1;
	if (!node_is_null(url)) {
		read_url(r, url, map, ret);
	} else {
		if (!node_is_null(protocol))
			ret->protocol = protocol->text;
		if (!str_is(ret->protocol, "http") && !str_is(ret->protocol, "https"))
			gateway_find(r, protocol, "http or https, not '%.*s'", STR_ARG(ret->protocol));
		if (!node_is_null(host))
			ret->host = host->text;
		if (!node_is_null(host) && !is_host(host->text))
			gateway_find(r, host, "'%.*s' is not a host name", STR_ARG(host->text));
		if (!node_is_null(port))
			ret->port = port->kind == NODE_INT ? port->integer : 0;
		if (ret->port == 0 || ret->port < -1 || ret->port > 65535)
			gateway_find(r, port, "a port is 1 to 65535, not '%.*s'", STR_ARG(port->text));
		if (!node_is_null(path))
			ret->path = read_path(r, path);
	}
	if (ret->port == -1)
		ret->port = str_is(ret->protocol, "https") ? 443 : 80;
}

static void
read_protocols(struct gateway_reading *r, const struct node *map, struct gateway_service *ret)
{
	const struct node *list = gateway_list(r, map, "protocols");

	ret->http = ret->https = !list;
	for (const struct node *node = list ? list->first : NULL; node; node = node->next) {
		ret->http |= str_is(node->text, "http");
		ret->https |= str_is(node->text, "https");
		if (!str_is(node->text, "http") && !str_is(node->text, "https"))
			gateway_find(r, node, "http or https, not '%.*s'", STR_ARG(node->text));
	}
}

struct str
gateway_read_name(struct gateway_reading *r, const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	if (node_is_null(node))
		gateway_find(r, map, "%s is missing", key);
	else if (node->kind != NODE_TEXT || !is_name(node->text))
		gateway_find(r, node, "a name is 1 to 200 of A-Z a-z 0-9 - _ ., not '%.*s'", STR_ARG(node->text));
	else
		return node->text;
	return STR_NONE;
}

static void
read_services(struct gateway_reading *r, const struct node *property, struct gateway_part *ret)
{
	static const char *const members[] = {"name", "url",     "host",  "protocol",  "port",
	                                      "path", "methods", "paths", "protocols", NULL};
	const struct node *list = gateway_list(r, property, "services");

	ret->services = room(r, list, sizeof(*ret->services));
	for (const struct node *node = list && ret->services ? list->first : NULL; node; node = node->next) {
		struct gateway_service *service = &ret->services[ret->service_count];

		if (!gateway_check_map(r, node, members))
			continue;
		*service = (struct gateway_service){.name = gateway_read_name(r, node, "name"),
		                                    .node = node,
		                                    .line = place(r, node, "line"),
		                                    .column = place(r, node, "column")};
		gateway_read_endpoint(r, node, service);
		read_protocols(r, node, service);
		gateway_read_scope(r, node, &service->scope);
		for (size_t i = 0; i < ret->service_count; i++)
			if (service->name.ptr && str_equal(ret->services[i].name, service->name))
				gateway_find(r, node, "service '%.*s' is there twice", STR_ARG(service->name));
		ret->service_count += service->name.ptr != NULL;
	}
}

static void
read_calls(struct gateway_reading *r, const struct node *property, struct gateway_part *ret)
{
	static const char *const members[] = {"service", "element", "methods", "paths", NULL};
	const struct node *list = gateway_list(r, property, "calls");

	ret->calls = room(r, list, sizeof(*ret->calls));
	for (const struct node *node = list && ret->calls ? list->first : NULL; node; node = node->next) {
		struct gateway_call *call = &ret->calls[ret->call_count];

		if (!gateway_check_map(r, node, members))
			continue;
		*call = (struct gateway_call){.service = gateway_read_name(r, node, "service"),
		                              .node = node,
		                              .line = place(r, node, "line"),
		                              .column = place(r, node, "column")};
		if (node_get(node, "element"))
			call->element = gateway_read_name(r, node, "element");
		gateway_read_scope(r, node, &call->scope);
		ret->call_count += call->service.ptr != NULL;
	}
}

/* --- parts --- */

void
gateway_read_part(struct gateway_reading *r, const struct node *property, bool loop, bool sandbox,
                  struct gateway_part *ret)
{
	static const char *const loop_members[] = {"sandbox", "services", NULL};
	static const char *const element_members[] = {"sandbox", "services", "calls", NULL};

	ret->sandbox = sandbox;
	if (node_is_null(property) || !gateway_check_map(r, property, loop ? loop_members : element_members))
		return;
	ret->sandbox = read_flag(r, property, "sandbox", sandbox);
	read_services(r, property, ret);
	if (!loop)
		read_calls(r, property, ret);
}

int
gateway_read_row(struct str row, struct arena *arena, struct gateway *ret)
{
	static const struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct gateway_reading r = {.arena = arena, .row = true};
	struct node *root;
	int rc = json_read(row, "", &limits, arena, &root, NULL);

	if (rc != 0)
		return rc == -ERROR_MEMORY ? rc : -ERROR_DAMAGED;
	*ret = (struct gateway){arena_array(arena, root->count, sizeof(*ret->parts)), 0};
	if (!ret->parts)
		return -ERROR_MEMORY;
	for (const struct node *node = root->first; node; node = node->next) {
		struct gateway_part *part = &ret->parts[ret->count];

		*part = (struct gateway_part){.definition = concept_read(node)};
		gateway_read_part(&r, node, ret->count == 0, false, part);
		ret->count++;
	}
	return r.exhausted ? -ERROR_MEMORY : 0;
}

const struct gateway_part *
gateway_part_of(const struct gateway *gateway, struct concept definition)
{
	for (size_t i = 1; i < gateway->count; i++)
		if (concept_equal(gateway->parts[i].definition, definition))
			return &gateway->parts[i];
	return NULL;
}

bool
gateway_element_is_on(const struct element *element)
{
	return element->participant_id.name.ptr && loop_state_from(element->state) != LOOP_UNINITIALISED &&
	       loop_state_to(element->state) != LOOP_UNINITIALISED;
}
