/* gateway_http - GET /onap/controlloop/v2/gateway: what an API gateway loads; it holds the elements' keys */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

void
gateway_get(struct exchange *exchange)
{
	struct str format = exchange_query(exchange, "format");
	struct runtime_call *call;

	if (str_is(format, "nginx")) {
		exchange->writes = MEDIA_JSON; /* of refusals; nginx's own language has no media type */
		call = call_new(exchange);
		if (!call)
			return;
		call->plain = true;
		call->other = arena_str(&call->arena, exchange_query(exchange, "authz"));
		answer_read_call(exchange, call, gateway_write_nginx);
		return;
	}
	if (format.len && !str_is(format, "kong")) {
		answer_refusal(exchange, 400, "format is wrong: expected kong or nginx");
		return;
	}
	/* What gateways load is YAML mostly; JSON is for who asks for it. */
	if (!exchange->accept.ptr || str_is(str_trim(exchange->accept), "*/*"))
		exchange->writes = MEDIA_YAML;
	answer_read(exchange, gateway_write_kong);
}
