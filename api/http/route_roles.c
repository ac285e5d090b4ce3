/* route_roles - which role each route needs; the only place that says so */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/route.h"
#include "api/identity/roles.h"

#define API "/policy/api/v1/"
#define PAP "/policy/pap/v1/"
#define COMPOSITIONS "/onap/automationcomposition/v2/"
#define LOOPS "/onap/controlloop/v2/"
#define OURS "/clguard/v1/"

/* Routes that need no credentials (ROUTE_OPEN) have a row too: it holds when they cease to be open. */
/* clang-format off */
static const struct {
	const char *label;
	struct route_role needs;
} rows[] = {
	{"POST /policy/pdpx/v1/decision", {ROLE_DECIDE, true}},
	{"POST /access/v1/evaluation", {ROLE_DECIDE, true}},
	{"POST /access/v1/evaluations", {ROLE_DECIDE, true}},
	{"POST /access/v1/search/subject", {ROLE_READ, false}}, /* it lists what is known */
	{"POST /access/v1/search/resource", {ROLE_READ, false}},
	{"POST /access/v1/search/action", {ROLE_READ, false}},
	{"GET /.well-known/authzen-configuration", {ROLE_READ, false}},
	{"GET /openapi.yaml", {ROLE_READ, false}},
	{"POST " OURS "decisions", {ROLE_DECIDE, true}},
	{"POST /policy/pdpx/v1/xacml", {ROLE_DECIDE, true}},
	{"GET /policy/pdpx/v1/healthcheck", {ROLE_READ, false}},
	{"GET /policy/pdpx/v1/statistics", {ROLE_READ, false}},
	{"GET /metrics", {ROLE_METRICS, false}},
	{"GET /live", {ROLE_READ, false}},
	{"GET /ready", {ROLE_READ, false}},
	{"GET " OURS "operations", {ROLE_READ, false}},
	{"POST " OURS "operations", {ROLE_RECORD, true}},
	{"DELETE " OURS "operations/", {ROLE_ADMINISTER, false}}, /* it may turn a Deny into a Permit */
	{"POST " OURS "reservations", {ROLE_RESERVE, true}},
	{"PUT " OURS "reservations/", {ROLE_RESERVE, true}},
	{"DELETE " OURS "reservations/", {ROLE_RESERVE, true}},
	{"GET " OURS "headroom", {ROLE_READ, false}},
	{"GET " OURS "types", {ROLE_READ, false}},
	{"GET " OURS "types/", {ROLE_READ, false}},
	{"GET " OURS "generation", {ROLE_READ, false}},
	{"POST " OURS "reload", {ROLE_ADMINISTER, false}},
	{"GET " OURS "state", {ROLE_READ, false}},
	{"PUT " OURS "state", {ROLE_ADMINISTER, false}},
	{"GET " OURS "clock", {ROLE_READ, false}},
	{"PUT " OURS "clock", {ROLE_ADMINISTER, false}},

	{"GET " OURS "whoami", {ROLE_ANY, true}},
	{"GET " OURS "events", {ROLE_READ, false}}, /* notifications for who holds messages for their topics */
	{"GET " OURS "guards", {ROLE_READ, false}},
	{"GET " OURS "guards/values", {ROLE_READ, false}},
	{"GET " OURS "limiters", {ROLE_READ, false}},
	{"GET " OURS "operational", {ROLE_READ, false}},
	{"GET " OURS "denials", {ROLE_READ, false}},
	{"GET " OURS "topics", {ROLE_MESSAGES, true}},
	{"GET " OURS "topics/", {ROLE_MESSAGES, true}},
	{"GET " OURS "source", {ROLE_READ, false}},
	{"POST " OURS "try", {ROLE_DECIDE, false}}, /* it keeps nothing */
	{"GET /console", {ROLE_ANY, false}},
	{"GET /console/", {ROLE_ANY, false}},
	{"GET /console/*", {ROLE_ANY, false}},

	{"POST " LOOPS "commission", {ROLE_OPERATE, false}},
	{"DELETE " LOOPS "commission", {ROLE_OPERATE, false}},
	{"GET " LOOPS "commission", {ROLE_READ, false}},
	{"GET " LOOPS "commission/elements", {ROLE_READ, false}},
	{"GET " LOOPS "commission/toscaservicetemplate", {ROLE_READ, false}},
	{"GET " LOOPS "commission/getCommonOrInstanceProperties", {ROLE_READ, false}},
	{"POST " LOOPS "instantiation", {ROLE_OPERATE, true}},
	{"PUT " LOOPS "instantiation", {ROLE_OPERATE, true}},
	{"DELETE " LOOPS "instantiation", {ROLE_OPERATE, true}},
	{"GET " LOOPS "instantiation", {ROLE_READ, false}},
	{"PUT " LOOPS "instantiation/command", {ROLE_OPERATE, true}},
	{"GET " LOOPS "instantiation/configurations", {ROLE_READ, false}},
	{"PUT " LOOPS "instantiation/rollback", {ROLE_OPERATE, true}},
	{"GET " LOOPS "instantiationState", {ROLE_READ, false}},
	{"GET " LOOPS "controlLoopPriming", {ROLE_READ, false}},
	{"GET " LOOPS "participants", {ROLE_READ, false}},
	{"GET " OURS "authz", {ROLE_DECIDE, false}},
	{"POST " OURS "authz", {ROLE_DECIDE, false}},
	{"PUT " OURS "authz", {ROLE_DECIDE, false}},
	{"DELETE " OURS "authz", {ROLE_DECIDE, false}},
	{"GET " LOOPS "gateway", {ROLE_ADMINISTER, false}}, /* it tells the keys of all elements */
	{"GET " LOOPS "monitoring/participant", {ROLE_READ, false}},
	{"GET " LOOPS "monitoring/participants/controlloop", {ROLE_READ, false}},
	{"GET " LOOPS "monitoring/clelement", {ROLE_READ, false}},
	{"GET " LOOPS "monitoring/clelements/controlloop", {ROLE_READ, false}},
	{"GET " LOOPS "monitoring/status", {ROLE_READ, false}},

	{"GET " OURS "catalogue", {ROLE_READ, false}},
	{"POST " OURS "catalogue", {ROLE_OPERATE, false}},
	{"POST " OURS "catalogue/compose", {ROLE_READ, false}}, /* it keeps nothing */
	{"GET " OURS "catalogue/*/*", {ROLE_READ, false}},
	{"DELETE " OURS "catalogue/*/*", {ROLE_OPERATE, false}},

	{"GET " OURS "transactions", {ROLE_READ, false}},
	{"DELETE " OURS "transactions/", {ROLE_OPERATE, false}},

	/* The same in the words of automation compositions. */
	{"POST " COMPOSITIONS "commission", {ROLE_OPERATE, false}},
	{"DELETE " COMPOSITIONS "commission", {ROLE_OPERATE, false}},
	{"GET " COMPOSITIONS "commission", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "commission/elements", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "commission/toscaservicetemplate", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "commission/getCommonOrInstanceProperties", {ROLE_READ, false}},
	{"POST " COMPOSITIONS "instantiation", {ROLE_OPERATE, true}},
	{"PUT " COMPOSITIONS "instantiation", {ROLE_OPERATE, true}},
	{"DELETE " COMPOSITIONS "instantiation", {ROLE_OPERATE, true}},
	{"GET " COMPOSITIONS "instantiation", {ROLE_READ, false}},
	{"PUT " COMPOSITIONS "instantiation/command", {ROLE_OPERATE, true}},
	{"GET " COMPOSITIONS "instantiation/configurations", {ROLE_READ, false}},
	{"PUT " COMPOSITIONS "instantiation/rollback", {ROLE_OPERATE, true}},
	{"GET " COMPOSITIONS "instantiationState", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "automationCompositionPriming", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "participants", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "gateway", {ROLE_ADMINISTER, false}},
	{"GET " COMPOSITIONS "monitoring/participant", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "monitoring/participants/automationcomposition", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "monitoring/acelement", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "monitoring/acelements/automationcomposition", {ROLE_READ, false}},
	{"GET " COMPOSITIONS "monitoring/status", {ROLE_READ, false}},

	/* Documents and deployments change what is denied. */
	{"GET " API "healthcheck", {ROLE_READ, false}},
	{"GET " API "policytypes", {ROLE_READ, false}},
	{"POST " API "policytypes", {ROLE_ADMINISTER, false}},
	{"GET " API "policytypes/*", {ROLE_READ, false}},
	{"GET " API "policytypes/*/versions/*", {ROLE_READ, false}},
	{"DELETE " API "policytypes/*/versions/*", {ROLE_ADMINISTER, false}},
	{"GET " API "policytypes/*/versions/*/policies", {ROLE_READ, false}},
	{"POST " API "policytypes/*/versions/*/policies", {ROLE_ADMINISTER, false}},
	{"GET " API "policytypes/*/versions/*/policies/*", {ROLE_READ, false}},
	{"GET " API "policytypes/*/versions/*/policies/*/versions/*", {ROLE_READ, false}},
	{"DELETE " API "policytypes/*/versions/*/policies/*/versions/*", {ROLE_ADMINISTER, false}},
	{"GET " API "policies", {ROLE_READ, false}},
	{"POST " API "policies", {ROLE_ADMINISTER, false}},
	{"GET " API "policies/*/versions/*", {ROLE_READ, false}},
	{"DELETE " API "policies/*/versions/*", {ROLE_ADMINISTER, false}},
	{"GET " API "nodetemplates", {ROLE_READ, false}},
	{"POST " API "nodetemplates", {ROLE_ADMINISTER, false}},
	{"PUT " API "nodetemplates", {ROLE_ADMINISTER, false}},
	{"GET " API "nodetemplates/*/versions/*", {ROLE_READ, false}},
	{"DELETE " API "nodetemplates/*/versions/*", {ROLE_ADMINISTER, false}},
	{"GET " API "statistics", {ROLE_READ, false}},
	{"GET " PAP "healthcheck", {ROLE_READ, false}},
	{"GET " PAP "components/healthcheck", {ROLE_READ, false}},
	{"GET " PAP "pdps", {ROLE_READ, false}},
	{"GET " PAP "pdps/healthcheck", {ROLE_READ, false}},
	{"POST " PAP "pdps/groups/batch", {ROLE_ADMINISTER, false}},
	{"PUT " PAP "pdps/groups/*", {ROLE_ADMINISTER, false}},
	{"DELETE " PAP "pdps/groups/*", {ROLE_ADMINISTER, false}},
	{"POST " PAP "pdps/policies", {ROLE_ADMINISTER, false}},
	{"DELETE " PAP "pdps/policies/*", {ROLE_ADMINISTER, false}},
	{"DELETE " PAP "pdps/policies/*/versions/*", {ROLE_ADMINISTER, false}},
	{"POST " PAP "pdps/deployments/batch", {ROLE_ADMINISTER, false}},
	{"GET " PAP "policies/deployed", {ROLE_READ, false}},
	{"GET " PAP "policies/deployed/*", {ROLE_READ, false}},
	{"GET " PAP "policies/deployed/*/*", {ROLE_READ, false}},
	{"GET " PAP "policies/status", {ROLE_READ, false}},
	{"GET " PAP "policies/status/*", {ROLE_READ, false}},
	{"GET " PAP "policies/status/*/*", {ROLE_READ, false}},
	{"GET " PAP "policies/status/*/*/*", {ROLE_READ, false}},
	{"GET " PAP "policies/audit", {ROLE_READ, false}},
	{"GET " PAP "policies/audit/*", {ROLE_READ, false}},
	{"GET " PAP "policies/audit/*/*", {ROLE_READ, false}},
	{"GET " PAP "policies/audit/*/*/*", {ROLE_READ, false}},
	{"GET " OURS "policies/generations", {ROLE_READ, false}},
	{"GET " OURS "policies/diff", {ROLE_READ, false}},
	{"POST " OURS "policies/rollback", {ROLE_ADMINISTER, false}},
	{"GET " OURS "policies/*/*", {ROLE_READ, false}},

	{"GET /topics", {ROLE_MESSAGES, false}},
	{"POST /events/*", {ROLE_MESSAGES, true}},
	{"GET /events/*/*/*", {ROLE_MESSAGES, true}},
};
/* clang-format on */

struct route_role
route_role_find(const char *label, bool *found)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].label, label) != 0)
			continue;
		if (found)
			*found = true;
		return rows[i].needs;
	}
	if (found)
		*found = false;
	return (struct route_role){ROLE_ADMINISTER, false};
}
