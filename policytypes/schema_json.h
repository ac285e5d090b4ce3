/* schema_json - a policy type as JSON Schema, for those who make forms */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_SCHEMA_JSON_H
#define POLICYTYPES_SCHEMA_JSON_H

#include "policytypes/catalogue.h"

/*
 * JSON Schema (draft 2020-12) of the properties of a type, inherited ones included, in their order: title, description,
 * default, enum, examples, bounds, pattern. Declared types that they use stand under $defs as NAME:VERSION. Each property
 * has a propertyOrder, as editors of forms want it. ret_text: compact JSON in `arena`.
 * errors  ERROR_MEMORY
 */
int type_json_schema(const struct type *type, const struct catalogue *catalogue, struct arena *arena,
                     struct str *ret_text, struct error *err);

#endif
