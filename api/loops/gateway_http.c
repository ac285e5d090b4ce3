/* gateway_http - GET /onap/controlloop/v2/gateway: what an API gateway loads; it holds the elements' keys */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

/* Formats whose answer is text that a gateway reads as it is. `extra`: the query parameter that goes into call->texts. */
static const struct {
	const char *name, *extra;
	void (*write)(struct txn *txn, struct runtime_call *call, struct text *out);
} gateway_formats[] = {
	{"nginx", "log", gateway_write_nginx},
	{"envoy-clusters", "listen", gateway_write_envoy_clusters},
	{"envoy-listeners", "listen", gateway_write_envoy_listeners},
};

static void
gateway_get_text(struct exchange *exchange, size_t row)
{
	struct runtime_call *call;

	exchange->writes = MEDIA_JSON; /* of refusals; nginx's own language has no media type */
	call = call_new(exchange);
	if (!call)
		return;
	call->plain = true;
	call->other = arena_str(&call->arena, exchange_query(exchange, "authz"));
	call->texts = arena_alloc(&call->arena, sizeof(*call->texts));
	if (call->texts) {
		call->texts[0] = arena_str(&call->arena, exchange_query(exchange, gateway_formats[row].extra));
		call->number = 1;
	}
	answer_read_call(exchange, call, gateway_formats[row].write);
}

void
gateway_get(struct exchange *exchange)
{
	struct str format = exchange_query(exchange, "format");

	for (size_t i = 0; i < sizeof(gateway_formats) / sizeof(gateway_formats[0]); i++) {
		if (str_is(format, gateway_formats[i].name)) {
			gateway_get_text(exchange, i);
			return;
		}
	}
	if (format.len && !str_is(format, "kong")) {
		answer_refusal(exchange, 400,
		               "format is wrong: expected kong, nginx, envoy-clusters or envoy-listeners");
		return;
	}
	/* Gateways mostly load YAML; a client that wants JSON asks for it. */
	if (!exchange->accept.ptr || str_is(str_trim(exchange->accept), "*/*"))
		exchange->writes = MEDIA_YAML;
	answer_read(exchange, gateway_write_kong);
}
