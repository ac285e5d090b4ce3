/* commission_version - whether a further version of a control loop type is far enough from the last one */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_COMMISSIONING_COMMISSION_VERSION_H
#define RUNTIME_COMMISSIONING_COMMISSION_VERSION_H

#include "runtime/rows/rows.h"

/*
 * Semantic versions of types: an element or a property that is gone, or has another type, is a major change; one that
 * is
 * new a minor one; all else a patch. The loop `template` of `root` is held against the commissioned version of the
 * same name
 * next below it, or else next above. False, and the call refused with 406, when its version says less than what
 * changed.
 */
bool version_covers_change(struct txn *txn, struct runtime_call *call, const struct node *root,
                           const struct node *template);

#endif
