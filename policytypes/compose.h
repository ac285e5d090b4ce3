/* compose - control loop types made of element definitions */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_COMPOSE_H
#define POLICYTYPES_COMPOSE_H

#include "base/node.h"

#define COMPOSE_ELEMENTS_MAX 100

/*
 * Makes a service template of a control loop type. spec: {"name", "version", "description"?, "metadata"?: {},
 * "properties"?: {}, "elements": [{"name", "version", "properties"?: {}}]}, 1 to 100 elements, each once. documents:
 * service templates; of those with a node template of an element's name and version the first gives it, with the types
 * and policies beside it, and so for the participant type that it asks for, which need not be there. Properties of the
 * spec go over those of the definitions: the documents' trees change. ret_json: in `arena`.
 * errors  ERROR_TYPE       the spec is not like that
 *         ERROR_UNKNOWN    no such element definition     ERROR_DUPLICATE  an element twice
 *         ERROR_CONFLICT   two elements bring different definitions under one name
 *         ERROR_MEMORY
 */
int compose(const struct node *spec, struct node *const *documents, size_t count, struct arena *arena,
            struct str *ret_json, struct error *err);

/* The node template of a name and version, both as {"name", "version"} has them; NULL when there is none. */
struct node *compose_template(struct node *document, const struct node *concept);

/* Values over those that a node template has; their trees go over. False when out of memory. */
bool compose_set_properties(struct arena *arena, struct node *template, const struct node *values);

#endif
