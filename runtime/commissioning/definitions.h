/* definitions - one (name, version) of an element, a participant or a node type has one content */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_COMMISSIONING_DEFINITIONS_H
#define RUNTIME_COMMISSIONING_DEFINITIONS_H

#include "runtime/rows/rows.h"

/*
 * Participants know definitions by name and version, over all documents. Returns false, and the call is refused with 406,
 * when a node template or node type of `root` differs from the commissioned one of its name and version, and both are used.
 * replace: documents that have a loop of `root` are about to go, and are passed over.
 */
bool definitions_agree(struct txn *txn, struct runtime_call *call, const struct node *root, bool replace);

#endif
