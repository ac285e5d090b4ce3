/* participants - GET /onap/controlloop/v2/participants: who takes part */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/participant.h"

#include "api/http/resources.h"
#include "api/resources/calls.h"

void
participants_get(struct exchange *exchange)
{
	answer_read(exchange, participants_list);
}
