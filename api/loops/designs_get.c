/* designs_get - /clguard/v1/catalogue: what control loop types are made of */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/designs.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

static void
submit(struct exchange *exchange, bool with_body, int (*run)(struct turn *turn, struct runtime_call *call))
{
	struct runtime_call *call = call_new(exchange);

	if (!call || (with_body && !call_read_body(exchange, call)))
		return;
	call->run = run;
	if (!with_body) {
		call->name = arena_str(&call->arena, path_part(exchange->path, 3));
		call->version = arena_str(&call->arena, path_part(exchange->path, 4));
	}
	call_submit(exchange, call, 0);
}

void
catalogue_post(struct exchange *exchange)
{
	submit(exchange, true, catalogue_onboard);
}

void
compose_post(struct exchange *exchange)
{
	submit(exchange, true, catalogue_compose);
}

void
entry_delete(struct exchange *exchange)
{
	submit(exchange, false, catalogue_delete);
}

static void
read_list(struct turn *turn, struct runtime_call *call, struct text *out)
{
	call->other = exchange_query(call->context, "kind");
	catalogue_list(turn, call, out);
}

void
catalogue_get(struct exchange *exchange)
{
	answer_read(exchange, read_list);
}

static void
read_entry(struct turn *turn, struct runtime_call *call, struct text *out)
{
	const struct exchange *exchange = call->context;

	call->name = path_part(exchange->path, 3);
	call->version = path_part(exchange->path, 4);
	catalogue_read(turn, call, out);
}

void
entry_get(struct exchange *exchange)
{
	answer_read(exchange, read_entry);
}
