/* access - decisions of action "access": may this element of a control loop call this service? */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_ACCESS_H
#define API_RESOURCES_ACCESS_H

#include "api/http/service.h"

/*
 * {action: "access", resource: {access: {clname, element, service, version?, targetClname?, targetVersion?,
 * targetElement?, method?, path?}}}, all text. The decision, from a snapshot; ret_explanation: JSON in the exchange's arena, NULL when nobody asked why.
 * errors  ERROR_TYPE, ERROR_MISSING, ERROR_LIMIT, at the place; ERROR_MEMORY
 */
int access_answer_of(struct exchange *exchange, const struct node *root, struct str *ret_explanation,
                     struct decision *ret, struct error *err);

/* Who asks, as a gateway knows it: by its key, or by the consumer's name in its certificate. One is absent. */
struct access_caller {
	struct str key, consumer;
};

/* The same for a request at a gateway: its element is the caller, which must be of the instance. Counted and logged too. */
struct access_request;
void access_answer_caller(struct exchange *exchange, struct access_request *request, const struct access_caller *caller,
                          struct decision *ret);

/* Whether a path is absolute and in its normal form, without query. */
bool access_path_is_normal(struct str path);

#endif
