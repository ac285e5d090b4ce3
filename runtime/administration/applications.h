/* applications - decisions that hand out policies instead of asking guards: configure, naming, optimize */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ADMINISTRATION_APPLICATIONS_H
#define RUNTIME_ADMINISTRATION_APPLICATIONS_H

#include "runtime/policies/documents.h"

/* Whether a decision with this action is answered here. */
bool application_is(struct str action);

/*
 * A read: call->raw is the decision request, JSON or, with call->other "yaml", YAML. Appends
 * {"policies": {name: policy}}: those deployed in the own subgroup that the action is about and the resource asks for, by
 * policy-id, policy-type, or the values of properties that their types call matchable. call->version "abbrev": type and
 * metadata alone.
 * source  ONAP's policy-xacml-pdp, as recorded in tests/conformance/onap-service/xacml-pdp.jsonl
 */
void applications_read(struct txn *txn, struct runtime_call *call, struct text *out);

#endif
