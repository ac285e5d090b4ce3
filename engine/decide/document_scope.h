/* document_scope - policies that are for some control loops only */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_DOCUMENT_SCOPE_H
#define ENGINE_DECIDE_DOCUMENT_SCOPE_H

#include "engine/decide/engine.h"

/* All of it in `arena`; NULL for NULL, and when out of memory. */
const struct document_scope *only_copy(const struct document_scope *from, struct arena *arena);

/*
 * The guards from `first` on are for these control loops: what their scopes say of clname is narrowed to the names that
 * it matches, which may be none. An inert guard says the same of every request. False when out of memory.
 */
bool only_narrow(const struct document_scope *only, struct guard *first, struct arena *arena);

#endif
