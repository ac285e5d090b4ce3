/* service - the path of a request: refusals in their order, the handler, the counts */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/service.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "api/bodies/reply.h"
#include "api/http/audit.h"
#include "api/http/resources.h"
#include "api/http/route.h"
#include "api/identity/origin.h"
#include "base/document.h"
#include "base/uuid.h"
#include "base/yaml_write.h"

#define YAML_MOST ((size_t)64 << 10) /* bytes of JSON that a worker turns into YAML */
#define YAML_NODES 10000             /* values of a YAML body that a worker reads: libyaml is slow */
#define VERIFY_TIMEOUT_MS 30000

int
worker_open(struct service *service, unsigned index, struct worker **ret, struct error *err)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int r = 0;

	if (!worker)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	worker->service = service;
	worker->number = index;
	worker->carries = ROLE_ALL;
	worker->metrics = &service->metrics->shard[index];
	if (service->auth) {
		worker->auth_cache = calloc(1, sizeof(*worker->auth_cache));
		if (!worker->auth_cache)
			r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	if (r == 0 && getrandom(worker->random, sizeof(worker->random), 0) != sizeof(worker->random))
		r = error_set(err, ERROR_IO, NULL, "no random bytes");
	if (r == 0)
		r = session_open(service->engine, &worker->session, err);
	if (r != 0)
		worker_close(worker);
	else
		*ret = worker;
	return r;
}

void
worker_close(struct worker *worker)
{
	if (!worker)
		return;
	session_close(worker->session);
	free(worker->auth_cache);
	free(worker);
}

/* The client's request id in lower case, or a new one. False when it sent something that is no UUID. */
static bool
answer_id(struct exchange *exchange)
{
	struct str given = exchange->request_id;
	char *id = exchange->reply.id;

	if (!given.ptr) {
		uuid_make(exchange->worker->random, id);
		return true;
	}
	if (given.len != 36)
		return false;
	for (unsigned i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		unsigned char c = (unsigned char)given.ptr[i];

		if (dash ? c != '-' : !isxdigit(c))
			return false;
	}
	for (unsigned i = 0; i < 36; i++)
		id[i] = (char)tolower((unsigned char)given.ptr[i]);
	id[36] = '\0';
	return true;
}

struct route_role
service_needs(const struct service *service, const struct route *route)
{
	return route ? service->needs[route_number(service->routes, route)]
	             : (struct route_role){ROLE_ADMINISTER, false};
}

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
		if (route && !(identity->whole & needs.role) && !(needs.scoped && identity->scoped & needs.role))
			/* who has not said who it is may do so */
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
 * A body that does not say what it is may be a form of a page in somebody's browser. What only asks (decisions, as
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

/* The status that refuses a request by its headers alone, in the order that doc/openapi.yaml gives; 0: none. */
static unsigned
refusal(struct exchange *exchange)
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

void
service_begin(struct exchange *exchange)
{
	exchange->started_ns = clock_monotonic_ns();
	exchange->reply.status = refusal(exchange);
	if (!exchange->route)
		return;
	exchange->urgent = exchange->route->flags & ROUTE_URGENT;
	exchange->uncounted = exchange->route->flags & ROUTE_OPEN;
	exchange->preferred =
		exchange->urgent || service_needs(exchange->worker->service, exchange->route).role == ROLE_ADMINISTER;
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

/* What it asks for needs the database, which is not open yet. */
static bool
is_early(const struct exchange *exchange)
{
	return exchange->route && !(exchange->route->flags & ROUTE_EARLY) &&
	       service_is_verifying(exchange->worker->service);
}

/* What a refused client is to do. */
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

/* The policy API and the PAP refuse in the words of the framework that ONAP's stand on. */
static bool
is_spring(const struct exchange *exchange)
{
	return str_starts_with(exchange->path, STR("/policy/api/")) ||
	       str_starts_with(exchange->path, STR("/policy/pap/"));
}

/* {"timestamp","status","error","path"}, with what is wrong and where unless the clients are to be taken for ONAP's. */
static struct str
spring_body(struct exchange *exchange, unsigned status, const struct error *why)
{
	static const struct {
		unsigned status;
		const char *words;
	} names[] = {{400, "Bad Request"},        {404, "Not Found"},
	             {405, "Method Not Allowed"}, {406, "Not Acceptable"},
	             {413, "Payload Too Large"},  {415, "Unsupported Media Type"},
	             {429, "Too Many Requests"},  {431, "Request Header Fields Too Large"},
	             {503, "Service Unavailable"}};
	char now[TIME_TEXT_SIZE];
	const char *words = "Internal Server Error";
	struct text out;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].status == status)
			words = names[i].words;
	time_format_instant(engine_now(exchange->worker->service->engine), now);
	text_init(&out, exchange->arena);
	text_addf(&out, "{\"timestamp\":\"%s\",\"status\":%u,\"error\":\"%s\",\"path\":", now, status, words);
	text_add_json(&out, exchange->path);
	if (why && why->code && !exchange->worker->service->settings->lenient_api) {
		struct str details = reply_status(status, why, GUARD_STRICT, exchange->arena).text;

		text_add(&out, STR(",\"details\":"));
		text_add(&out, details);
	}
	text_add(&out, STR("}"));
	return text_done(&out);
}

