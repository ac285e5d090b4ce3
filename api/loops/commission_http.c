/* commission_http - /onap/controlloop/v2/commission: control loop types */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/commission.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

void
commission_post(struct exchange *exchange)
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	call_take_document(exchange, call);
	call->run = commission_create;
	call_submit(exchange, call, 0);
}

void
commission_remove(struct exchange *exchange)
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	call->run = commission_delete;
	call_submit(exchange, call, 0);
}

void
commission_get(struct exchange *exchange)
{
	answer_read(exchange, commission_loops);
}

void
commission_elements_get(struct exchange *exchange)
{
	answer_read(exchange, commission_elements);
}

void
commission_template_get(struct exchange *exchange)
{
	answer_read(exchange, commission_template);
}

static void
common_properties(struct txn *txn, struct runtime_call *call, struct text *out)
{
	call->number = 1;
	commission_properties(txn, call, out);
}

void
commission_properties_get(struct exchange *exchange)
{
	struct str common = exchange_query(exchange, "common");

	if (common.ptr && !str_equal_nocase(common, STR("true")) && !str_equal_nocase(common, STR("false")))
		answer_refusal(exchange, 400, "common is true or false");
	else
		answer_read(exchange,
		            str_equal_nocase(common, STR("true")) ? common_properties : commission_properties);
}
