/* explanation - why a decision was taken, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_EXPLANATION_H
#define ENGINE_EXPLANATION_H

#include "base/arena.h"
#include "engine/engine.h"

/*
 * {"generation","now","guards":[{"policy","version","kind","file","line","column","verdict","reason","shadow","values":{},
 * "used","limit","window","permit_at","change"}]}, members that do not apply left out. NUL-terminated, in `arena`; absent
 * when memory is out. source  rules of the wire: doc/openapi.yaml, Explanation
 */
struct str explanation_json(const struct decision *decision, const struct spoken *spoken, size_t count, struct arena *arena);

#endif
