/* explanation - why a decision was taken, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_EXPLANATION_H
#define ENGINE_DECIDE_EXPLANATION_H

#include "base/arena.h"
#include "base/text.h"
#include "engine/decide/engine.h"

/*
 * {"generation","now","permit_at","change","changes":[],"guards":[{"policy","version","kind","file","line","column","verdict",
 * "reason","shadow","values":{},"used","limit","window","permit_at","change","note"}]}, members that do not apply left out.
 * NUL-terminated, in `arena`; absent when out of memory. source  rules of the wire: doc/openapi.yaml, Explanation
 */
struct str explanation_json(const struct decision *decision, const struct explained *why, struct arena *arena);

/* The same, behind what is in the text. */
void explanation_add(struct text *out, const struct decision *decision, const struct explained *why);

/* Bytes that most explanations fit into, and the rest of an answer too: a hint for text_reserve. */
#define EXPLANATION_MOSTLY(count) (1024 * ((count) + 1))

/*
 * Sets the label of each guard of a list: the part of its explanation that is always the same, "policy" to "column". Made once,
 * when a set is sealed, because it is half of the text. False when out of memory.
 */
bool explanation_label(struct guard *guards, struct arena *arena);

#endif
