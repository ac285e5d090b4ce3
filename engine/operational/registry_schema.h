/* registry_schema - what a form needs to know of actors and their operations */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_OPERATIONAL_REGISTRY_SCHEMA_H
#define ENGINE_OPERATIONAL_REGISTRY_SCHEMA_H

#include "engine/operational/registry.h"

/*
 * A JSON Schema (type_json_schema) in which every object that has an actor and an operation says how the two go
 * together, which TOSCA cannot: examples for each, and in allOf what the choice of the one suggests for the other.
 * They are suggestions: an actor of a user's own is as valid. A schema without such objects comes back as it is.
 * ret_text: compact JSON in `arena`.
 * errors  ERROR_MEMORY, ERROR_SYNTAX  `schema` is no JSON
 */
int registry_schema(const struct registry *registry, struct str schema, struct arena *arena, struct str *ret_text,
                    struct error *err);

#endif
