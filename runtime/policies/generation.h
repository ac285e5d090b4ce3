/* generation - each change of what is deployed, numbered, with who made it: the audit, and the way back */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_GENERATION_H
#define RUNTIME_POLICIES_GENERATION_H

#include "runtime/policies/documents.h"
#include "runtime/policies/group.h"

/*
 * The generation is the number of changes so far, by which each process sees that it is behind: of deployments here, and of
 * the guards of control loops (act/deploy.h), which share it. A change of deployments is a row: what came and what went.
 * Undoing the rows above a generation, from the last one down, gives what was deployed then.
 */

#define GENERATIONS_KEPT 10000 /* rows; the oldest go first */
#define AUDITS_KEPT 100000

struct deployment_change {
	struct deployment_change *next;
	struct str group, type; /* type: of PDP */
	struct concept policy;
	const struct tosca_entity *entity; /* NULL: taken from the rows */
	bool deploy;                       /* else undeploy */
};

uint64_t generation_number(struct txn *txn);

/* One more, without a row of its own: the caller keeps what changed. */
void generation_count(struct txn *txn);

/* One more, with its row, audit entries for `user`, and the bodies of what is deployed. */
void generation_add(struct txn *txn, const char *action, struct str user, const struct deployment_change *changes);

/* Withdraws policies that a PDP failed to take from its subgroup. */
void generation_withdraw(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup,
                         const struct concepts *policies);

/* The rows above generation `above`, the newest first, as JSON. A false answer stops. */
void generations_each(struct txn *txn, uint64_t above, bool (*visit)(void *context, const struct node *row),
                      void *context);

/* The hash under which a body is kept, 16 hex digits, in the txn's arena; and the body of a hash, NULL when there is none. */
struct str body_hash(struct txn *txn, const struct tosca_entity *entity);
struct tosca_entity *body_find(struct txn *txn, struct concept id, struct str hash);

#define ROW_AUDIT 'A' /* of HISTORY_DOCUMENTS, by number */

#endif
