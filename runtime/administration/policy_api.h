/* policy_api - ONAP's policy API: policy types, policies and node templates created, read and removed */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ADMINISTRATION_POLICY_API_H
#define RUNTIME_ADMINISTRATION_POLICY_API_H

#include "runtime/policies/documents.h"

/*
 * Runs of calls, and reads. name and version are those of the path, absent where the path has none; "latest" is a version.
 * Refusals have ONAP's form: {"code","error","details"}, with "findings" where a place in the body is known.
 * source  ONAP's policy API, as recorded in tests/conformance/onap-service/api.jsonl
 */

/* body: a service template; all of it is entered, or nothing. */
int policy_types_create(struct txn *txn, struct runtime_call *call);
int policies_create(struct txn *txn, struct runtime_call *call);
int node_templates_create(struct txn *txn, struct runtime_call *call);
int node_templates_update(struct txn *txn, struct runtime_call *call);

int policy_type_delete(struct txn *txn, struct runtime_call *call);
int policy_delete(struct txn *txn, struct runtime_call *call);
int node_template_delete(struct txn *txn, struct runtime_call *call);

void policy_types_read(struct txn *txn, struct runtime_call *call, struct text *out);
void node_templates_read(struct txn *txn, struct runtime_call *call, struct text *out);

/* texts: the name and version of the type that they must be of, where the path has one. other: "REFERENCED" or absent. */
void policy_list_read(struct txn *txn, struct runtime_call *call, struct text *out);

/* The policy as a document of its own, as the engine reads it. */
void policy_document_read(struct txn *txn, struct runtime_call *call, struct text *out);

/* The refusal in ONAP's form; status 404, 406 and so on. */
void policy_api_refuse(struct runtime_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As that, with the finding's place in the body. */
void policy_api_refuse_at(struct runtime_call *call, unsigned status, const struct error *err);

/* {"code":..,"error":..,"details":[..],"findings":..}; findings: JSON, or absent. */
void policy_api_answer(struct runtime_call *call, unsigned status, struct str sentence, struct str findings);

#endif
