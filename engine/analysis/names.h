/* names - the actors, operations and targets that the guards of a set name */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ANALYSIS_NAMES_H
#define ENGINE_ANALYSIS_NAMES_H

#include "guards/guard.h"

struct policyset;

/*
 * Calls visit for each exact text that a guard names for an attribute of the scope; of the target also the entries of
 * blacklists. Patterns name nothing. Texts come in no order, some of them again, and are the set's. Stops at a negative
 * answer of visit, which is then the result; else 0.
 */
int policyset_names(const struct policyset *set, enum attribute attribute, int (*visit)(void *context, struct str name),
                    void *context);

#endif
