/* access - decisions of action "access": may this element of a control loop call this service? */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_ACCESS_H
#define API_RESOURCES_ACCESS_H

#include "api/http/service.h"

/*
 * {action: "access", resource: {access: {clname, element, service, version?, targetElement?, method?, path?}}}, all
 * text. The decision, from a snapshot; ret_explanation: JSON in the exchange's arena, NULL when nobody asked why.
 * errors  ERROR_TYPE, ERROR_MISSING, ERROR_LIMIT, at the place; ERROR_MEMORY
 */
int access_answer_of(struct exchange *exchange, const struct node *root, struct str *ret_explanation,
                     struct decision *ret, struct error *err);

#endif
