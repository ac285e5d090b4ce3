/* designs_priv - entries of the catalogue, for runtime/catalogue*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_COMMISSIONING_DESIGNS_PRIV_H
#define RUNTIME_COMMISSIONING_DESIGNS_PRIV_H

#include "base/document.h"
#include "runtime/commissioning/designs.h"
#include "runtime/looptype/looptype_priv.h"

extern const struct document_limits entry_limits;
extern const char *const entry_sections[]; /* of types, NULL at the end */

/* An entry's row is {"kind": ..., "document": a service template}: the document, NULL when there is none. */
struct node *entry_load(struct txn *txn, struct concept id);

/* Places in a row of ours say nothing to anybody: findings will have none. */
void entry_forget_places(struct node *node);

/* False, and refused, when another content is there under that name and version. */
bool entry_save(struct txn *txn, struct runtime_call *call, struct concept id, const char *kind, struct str document);

#endif
