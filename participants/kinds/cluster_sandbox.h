/* cluster_sandbox - a sandboxed instance in a cluster: a namespace of its own with a quota and a network policy */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_CLUSTER_SANDBOX_H
#define PARTICIPANTS_KINDS_CLUSTER_SANDBOX_H

#include "participants/framework/element_order.h"

/* Whether the type puts the loop, or this element, into a sandbox. */
bool sandbox_is(const struct element_order *order);

/*
 * The namespace of what is in the sandbox: <instance>, or <instance>-<first 8 of the element's id> where the element is in
 * one and the loop is not. In the order's arena.
 */
struct str sandbox_namespace(const struct element_order *order);

/* Applies quota and network policy, noted before. Nothing where there is no sandbox. */
enum act_result sandbox_apply(struct element_order *order, const char *space);

/* Whether a noted item is one of them, and is still wanted. */
bool sandbox_has(const struct element_order *order, struct str item);

#endif