/* A PASSIVE service's 409 has no body, as ONAP's; the others say what they are. */
static void
write_refusal(struct exchange *exchange)
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
	if (is_spring(exchange)) {
		reply->body = reply->status == 401 ? STR("") : spring_body(exchange, reply->status, &why);
		return;
	}
	reply->body =
		reply_status(reply->status, why.code ? &why : NULL, exchange->worker->service->mode, exchange->arena)
			.text;
}

int
json_to_yaml(struct str json, struct arena *arena, struct str *ret)
{
	struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct node *root;

	if (json_read(json, "", &limits, arena, &root, NULL) != 0 || yaml_write(root, arena, ret, NULL) != 0)
		return -ERROR_MEMORY; /* what we wrote is JSON */
	return 0;
}

/* JSON is YAML, but not what a person who asks for YAML wants to see. What is long has been turned off the worker. */
static void
txn_to_yaml(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;
	struct str yaml;

	if (reply->body.len > YAML_MOST || json_to_yaml(reply->body, exchange->arena, &yaml) != 0)
		return; /* the JSON will do */
	if (reply->owner)
		reply->release(reply->owner);
	reply->owner = NULL;
	reply->body = yaml;
	reply->constant = false;
	reply->media = MEDIA_YAML;
}

void
exchange_stops_polling(struct exchange *exchange)
{
	if (exchange->polling)
		atomic_fetch_sub_explicit(&exchange->worker->service->polls, 1, memory_order_relaxed); /* a figure */
	exchange->polling = false;
}

void
service_finished(struct exchange *exchange)
{
	exchange_stops_polling(exchange);
	if (exchange->worker->service->audit)
		audit_exchange(exchange);
	if (exchange->writes == MEDIA_YAML && exchange->reply.media == MEDIA_JSON && exchange->reply.body.len)
		txn_to_yaml(exchange);
	metrics_request(exchange->worker->metrics, route_number(exchange->worker->service->routes, exchange->route),
	                exchange->reply.status, clock_monotonic_ns() - exchange->started_ns);
}

/* X-Request-ID as it came; absent for one that no header can hold. */
static struct str
echo_of(struct str id)
{
	return id.len == 0 || memchr(id.ptr, '\t', id.len) ? STR_NONE : id;
}

/* The handler, or the refusal. */
static void
serve(struct exchange *exchange)
{
	const struct route *route = exchange->route;

	if (route && route->flags & ROUTE_AUTHZEN)
		exchange->reply.echo = echo_of(exchange->echo_id);
	if (exchange->reply.status) {
		write_refusal(exchange);
	} else if (route->flags & ROUTE_ONAP && !answer_id(exchange)) {
		struct error err = {0};

		(void)error_set(&err, ERROR_TYPE, NULL, "X-ONAP-RequestID is no UUID");
		answer_error(exchange, &err);
	} else {
		route->answer(exchange);
	}
}

