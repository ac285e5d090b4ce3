/* impact - what a deployment would turn, by the decision log: part of a dry run's answer */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_POLICY_IMPACT_H
#define API_POLICY_IMPACT_H

#include "api/resources/calls.h"

/* For call_add_apart: "impact" behind the members that are there. call->documents are what would be deployed. */
void impact_add(struct service *service, struct runtime_call *call, struct arena *scratch, struct text *out);

#endif
