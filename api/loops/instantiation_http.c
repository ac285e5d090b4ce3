/* instantiation_http - /onap/controlloop/v2/instantiation: control loop instances and orders to them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/instantiation.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"
#include "runtime/calls/configuration.h"

static void
instantiation_submit(struct exchange *exchange, bool with_body, const char *other,
                     int (*run)(struct txn *txn, struct runtime_call *call))
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	if (with_body)
		call_take_document(exchange, call);
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
