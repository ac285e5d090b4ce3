/* audit - which requests are lines of the audit log */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/audit.h"

#include "api/process/audit_log.h"
#include "base/uuid.h"

const char *
http_method_name(enum http_method method)
{
	switch (method) {
	case METHOD_GET:
		return "GET";
	case METHOD_HEAD:
		return "HEAD";
	case METHOD_POST:
		return "POST";
	case METHOD_PUT:
		return "PUT";
	case METHOD_DELETE:
		return "DELETE";
	case METHOD_OPTIONS:
		return "OPTIONS";
	case METHOD_OTHER:
		break;
	}
	return "other";
}

/* The outcome for a refused caller, or nothing. */
static const char *
outcome_of(unsigned status)
{
	if (status < 400)
		return "done";
	return status == 401 || status == 403 || status == 429 ? "refused" : "failed";
}

void
audit_exchange(struct exchange *exchange)
{
	const struct service *service = exchange->worker->service;
	const struct route *route = exchange->route;
	struct audit_entry entry;
	char id[UUID_SIZE];
	unsigned role;

	if (!route || route->method == METHOD_GET)
		return;
	role = service_needs(service, route).role;
	if (!(role & (ROLE_ADMINISTER | ROLE_OPERATE)))
		return;
	entry = (struct audit_entry){
		.event = role == ROLE_ADMINISTER ? "administration" : "operation",
		.identity = str_from(exchange->identity.name),
		.address = str_from(exchange_client(exchange)),
		.id = exchange->reply.id[0] ? str_from(exchange->reply.id) : exchange->request_id,
		.method = http_method_name(exchange->method),
		.path = exchange->path,
		.status = exchange->reply.status,
		.outcome = outcome_of(exchange->reply.status),
	};
	if (!entry.id.ptr) {
		uuid_make(exchange->worker->random, id);
		entry.id = str_from(id);
	}
	audit_log_add(service->audit, &entry);
}

void
audit_reload(struct audit_log *log, const char *what, const struct error *err)
{
	const struct audit_entry entry = {
		.event = "reload",
		.path = str_from(what),
		.outcome = err ? "failed" : "done",
		.why = err ? str_from(err->text) : STR_NONE,
	};

	audit_log_add(log, &entry);
}
