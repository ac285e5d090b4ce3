/* pap - ONAP's policy administration point: groups of PDPs, what is deployed in them, and what became of it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ADMINISTRATION_PAP_H
#define RUNTIME_ADMINISTRATION_PAP_H

#include "runtime/administration/deployment.h"

/*
 * Runs of calls, and reads; refusals are {"errorDetails"}. name, version, other: as each says.
 * source  ONAP's PAP, as recorded in tests/conformance/onap-service/pap.jsonl
 */

/* --- pap_groups.c --- */

int pap_groups_batch(struct txn *txn, struct runtime_call *call); /* body: {"groups":[..]}: made, or changed */
int pap_group_state(struct txn *txn, struct runtime_call *call);  /* name; other: the state */
int pap_group_delete(struct txn *txn, struct runtime_call *call); /* name */

/* --- pap_deploy.c --- */

int pap_policies_deploy(struct txn *txn, struct runtime_call *call); /* body: {"policies":[{"policy-id"..}]} */
int pap_policy_undeploy(struct txn *txn, struct runtime_call *call); /* name, version or none */
int pap_deployments_batch(struct txn *txn,
                          struct runtime_call *call); /* body: {"groups":[{"deploymentSubgroups"..}]} */

/* --- pap_read.c --- */

void pap_groups_read(struct txn *txn, struct runtime_call *call, struct text *out);
void pap_pdps_health_read(struct txn *txn, struct runtime_call *call, struct text *out);
void pap_components_health_read(struct txn *txn, struct runtime_call *call, struct text *out); /* other: own address */

/* --- pap_status.c --- */

/* name, version: of the policy, or none; other: a regular expression for names, or absent. */
void pap_deployed_read(struct txn *txn, struct runtime_call *call, struct text *out);

/* As that; texts[0]: the group, or absent. */
void pap_status_read(struct txn *txn, struct runtime_call *call, struct text *out);

/* name, version, texts[0] as there; texts[1] to texts[3]: recordCount, startTime, endTime, or absent. */
void pap_audit_read(struct txn *txn, struct runtime_call *call, struct text *out);

/* --- rollback.c --- */

/* body: {"generation": n}: what was deployed in that generation is deployed again, as a new one. */
int generation_roll_back(struct txn *txn, struct runtime_call *call);

/* texts[0]: how many, or absent: generations with what they changed, the newest first. */
void generations_read(struct txn *txn, struct runtime_call *call, struct text *out);

/* texts[0], texts[1]: two generations; what the second has that the first has not, and the other way round. */
void generations_diff_read(struct txn *txn, struct runtime_call *call, struct text *out);

#endif
