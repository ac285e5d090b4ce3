/* refusals - what a request is refused for by its headers alone, in one order, and the words for it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/refusals.h"

#include <string.h>

#include "api/bodies/reply.h"
#include "api/http/problems.h"
#include "api/http/route.h"
#include "api/http/service.h"
#include "api/identity/origin.h"

/* 0, or why who asks may not use the route: 401, 403. May leave it open: exchange->unverified. */
static unsigned
refuse_identity(struct exchange *exchange, const struct route *route)
{
	struct worker *worker = exchange->worker;
	struct service *service = worker->service;
	struct route_role needs = service_needs(service, route);

	exchange->unverified = false;
	if (route && route->flags & ROUTE_OPEN)
		return 0;
	if (service->auth) {
		struct identity *identity = &exchange->identity;

		switch (auth_check(service->auth, worker->auth_cache, exchange->authorization,
		                   exchange->peer ? str_from(exchange->peer->name) : STR_NONE, identity)) {
		case AUTH_REFUSED:
			return 401;
		case AUTH_UNKNOWN:
			exchange->unverified = true;
			return 0;
		case AUTH_GOOD:
			break;
		}
		if (route && route->flags & ROUTE_CALLER && identity_element(identity).ptr)
			return worker->carries & needs.role ? 0 : 403; /* it asks for itself */
		if (route && !(identity->whole & needs.role) && !(needs.scoped && identity->scoped & needs.role))
			/* a caller without credentials may send them */
			return exchange->authorization.ptr || strcmp(identity->name, "anonymous") != 0 ? 403 : 401;
	}
	return route && !(worker->carries & needs.role) ? 403 : 0;
}

/* Whether the page that asks may, and the name by which it asks. The console itself may be linked to from anywhere. */
static bool
is_welcome(const struct exchange *exchange)
{
	const struct route *route = exchange->route;
	bool page = route && route->flags & ROUTE_PAGE;

	return origin_is_welcome(exchange->worker->service->settings, exchange->origin,
	                         page ? STR_NONE : exchange->fetch_site, exchange->host);
}

/*
 * A body that does not say what it is may be a form of a web page. A request that only asks (decisions, as
 * ONAP's clients send them) takes it for JSON; what changes something does not.
 */
static bool
body_wants_type(const struct exchange *exchange, const struct route *route)
{
	unsigned role = service_needs(exchange->worker->service, route).role;

	return route->reads && !(role & (ROLE_DECIDE | ROLE_READ)) && (exchange->body_length > 0 || exchange->chunked);
}

/* Whether the body is not what it seems: compressed, mostly. */
static bool
is_coded(const struct exchange *exchange)
{
	return exchange->coding.len && !str_equal_nocase(exchange->coding, STR("identity"));
}

unsigned
refusal_status(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	/* Relaxed: a request that comes while the state changes may see either. */
	bool active = atomic_load_explicit(&service->active, memory_order_relaxed);
	unsigned methods, status;
	const struct route *route = exchange->route =
		route_find(exchange->worker->service->routes, exchange->method, exchange->path, &methods);

	if (exchange->doubtful)
		return 400;
	if (!is_welcome(exchange))
		return 403;
	if (exchange->origin.ptr && origin_is_listed(service->settings, exchange->origin)) {
		exchange->reply.origin = exchange->origin;
		exchange->reply.preflight = exchange->method == METHOD_OPTIONS && exchange->asked_method.ptr && methods;
		if (exchange->reply.preflight)
			return 204; /* it carries no credentials */
	}
	status = refuse_identity(exchange, route);
	if (status || exchange->unverified)
		return status;
	if (!active && (route_path_gated(exchange->path) || (route && route->flags & ROUTE_GATED)))
		return 409;
	if (!route)
		return methods ? 405 : 404;
	if (!(route->flags & ROUTE_EARLY) && service_is_verifying(service))
		return 503;
	exchange->reads = media_of(exchange->content_type);
	if (route->reads && (!(route->reads & exchange->reads) || is_coded(exchange)))
		return route->flags & ROUTE_AUTHZEN ? 400 : 415;
	if (!exchange->content_type.ptr && body_wants_type(exchange, route))
		return 415;
	/* Scrapers ask for anything; there is one form. */
	exchange->writes = route->writes & (MEDIA_METRICS | MEDIA_OTHER)
	                           ? route->writes
	                           : media_accepted(exchange->accept, route->writes);
	return exchange->writes ? 0 : 406;
}

