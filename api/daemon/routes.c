/* routes - which handler answers which method and path */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/routes.h"

#include <assert.h>

#include "api/http/metrics.h"
#include "api/http/resources.h"

#define ONAP "/policy/pdpx/v1/"
#define OURS "/clguard/v1/"
#define API "/policy/api/v1/"
#define PAP "/policy/pap/v1/"
#define LOOPS "/onap/controlloop/v2/"
#define COMPOSITIONS "/onap/automationcomposition/v2/"
#define JSON MEDIA_JSON
#define BOTH (MEDIA_JSON | MEDIA_YAML)
#define STARS (ROUTE_ONAP | ROUTE_STARS)
#define ACCESS "/access/v1/"
#define AUTHZEN (ROUTE_GATED | ROUTE_AUTHZEN)
#define XACML (MEDIA_XACML | MEDIA_XACML_XML)

/* clang-format off */
#define ROUTE(name, path, ...) {#name " " path, {path, sizeof(path) - 1}, METHOD_##name, __VA_ARGS__}

/* The most asked first. */
static const struct route routes[] = {
	ROUTE(POST, ONAP "decision", ROUTE_GATED | ROUTE_ONAP | ROUTE_URGENT | ROUTE_EARLY, BOTH, BOTH, decision_post),
	ROUTE(POST, ACCESS "evaluation", AUTHZEN | ROUTE_URGENT | ROUTE_EARLY, JSON, JSON, evaluation_post),
	ROUTE(POST, ACCESS "evaluations", AUTHZEN | ROUTE_URGENT | ROUTE_EARLY, JSON, JSON, evaluations_post),
	ROUTE(POST, OURS "decisions", ROUTE_GATED | ROUTE_URGENT | ROUTE_EARLY, BOTH, JSON, decisions_post),
	ROUTE(POST, ONAP "xacml", ROUTE_GATED | ROUTE_ONAP | ROUTE_URGENT | ROUTE_EARLY, XACML, XACML, xacml_post),
	ROUTE(GET, ONAP "healthcheck", ROUTE_ONAP | ROUTE_URGENT | ROUTE_EARLY, 0, BOTH, healthcheck_get),
	ROUTE(GET, ONAP "statistics", ROUTE_ONAP | ROUTE_EARLY, 0, BOTH, statistics_get),
	ROUTE(GET, "/metrics", ROUTE_URGENT | ROUTE_EARLY, 0, MEDIA_METRICS, metrics_get),
	ROUTE(GET, "/live", ROUTE_OPEN | ROUTE_URGENT | ROUTE_EARLY, 0, JSON, live_get),
	ROUTE(GET, "/ready", ROUTE_OPEN | ROUTE_URGENT | ROUTE_EARLY, 0, JSON, ready_get),
	ROUTE(GET, OURS "operations", 0, 0, JSON, operations_get),
	ROUTE(POST, OURS "operations", 0, JSON, JSON, operations_post),
	ROUTE(DELETE, OURS "operations/", ROUTE_ID, 0, JSON, operation_delete),
	ROUTE(POST, OURS "reservations", ROUTE_GATED | ROUTE_URGENT | ROUTE_EARLY, JSON, JSON, reservations_post),
	ROUTE(PUT, OURS "reservations/", ROUTE_ID | ROUTE_URGENT, JSON, JSON, reservation_put),
	ROUTE(DELETE, OURS "reservations/", ROUTE_ID | ROUTE_URGENT, 0, JSON, reservation_delete),
	ROUTE(GET, OURS "headroom", ROUTE_EARLY, 0, JSON, headroom_get),
	ROUTE(GET, OURS "types", ROUTE_EARLY, 0, JSON, types_get),
	ROUTE(GET, OURS "types/", ROUTE_ID | ROUTE_EARLY, 0, JSON, type_get),
	ROUTE(GET, OURS "generation", ROUTE_EARLY, 0, JSON, generation_get),
	ROUTE(POST, OURS "reload", 0, 0, JSON, reload_post),
	ROUTE(GET, OURS "state", ROUTE_EARLY, 0, JSON, state_get),
	ROUTE(PUT, OURS "state", ROUTE_EARLY, JSON, JSON, state_put),
	ROUTE(GET, OURS "clock", ROUTE_EARLY, 0, JSON, clock_get),
	ROUTE(PUT, OURS "clock", 0, JSON, JSON, clock_put),

	ROUTE(GET, OURS "whoami", ROUTE_EARLY, 0, JSON, whoami_get),
	ROUTE(GET, OURS "events", 0, 0, MEDIA_OTHER, service_events_get),
	ROUTE(GET, OURS "guards", 0, 0, JSON, guards_get),
	ROUTE(GET, OURS "guards/values", 0, 0, JSON, guard_values_get),
	ROUTE(GET, OURS "limiters", 0, 0, JSON, limiters_get),
	ROUTE(GET, OURS "operational", 0, 0, JSON, operational_get),
	ROUTE(GET, OURS "denials", 0, 0, JSON, denials_get),
	ROUTE(GET, OURS "topics", 0, 0, JSON, topics_described_get),
	ROUTE(GET, OURS "topics/", ROUTE_ID, 0, JSON, topic_look_get),
	ROUTE(GET, OURS "source", 0, 0, JSON, source_get),
	ROUTE(POST, OURS "try", 0, JSON, JSON, try_post),
	ROUTE(GET, "/console", ROUTE_OPEN | ROUTE_PAGE | ROUTE_EARLY, 0, MEDIA_OTHER, console_get),
	ROUTE(GET, "/console/", ROUTE_OPEN | ROUTE_PAGE | ROUTE_EARLY, 0, MEDIA_OTHER, console_file_get),
	ROUTE(GET, "/console/*", ROUTE_OPEN | ROUTE_PAGE | ROUTE_STARS | ROUTE_EARLY, 0, MEDIA_OTHER, console_file_get),

	ROUTE(POST, ACCESS "search/subject", AUTHZEN, JSON, JSON, search_subject_post),
	ROUTE(POST, ACCESS "search/resource", AUTHZEN, JSON, JSON, search_resource_post),
	ROUTE(POST, ACCESS "search/action", AUTHZEN, JSON, JSON, search_action_post),
	ROUTE(GET, "/.well-known/authzen-configuration", ROUTE_OPEN | ROUTE_AUTHZEN | ROUTE_EARLY, 0, JSON, authzen_configuration_get),
	ROUTE(GET, "/openapi.yaml", ROUTE_OPEN | ROUTE_EARLY, 0, MEDIA_YAML, openapi_get),

	ROUTE(POST, LOOPS "commission", ROUTE_ONAP, BOTH, BOTH, commission_post),
	ROUTE(DELETE, LOOPS "commission", ROUTE_ONAP, 0, BOTH, commission_remove),
	ROUTE(GET, LOOPS "commission", ROUTE_ONAP, 0, BOTH, commission_get),
	ROUTE(GET, LOOPS "commission/elements", ROUTE_ONAP, 0, BOTH, commission_elements_get),
	ROUTE(GET, LOOPS "commission/toscaservicetemplate", ROUTE_ONAP, 0, BOTH, commission_template_get),
	ROUTE(GET, LOOPS "commission/getCommonOrInstanceProperties", ROUTE_ONAP, 0, BOTH, commission_properties_get),
	ROUTE(POST, LOOPS "instantiation", ROUTE_ONAP, BOTH, BOTH, instantiation_post),
	ROUTE(PUT, LOOPS "instantiation", ROUTE_ONAP, BOTH, BOTH, instantiation_put),
	ROUTE(DELETE, LOOPS "instantiation", ROUTE_ONAP, 0, BOTH, instantiation_delete),
	ROUTE(GET, LOOPS "instantiation", ROUTE_ONAP, 0, BOTH, instantiation_get),
	ROUTE(PUT, LOOPS "instantiation/command", ROUTE_ONAP, BOTH, BOTH, command_put),
	ROUTE(GET, LOOPS "instantiation/configurations", ROUTE_ONAP, 0, BOTH, configurations_get),
	ROUTE(PUT, LOOPS "instantiation/rollback", ROUTE_ONAP, 0, BOTH, rollback_put),
	ROUTE(GET, LOOPS "instantiationState", ROUTE_ONAP, 0, BOTH, instantiation_state_get),
	ROUTE(GET, LOOPS "controlLoopPriming", ROUTE_ONAP, 0, BOTH, priming_get),
	ROUTE(GET, LOOPS "participants", ROUTE_ONAP, 0, BOTH, participants_get),
	ROUTE(GET, OURS "authz", ROUTE_GATED | ROUTE_URGENT | ROUTE_CALLER, 0, BOTH, authz_get),
	ROUTE(POST, OURS "authz", ROUTE_GATED | ROUTE_URGENT | ROUTE_CALLER, 0, BOTH, authz_get),
	ROUTE(PUT, OURS "authz", ROUTE_GATED | ROUTE_URGENT | ROUTE_CALLER, 0, BOTH, authz_get),
	ROUTE(DELETE, OURS "authz", ROUTE_GATED | ROUTE_URGENT | ROUTE_CALLER, 0, BOTH, authz_get),
	ROUTE(GET, LOOPS "gateway", ROUTE_ONAP, 0, BOTH, gateway_get),
	ROUTE(GET, LOOPS "monitoring/participant", ROUTE_ONAP, 0, BOTH, monitoring_participant_get),
	ROUTE(GET, LOOPS "monitoring/participants/controlloop", ROUTE_ONAP, 0, BOTH, monitoring_participants_get),
	ROUTE(GET, LOOPS "monitoring/clelement", ROUTE_ONAP, 0, BOTH, monitoring_element_get),
	ROUTE(GET, LOOPS "monitoring/clelements/controlloop", ROUTE_ONAP, 0, BOTH, monitoring_elements_get),
	ROUTE(GET, LOOPS "monitoring/status", ROUTE_ONAP, 0, BOTH, monitoring_status_get),

	/* The same in the words of automation compositions. */
	ROUTE(POST, COMPOSITIONS "commission", ROUTE_ONAP, BOTH, BOTH, commission_post),
	ROUTE(DELETE, COMPOSITIONS "commission", ROUTE_ONAP, 0, BOTH, commission_remove),
	ROUTE(GET, COMPOSITIONS "commission", ROUTE_ONAP, 0, BOTH, commission_get),
	ROUTE(GET, COMPOSITIONS "commission/elements", ROUTE_ONAP, 0, BOTH, commission_elements_get),
	ROUTE(GET, COMPOSITIONS "commission/toscaservicetemplate", ROUTE_ONAP, 0, BOTH, commission_template_get),
	ROUTE(GET, COMPOSITIONS "commission/getCommonOrInstanceProperties", ROUTE_ONAP, 0, BOTH, commission_properties_get),
	ROUTE(POST, COMPOSITIONS "instantiation", ROUTE_ONAP, BOTH, BOTH, instantiation_post),
	ROUTE(PUT, COMPOSITIONS "instantiation", ROUTE_ONAP, BOTH, BOTH, instantiation_put),
	ROUTE(DELETE, COMPOSITIONS "instantiation", ROUTE_ONAP, 0, BOTH, instantiation_delete),
	ROUTE(GET, COMPOSITIONS "instantiation", ROUTE_ONAP, 0, BOTH, instantiation_get),
	ROUTE(PUT, COMPOSITIONS "instantiation/command", ROUTE_ONAP, BOTH, BOTH, command_put),
	ROUTE(GET, COMPOSITIONS "instantiation/configurations", ROUTE_ONAP, 0, BOTH, configurations_get),
	ROUTE(PUT, COMPOSITIONS "instantiation/rollback", ROUTE_ONAP, 0, BOTH, rollback_put),
	ROUTE(GET, COMPOSITIONS "instantiationState", ROUTE_ONAP, 0, BOTH, instantiation_state_get),
	ROUTE(GET, COMPOSITIONS "automationCompositionPriming", ROUTE_ONAP, 0, BOTH, priming_get),
	ROUTE(GET, COMPOSITIONS "participants", ROUTE_ONAP, 0, BOTH, participants_get),
	ROUTE(GET, COMPOSITIONS "gateway", ROUTE_ONAP, 0, BOTH, gateway_get),
	ROUTE(GET, COMPOSITIONS "monitoring/participant", ROUTE_ONAP, 0, BOTH, monitoring_participant_get),
	ROUTE(GET, COMPOSITIONS "monitoring/participants/automationcomposition", ROUTE_ONAP, 0, BOTH, monitoring_participants_get),
	ROUTE(GET, COMPOSITIONS "monitoring/acelement", ROUTE_ONAP, 0, BOTH, monitoring_element_get),
	ROUTE(GET, COMPOSITIONS "monitoring/acelements/automationcomposition", ROUTE_ONAP, 0, BOTH, monitoring_elements_get),
	ROUTE(GET, COMPOSITIONS "monitoring/status", ROUTE_ONAP, 0, BOTH, monitoring_status_get),

	ROUTE(GET, OURS "catalogue", 0, 0, BOTH, designs_get),
	ROUTE(POST, OURS "catalogue", 0, BOTH, BOTH, designs_post),
	ROUTE(POST, OURS "catalogue/compose", 0, BOTH, BOTH, compose_post),
	ROUTE(GET, OURS "catalogue/*/*", ROUTE_STARS, 0, BOTH, entry_get),
	ROUTE(DELETE, OURS "catalogue/*/*", ROUTE_STARS, 0, BOTH, entry_delete),

	ROUTE(GET, OURS "transactions", 0, 0, BOTH, transactions_get),
	ROUTE(DELETE, OURS "transactions/", ROUTE_ID, 0, JSON, execution_delete),

	ROUTE(GET, API "healthcheck", ROUTE_ONAP, 0, BOTH, policy_health_get),
	ROUTE(GET, API "policytypes", ROUTE_ONAP, 0, BOTH, policytypes_get),
	ROUTE(POST, API "policytypes", ROUTE_ONAP, BOTH, BOTH, policytypes_post),
	ROUTE(GET, API "policytypes/*", STARS, 0, BOTH, policytype_get),
	ROUTE(GET, API "policytypes/*/versions/*", STARS, 0, BOTH, policytype_version_get),
	ROUTE(DELETE, API "policytypes/*/versions/*", STARS, 0, BOTH, policytype_version_delete),
	ROUTE(GET, API "policytypes/*/versions/*/policies", STARS, 0, BOTH, typed_policies_get),
	ROUTE(POST, API "policytypes/*/versions/*/policies", STARS, BOTH, BOTH, typed_policies_post),
	ROUTE(GET, API "policytypes/*/versions/*/policies/*", STARS, 0, BOTH, typed_policy_get),
	ROUTE(GET, API "policytypes/*/versions/*/policies/*/versions/*", STARS, 0, BOTH, typed_policy_version_get),
	ROUTE(DELETE, API "policytypes/*/versions/*/policies/*/versions/*", STARS, 0, BOTH, typed_policy_version_delete),
	ROUTE(GET, API "policies", ROUTE_ONAP, 0, BOTH, policies_get),
	ROUTE(POST, API "policies", ROUTE_ONAP, BOTH, BOTH, policies_post),
	ROUTE(GET, API "policies/*/versions/*", STARS, 0, BOTH, policy_version_get),
	ROUTE(DELETE, API "policies/*/versions/*", STARS, 0, BOTH, policy_version_delete),
	ROUTE(GET, API "nodetemplates", ROUTE_ONAP, 0, BOTH, nodetemplates_get),
	ROUTE(POST, API "nodetemplates", ROUTE_ONAP, BOTH, BOTH, nodetemplates_post),
	ROUTE(PUT, API "nodetemplates", ROUTE_ONAP, BOTH, BOTH, nodetemplates_put),
	ROUTE(GET, API "nodetemplates/*/versions/*", STARS, 0, BOTH, nodetemplate_version_get),
	ROUTE(DELETE, API "nodetemplates/*/versions/*", STARS, 0, BOTH, nodetemplate_version_delete),
	ROUTE(GET, API "statistics", ROUTE_ONAP, 0, BOTH, policy_statistics_get),

	ROUTE(GET, PAP "healthcheck", ROUTE_ONAP, 0, BOTH, pap_health_get),
	ROUTE(GET, PAP "components/healthcheck", ROUTE_ONAP, 0, BOTH, pap_components_health_get),
	ROUTE(GET, PAP "pdps", ROUTE_ONAP, 0, BOTH, pdps_get),
	ROUTE(GET, PAP "pdps/healthcheck", ROUTE_ONAP, 0, BOTH, pap_pdps_health_get),
	ROUTE(POST, PAP "pdps/groups/batch", ROUTE_ONAP, BOTH, BOTH, groups_batch_post),
	ROUTE(PUT, PAP "pdps/groups/*", STARS, 0, BOTH, group_put),
	ROUTE(DELETE, PAP "pdps/groups/*", STARS, 0, BOTH, group_delete),
	ROUTE(POST, PAP "pdps/policies", ROUTE_ONAP, BOTH, BOTH, pdps_policies_post),
	ROUTE(DELETE, PAP "pdps/policies/*", STARS, 0, BOTH, pdps_policy_delete),
	ROUTE(DELETE, PAP "pdps/policies/*/versions/*", STARS, 0, BOTH, pdps_policy_version_delete),
	ROUTE(POST, PAP "pdps/deployments/batch", ROUTE_ONAP, BOTH, BOTH, deployments_batch_post),
	ROUTE(GET, PAP "policies/deployed", ROUTE_ONAP, 0, BOTH, deployed_get),
	ROUTE(GET, PAP "policies/deployed/*", STARS, 0, BOTH, deployed_policy_get),
	ROUTE(GET, PAP "policies/deployed/*/*", STARS, 0, BOTH, deployed_version_get),
	ROUTE(GET, PAP "policies/status", ROUTE_ONAP, 0, BOTH, policies_status_get),
	ROUTE(GET, PAP "policies/status/*", STARS, 0, BOTH, status_group_get),
	ROUTE(GET, PAP "policies/status/*/*", STARS, 0, BOTH, status_policy_get),
	ROUTE(GET, PAP "policies/status/*/*/*", STARS, 0, BOTH, status_version_get),
	ROUTE(GET, PAP "policies/audit", ROUTE_ONAP, 0, BOTH, audit_get),
	ROUTE(GET, PAP "policies/audit/*", STARS, 0, BOTH, audit_group_get),
	ROUTE(GET, PAP "policies/audit/*/*", STARS, 0, BOTH, audit_policy_get),
	ROUTE(GET, PAP "policies/audit/*/*/*", STARS, 0, BOTH, audit_group_policy_get),

	ROUTE(GET, OURS "policies/generations", 0, 0, BOTH, generations_get),
	ROUTE(GET, OURS "policies/diff", 0, 0, BOTH, generations_diff_get),
	ROUTE(POST, OURS "policies/rollback", 0, BOTH, BOTH, rollback_post),
	ROUTE(GET, OURS "policies/*/*", ROUTE_STARS, 0, BOTH, policy_document_get),

	ROUTE(GET, "/topics", 0, 0, JSON, topics_get),
	ROUTE(POST, "/events/*", ROUTE_STARS, 0, JSON, events_post),
	ROUTE(GET, "/events/*/*/*", ROUTE_STARS, 0, JSON, events_get),
};
/* clang-format on */

#define ROUTES (sizeof(routes) / sizeof(*routes))

static_assert(ROUTES < METRICS_ROUTES, "metrics.h has a counter for each route and one for no route");

const struct route_table routes_all = {routes, ROUTES};
