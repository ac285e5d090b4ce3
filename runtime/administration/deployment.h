/* deployment - what one call changes of what is deployed: compiled first, then written, audited and told, or nothing of it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ADMINISTRATION_DEPLOYMENT_H
#define RUNTIME_ADMINISTRATION_DEPLOYMENT_H

#include "runtime/policies/generation.h"

/* Lives for one run of a call. Groups are loaded once and changed in memory until deployment_commit. */
struct deployment {
	struct txn *txn;
	struct runtime_call *call;
	struct pdp_group *groups;          /* loaded */
	struct deployment_change *changes; /* in their order; two that undo each other are none */
	bool touched;                      /* a group has changed otherwise */
};

void deployment_begin(struct deployment *deployment, struct txn *txn, struct runtime_call *call);

/* Takes a loaded group in, or loads it; NULL when there is none. */
struct pdp_group *deployment_group(struct deployment *deployment, struct str name);

/* All groups, taken in. */
struct pdp_group *deployment_groups(struct deployment *deployment);

/* Adds the policy to the subgroup, which does not have it yet. */
void deployment_deploy(struct deployment *deployment, struct pdp_group *group, struct pdp_subgroup *subgroup,
                       const struct tosca_entity *policy);

/* Takes it out; false when the subgroup does not have it. */
bool deployment_undeploy(struct deployment *deployment, struct pdp_group *group, struct pdp_subgroup *subgroup,
                         struct concept policy);

/*
 * Compiles what would be in force, unless nothing changes; then writes groups, generation and audit, tells the PDPs and
 * publishes a notification, and answers with `status` and `answer`. A dry run answers with what would happen instead.
 * The result is the call's.
 */
int deployment_commit(struct deployment *deployment, const char *action, unsigned status, struct str answer);

/* {"message":..,"uri":..}: what ONAP's PAP answers to every deployment. */
extern const struct str deployment_accepted;

#endif
