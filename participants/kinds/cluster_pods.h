/* cluster_pods - pods and warnings of an element's workloads, for its records and for what is said of a failure */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_CLUSTER_PODS_H
#define PARTICIPANTS_KINDS_CLUSTER_PODS_H

#include "participants/framework/element_order.h"

#define PODS_WHY_SIZE 160

/*
 * Looks at the pods that the workloads select (objects: manifests or what the cluster has, each the `next` of the one
 * before) and gives the element's records "kubernetes": {"pods": {phase: count}, "ready", "restarts", "events"}. why: what
 * keeps one of them from getting ready, else empty. What cannot be read is left out.
 */
void pods_tell(struct element_order *order, const char *space, const struct node *objects, char why[PODS_WHY_SIZE]);

#endif
