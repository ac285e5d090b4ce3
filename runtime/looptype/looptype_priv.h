/* looptype_priv - control loop types from inside, for runtime/looptype*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOOPTYPE_LOOPTYPE_PRIV_H
#define RUNTIME_LOOPTYPE_LOOPTYPE_PRIV_H

#include "policytypes/builtin.h"
#include "runtime/looptype/looptype.h"

#define CLAMP "org.onap.policy.clamp.controlloop."
#define TYPE_ELEMENT CLAMP "ControlLoopElement"

#define CHAIN_MAX 32 /* types above a type; a cycle ends there too */

/* A node type that a document need not bring; NULL when there is none of that name. */
const struct builtin_node_type *looptype_builtin(struct str name);

/* Text of a scalar member; absent where there is none. */
struct str looptype_text(const struct node *map, const char *key);

/* derived_from of a type of the document, or of a built-in one. */
struct str looptype_parent(const struct node *root, struct str type);

/* True when the type is `from` or derives from it. */
bool looptype_derives(const struct node *root, struct str type, const char *from);

/* The declaration of a node type: the document's, else the built-in one, else NULL. */
const struct node *looptype_declaration(const struct catalogue *builtin, const struct node *root, struct str type);

/* Whether a property's definition says metadata common: true. */
bool looptype_is_common(const struct node *definition);

/* --- findings --- */

/* An error with the HTTP status that it asks for, or a warning; at `where`, NULL for no place. */
void looptype_find(struct looptype_findings *findings, unsigned status, const struct node *where, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));
void looptype_warn(struct looptype_findings *findings, const struct node *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* looptype_values.c: each template against its node type, and against the participant type that is to host it. */
void looptype_check_values(const struct catalogue *builtin, const struct node *root, struct looptype_rules rules,
                           struct arena *arena, struct looptype_findings *findings);

/*
 * The document's types in a catalogue of their own, and the built-in ones that it does not declare. Errors in them are
 * warnings to `findings`, NULL for nobody: real documents have them. NULL: out of memory.
 */
const struct catalogue *looptype_types(const struct catalogue *builtin, const struct node *root, struct arena *arena,
                                       struct looptype_findings *findings);

/* A TOSCA function stands for a value that nobody knows yet. */
bool looptype_has_function(const struct node *value);

/* Whether the type, or one above it, declares the property. */
bool looptype_declares(const struct catalogue *builtin, const struct node *root, struct str type, struct str property);

#endif
