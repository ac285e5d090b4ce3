/* instantiation_http - /onap/controlloop/v2/instantiation: control loop instances and orders to them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/instantiation.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"
#include "runtime/calls/configuration.h"

/* Who may operate some control loops only, and how its body is read; in the call's arena. */
struct loop_scope {
	struct auth *auth;
	struct identity identity;
	int (*read)(struct runtime_call *call);
};

/* Every instance that the body names must be one of theirs. The runtime's thread. */
static int
read_in_scope(struct runtime_call *call)
{
	static const char *const lists[] = {"controlLoopList", "controlLoopIdentifierList"};
	const struct loop_scope *scope = call->context;
	int r = scope->read(call);

	for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(*lists); i++) {
		const struct node *list = node_get(call->body, lists[i]);

		for (const struct node *node = list && list->kind == NODE_LIST ? list->first : NULL; node;
		     node = node->next) {
			struct concept id = concept_read(node);

			if (auth_covers(scope->auth, &scope->identity, ROLE_OPERATE, id.name))
				continue;
			call_refuse(call, 403, "'%s' does not hold the role operate for '%.*s'", scope->identity.name,
			            STR_ARG(id.name));
			return -ERROR_UNKNOWN;
		}
	}
	return r;
}

/* False, and answered, when the caller may not operate what it names. */
static bool
keep_in_scope(struct exchange *exchange, struct runtime_call *call, bool with_body)
{
	const struct service *service = exchange->worker->service;
	struct loop_scope *scope;

	if (!service->auth || exchange->identity.whole & ROLE_OPERATE)
		return true;
	if (!with_body)
		return exchange_covers(exchange, call->name);
	scope = arena_alloc(&call->arena, sizeof(*scope));
	if (!scope) {
		answer_refusal(exchange, 503, "out of memory");
		return false;
	}
	*scope = (struct loop_scope){service->auth, exchange->identity, call->read};
	call->context = scope;
	call->read = read_in_scope;
	return true;
}

static void
instantiation_submit(struct exchange *exchange, bool with_body, const char *other,
                     int (*run)(struct txn *txn, struct runtime_call *call))
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	if (with_body)
		call_take_document(exchange, call);
	if (!keep_in_scope(exchange, call, with_body)) {
		call_free(call);
		return;
	}
	if (other)
		call->other = arena_str(&call->arena, exchange_query(exchange, other));
	call->run = run;
	call->refused = call_keep_denials;
	call_submit(exchange, call, 0);
}

void
instantiation_post(struct exchange *exchange)
{
	instantiation_submit(exchange, true, NULL, instances_create);
}

void
instantiation_put(struct exchange *exchange)
{
	instantiation_submit(exchange, true, "fromVersion", instances_update);
}

void
instantiation_delete(struct exchange *exchange)
{
	instantiation_submit(exchange, false, "force", instance_delete);
}

void
command_put(struct exchange *exchange)
{
	instantiation_submit(exchange, true, "force", instances_order);
}

void
rollback_put(struct exchange *exchange)
{
	instantiation_submit(exchange, false, "toVersion", configuration_roll_back);
}

void
instantiation_get(struct exchange *exchange)
{
	answer_read(exchange, instances_list);
}

void
instantiation_state_get(struct exchange *exchange)
{
	answer_read(exchange, instances_states);
}

void
priming_get(struct exchange *exchange)
{
	answer_read(exchange, instances_primed);
}

void
configurations_get(struct exchange *exchange)
{
	answer_read(exchange, configuration_list);
}
