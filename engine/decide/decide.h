/* decide - one decision: probe the index, ask the guards, combine deny-overrides */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_DECIDE_H
#define ENGINE_DECIDE_DECIDE_H

#include "engine/decide/policyset.h"

/* A request, and the guards that may apply to it. Not to be copied: it may point into itself. */
struct lookup {
	const struct policyset *set;
	const struct request *request; /* the caller's, or the copy with its operation as guards hold it */
	struct request copy;
	const struct index_bucket *found[INDEX_FOUND_MAX];
	unsigned count;
	bool timeless; /* the answer is the same at all times: nobody need look at the clock */
};

/* Finds the guards. No lock, no allocation, no log. Any thread. Borrows both until the answer. */
void lookup_make(struct lookup *lookup, const struct policyset *set, const struct request *request);

/* Asks them: a pure function of the lookup and env (time, history, scratch). No lock, no allocation, no log. Any thread. */
void lookup_decide(const struct lookup *lookup, const struct env *env, struct decision *ret);

/* All of it at once. */
void decide_with(const struct policyset *set, const struct request *request, const struct env *env,
                 struct decision *ret);

/* The same with its explanation. 0 or -ERROR_MEMORY. */
int decide_explain(const struct policyset *set, const struct request *request, const struct env *env,
                   struct arena *arena, struct decision *ret, struct explained *ret_why);

#endif
