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

/* settings->kubectl for at most ready_ms and 5 s; settings->helm the same. */
enum act_result cluster_kubectl(struct element_order *order, const char *const words[], struct str input,
                                struct tool_answer *ret);
enum act_result cluster_helm(struct element_order *order, const char *const words[], struct str input,
                             struct tool_answer *ret);

/* "--timeout=120s": ready_ms for tools that wait. */
const char *cluster_limit_word(const struct element_order *order);

/* Keeps what is about to be made; ACT_AGAIN when that is not possible, or item is NULL. */
enum act_result cluster_note(struct element_order *order, const char *item);

/* Makes the namespace, noted before, when it is not there; one that is being removed is waited for. cluster_made.c */
enum act_result cluster_make_namespace(struct element_order *order, const char *name);

/* Removes "namespace NS", "object NS KIND.VERSION.GROUP/NAME" or "release NS NAME". cluster_made.c */
enum act_result cluster_remove_item(struct element_order *order, struct str item);

/* The n-th word of an item, NUL-terminated; words have no spaces. cluster_made.c */
const char *cluster_item_word(struct element_order *order, struct str item, int n);

/* Where the element's things are: its `namespace`, or its chart's, or one of its own in a sandbox, else the settings'. */
struct str cluster_namespace(const struct element_order *order);

/* A name of the cluster, of namespaces and releases: small letters, digits, '-' and '.', no '-' in front. */
bool cluster_name_valid(struct str name);

/* The objects of what `kubectl get -o json` printed: the first one, others are its `next`; NULL: none. */
const struct node *cluster_objects(struct str json, struct arena *arena);

/* Whether the tool said that what was asked for is not there. */
bool cluster_is_missing(const struct tool_answer *answer);

/* A workload: something that has replicas, or can be suspended, and so be there without working. */
bool manifest_is_workload(const struct node *manifest);

/* "replicas" or "suspend" of such a kind; "" for one that only rolls out; NULL for what is not a workload. */
const char *workload_idle_member(struct str kind);

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
