/* gateway_kong - the gateways of instances as declarative configuration for Kong */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/gateway/gateway_guests.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * Theory of operation. What elements may do depends on their definition, so each definition of an instance is one
 * ACL group, and each element a consumer in its group with a key of its own. A service is rendered once for each path
 * at which access begins: the paths that the service is open for, and those of the calls that name it. For one such
 * path each method has a set of groups that may use it, by all calls whose path covers this one; methods with the same
 * set are one route. A gateway takes the route with the longest path, so a set that is right for its path is right for
 * all below it up to the next longer one. A method that nobody may use at a path is free to nobody at a shorter one
 * either, so no route there could take the request. Every route names methods and paths, for Kong prefers routes that
 * name more.
 *
 * An element of another instance that both instances let call is a guest: a consumer in a group of its own, named as it is,
 * whose bit follows those of the definitions.
 *
 * At the gateway a service of an element is /<instance>/<version>/<element id>/<service>, one outside of the control
 * loop /<instance>/<version>/external/<service>. A path is a pair there: "/x/" for what is below, and the expression
 * "/x" to its end, so that /x covers /x/y and not /xy.
 */

#define CONFIGURATION_MAX ((size_t)32 << 20) /* bytes; beyond it an instance is asked for by name */

struct rendering {
	struct txn *txn;
	struct text *services, *consumers;
	const struct gateway *gateway;
	const struct loop *loop;
};

/* A service of an instance; element NULL: outside of it. */
struct rendered {
	const struct gateway_part *part;
	struct gateway_service service;
	const struct element *element;
	struct gateway_guest *guests;
	size_t guest_count;
};

/* Which definitions may use a method: bits by number of the part, then of the guest. */
struct callers {
	uint64_t *bits;
	size_t words;
};

static void
write_tags(const struct loop *loop, struct text *out)
{
	text_add(out, STR("\"tags\":[\"clguard\","));
	text_add(out, STR("\"controlloop:"));
	text_addf(out, "%.*s:%.*s\"]", STR_ARG(loop->id.name), STR_ARG(loop->id.version));
}

/* /<instance>/<version>/<element id>/<service><path> */
static struct str
entry_path(const struct rendering *r, const struct rendered *rendered, struct str path)
{
	struct str at = rendered->element ? rendered->element->id : STR("external");
	const char *text =
		arena_printf(r->txn->arena, "/%.*s/%.*s/%.*s/%.*s%.*s", STR_ARG(r->loop->id.name),
	                     STR_ARG(r->loop->id.version), STR_ARG(at), STR_ARG(rendered->service.name), STR_ARG(path));

	if (text)
		return str_from(text);
	txn_fail(r->txn, ERROR_MEMORY);
	return STR("");
}

/* As a name: its slashes are '~', which no path of ours has. */
static void
write_name(const struct rendering *r, const struct rendered *rendered, struct str path, struct text *out)
{
	struct str whole = entry_path(r, rendered, path);

	for (size_t i = 1; i < whole.len; i++)
		text_add(out, whole.ptr[i] == '/' ? STR("~") : (struct str){whole.ptr + i, 1});
}

/* Dots are the only characters of ours that mean something in an expression. Twice escaped: this is JSON. */
static void
write_paths(const struct rendering *r, const struct rendered *rendered, struct str path, struct text *out)
{
	struct str whole = entry_path(r, rendered, path);

	text_add(out, STR("\"paths\":["));
	text_addf(out, "\"%.*s/\",\"~", STR_ARG(whole));
	for (size_t i = 0; i < whole.len; i++)
		text_add(out, whole.ptr[i] == '.' ? STR("\\\\.") : (struct str){whole.ptr + i, 1});
	text_add(out, STR("$\"]"));
}

/* --- who may --- */

