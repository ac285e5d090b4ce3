/* yaml_write - a tree as YAML text */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_YAML_WRITE_H
#define BASE_YAML_WRITE_H

#include "base/node.h"

/*
 * The tree as one YAML document in block style, two spaces a level, a line end last. Reading it gives the same tree
 * but for places, for how numbers are spelled when a node has no text of its own, and for node->quoted. Text is
 * plain where every reader of YAML 1.1 and 1.2 takes it for text, else in double quotes on one line.
 * ret_text: NUL-terminated, in `arena`.
 * errors  ERROR_SYNTAX   a text or key that is no UTF-8 or holds a NUL, which no YAML can hold
 *         ERROR_MEMORY
 */
int yaml_write(const struct node *root, struct arena *arena, struct str *ret_text, struct error *err);

#endif
