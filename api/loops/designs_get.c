/* designs_get - /clguard/v1/catalogue: what control loop types are made of */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/designs.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

static void
submit(struct exchange *exchange, bool with_body, int (*run)(struct txn *txn, struct runtime_call *call))
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	if (with_body)
		call_take_document(exchange, call);
	call->run = run;
	if (!with_body) {
		call->name = arena_str(&call->arena, path_part(exchange->path, 3));
		call->version = arena_str(&call->arena, path_part(exchange->path, 4));
	}
	call_submit(exchange, call, 0);
}

void
designs_post(struct exchange *exchange)
{
	submit(exchange, true, designs_onboard);
}

void
compose_post(struct exchange *exchange)
{
	submit(exchange, true, designs_compose);
}

void
entry_delete(struct exchange *exchange)
{
	submit(exchange, false, designs_delete);
}

void
designs_get(struct exchange *exchange)
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	call->other = arena_str(&call->arena, exchange_query(exchange, "kind"));
	answer_read_call(exchange, call, designs_list);
}

void
entry_get(struct exchange *exchange)
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	call->name = arena_str(&call->arena, path_part(exchange->path, 3));
	call->version = arena_str(&call->arena, path_part(exchange->path, 4));
	answer_read_call(exchange, call, catalogue_read);
}
