/* looptype_priv - control loop types from inside, for runtime/looptype*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOOPTYPE_PRIV_H
#define RUNTIME_LOOPTYPE_PRIV_H

#include "runtime/looptype.h"

#define CLAMP "org.onap.policy.clamp.controlloop."
#define TYPE_ELEMENT CLAMP "ControlLoopElement"

/* Node types that a document need not bring. */
struct looptype_builtin {
	const char *name, *parent; /* parent NULL: a root type */
};

extern const struct looptype_builtin looptype_builtins[]; /* ended by one without name */
const struct looptype_builtin *looptype_builtin(struct str name);

/* Text of a scalar member; absent where there is none. */
struct str looptype_text(const struct node *map, const char *key);

/* derived_from of a type of the document, or of a built-in one. */
struct str looptype_parent(const struct node *root, struct str type);

#endif
