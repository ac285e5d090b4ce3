/* policy_http - /policy/api/v1: ONAP's policy API; and /clguard/v1/policies, its additions */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "api/policy/policy_calls.h"
#include "runtime/administration/pap.h"
#include "runtime/administration/policy_api.h"

/* /policy/api/v1/X/NAME/versions/VERSION: X is part 3 */
static const struct path_parts none = {0};
static const struct path_parts named = {.name = 4};
static const struct path_parts versioned = {.name = 4, .version = 6};
static const struct path_parts typed = {.text = {4, 6}, .texts = 2};
static const struct path_parts typed_named = {.name = 8, .text = {4, 6}, .texts = 2};
static const struct path_parts typed_versioned = {.name = 8, .version = 10, .text = {4, 6}, .texts = 2};

void
policy_health_get(struct exchange *exchange)
{
	answer_json(exchange, STR("{\"name\":\"Policy API\",\"url\":\"self\",\"healthy\":true,\"code\":200,"
	                          "\"message\":\"alive\"}"));
	exchange->reply.constant = true;
}

/* --- policy types --- */

void
policytypes_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, none), policy_types_read);
}

void
policytypes_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), policy_types_create);
}

void
policytype_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, named), policy_types_read);
}

void
policytype_version_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, versioned), policy_types_read);
}

void
policytype_version_delete(struct exchange *exchange)
{
	policy_call_submit(exchange, policy_call_new(exchange, versioned), policy_type_delete);
}

/* --- policies --- */

/* mode=REFERENCED adds the types of the policies. */
static void
policy_http_read_policies(struct exchange *exchange, struct path_parts parts)
{
	struct str mode = exchange_query(exchange, "mode");
	struct runtime_call *call;

	if (mode.len && !str_equal_nocase(mode, STR("BARE")) && !str_equal_nocase(mode, STR("REFERENCED"))) {
		answer_refusal(exchange, 400, "mode is unknown: expected BARE or REFERENCED");
		return;
	}
	call = policy_call_new(exchange, parts);
	if (call && str_equal_nocase(mode, STR("REFERENCED")))
		call->other = STR("REFERENCED");
	policy_call_read(exchange, call, policy_list_read);
}

void
typed_policies_get(struct exchange *exchange)
{
	policy_http_read_policies(exchange, typed);
}

void
typed_policies_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, typed), policies_create);
}

void
typed_policy_get(struct exchange *exchange)
{
	policy_http_read_policies(exchange, typed_named);
}

void
typed_policy_version_get(struct exchange *exchange)
{
	policy_http_read_policies(exchange, typed_versioned);
}

void
typed_policy_version_delete(struct exchange *exchange)
{
	policy_call_submit(exchange, policy_call_new(exchange, typed_versioned), policy_delete);
}

void
policies_get(struct exchange *exchange)
{
	policy_http_read_policies(exchange, none);
}

void
policies_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), policies_create);
}

void
policy_version_get(struct exchange *exchange)
{
	policy_http_read_policies(exchange, versioned);
}

void
policy_version_delete(struct exchange *exchange)
{
	policy_call_submit(exchange, policy_call_new(exchange, versioned), policy_delete);
}

/* --- node templates --- */

void
nodetemplates_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, none), node_templates_read);
}

void
nodetemplates_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), node_templates_create);
}

void
nodetemplates_put(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), node_templates_update);
}

void
nodetemplate_version_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, versioned), node_templates_read);
}

void
nodetemplate_version_delete(struct exchange *exchange)
{
	policy_call_submit(exchange, policy_call_new(exchange, versioned), node_template_delete);
}

/* --- /clguard/v1/policies: X is part 2 --- */

void
policy_document_get(struct exchange *exchange)
{
	policy_call_read(exchange, policy_call_new(exchange, (struct path_parts){.name = 3, .version = 4}),
	                 policy_document_read);
}

/* A parameter of the query into a text of the call; one that is empty counts as absent. */
static void
take_query(struct exchange *exchange, struct runtime_call *call, size_t i, const char *name)
{
	struct str text = exchange_query(exchange, name);

	if (call && call->number > i && text.len)
		call->texts[i] = arena_str(&call->arena, text);
}

void
generations_get(struct exchange *exchange)
{
	struct runtime_call *call = policy_call_new(exchange, (struct path_parts){.texts = 1});

	take_query(exchange, call, 0, "limit");
	policy_call_read(exchange, call, generations_read);
}

void
generations_diff_get(struct exchange *exchange)
{
	struct runtime_call *call = policy_call_new(exchange, (struct path_parts){.texts = 2});

	take_query(exchange, call, 0, "from");
	take_query(exchange, call, 1, "to");
	policy_call_read(exchange, call, generations_diff_read);
}

void
rollback_post(struct exchange *exchange)
{
	policy_call_submit_body(exchange, policy_call_new(exchange, none), generation_roll_back);
}
