/* pdp - policy decision points that registered over the bus: what they have, what they are told, when they are gone */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_PDP_H
#define RUNTIME_POLICIES_PDP_H

#include "runtime/policies/group.h"

/*
 * A PDP says PDP_STATUS on the topic of PDPs; it is answered with PDP_UPDATE (policies to deploy and to undeploy) and
 * PDP_STATE_CHANGE, each with a request id that its next PDP_STATUS answers. One that is silent for three of its
 * heartbeats is dropped; so is one that leaves an update unanswered twice.
 */

enum policy_state { POLICY_WAITING, POLICY_SUCCESS, POLICY_FAILURE };

extern const char *const policy_state_name[]; /* "WAITING", "SUCCESS", "FAILURE" */

/* A policy as a PDP has it or is to have it. */
struct pdp_policy {
	struct pdp_policy *next;
	struct concept policy, type;
	bool deploy; /* else it is to go */
	enum policy_state state;
};

struct pdp {
	struct pdp *next;
	struct str group, type, id;
	struct str state, health;
	int64_t heard_ms;
	struct str request; /* id of what it has not answered; empty: nothing */
	int64_t requested_ms;
	int64_t tries;
	bool own; /* clguard itself: not a row */
	struct pdp_policy *policies;
};

/* PDPs of a group, of one type unless that is absent; clguard itself first, where it is one of them. */
struct pdp *pdps_list(struct txn *txn, struct str group, struct str type);

/* A subgroup's policies have changed: its PDPs are told, and wait. `removed`: those that are to go. */
void pdps_update(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup,
                 const struct concepts *added, const struct concepts *removed);

/* The state of a group has changed. */
void pdps_change_state(struct txn *txn, const struct pdp_group *group);

/* The PDPs of a subgroup that is no more, told that they have no policies. */
void pdps_dismiss(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup);

/* A message on the topic of PDPs; what is not understood changes nothing. */
void pdp_receive(struct txn *txn, struct str message);

/* By the timer. True while there are PDPs to look at. */
bool pdps_scan(struct txn *txn);

/* The name of the PDP that clguard is: the same for all processes of a database. "" before documents_seed. */
struct str pdp_own_id(struct txn *txn);
void pdp_seed(struct txn *txn);

#endif