static bool
may_call(const struct gateway_part *caller, const struct rendered *rendered, unsigned method, struct str path)
{
	if (!gateway_scope_covers(&rendered->service.scope, method, path))
		return false;
	if (!caller->sandbox && !(rendered->element && rendered->part->sandbox))
		return true;
	for (size_t i = 0; i < caller->call_count; i++) {
		const struct gateway_call *call = &caller->calls[i];

		if (str_equal(call->service, rendered->service.name) &&
		    (!call->element.ptr ||
		     (rendered->element && str_equal(call->element, rendered->part->definition.name))) &&
		    gateway_scope_covers(&call->scope, method, path))
			return true;
	}
	return false;
}

static void
find_callers(const struct rendering *r, const struct rendered *rendered, unsigned method, struct str path,
             struct callers *ret)
{
	memset(ret->bits, 0, ret->words * sizeof(*ret->bits));
	for (size_t i = 1; i < r->gateway->count; i++)
		if (may_call(&r->gateway->parts[i], rendered, method, path))
			ret->bits[i / 64] |= UINT64_C(1) << i % 64;
	for (size_t i = 0; i < rendered->guest_count; i++) {
		const struct gateway_guest *guest = &rendered->guests[i];
		size_t bit = r->gateway->count + i;

		if (gateway_scope_covers(&rendered->service.scope, method, path) &&
		    gateway_scope_covers(&guest->called, method, path) &&
		    gateway_scope_covers(&guest->offered, method, path))
			ret->bits[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

static bool
callers_any(const struct callers *callers)
{
	for (size_t i = 0; i < callers->words; i++)
		if (callers->bits[i])
			return true;
	return false;
}

/* --- services --- */

static void
write_acl(const struct rendering *r, const struct rendered *rendered, const struct callers *callers, struct text *out)
{
	const size_t count = r->gateway->count + rendered->guest_count;
	const char *comma = "";

	text_add(out, STR("\"plugins\":[{\"name\":\"acl\",\"config\":{\"allow\":["));
	for (size_t i = 1; i < count; i++) {
		if (!(callers->bits[i / 64] & UINT64_C(1) << i % 64))
			continue;
		text_addf(out, "%s", comma);
		comma = ",";
		text_add_json(out, i < r->gateway->count
		                           ? gateway_group(r->txn, r->loop->id, r->gateway->parts[i].definition)
		                           : rendered->guests[i - r->gateway->count].consumer);
	}
	text_add(out, STR("],\"hide_groups_header\":true}}]"));
}

static void
write_route(const struct rendering *r, const struct rendered *rendered, struct str path, unsigned methods,
            const struct callers *callers, struct text *out)
{
	const char *comma = "";

	text_add(out, STR("{\"name\":\""));
	write_name(r, rendered, path, out);
	for (unsigned i = 0; i < GATEWAY_METHOD_COUNT; i++)
		if (methods & 1u << i)
			text_addf(out, "~%s", gateway_method_name[i]);
	text_add(out, STR("\","));
	write_paths(r, rendered, path, out);
	text_add(out, STR(",\"methods\":["));
	for (unsigned i = 0; i < GATEWAY_METHOD_COUNT; i++) {
		if (!(methods & 1u << i))
			continue;
		text_addf(out, "%s\"%s\"", comma, gateway_method_name[i]);
		comma = ",";
	}
	text_addf(out, "],\"protocols\":[%s],\"strip_path\":true,",
	          !rendered->service.https  ? "\"http\""
	          : !rendered->service.http ? "\"https\""
	                                    : "\"http\",\"https\"");
	write_tags(r->loop, out);
	text_add(out, STR(","));
	write_acl(r, rendered, callers, out);
	text_add(out, STR("}"));
}

/* The routes of one path: methods by who may use them. How many were written. */
static size_t
write_routes(const struct rendering *r, const struct rendered *rendered, struct str path, struct text *out)
{
	struct callers callers[GATEWAY_METHOD_COUNT];
	size_t words = (r->gateway->count + rendered->guest_count + 63) / 64, count = 0;
	unsigned done = 0;

	for (unsigned i = 0; i < GATEWAY_METHOD_COUNT; i++) {
		callers[i] = (struct callers){arena_array(r->txn->arena, words, sizeof(uint64_t)), words};
		if (!callers[i].bits) {
			txn_fail(r->txn, ERROR_MEMORY);
			return 0;
		}
		find_callers(r, rendered, i, path, &callers[i]);
	}
	for (unsigned i = 0; i < GATEWAY_METHOD_COUNT; i++) {
		unsigned methods = 0;

		if (done & 1u << i || !callers_any(&callers[i]))
			continue;
		for (unsigned j = i; j < GATEWAY_METHOD_COUNT; j++)
			if (memcmp(callers[i].bits, callers[j].bits, words * sizeof(uint64_t)) == 0)
				methods |= 1u << j;
		done |= methods;
		text_add(out, count++ ? STR(",") : STR(""));
		write_route(r, rendered, path, methods, &callers[i], out);
	}
	return count;
}

static void
write_service_at(const struct rendering *r, const struct rendered *rendered, struct str path)
{
	const struct gateway_service *service = &rendered->service;
	struct text routes, *out = r->services;
	size_t size = out->len + r->consumers->len;

	text_init(&routes, r->txn->arena);
	if (size > CONFIGURATION_MAX || write_routes(r, rendered, path, &routes) == 0)
		return;
	text_add(out, out->len ? STR(",{\"name\":\"") : STR("{\"name\":\""));
	write_name(r, rendered, path, out);
	text_addf(out, "\",\"protocol\":\"%.*s\",\"host\":\"%.*s\",\"port\":%" PRId64 ",\"path\":\"%.*s%.*s\",",
	          STR_ARG(service->protocol), STR_ARG(service->host), service->port, STR_ARG(service->path),
	          STR_ARG(service->path.len || path.len ? path : STR("/")));
	write_tags(r->loop, out);
	text_add(out, STR(",\"plugins\":[{\"name\":\"key-auth\",\"config\":{\"key_names\":[\"apikey\"],"
	                  "\"hide_credentials\":true}}],\"routes\":["));
	text_add(out, txn_text(r->txn, &routes));
	text_add(out, STR("]}"));
}

static int
compare_paths(const void *left, const void *reservation)
{
	return str_compare(*(const struct str *)left, *(const struct str *)reservation);
}

/* Adds those paths of a scope that the service is open for. */
static size_t
add_paths(struct str *paths, size_t count, const struct gateway_scope *scope)
{
	for (size_t i = 0; i < scope->path_count; i++)
		paths[count++] = scope->paths[i];
	return count;
}

/* The paths at which access begins. */
static struct str *
find_paths(const struct rendering *r, const struct rendered *rendered, size_t *ret_count)
{
	size_t count = rendered->service.scope.path_count, kept = 0;
	struct str *paths;

	for (size_t i = 0; i < rendered->guest_count; i++)
		count += rendered->guests[i].called.path_count + rendered->guests[i].offered.path_count;

	for (size_t i = 1; i < r->gateway->count; i++)
		for (size_t j = 0; j < r->gateway->parts[i].call_count; j++)
			if (str_equal(r->gateway->parts[i].calls[j].service, rendered->service.name))
				count += r->gateway->parts[i].calls[j].scope.path_count;
	paths = arena_array(r->txn->arena, count, sizeof(*paths));
	if (!paths) {
		txn_fail(r->txn, ERROR_MEMORY);
		return NULL;
	}
	count = add_paths(paths, 0, &rendered->service.scope);
	for (size_t i = 0; i < rendered->guest_count; i++) {
		count = add_paths(paths, count, &rendered->guests[i].called);
		count = add_paths(paths, count, &rendered->guests[i].offered);
	}
	for (size_t i = 1; i < r->gateway->count; i++)
		for (size_t j = 0; j < r->gateway->parts[i].call_count; j++)
			if (str_equal(r->gateway->parts[i].calls[j].service, rendered->service.name))
				count = add_paths(paths, count, &r->gateway->parts[i].calls[j].scope);
	qsort(paths, count, sizeof(*paths), compare_paths);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !str_equal(paths[kept - 1], paths[i]))
			paths[kept++] = paths[i];
	*ret_count = kept;
	return paths;
}

static void
write_services(const struct rendering *r, const struct gateway_part *part, const struct element *element)
{
	for (size_t i = 0; i < part->service_count; i++) {
		struct rendered rendered = {.part = part, .service = part->services[i], .element = element};
		struct str *paths;
		size_t count;

		if (element)
			rendered.service = gateway_endpoint(&part->services[i], element, r->txn->arena);
		if (element)
			rendered.guest_count =
				gateway_guests(r->txn, r->loop->id, element, rendered.service.name, &rendered.guests);
		paths = rendered.service.host.ptr ? find_paths(r, &rendered, &count) : NULL;
		for (size_t j = 0; paths && j < count; j++)
			write_service_at(r, &rendered, paths[j]);
	}
}

/* --- consumers --- */

static void
write_consumer(const struct rendering *r, const struct element *element)
{
	struct str key = gateway_key(r->txn, r->loop->id, element->id);
	struct text *out = r->consumers;
	struct gateway_across *calls;

	text_add(out, out->len ? STR(",{\"username\":") : STR("{\"username\":"));
	text_add_json(out, gateway_consumer(r->txn, r->loop->id, element->id));
	text_add(out, STR(","));
	write_tags(r->loop, out);
	if (key.ptr) {
		text_add(out, STR(",\"keyauth_credentials\":[{\"key\":"));
		text_add_json(out, key);
		text_add(out, STR("}]"));
	}
	text_add(out, STR(",\"acls\":[{\"group\":"));
	text_add_json(out, gateway_group(r->txn, r->loop->id, element->definition));
	if (gateway_across_of(element, false, r->txn->arena, &calls)) {
		text_add(out, STR("},{\"group\":"));
		text_add_json(out, gateway_consumer(r->txn, r->loop->id, element->id));
	}
	text_add(out, STR("}]}"));
}

static bool
kong_write_loop(void *context, struct loop *loop)
{
	struct rendering *r = context;
	struct gateway gateway;
	bool on = false;

	if (!gateway_load(r->txn, loop->definition, &gateway))
		return true;
	r->gateway = &gateway;
	r->loop = loop;
	for (size_t i = 0; i < loop->count; i++) {
		const struct gateway_part *part = gateway_part_of(&gateway, loop->elements[i].definition);

		if (!part || !gateway_element_is_on(&loop->elements[i]))
			continue;
		on = true;
		write_services(r, part, &loop->elements[i]);
		write_consumer(r, &loop->elements[i]);
	}
	if (on)
		write_services(r, &gateway.parts[0], NULL);
	return r->services->len + r->consumers->len <= CONFIGURATION_MAX;
}

void
gateway_write_kong(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct text services, consumers;
	struct rendering rendering = {.txn = txn, .services = &services, .consumers = &consumers};
	struct loop loop;

	if (call->name.len && call->version.len &&
	    (!concept_name_valid(call->name) || !concept_version_valid(call->version) ||
	     !loop_load(txn, (struct concept){call->name, call->version}, &loop))) {
		call_refuse(call, 404, "Control Loop not found");
		return;
	}
	text_init(&services, txn->arena);
	text_init(&consumers, txn->arena);
	loops_each(txn, call->name, call->version, kong_write_loop, &rendering);
	if (services.len + consumers.len > CONFIGURATION_MAX) {
		call_refuse(call, 507,
		            "the configuration has more than %zu MiB: ask for one instance by name and version",
		            CONFIGURATION_MAX >> 20);
		return;
	}
	text_add(out, STR("{\"_format_version\":\"3.0\",\"services\":["));
	text_add(out, txn_text(txn, &services));
	text_add(out, STR("],\"consumers\":["));
	text_add(out, txn_text(txn, &consumers));
	text_add(out, STR("]}"));
}
