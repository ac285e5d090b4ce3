/* guard2_tosca - a Control Loop Guard 2.0.0 as TOSCA guard policies */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD2_TOSCA_H
#define GUARDS_GUARD2_TOSCA_H

#include "base/node.h"

/*
 * A service template of guard policies that decide as the document does in strict mode: one for each limiter,
 * blacklist and pair of bounds. What cannot be said exactly is a warning. NULL after findings with an error. The tree
 * is in `arena` and borrows texts of `root`.
 */
struct node *guard2_template(const struct node *root, struct arena *arena, struct diags *diags);

#endif
