/* deploy - policies of control loops, in force in this engine while their element is RUNNING */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_DEPLOY_H
#define RUNTIME_ACT_DEPLOY_H

#include "runtime/looptype/looptype.h"
#include "runtime/policies/in_force.h"
#include "runtime/rows/rows.h"

/*
 * An element whose definition names a policy (policy_id, or all of a policy_type_id) puts it into force when it goes
 * RUNNING, and takes it out when it leaves. Guards and operational policies are meant; others are the participant's. The
 * documents are rows, so that they come back after a restart; a number counts their changes, by which each process sees
 * that it is behind.
 */

/* Saves or removes an instance; its policies come into force or leave as its elements' states say. */
void deploy_save(struct txn *txn, const struct loop *loop);
void deploy_remove(struct txn *txn, struct concept id);

/*
 * Why an element's policies cannot come into force, in the txn's arena, or NULL: they do not compile, one has the name and
 * version of another one that is in force, or answers the same events. *ret_policies: how many there are. Writing txns.
 */
const char *deploy_refusal(struct txn *txn, const struct loop *loop, const struct element *element,
                           size_t *ret_policies);

/* Warnings about the policies that the elements of a document name (looptype_warn_policies). */
void deploy_warn(struct txn *txn, const struct node *root, struct looptype_findings *findings);

/*
 * The documents that are deployed: those of control loops, and of the policies given (NULL: of those that the rows say). In
 * the list's arena.
 */
void deploy_documents(struct txn *txn, const struct concepts *policies, struct document_list *list);

/* "FILE:LINE:COLUMN: text" of the first error; "out of memory" where there is none. */
const char *deploy_first_error(const struct diags *diags, struct arena *arena);

/*
 * Compiles what the rows say and publishes it. *ret_refused: in `arena`, why it could not be, or NULL. Not inside a
 * txn.
 */
int deploy_load(struct runtime *runtime, struct history_reader *reader, struct arena *arena, uint64_t *ret_number,
                const char **ret_refused);

#endif
