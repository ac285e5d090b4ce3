/* synonym - guards of two generations: the types and properties that mean the same under two names */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_SYNONYM_H
#define POLICYTYPES_SYNONYM_H

#include "policytypes/catalogue.h"

/* Today's name of a guard's property; most are their own. */
struct str synonym_canonical(struct str name);

/* The property that a guard of this type means by `name`: declared by the type, by its twin, or `target`. NULL for none. */
const struct property *guard_property(const struct type *type, struct str name);

#endif