static void
verified(void *context, bool good)
{
	struct error wrong = {0};

	if (!good)
		(void)error_set(&wrong, ERROR_UNKNOWN, NULL, "the credentials are wrong");
	exchange_resume(context, &wrong);
}

/* The worker, when the credentials have been checked: the path begins anew, and now they are known. */
static void
serve_verified(struct exchange *exchange)
{
	if (exchange->timed_out)
		exchange->reply.status = 503;
	else if (exchange->outcome->code)
		exchange->reply.status = exchange->outcome->code == ERROR_UNKNOWN ? 401 : 503;
	else
		exchange->reply.status = refusal(exchange);
	if (!exchange->reply.status && exchange->unverified)
		exchange->reply.status = 503; /* forgotten in between, or under other users */
	serve(exchange);
	if (!exchange->resumed)
		service_finished(exchange);
}

void
service_finish(struct exchange *exchange)
{
	struct auth *auth = exchange->worker->service->auth;
	struct error busy = {0};

	/* What the server has refused for its size needs no identity. */
	if (exchange->unverified && !exchange->reply.status) {
		const struct auth_question question = {exchange->authorization, str_from(exchange_client(exchange)),
		                                       exchange->request_id};

		exchange_suspend(exchange, VERIFY_TIMEOUT_MS, serve_verified);
		if (auth_verify(auth, &question, verified, exchange, &busy) != 0)
			exchange_resume(exchange, &busy);
		return;
	}
	serve(exchange);
	if (!exchange->resumed)
		service_finished(exchange);
}

static void
refuse_scope(struct exchange *exchange, unsigned role, struct str scope)
{
	struct error why = {0};

	(void)error_set(&why, ERROR_UNKNOWN, NULL, "'%s' does not hold the role %s for '%.*s'", exchange->identity.name,
	                role_name(role), STR_ARG(scope));
	answer_problem(exchange, 403, &why);
}

bool
exchange_covers(struct exchange *exchange, struct str scope)
{
	const struct service *service = exchange->worker->service;
	unsigned role;

	if (!service->auth)
		return true;
	role = service_needs(service, exchange->route).role;
	if (auth_covers(service->auth, &exchange->identity, role, scope))
		return true;
	refuse_scope(exchange, role, scope);
	return false;
}

void
answer_json(struct exchange *exchange, struct str body)
{
	static const char none[] = "{\"errorDetails\":\"Service Unavailable\",\"details\":[\"out of memory\"]}";

	exchange->reply.status = body.ptr ? 200 : 503;
	exchange->reply.media = MEDIA_JSON;
	exchange->reply.body = body.ptr ? body : (struct str){none, sizeof(none) - 1};
	exchange->reply.constant = !body.ptr;
}

void
answer_problem(struct exchange *exchange, unsigned status, const struct error *err)
{
	enum guard_mode mode = exchange->worker->service->mode;

	if (!(exchange->route->flags & ROUTE_ONAP))
		mode = GUARD_STRICT; /* what ONAP does not have need not hide what is wrong */
	exchange->reply.status = status;
	exchange->reply.media = MEDIA_JSON;
	exchange->reply.body = is_spring(exchange) ? spring_body(exchange, status, err)
	                                           : reply_status(status, err, mode, exchange->arena).text;
}

void
answer_error(struct exchange *exchange, const struct error *err)
{
	answer_problem(exchange, reply_status_of(err->code), err);
}

int
read_body(struct exchange *exchange, struct node **ret_root, struct error *err)
{
	const struct settings *settings = exchange->worker->service->settings;
	const struct document_limits limits = {
		.bytes = (size_t)settings->body_size,
		.depth = (size_t)settings->body_depth,
		.nodes = exchange->reads == MEDIA_YAML ? YAML_NODES : (size_t)settings->body_nodes,
		.scalar = (size_t)settings->body_size,
	};

	if (exchange->reads == MEDIA_YAML)
		return yaml_read(exchange->body, "", &limits, exchange->arena, ret_root, err);
	return json_read(exchange->body, "", &limits, exchange->arena, ret_root, err);
}
