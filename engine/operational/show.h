/* show - operational policies as a graph, and in their canonical form */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_OPERATIONAL_SHOW_H
#define ENGINE_OPERATIONAL_SHOW_H

#include <stdio.h>

#include "engine/operational/operational.h"

/*
 * The directives and routes as Graphviz DOT. Routes that retries make dead are dashed. What fails in `out` shows
 * there.
 */
void operational_dot(const struct operational *policy, FILE *out);

/*
 * Policies as a service template of flat operational policies, equal for equal directives whatever form they came in.
 * The tree is in `arena`; NULL when out of memory.
 */
struct node *operational_template(const struct operational *list, struct arena *arena);

/* Writes the parts that the flat form cannot express (gate, held abatement, parameters), as YAML comments. */
void operational_notes(const struct operational *policy, FILE *out);

#endif
