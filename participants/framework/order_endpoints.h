/* order_endpoints - properties that name a service instead of a place: they point to the API gateway, or to the service */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_ORDER_ENDPOINTS_H
#define PARTICIPANTS_FRAMEWORK_ORDER_ENDPOINTS_H

#include "participants/framework/element_order.h"

/*
 * Replaces each text "gateway://SERVICE[/PATH]" of the tree by the URL of that service, at the API gateway when the process has
 * `gateway_url`, else where it is; and each text "gateway-key:" by the element's key there. The element's definition must
 * call the service. False, with the order's message saying why, when it does not.
 */
bool order_point_endpoints(struct element_order *order, struct node *tree);

#endif
