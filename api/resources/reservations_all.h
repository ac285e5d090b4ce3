/* reservations_all - POST reservations with a list: all of them, or none */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_RESERVATIONS_ALL_H
#define API_RESOURCES_RESERVATIONS_ALL_H

#include "api/bodies/request.h"
#include "api/server/exchange.h"

/* Answers, or suspends. list: the body's member `reservations`; lease_ms 0: the default. */
void reservations_all(struct exchange *exchange, const struct node *list, struct request_form form, int64_t lease_ms);

#endif
