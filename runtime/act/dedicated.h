/* dedicated - control loop types with a policy set of their own */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_DEDICATED_H
#define RUNTIME_ACT_DEDICATED_H

#include "engine/decide/engine.h"
#include "runtime/rows/rows.h"

/*
 * A type whose template has metadata `dedicated: true` has its guards for itself: what its policy elements put into
 * force counts for instances of the type alone, told apart by their names. The document of such an element says of
 * which type it is; who loads it adds the instances that there are, so that they are looked up again when one comes or
 * goes.
 */

bool dedicated_is(const struct node *template);

/* Writes the mark of such a document, behind its first member, by which it is recognized. */
void dedicated_write(struct concept type, struct text *out);

/* Whose set a document belongs to, with the instances that there are; NULL for everybody's. In the txn's arena. */
const struct document_scope *dedicated_only(struct txn *txn, struct str document);

#endif
