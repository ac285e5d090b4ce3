/* types - the built-in types, for a program that lists them and a form that is made of one */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_TYPES_H
#define API_BODIES_TYPES_H

#include "policytypes/catalogue.h"

/* "policy", "data", "node", "capability" */
extern const char *const type_kind_word[];

/* A type of any kind by name, and by version when that is present; NULL when there is none. */
const struct type *types_find(const struct catalogue *catalogue, struct str name, struct str version);

/* The JSON Schema of a type's properties, with the registry's operations of each actor and actors of each operation. In `arena`. */
int types_schema(const struct catalogue *catalogue, const struct type *type, struct arena *arena, struct str *ret_text,
                 struct error *err);

#endif
