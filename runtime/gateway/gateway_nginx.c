/* gateway_nginx - the gateways of instances as locations for nginx, which asks clguard about each request */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

#include <inttypes.h>

/*
 * Theory of operation. The locations know no rights: they know where a service is, and ask GET /clguard/v1/authz about
 * each request before they pass it on, with what the client asked and the key or certificate that it showed. So what is
 * on participants decides at once, and nothing passes when nobody answers. Paths are those of gateway_kong.c; a path
 * that is none of them is refused by nginx itself.
 */

#define NGINX_MAX ((size_t)32 << 20) /* bytes; beyond it an instance is asked for by name */

struct nginx_rendering {
	struct txn *txn;
	struct text *out;
	const struct loop *loop;
	struct str log; /* empty: none */
};

/* A path that needs no quotes in a configuration. */
static bool
is_plain_path(struct str path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_/";

	for (size_t i = 0; i < path.len; i++)
		if (!memchr(plain, path.ptr[i], sizeof(plain) - 1))
			return false;
	return path.len > 1 && path.ptr[0] == '/';
}

/* /<instance>/<version>/<element id | external>/<service> */
static const char *
nginx_place(const struct nginx_rendering *r, const struct element *element, struct str service)
{
	struct str at = element ? element->id : STR("external");
	const char *place = arena_printf(r->txn->arena, "/%.*s/%.*s/%.*s/%.*s", STR_ARG(r->loop->id.name),
	                                 STR_ARG(r->loop->id.version), STR_ARG(at), STR_ARG(service));

	if (!place)
		txn_fail(r->txn, ERROR_MEMORY);
	return place ? place : "/";
}

/* Writes the location below the place, or, with match "= ", the place itself. */
static void
nginx_write_location(const char *match, const char *place, bool below, const struct gateway_service *service,
                     struct str log, struct text *out)
{
	text_addf(out,
	          "location %s%s%s {\n\tauth_request /.clguard-authz;\n"
	          "\tauth_request_set $clguard_reason $upstream_http_x_clguard_reason;\n"
	          "\tadd_header X-Clguard-Reason $clguard_reason always;\n\tproxy_set_header apikey \"\";\n"
	          "\tproxy_set_header Authorization $clguard_rest;\n"
	          "\tproxy_pass %.*s://%.*s:%" PRId64 "%.*s%s;\n",
	          match, place, below ? "/" : "", STR_ARG(service->protocol), STR_ARG(service->host), service->port,
	          STR_ARG(service->path), below || service->path.len == 0 ? "/" : "");
	if (log.len)
		text_addf(out, "\taccess_log %.*s combined;\n", STR_ARG(log));
	text_add(out, STR("}\n"));
}

static void
nginx_write_part(const struct nginx_rendering *r, const struct gateway_part *part, const struct element *element)
{
	for (size_t i = 0; i < part->service_count; i++) {
		struct gateway_service service = part->services[i];
		const char *place;

		if (element)
			service = gateway_endpoint(&service, element, r->txn->arena);
		if (!service.host.ptr)
			continue;
		place = nginx_place(r, element, service.name);
		nginx_write_location("", place, true, &service, r->log, r->out);
		nginx_write_location("= ", place, false, &service, r->log, r->out);
	}
}

static bool
nginx_write_loop(void *context, struct loop *loop)
{
	struct nginx_rendering *r = context;
	struct gateway gateway;
	bool on = false;

	if (!gateway_load(r->txn, loop->definition, &gateway))
		return true;
	r->loop = loop;
	for (size_t i = 0; i < loop->count; i++) {
		const struct gateway_part *part = gateway_part_of(&gateway, loop->elements[i].definition);

		if (!part || !gateway_element_is_on(&loop->elements[i]))
			continue;
		on = true;
		nginx_write_part(r, part, &loop->elements[i]);
	}
	if (on)
		nginx_write_part(r, &gateway.parts[0], NULL);
	return r->out->len <= NGINX_MAX;
}

/* HOST:PORT of what stands in host names and addresses: it goes into a configuration. */
bool
gateway_address_valid(struct str address)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
	size_t colon = address.len;

	while (colon > 0 && address.ptr[colon - 1] != ':')
		colon--;
	if (colon < 2 || colon == address.len || address.len - colon > 5)
		return false;
	for (size_t i = colon; i < address.len; i++)
		if (address.ptr[i] < '0' || address.ptr[i] > '9')
			return false;
	for (size_t i = 0; i + 1 < colon; i++)
		if (!memchr(plain, address.ptr[i], sizeof(plain) - 1))
			return false;
	return true;
}

static void
nginx_write_head(struct str address, struct text *out)
{
	text_addf(out,
	          "# clguard's configuration for nginx: include it in a server block.\n"
	          "set $clguard_bearer $http_authorization;\nset $clguard_rest \"\";\n"
	          "if ($http_authorization !~ \"^Bearer [\\w-]+\\.[\\w-]+\\.[\\w-]*$\") {\n\tset $clguard_bearer "
	          "\"\";\n}\n"
	          "if ($http_apikey) {\n\tset $clguard_bearer \"\";\n}\n"
	          "if ($ssl_client_verify = SUCCESS) {\n\tset $clguard_bearer \"\";\n}\n"
	          "if ($clguard_bearer = \"\") {\n\tset $clguard_rest $http_authorization;\n}\n"
	          "location = /.clguard-authz {\n\tinternal;\n\tproxy_pass http://%.*s/clguard/v1/authz;\n"
	          "\tproxy_pass_request_headers off;\n\tproxy_pass_request_body off;\n\tproxy_set_header "
	          "Content-Length \"\";\n"
	          "\tproxy_set_header X-Original-Method $request_method;\n"
	          "\tproxy_set_header X-Original-URI $request_uri;\n"
	          "\tproxy_set_header apikey $http_apikey;\n\tproxy_set_header Authorization $clguard_bearer;\n"
	          "\tproxy_set_header X-SSL-Client-Verify $ssl_client_verify;\n"
	          "\tproxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn;\n}\n"
	          "location / {\n\treturn 403;\n}\n",
	          STR_ARG(address));
}

void
gateway_write_nginx(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct nginx_rendering rendering = {.txn = txn, .out = out, .log = call->number ? call->texts[0] : STR("")};
	struct str address = call->other.len ? call->other : STR("127.0.0.1:6969");
	struct loop loop;

	if (!gateway_address_valid(address)) {
		call_refuse(call, 400, "authz is wrong: expected HOST:PORT, got '%.*s'", STR_ARG(address));
		return;
	}
	if (rendering.log.len && !is_plain_path(rendering.log)) {
		call_refuse(call, 400, "log is wrong: expected a path of letters, digits and ._-/, got '%.*s'",
		            STR_ARG(rendering.log));
		return;
	}
	if (call->name.len && call->version.len &&
	    (!concept_name_valid(call->name) || !concept_version_valid(call->version) ||
	     !loop_load(txn, (struct concept){call->name, call->version}, &loop))) {
		call_refuse(call, 404, "Control Loop not found");
		return;
	}
	nginx_write_head(address, out);
	loops_each(txn, call->name, call->version, nginx_write_loop, &rendering);
	if (out->len > NGINX_MAX)
		call_refuse(call, 507,
		            "the configuration has more than %zu MiB: ask for one instance by name and version",
		            NGINX_MAX >> 20);
}
