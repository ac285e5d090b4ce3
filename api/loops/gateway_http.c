/* gateway_http - GET /onap/controlloop/v2/gateway: what an API gateway loads; it holds the elements' keys */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

void
gateway_get(struct exchange *exchange)
{
	/* What gateways load is YAML mostly; JSON is for who asks for it. */
	if (!exchange->accept.ptr || str_is(str_trim(exchange->accept), "*/*"))
		exchange->writes = MEDIA_YAML;
	answer_read(exchange, gateway_write_kong);
}