static void
explain_forbidden(const struct exchange *exchange, struct error *why)
{
	const struct worker *worker = exchange->worker;
	const struct route *route = exchange->route;
	struct route_role needs = service_needs(worker->service, route);

	if (!is_welcome(exchange))
		(void)error_set(why, ERROR_UNKNOWN, NULL,
		                "a page of another origin, or another Host, is not served (settings origins, hosts)");
	else if (!(worker->carries & needs.role))
		(void)error_set(why, ERROR_UNKNOWN, NULL, "this listener does not carry the role %s",
		                role_name(needs.role));
	else
		(void)error_set(why, ERROR_UNKNOWN, NULL, "'%s' does not hold the role %s%s", exchange->identity.name,
		                role_name(needs.role), needs.scoped ? " for this scope" : "");
}

/* True if the route needs the database and that is not open yet. */
static bool
is_early(const struct exchange *exchange)
{
	return exchange->route && !(exchange->route->flags & ROUTE_EARLY) &&
	       service_is_verifying(exchange->worker->service);
}

/* Adds advice for a refused client. */
static void
explain_refusal(const struct exchange *exchange, struct error *why)
{
	const struct route *route = exchange->route;
	const char *yaml = " or application/yaml";

	switch (exchange->reply.status) {
	case 400:
		(void)error_set(why, ERROR_SYNTAX, NULL, "%s",
		                exchange->doubtful ? exchange->doubtful : "the body must be application/json");
		break;
	case 401:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "%s",
		                exchange->authorization.ptr
		                        ? "the credentials are wrong"
		                        : "credentials are needed: HTTP Basic, a bearer token or a client certificate");
		break;
	case 403:
		explain_forbidden(exchange, why);
		break;
	case 404:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "there is nothing at this path");
		break;
	case 405:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "this path takes %s",
		                exchange->reply.allow ? exchange->reply.allow : "other methods");
		break;
	case 406:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "the answer can be %s%s",
		                route->writes & MEDIA_JSON    ? "application/json"
		                : route->writes & MEDIA_XACML ? "application/xacml+json"
		                                              : "application/yaml",
		                route->writes & MEDIA_JSON && route->writes & MEDIA_YAML ? yaml : "");
		break;
	case 413:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "the body is over the limit (body_size)");
		break;
	case 415:
		if (is_coded(exchange))
			(void)error_set(why, ERROR_UNKNOWN, NULL,
			                "the body's Content-Encoding is wrong: expected none, got '%.*s'",
			                STR_ARG(exchange->coding));
		else
			(void)error_set(why, ERROR_UNKNOWN, NULL, "the body must be application/%s%s",
			                route->reads & MEDIA_XACML ? "xacml+json" : "json",
			                route->reads & MEDIA_YAML ? yaml : "");
		break;
	case 429:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "too many requests of this address (address_requests)");
		break;
	case 503:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "%s",
		                exchange->crowded ? "all connections are at work (connections): ask again later"
		                : is_early(exchange)
		                        ? "the database is being verified after a stop that was not clean: GET "
		                          "/ready tells how far it is"
		                : exchange->unverified ? "too many credentials wait to be checked: try again"
		                                       : "the service has no memory left for this (memory_budget)");
		break;
	case 431:
		(void)error_set(why, ERROR_UNKNOWN, NULL, "the headers are over a limit (header_count, header_size)");
		break;
	}
}

void
refusal_write(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;
	struct error why = {0};
	unsigned methods;
	char allow[48];

	if (reply->status == 409)
		return;
	if (reply->status == 405 || reply->preflight) {
		(void)route_find(exchange->worker->service->routes, exchange->method, exchange->path, &methods);
		route_methods_text(methods, allow, sizeof(allow));
		reply->allow = arena_str(exchange->arena, str_from(allow)).ptr;
	}
	if (reply->preflight)
		return;
	reply->authenticate = reply->status == 401;
	reply->close = reply->close || exchange->doubtful;
	explain_refusal(exchange, &why);
	reply->media = MEDIA_JSON;
	if (problem_is_spring(exchange)) {
		reply->body = reply->status == 401 ? STR("") : problem_spring(exchange, reply->status, &why);
		return;
	}
	reply->body =
		reply_status(reply->status, why.code ? &why : NULL, exchange->worker->service->mode, exchange->arena)
			.text;
}
