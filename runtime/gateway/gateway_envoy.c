/* gateway_envoy - the gateways of instances as resources for Envoy, which asks clguard about each request */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

#include <inttypes.h>

/*
 * Theory of operation. As gateway_nginx.c, for Envoy's discovery by files (lds_config and cds_config with
 * path_config_source): one listener whose filter ext_authz asks /clguard/v1/authz, with what the client asked in
 * X-Original-Method and -URI, which Envoy sets before anything else looks at the request; one route for each service, and a
 * cluster of the same name. ext_authz asks with the client's own method. What cannot be asked is refused.
 *
 * A cluster's name is the service's path at the gateway with '~' for '/', as in gateway_kong.c.
 */

#define ENVOY_MAX ((size_t)32 << 20) /* bytes; beyond it an instance is asked for by name */
#define TYPE "\"@type\":\"type.googleapis.com/envoy."

struct envoy_rendering {
	struct txn *txn;
	struct text *out;
	const struct loop *loop;
	bool clusters; /* else routes */
};

/* The path at the gateway, with `separator` for its inner slashes. */
static const char *
envoy_place(const struct envoy_rendering *r, const struct element *element, struct str service, const char *separator)
{
	struct str at = element ? element->id : STR("external");
	const char *place =
		arena_printf(r->txn->arena, "%.*s%s%.*s%s%.*s%s%.*s", STR_ARG(r->loop->id.name), separator,
	                     STR_ARG(r->loop->id.version), separator, STR_ARG(at), separator, STR_ARG(service));

	if (!place)
		txn_fail(r->txn, ERROR_MEMORY);
	return place ? place : "";
}

static void
envoy_write_cluster(const char *name, bool https, struct str host, int64_t port, struct text *out)
{
	text_addf(out,
	          "{" TYPE
	          "config.cluster.v3.Cluster\",\"name\":\"%s\",\"type\":\"STRICT_DNS\",\"connect_timeout\":\"5s\","
	          "\"load_assignment\":{\"cluster_name\":\"%s\",\"endpoints\":[{\"lb_endpoints\":[{\"endpoint\":{"
	          "\"address\":{"
	          "\"socket_address\":{\"address\":\"%.*s\",\"port_value\":%" PRId64 "}}}}]}]}",
	          name, name, STR_ARG(host), port);
	if (https)
		text_addf(out,
		          ",\"transport_socket\":{\"name\":\"envoy.transport_sockets.tls\",\"typed_config\":{" TYPE
		          "extensions.transport_sockets.tls.v3.UpstreamTlsContext\",\"sni\":\"%.*s\",\"auto_sni_san_"
		          "validation\":"
		          "true,\"common_tls_context\":{\"validation_context\":{\"system_root_certs\":{}}}}}",
		          STR_ARG(host));
	text_add(out, STR("}"));
}

static void
envoy_write_route(const char *match, const char *place, const char *below, const char *cluster, struct str path,
                  const char *rest, struct text *out)
{
	text_addf(out,
	          "{\"match\":{\"%s\":\"/%s%s\"},\"route\":{\"cluster\":\"%s\",\"prefix_rewrite\":\"%.*s%s\"},"
	          "\"request_headers_to_remove\":[\"apikey\",\"x-original-method\",\"x-original-uri\"]},",
	          match, place, below, cluster, STR_ARG(path), rest);
}

static void
envoy_write_part(const struct envoy_rendering *r, const struct gateway_part *part, const struct element *element)
{
	for (size_t i = 0; i < part->service_count; i++) {
		struct gateway_service service = part->services[i];
		const char *name, *place;

		if (element)
			service = gateway_endpoint(&service, element, r->txn->arena);
		if (!service.host.ptr)
			continue;
		name = envoy_place(r, element, service.name, "~");
		place = envoy_place(r, element, service.name, "/");
		if (r->clusters) {
			text_add(r->out, STR(","));
			envoy_write_cluster(name, str_is(service.protocol, "https"), service.host, service.port,
			                    r->out);
			continue;
		}
		envoy_write_route("prefix", place, "/", name, service.path, "/", r->out);
		envoy_write_route("path", place, "", name, service.path, service.path.len ? "" : "/", r->out);
	}
}

static bool
envoy_write_loop(void *context, struct loop *loop)
{
	struct envoy_rendering *r = context;
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
		envoy_write_part(r, part, &loop->elements[i]);
	}
	if (on)
		envoy_write_part(r, &gateway.parts[0], NULL);
	return r->out->len <= ENVOY_MAX;
}

/* Host and port of a valid address. */
static void
split_address(struct str address, struct str *ret_host, struct str *ret_port)
{
	size_t colon = address.len - 1;

	while (address.ptr[colon] != ':')
		colon--;
	*ret_host = (struct str){address.ptr, colon};
	*ret_port = (struct str){address.ptr + colon + 1, address.len - colon - 1};
}

