/* helm_release - a Helm chart as an element has it: installed, upgraded, idle or at work, rolled back, looked at, removed */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_HELM_RELEASE_H
#define PARTICIPANTS_KINDS_HELM_RELEASE_H

#include "participants/framework/element_order.h"

/* releaseName of the chart, else the element's id. */
struct str release_name(const struct element_order *order, const struct node *chart);

/*
 * Installs or upgrades the release, noted before; idle: its workloads have no replicas or are suspended, else they are ready
 * when it returns ACT_DONE. An upgrade of a running release that fails is rolled back by helm.
 */
enum act_result release_apply(struct element_order *order, const struct node *chart, const char *space, bool idle);

enum act_result release_remove(struct element_order *order, const char *space, const char *name);

/* PASSIVE, RUNNING or UNINITIALISED as the cluster shows it, order->from when nothing is wrong; absent: it cannot be told. */
struct str release_observe(struct element_order *order, const char *space, const char *name);

#endif
