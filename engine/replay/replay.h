/* replay - questions of a decision log asked again, with the counters of their moment and other policies */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_REPLAY_REPLAY_H
#define ENGINE_REPLAY_REPLAY_H

#include "engine/decide/policyset.h"
#include "engine/history/history.h"

/*
 * Two worlds, each with counters of its own:
 *
 *   open    the counters are those that the log tells of, whatever the policies now say: each question is asked as it was
 *   closed  the answers have consequences. An operation that is denied now leaves the counters with all that became of it;
 *           one that is permitted now enters them, and ends after the mean duration of the operations seen so far. A question
 *           that repeats one (the same request ids, actor, operation and target) which is permitted now would not have been
 *           asked again, unless retries are kept
 */
enum replay_world { REPLAY_OPEN, REPLAY_CLOSED, REPLAY_WORLDS };

struct replay_question {
	struct request request;
	int64_t now_ms;
	bool permitted;       /* what the log says */
	struct hash128 right; /* the reservation that a logged Permit took; zero for none */
	bool undone; /* asked in a transaction that was given up: what it took is gone when the next one begins */
	bool first;  /* undone: the first of its transaction */
};

struct replay_answer {
	bool asked;     /* closed: false when it would not have been asked */
	bool uncertain; /* a guard counted over a time that is not known whole */
	struct decision decision;
};

/* One thread. */
struct replay;

/* The set is the caller's, and outlives it. keep_retries: see above. NULL on allocation failure. */
struct replay *replay_new(const struct policyset *set, bool keep_retries);
void replay_free(struct replay *replay); /* takes NULL */

/* Operations before this instant may be missing; TIME_NONE: none is. */
void replay_known_from(struct replay *replay, int64_t known_ms);

/* Numbers from here on are of rows that no log has. */
#define REPLAY_UNNUMBERED (UINT64_C(1) << 62)

/* A change of the counters, in the order in which they were made. 0 or -ERROR_MEMORY. */
int replay_change(struct replay *replay, const struct history_change *change);

/* Rows above `number` are gone: the database is another one (0), or went back to an earlier state. 0 or -ERROR_MEMORY. */
int replay_cut(struct replay *replay, uint64_t number);

/*
 * Asks in both worlds. ret: texts borrowed from the set and the question. An answer that differs from the logged one is also
 * explained, in `arena`, where `wanted` says so for its world and for what it is now: denied, permitted. 0 or -ERROR_MEMORY.
 */
int replay_ask(struct replay *replay, const struct replay_question *question, const bool wanted[REPLAY_WORLDS][2],
               struct arena *arena, struct replay_answer ret[REPLAY_WORLDS], struct explained *ret_why);

#endif
