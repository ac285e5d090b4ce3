/* resources - the handlers, one file a resource */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_RESOURCES_H
#define API_HTTP_RESOURCES_H

#include "api/http/problems.h"
#include "api/server/exchange.h"
#include "base/node.h"
#include "engine/history/history.h"

/* Each sets exchange->reply, or suspends. */
void decision_post(struct exchange *exchange);
void decisions_post(struct exchange *exchange);
void xacml_post(struct exchange *exchange);

void evaluation_post(struct exchange *exchange);
void evaluations_post(struct exchange *exchange);
void search_subject_post(struct exchange *exchange);
void search_resource_post(struct exchange *exchange);
void search_action_post(struct exchange *exchange);
void authzen_configuration_get(struct exchange *exchange);

void openapi_get(struct exchange *exchange);

void healthcheck_get(struct exchange *exchange);
void live_get(struct exchange *exchange);
void ready_get(struct exchange *exchange);

void statistics_get(struct exchange *exchange);
void metrics_get(struct exchange *exchange);

void generation_get(struct exchange *exchange);
void reload_post(struct exchange *exchange);
void state_get(struct exchange *exchange);
void state_put(struct exchange *exchange);
void clock_get(struct exchange *exchange);
void clock_put(struct exchange *exchange);

void types_get(struct exchange *exchange);
void type_get(struct exchange *exchange);

void operations_post(struct exchange *exchange);
void operation_delete(struct exchange *exchange);
void operations_get(struct exchange *exchange);

void reservations_post(struct exchange *exchange);
void reservation_put(struct exchange *exchange);
void reservation_delete(struct exchange *exchange);
void headroom_get(struct exchange *exchange);
void commission_post(struct exchange *exchange);
void commission_remove(struct exchange *exchange);
void commission_get(struct exchange *exchange);
void commission_elements_get(struct exchange *exchange);
void commission_template_get(struct exchange *exchange);
void commission_properties_get(struct exchange *exchange);

void instantiation_post(struct exchange *exchange);
void instantiation_put(struct exchange *exchange);
void instantiation_delete(struct exchange *exchange);
void instantiation_get(struct exchange *exchange);
void command_put(struct exchange *exchange);
void rollback_put(struct exchange *exchange);
void instantiation_state_get(struct exchange *exchange);
void priming_get(struct exchange *exchange);
void configurations_get(struct exchange *exchange);

void participants_get(struct exchange *exchange);

void gateway_get(struct exchange *exchange);
void authz_get(struct exchange *exchange);

void designs_post(struct exchange *exchange);
void designs_get(struct exchange *exchange);
void compose_post(struct exchange *exchange);
void entry_get(struct exchange *exchange);
void entry_delete(struct exchange *exchange);

void monitoring_participant_get(struct exchange *exchange);
void monitoring_participants_get(struct exchange *exchange);
void monitoring_element_get(struct exchange *exchange);
void monitoring_elements_get(struct exchange *exchange);
void monitoring_status_get(struct exchange *exchange);

void transactions_get(struct exchange *exchange);
void execution_delete(struct exchange *exchange);

void policy_health_get(struct exchange *exchange);
void policytypes_get(struct exchange *exchange);
void policytypes_post(struct exchange *exchange);
void policytype_get(struct exchange *exchange);
void policytype_version_get(struct exchange *exchange);
void policytype_version_delete(struct exchange *exchange);
void typed_policies_get(struct exchange *exchange);
void typed_policies_post(struct exchange *exchange);
void typed_policy_get(struct exchange *exchange);
void typed_policy_version_get(struct exchange *exchange);
void typed_policy_version_delete(struct exchange *exchange);
void policies_get(struct exchange *exchange);
void policies_post(struct exchange *exchange);
void policy_version_get(struct exchange *exchange);
void policy_version_delete(struct exchange *exchange);
void nodetemplates_get(struct exchange *exchange);
void nodetemplates_post(struct exchange *exchange);
void nodetemplates_put(struct exchange *exchange);
void nodetemplate_version_get(struct exchange *exchange);
void nodetemplate_version_delete(struct exchange *exchange);
void policy_document_get(struct exchange *exchange);
void generations_get(struct exchange *exchange);
void generations_diff_get(struct exchange *exchange);
void rollback_post(struct exchange *exchange);
void policy_statistics_get(struct exchange *exchange);
void pap_health_get(struct exchange *exchange);
void pap_components_health_get(struct exchange *exchange);
void pap_pdps_health_get(struct exchange *exchange);
void pdps_get(struct exchange *exchange);
void groups_batch_post(struct exchange *exchange);
void group_put(struct exchange *exchange);
void group_delete(struct exchange *exchange);
void pdps_policies_post(struct exchange *exchange);
void pdps_policy_delete(struct exchange *exchange);
void pdps_policy_version_delete(struct exchange *exchange);
void deployments_batch_post(struct exchange *exchange);
void deployed_get(struct exchange *exchange);
void deployed_policy_get(struct exchange *exchange);
void deployed_version_get(struct exchange *exchange);
void policies_status_get(struct exchange *exchange);
void status_group_get(struct exchange *exchange);
void status_policy_get(struct exchange *exchange);
void status_version_get(struct exchange *exchange);
void audit_get(struct exchange *exchange);
void audit_group_get(struct exchange *exchange);
void audit_policy_get(struct exchange *exchange);
void audit_group_policy_get(struct exchange *exchange);

void whoami_get(struct exchange *exchange);
void service_events_get(struct exchange *exchange);
void guards_get(struct exchange *exchange);
void guard_values_get(struct exchange *exchange);
void limiters_get(struct exchange *exchange);
void operational_get(struct exchange *exchange);
void denials_get(struct exchange *exchange);
void topics_described_get(struct exchange *exchange);
void topic_look_get(struct exchange *exchange);
void source_get(struct exchange *exchange);
void try_post(struct exchange *exchange);
void console_get(struct exchange *exchange);
void console_file_get(struct exchange *exchange);

void topics_get(struct exchange *exchange);
void events_post(struct exchange *exchange);
void events_get(struct exchange *exchange);

/* Helpers that several of them share. */

struct text;

/* Series of reservations, commits and the database, as Prometheus text. */
void database_metrics(struct exchange *exchange, struct text *out);

/* Series of decisions, requests, connections, memory and the process. */
void statistics_metrics(struct exchange *exchange, struct text *out);

/* Series of topics. */
void topics_metrics(struct exchange *exchange, struct text *out);

/* Series of instances, participants, orders and groups of topics. */
void runtime_metrics(struct exchange *exchange, struct text *out);

/* Series of operational policies' transactions. */
void transactions_metrics(struct exchange *exchange, struct text *out);

/* 200 with a body made in the exchange's arena; 500 when it is absent because memory ran out. */
void answer_json(struct exchange *exchange, struct str body);

/* The request's body, JSON or YAML as its headers say, within the limits for bodies. In the exchange's arena. */
int read_body(struct exchange *exchange, struct node **ret_root, struct error *err);

#endif
