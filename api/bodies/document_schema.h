/* document_schema - JSON Schemas of whole files as people write them, for editors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_DOCUMENT_SCHEMA_H
#define API_BODIES_DOCUMENT_SCHEMA_H

#include "policytypes/builtin.h"
#include "policytypes/catalogue.h"

/* What is written by hand (api/schemas), in the order of the files' names; made by policytypes/embed.sh. */
extern const struct builtin_document document_schema_parts[];
extern const size_t document_schema_parts_count;

/* "policy", "test", "scenario", "config" (clguard.yaml); ended by NULL. */
extern const char *const document_schema_kinds[];

/*
 * The schema (draft 7, which editors know) of files of a kind, as indented JSON in `arena`. Of policies: service templates,
 * Control Loop Guard 2.0.0 files, bare bodies, with the properties of every built-in policy type by the name in `type`. A
 * schema cannot say all that clguard check finds; what it refuses, clguard check refuses or warns of.
 * errors  ERROR_UNKNOWN: another kind; ERROR_MEMORY
 */
int document_schema(const struct catalogue *builtin, const char *kind, struct arena *arena, struct str *ret_text,
                    struct error *err);

#endif
