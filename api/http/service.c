/* service - the path of a request: refusal or handler, then the counts */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/service.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "api/http/audit.h"
#include "api/http/problems.h"
#include "api/http/refusals.h"
#include "api/http/request_trace.h"
#include "api/http/resources.h"
#include "api/http/route.h"
#include "api/process/log.h"
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

void
service_begin(struct exchange *exchange)
{
	exchange->started_ns = clock_monotonic_ns();
	request_trace_begin(exchange);
	exchange->reply.status = refusal_status(exchange);
	if (!exchange->route)
		return;
	exchange->urgent = exchange->route->flags & ROUTE_URGENT;
	exchange->uncounted = exchange->route->flags & ROUTE_OPEN;
	exchange->preferred =
		exchange->urgent || service_needs(exchange->worker->service, exchange->route).role == ROLE_ADMINISTER;
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

/* A line for the request, where log_levels has access. */
static void
log_exchange(struct exchange *exchange)
{
	const struct settings *settings = exchange->worker->service->settings;
	const struct reply *reply = &exchange->reply;
	struct log_request about;

	if (!log_wants(settings, STR(LOG_ACCESS), LOG_LEVEL_INFO))
		return;
	about = (struct log_request){reply->id[0] ? str_from(reply->id) : exchange->request_id,
	                             request_trace_id(exchange)};
	log_access(settings, &about, "%s %.*s %u %" PRId64 " us, %s%s%s", http_method_name(exchange->method),
	           STR_ARG(exchange->path), reply->status, (clock_monotonic_ns() - exchange->started_ns) / 1000,
	           exchange_client(exchange), exchange->identity.name[0] ? " as " : "", exchange->identity.name);
}

void
service_finished(struct exchange *exchange)
{
	exchange_stops_polling(exchange);
	if (exchange->worker->service->audit)
		audit_exchange(exchange);
	log_exchange(exchange);
	request_trace_finish(exchange);
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
		refusal_write(exchange);
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
		exchange->reply.status = refusal_status(exchange);
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

	/* A request that the server refused for its size needs no identity. */
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
