/* whoami - GET whoami: who asks, and what it may do; for programs that show no more than that */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "api/http/service.h"
#include "base/text.h"

static void
write_roles(struct text *out, const char *name, unsigned mask)
{
	const char *comma = "";

	text_addf(out, ",\"%s\":[", name);
	for (unsigned role = 1; role <= ROLE_ALL; role <<= 1) {
		if (!(mask & role))
			continue;
		text_addf(out, "%s\"%s\"", comma, role_name(role));
		comma = ",";
	}
	text_add(out, STR("]"));
}

/* Roles that the identity holds and that the listener carries. Without users everybody holds all. */
void
whoami_get(struct exchange *exchange)
{
	const struct worker *worker = exchange->worker;
	const struct service *service = worker->service;
	const struct identity *identity = &exchange->identity;
	unsigned whole = service->auth ? identity->whole : ROLE_ALL, scoped = service->auth ? identity->scoped : 0;
	struct text out;

	text_init(&out, exchange->arena);
	text_add(&out, STR("{\"name\":"));
	text_add_json(&out, identity->name[0] ? str_from(identity->name) : STR_NONE);
	write_roles(&out, "roles", whole & worker->carries);
	write_roles(&out, "scoped", scoped & ~whole & worker->carries);
	text_addf(&out, ",\"open\":%s,\"mode\":\"%s\",\"service\":\"%s\",\"version\":\"%s\",\"manualClock\":%s}",
	          service->auth ? "false" : "true", service->mode == GUARD_ONAP ? "onap" : "strict", service->name,
	          PACKAGE_VERSION, service->clock ? "true" : "false");
	answer_json(exchange, text_done(&out));
}
