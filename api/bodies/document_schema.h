/* document_schema - JSON Schemas of whole files as people write them, for editors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_DOCUMENT_SCHEMA_H
#define API_BODIES_DOCUMENT_SCHEMA_H

#include "policytypes/builtin.h"
#include "policytypes/catalogue.h"

/* The hand-written parts (api/schemas), in the order of the files' names; made by policytypes/embed.sh. */
extern const struct builtin_document document_schema_parts[];
extern const size_t document_schema_parts_count;

#define DOCUMENT_SCHEMA_NAMES 8

/* A kind of document, and the names of files by which an editor knows it: globs, ended by NULL. */
struct document_schema_kind {
	const char *name, *help;
	const char *files[DOCUMENT_SCHEMA_NAMES];
};

/* "policy", "test", "scenario", "config" (clguard.yaml); ended by one without name. */
extern const struct document_schema_kind document_schema_kinds[];

/*
 * The schema (draft 7, which editors know) of files of a kind, as indented JSON in `arena`. Of policies: service templates,
 * Control Loop Guard 2.0.0 files, bare bodies, with the properties of every built-in policy type by the name in `type`. A
 * schema cannot say all that clguard check finds; what it refuses, clguard check refuses or warns of.
 * errors  ERROR_UNKNOWN: another kind; ERROR_MEMORY
 */
int document_schema(const struct catalogue *builtin, const char *kind, struct arena *arena, struct str *ret_text,
                    struct error *err);

/*
 * The catalogue of the schemas in `directory`, an absolute path, as editors read them that know SchemaStore's: {version, schemas:
 * [{name, description, fileMatch, url}]}. errors  ERROR_MEMORY
 */
int document_schema_catalogue(const char *directory, struct arena *arena, struct str *ret_text, struct error *err);

#endif
