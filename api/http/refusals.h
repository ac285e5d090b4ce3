/* refusals - what a request is refused for by its headers alone, in one order, and the words for it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_REFUSALS_H
#define API_HTTP_REFUSALS_H

#include "api/server/exchange.h"

/*
 * Finds the route, and returns the status that refuses the request by its headers alone, in the order that doc/openapi.yaml
 * gives; 0: none, or none before the credentials have been checked (exchange->unverified).
 */
unsigned refusal_status(struct exchange *exchange);

/* The body for exchange->reply.status. A PASSIVE service's 409 has none, as ONAP's; the others say what they are. */
void refusal_write(struct exchange *exchange);

#endif
