/* deploy_priv - documents of elements' policies, for runtime/act/deploy*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_DEPLOY_PRIV_H
#define RUNTIME_ACT_DEPLOY_PRIV_H

#include "runtime/rows/rows.h"

/* The document of the policies of an element with this template; false when there is none. type: of the instance. */
bool deploy_write_document(struct txn *txn, const struct node *root, struct concept type, const struct node *template,
                           struct text *out);

/* Whether some element has the same document in force. */
bool deploy_is_in_force(struct txn *txn, struct str document);

#endif
