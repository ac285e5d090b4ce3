/* analysis - what a whole set of guards and operational policies does that its authors cannot have meant */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ANALYSIS_ANALYSIS_H
#define ENGINE_ANALYSIS_ANALYSIS_H

#include <stdio.h>

#include "engine/decide/policyset.h"
#include "engine/operational/operational.h"

/* The answer that a guard must give to a witness. */
struct witness_word {
	uint32_t order; /* of the guard in its set */
	enum effect effect;
	bool in_force;
};

#define WITNESS_WORDS 2

/* A request that shows a finding: with this history, at this time, the set answers so, and these guards speak so. */
struct witness {
	const struct witness *next;
	const char *claim; /* one sentence */
	struct request request;
	int64_t now_ms;
	const struct operation *history;
	size_t history_count;
	bool permit; /* the answer, when `answers` */
	bool answers;
	struct witness_word words[WITNESS_WORDS];
	size_t word_count;
	const char *script;                 /* or: JSON for simulate; the loop must end as abort */
	const struct operational *loops[2]; /* of a script, unless NULL: each alone must take its event */
};

/*
 * Looks for: directives that no guard ever permits; guards that are shadowed, or can never apply again; MinMax guards
 * that leave no count; limiters that a stricter one makes idle; coordination in a circle; overall timeouts that cut
 * off a path.
 * Findings (codes SET-01 to SET-06) go to diags; each has a witness in ret, in `arena`, in the order found. Strict
 * sets only: of others nothing is said. A path that is cut off is OPV-25's finding, and has its witness here, or an
 * info that says why there is none. 0 or -ERROR_MEMORY.
 */
int analysis_run(const struct policyset *set, const struct operational *operational, int64_t now_ms,
                 struct arena *arena, struct diags *diags, const struct witness **ret);

/*
 * Two policies for one loop are OPV-35's finding, and leave no set to analyse: this gives the witnesses, or infos why
 * there are none, for the policies as they were compiled. They must outlive ret. 0 or -ERROR_MEMORY.
 */
int analysis_doubles(const struct operational *list, int64_t now_ms, struct arena *arena, struct diags *diags,
                     const struct witness **ret);

/*
 * Runs a witness against the policies that the analysis was made of, and writes what it showed, a line or a few. True
 * when it behaved as claimed. errors are told in `out`.
 */
bool witness_run(const struct witness *witness, const struct document *documents, size_t count, FILE *out);

#endif
