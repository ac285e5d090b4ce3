/* concept_set - which (name, version) has been met */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MODEL_CONCEPT_SET_H
#define RUNTIME_MODEL_CONCEPT_SET_H

#include "runtime/model/concept.h"

/* Starts as {.arena = arena}; everything is in that. */
struct concept_set {
	struct arena *arena;
	struct concept *slots;
	size_t size, count; /* size: a power of two */
	bool failed;        /* out of memory: from then on everything is new */
};

/* True when the concept was not in the set; it is now. Texts are borrowed. */
bool concept_set_add(struct concept_set *set, struct concept concept);

#endif
