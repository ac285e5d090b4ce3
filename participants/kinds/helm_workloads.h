/* helm_workloads - the workloads that a Helm release writes: read, made idle, woken, awaited */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_HELM_WORKLOADS_H
#define PARTICIPANTS_KINDS_HELM_WORKLOADS_H

#include "participants/framework/element_order.h"

/* A workload as the chart writes it: a row of `kubectl create --dry-run`. */
struct release_workload {
	const char *resource; /* Kind.version.group/name */
	struct str space, replicas, suspend;
	const char *idle_member;
	bool rolls_out, suspends;
	struct release_workload *next;
};

/* What the release writes, and its workloads; both may be empty. */
enum act_result release_written(struct element_order *order, const char *space, const char *name,
                                struct str *ret_manifest, struct release_workload **ret);

/* Sets its idle_member to a value as JSON. */
enum act_result workload_patch(struct element_order *order, const struct release_workload *workload, const char *value);

/* One that has no replicas written gets one, unless somebody scaled it; one that was suspended goes on. */
enum act_result workload_wake(struct element_order *order, const struct release_workload *workload);

/* ACT_DONE when it is rolled out, or cannot be. */
enum act_result workload_await(struct element_order *order, const struct release_workload *workload);

#endif
