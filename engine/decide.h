/* decide - one decision: probe the index, ask the guards, combine deny-overrides */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_H
#define ENGINE_DECIDE_H

#include "engine/policyset.h"

/* A pure function of set, request and env (time, history, scratch). No lock, no allocation, no log. Any thread. */
void decide_with(const struct policyset *set, const struct request *request, const struct env *env,
                 struct decision *ret);

/* The same, and what each guard whose scope matched said, in load order, with its explanation. 0 or -ERROR_MEMORY. */
int decide_explain(const struct policyset *set, const struct request *request, const struct env *env,
                   struct arena *arena, struct decision *ret, struct spoken **ret_spoken, size_t *ret_count);

#endif
