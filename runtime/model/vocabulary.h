/* vocabulary - control loops under their later name, automation compositions: one table of words, both ways */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MODEL_VOCABULARY_H
#define RUNTIME_MODEL_VOCABULARY_H

#include "base/node.h"

/* Names of node types of ONAP's that begin so are in the later words. */
#define VOCABULARY_COMPOSITIONS "org.onap.policy.clamp.acm."

/* ONAP's name of a type in the words of control loops; one that the table does not have stays as it is. */
struct str vocabulary_type(struct str name);

/* The n-th type of the table in the words of automation compositions and of control loops; false behind the last one. */
bool vocabulary_types(size_t n, struct str *ret_composition, struct str *ret_loop);

/*
 * Changes the members of a body or message, and its messageType, from one set of words into the other, in place. What
 * belongs to users (documents, values of properties) stays as it is: its types are known in both words.
 */
void vocabulary_to_loops(struct node *tree);
void vocabulary_to_compositions(struct node *tree);

#endif
