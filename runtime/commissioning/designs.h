/* designs - the design time catalogue: participant types, element definitions and loop types, kept by version */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_COMMISSIONING_DESIGNS_H
#define RUNTIME_COMMISSIONING_DESIGNS_H

#include "runtime/rows/rows.h"

/*
 * call->run. An entry is one node template under its name and version, with the types that it needs. What is there is
 * not
 * edited: another content needs another version.
 */

/* call->body is a service template: each participant type, element definition and loop type in it becomes an entry. */
int designs_onboard(struct txn *txn, struct runtime_call *call);

/*
 * call->body is {"name", "version", "description", "metadata": {}, "properties": {}, "elements": [{"name", "version",
 * "properties": {}}]}: a loop type made of element definitions of the catalogue becomes an entry, and is the answer.
 */
int designs_compose(struct txn *txn, struct runtime_call *call);

int designs_delete(struct txn *txn, struct runtime_call *call); /* call->name, version */

/*
 * Answers from a snapshot: the list (call->other: participant, element or loop; absent: all), and one entry's document.
 */
void designs_list(struct txn *txn, struct runtime_call *call, struct text *out);
void catalogue_read(struct txn *txn, struct runtime_call *call, struct text *out);

/*
 * Sets values of common properties, {element: {property: value}}, in a document that is the txn's own. False, and refused,
 * when there is no such element or property.
 */
bool designs_set_common(struct txn *txn, struct runtime_call *call, struct node *root, const struct node *common);

/* The document of a loop type for commissioning, with values for common properties; NULL, and refused. */
struct node *designs_document(struct txn *txn, struct runtime_call *call, struct concept type,
                              const struct node *common);

#endif
