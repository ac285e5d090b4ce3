/* clguard_priv - what the files behind clguard.h share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LIBRARY_CLGUARD_PRIV_H
#define ENGINE_LIBRARY_CLGUARD_PRIV_H

#include "base/error.h"
#include "engine/decide/engine.h"
#include "engine/library/clguard.h"

/* Copies an error to the library's form; dst may be NULL. Returns the negative code, as functions of clguard.h do. */
int clg_error_from(struct clg_error *dst, const struct error *src);

/* Element i of an array of structs that begin with their size, as the program that made it lays it out; 0: own_size. */
static inline const void *
clg_element(const void *first, size_t own_size, size_t i)
{
	size_t size = *(const size_t *)first;

	return (const char *)first + (size ? size : own_size) * i;
}

/* The engine behind the library's. */
struct engine *clg_engine_of(struct clg_engine *engine);

/* The engine's form of a request, with room for its fields. Not to be copied: it points into itself. */
struct clg_question {
	struct request request;
	struct request_field fields[CLG_FIELDS_MAX];
};

/*
 * Texts are borrowed. 0; -CLG_ELIMIT for a text that is too long or too many fields, -CLG_EUNKNOWN for a path that is none,
 * which clg_request_wrong tells.
 */
int clg_request_from(const struct clg_request *given, struct clg_question *ret);
int clg_request_wrong(int code, struct clg_error *err);

void clg_decision_to(const struct decision *decision, struct clg_decision *ret);

#endif
