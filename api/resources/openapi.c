/* openapi - GET /openapi.yaml: the description of all routes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/openapi.h"

#include "api/http/resources.h"

void
openapi_get(struct exchange *exchange)
{
	answer_json(exchange, (struct str){openapi_document[0].text, openapi_document[0].len});
	exchange->reply.constant = true;
	exchange->reply.media = MEDIA_YAML;
}
