/* notification - what became of policies that were deployed or undeployed, on the topic for policies */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_NOTIFICATION_H
#define RUNTIME_POLICIES_NOTIFICATION_H

#include "runtime/policies/pdp.h"

/* On how many PDPs a policy is in force, failed, or has not been answered for. */
struct policy_counts {
	struct concept policy, type;
	size_t success, failure, incomplete;
};

/* {"policy-type":..,"policy-type-version":..,"policy-id":..,"policy-version":..,"success-count":..,...} */
void policy_counts_write(struct text *out, const struct policy_counts *counts);

/* By name and version; in the txn's arena. */
struct policy_tally {
	struct policy_counts *items;
	size_t count;
};

/* Over all groups, in one pass. deployed: the policies that subgroups have; else those that PDPs still are to drop. */
struct policy_tally policies_tally(struct txn *txn, bool deployed);
const struct policy_counts *policy_tally_find(const struct policy_tally *tally, struct concept policy);

/*
 * One message on the topic for policies; each is told as deployed while a subgroup has it, else as undeployed. gone: PDPs
 * that dropped the latter just now.
 */
void notify_policies(struct txn *txn, const struct concepts *policies, size_t gone);

#endif