static void
envoy_write_listener_head(struct str address, struct text *out)
{
	struct str host, port;

	split_address(address, &host, &port);
	text_addf(
		out,
		"{" TYPE
		"config.listener.v3.Listener\",\"name\":\"clguard\",\"address\":{\"socket_address\":{\"address\":"
		"\"%.*s\",\"port_value\":%.*s}},\"filter_chains\":[{\"filters\":[{\"name\":"
		"\"envoy.filters.network.http_connection_manager\",\"typed_config\":{" TYPE
		"extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\",\"stat_prefix\":"
		"\"clguard\","
		"\"normalize_path\":true,\"merge_slashes\":false,\"path_with_escaped_slashes_action\":\"REJECT_"
		"REQUEST\","
		"\"early_header_mutation_extensions\":[{\"name\":\"envoy.http.early_header_mutation.header_mutation\","
		"\"typed_config\":{" TYPE "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation\","
		"\"mutations\":[{\"append\":{\"header\":{\"key\":\"x-original-method\",\"value\":\"%%REQ(:METHOD)%%\"},"
		"\"append_action\":\"OVERWRITE_IF_EXISTS_OR_ADD\"}},{\"append\":{\"header\":{\"key\":\"x-original-"
		"uri\",\"value\":"
		"\"%%REQ(:PATH)%%\"},\"append_action\":\"OVERWRITE_IF_EXISTS_OR_ADD\"}}]}}],",
		STR_ARG(host), STR_ARG(port));
	text_add(out,
	         STR("\"http_filters\":[{\"name\":\"envoy.filters.http.ext_authz\",\"typed_config\":{" TYPE
	             "extensions.filters.http.ext_authz.v3.ExtAuthz\",\"failure_mode_allow\":false,\"status_on_error\":"
	             "{\"code\":"
	             "\"Forbidden\"},\"allowed_headers\":{\"patterns\":[{\"exact\":\"apikey\"},{\"exact\":\"x-original-"
	             "method\"},"
	             "{\"exact\":\"x-original-uri\"},{\"exact\":\"x-forwarded-client-cert\"}]},\"http_service\":{"
	             "\"server_uri\":{"
	             "\"uri\":\"http://clguard\",\"cluster\":\"clguard-authz\",\"timeout\":\"2s\"},\"path_override\":"
	             "\"/clguard/v1/"
	             "authz\",\"authorization_response\":{\"allowed_client_headers\":{\"patterns\":[{\"exact\":"
	             "\"x-clguard-reason\"}]}}}}},{\"name\":\"envoy.filters.http.router\",\"typed_config\":{" TYPE
	             "extensions.filters.http.router.v3.Router\"}}],\"route_config\":{\"name\":\"clguard\",\"virtual_"
	             "hosts\":[{"
	             "\"name\":\"clguard\",\"domains\":[\"*\"],\"routes\":["));
}

/* The instances that are meant; false, and answered, when something is wrong. */
static bool
envoy_check(struct txn *txn, struct runtime_call *call, const char *what, struct str address)
{
	struct loop loop;

	if (!gateway_address_valid(address)) {
		call_refuse(call, 400, "%s is wrong: expected HOST:PORT, got '%.*s'", what, STR_ARG(address));
		return false;
	}
	if (call->name.len && call->version.len &&
	    (!concept_name_valid(call->name) || !concept_version_valid(call->version) ||
	     !loop_load(txn, (struct concept){call->name, call->version}, &loop))) {
		call_refuse(call, 404, "Control Loop not found");
		return false;
	}
	return true;
}

static void
envoy_end(struct runtime_call *call, struct text *out)
{
	text_add(out, STR("]}"));
	if (out->len > ENVOY_MAX)
		call_refuse(call, 507,
		            "the configuration has more than %zu MiB: ask for one instance by name and version",
		            ENVOY_MAX >> 20);
}

void
gateway_write_envoy_clusters(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct str address = call->other.len ? call->other : STR("127.0.0.1:6969"), host, port;
	struct envoy_rendering rendering = {.txn = txn, .out = out, .clusters = true};
	int64_t number = 0;

	if (!envoy_check(txn, call, "authz", address))
		return;
	split_address(address, &host, &port);
	for (size_t i = 0; i < port.len; i++)
		number = 10 * number + (port.ptr[i] - '0');
	text_add(out, STR("{\"resources\":["));
	envoy_write_cluster("clguard-authz", false, host, number, out);
	loops_each(txn, call->name, call->version, envoy_write_loop, &rendering);
	envoy_end(call, out);
}

void
gateway_write_envoy_listeners(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct str address = call->number && call->texts[0].len ? call->texts[0] : STR("0.0.0.0:8000");
	struct envoy_rendering rendering = {.txn = txn, .out = out};

	if (!envoy_check(txn, call, "listen", address))
		return;
	text_add(out, STR("{\"resources\":["));
	envoy_write_listener_head(address, out);
	loops_each(txn, call->name, call->version, envoy_write_loop, &rendering);
	text_add(out, STR("{\"match\":{\"prefix\":\"/\"},\"direct_response\":{\"status\":403}}]}]}}}]}]}"));
	envoy_end(call, out);
}
