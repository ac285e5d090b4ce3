/* difference - requests that two sets of policies answer otherwise, one for each policy that makes a difference */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ANALYSIS_DIFFERENCE_H
#define ENGINE_ANALYSIS_DIFFERENCE_H

#include "engine/decide/policyset.h"

/* A request with all that its answer depends on. */
struct difference_question {
	struct request request;
	int64_t now_ms;
	/* Operations that were done: `count` of the request's actor and operation, all ended at ended_ms. */
	uint32_t count;
	int64_t ended_ms;
	enum { DONE_THERE, DONE_ON_OTHER_TARGET, DONE_FOR_OTHER_LOOP } where;
	struct str live_loop; /* has an operation under way; absent: none has */
};

/* Texts are the sets', or in the arena. */
struct set_difference {
	struct set_difference *next;
	struct str policy; /* that denies on one side; empty: no policy does, but a rule of the set */
	bool to_permit;    /* denied by the old set, permitted by the new one; else the other way round */
	uint64_t count;    /* questions that showed it */
	struct difference_question question; /* the first of them */
	struct decision old_answer, new_answer;
};

/*
 * Asks both sets, of one mode, what stands at the bounds of each of their guards: entries of blacklists, counts around a minimum and
 * a maximum, instants around the ends of a time range, as many operations as a limit allows, just ended and at the edges of a
 * window, on this target and another, and what filters tell apart where that is finite. Patterns are only tried. Each difference
 * is proven by its question; that there is none is not. ret_asked: questions. 0 or -ERROR_MEMORY.
 */
int difference_find(const struct policyset *old_set, const struct policyset *new_set, int64_t now_ms,
                    struct arena *arena, const struct set_difference **ret, uint64_t *ret_asked);

#endif
