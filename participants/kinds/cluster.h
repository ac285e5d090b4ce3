/* cluster - kubectl and helm as an element's participant runs them, and manifests in the two states that they can have */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_CLUSTER_H
#define PARTICIPANTS_KINDS_CLUSTER_H

#include "base/text.h"
#include "participants/kinds/tool.h"

#define CLUSTER_WORDS_MAX 64

/*
 * Runs settings->kubectl or settings->helm with the words (ended by NULL), the kubeconfig of the settings, and `input`.
 * ACT_DONE on exit code 0. Else the order's message says what the tool said: ACT_AGAIN when the cluster did not answer.
 */
enum act_result cluster_run(struct element_order *order, const char *tool, const char *const words[], struct str input,
                            int64_t limit_ms, struct tool_answer *ret);

/* Whether the tool said that what was asked for is not there. */
bool cluster_is_missing(const struct tool_answer *answer);

/* A workload: something that has replicas, or can be suspended, and so be there without working. */
bool manifest_is_workload(const struct node *manifest);

/* A workload for which `kubectl rollout status` can wait. */
bool manifest_rolls_out(const struct node *manifest);

/* "Deployment.v1.apps/NAME", as kubectl takes it; NULL when the manifest lacks kind, apiVersion or name. */
const char *manifest_resource(const struct node *manifest, struct arena *arena);

/* The namespace that it names, else the element's. */
struct str manifest_namespace(const struct node *manifest, struct str otherwise);

/* The manifest as JSON; idle: with no replicas, or suspended. */
void manifest_write(const struct node *manifest, bool idle, struct text *out);

/* Whether an object as the cluster has it works, or would: some replicas, not suspended. */
bool manifest_works(const struct node *object);

#endif
