/* pap_http - /policy/pap/v1: ONAP's policy administration point */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "api/policy/policy_calls.h"
#include "runtime/administration/pap.h"

/* /policy/pap/v1/pdps/X/..: X is part 4 */
static const struct path_parts none = {0};

void
pap_health_get(struct exchange *exchange)
{
	answer_json(exchange, STR("{\"name\":\"Policy PAP\",\"url\":\"self\",\"healthy\":true,\"code\":200,"
	                          "\"message\":\"alive\"}"));
	exchange->reply.constant = true;
}

void
pap_components_health_get(struct exchange *exchange)
{
	struct runtime_call *call = policy_call_new(exchange, none);

	if (call) {
		const char *listen = exchange->worker->service->settings->listen;
		const char *scheme = strncmp(listen, "unix:", 5) == 0 ? "" : "http://";
		const char *address = arena_printf(&call->arena, "%s%s", scheme, listen);

		call->other = address ? str_from(address) : STR("");
	}
	policy_call_read(exchange, call, pap_components_health_read);
}

void
pap_pdps_health_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, none), pap_pdps_health_read);
}

/* --- groups --- */

void
pdps_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, none), pap_groups_read);
}

void
groups_batch_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), pap_groups_batch);
}

void
group_put(struct exchange *exchange)
{
	struct str state = exchange_query(exchange, "state");
	struct runtime_call *call = policy_call_new(exchange, (struct path_parts){.name = 5});

	if (call)
		call->other = arena_str(&call->arena, state);
	policy_call_submit(exchange, call, pap_group_state);
}

void
group_delete(struct exchange *exchange)
{
	policy_call_submit(exchange, policy_call_new(exchange, (struct path_parts){.name = 5}), pap_group_delete);
}

/* --- deployments --- */

void
pdps_policies_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), pap_policies_deploy);
}

void
pdps_policy_delete(struct exchange *exchange)
{
	policy_call_submit(exchange, policy_call_new(exchange, (struct path_parts){.name = 5}), pap_policy_undeploy);
}

void
pdps_policy_version_delete(struct exchange *exchange)
{
	policy_call_submit(exchange, policy_call_new(exchange, (struct path_parts){.name = 5, .version = 7}),
	                   pap_policy_undeploy);
}

void
deployments_batch_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), pap_deployments_batch);
}

/* --- what became of them: /policy/pap/v1/policies/X/..: X is part 4 --- */

static void
read_by_regex(struct exchange *exchange, struct path_parts parts,
              void (*read)(struct txn *txn, struct runtime_call *call, struct text *out))
{
	struct str regex = exchange_query(exchange, "regex");
	struct runtime_call *call = policy_call_new(exchange, parts);

	if (call && regex.len)
		call->other = arena_str(&call->arena, regex);
	policy_call_read(exchange, call, read);
}

void
deployed_get(struct exchange *exchange)
{
	read_by_regex(exchange, none, pap_deployed_read);
}

void
deployed_policy_get(struct exchange *exchange)
{
	read_by_regex(exchange, (struct path_parts){.name = 5}, pap_deployed_read);
}

void
deployed_version_get(struct exchange *exchange)
{
	read_by_regex(exchange, (struct path_parts){.name = 5, .version = 6}, pap_deployed_read);
}

void
policies_status_get(struct exchange *exchange)
{
	read_by_regex(exchange, none, pap_status_read);
}

void
status_group_get(struct exchange *exchange)
{
	read_by_regex(exchange, (struct path_parts){.text = {5}, .texts = 1}, pap_status_read);
}

void
status_policy_get(struct exchange *exchange)
{
	read_by_regex(exchange, (struct path_parts){.name = 6, .text = {5}, .texts = 1}, pap_status_read);
}

void
status_version_get(struct exchange *exchange)
{
	read_by_regex(exchange, (struct path_parts){.name = 6, .version = 7, .text = {5}, .texts = 1}, pap_status_read);
}

/* --- audit --- */

static void
read_audit(struct exchange *exchange, struct path_parts parts)
{
	static const char *const names[] = {NULL, "recordCount", "startTime", "endTime"};
	struct runtime_call *call;

	parts.texts = 4;
	call = policy_call_new(exchange, parts);
	for (size_t i = 1; call && i < 4; i++) {
		struct str text = exchange_query(exchange, names[i]);

		if (text.len)
			call->texts[i] = arena_str(&call->arena, text);
	}
	policy_call_read(exchange, call, pap_audit_read);
}

void
audit_get(struct exchange *exchange)
{
	read_audit(exchange, none);
}

void
audit_group_get(struct exchange *exchange)
{
	read_audit(exchange, (struct path_parts){.text = {5}});
}

void
audit_policy_get(struct exchange *exchange)
{
	read_audit(exchange, (struct path_parts){.name = 5, .version = 6});
}

void
audit_group_policy_get(struct exchange *exchange)
{
	read_audit(exchange, (struct path_parts){.name = 6, .version = 7, .text = {5}});
}
