/* looptype_policy - the policies that elements name: which of them clguard runs, and as a document of their own */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOOPTYPE_LOOPTYPE_POLICY_H
#define RUNTIME_LOOPTYPE_LOOPTYPE_POLICY_H

#include "runtime/looptype/looptype.h"

/* The fate of a policy when the element that names it is RUNNING. */
enum policy_use {
	POLICY_GUARD,       /* it guards */
	POLICY_OPERATIONAL, /* it answers events */
	POLICY_PASSED_ON    /* it is the business of whoever hosts the element */
};

enum policy_use looptype_policy_use(const struct node *root, const struct node *policy);

/* Whether the element of this template names the policy: by its name, or else by its type. */
bool looptype_policy_named(const struct node *template, const struct node *policy);

/* The control loop whose events an operational policy answers; absent when it does not say. */
struct str looptype_policy_loop(const struct node *policy);

/*
 * The service template of those policies of an element that clguard runs, with their types, and what operational ones refer
 * to. mark: JSON members behind the first, each with a comma in front. False when there are none.
 */
bool looptype_write_policies(const struct node *root, const struct node *template, struct str mark, struct text *out);

/*
 * Warnings about the policies that elements name: not in the document, passed on, or refused. refusal: why the document of
 * an element's policies does not compile, in the arena; NULL when it does.
 */
void looptype_warn_policies(const struct node *root,
                            const char *(*refusal)(void *context, struct str document, struct arena *arena),
                            void *context, struct arena *arena, struct looptype_findings *findings);

#endif
