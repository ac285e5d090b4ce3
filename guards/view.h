/* view - the outside as guards see it: time, and the operation history */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_VIEW_H
#define GUARDS_VIEW_H

#include "base/pattern.h"
#include "base/str.h"

/* Which operations a limiter counts. */
struct count_query {
	struct str actor, operation; /* always present */
	struct str target, clname;   /* absent: not counted by it */
	int64_t since_ms;            /* inclusive: an operation that ended at this instant counts */
	int64_t now_ms;
	uint32_t limit; /* the answer need not be exact above it */
	bool ended_only; /* onap mode: ended in [since, now], outcome known; else also live ones and ends in the future */
	bool whether; /* asks whether the limit is reached: below it any number may be the answer. Without it nothing is kept in memory */
};

/* Why it is not known how much was done. */
enum unknown {
	KNOWN,
	UNKNOWN_QUARANTINE, /* a damaged database was put aside, or rows of the window were pruned (history.h) */
	UNKNOWN_VERIFYING   /* the database is not open yet: it is being verified */
};

struct count_result {
	uint32_t used; /* operations counted, at most limit; asked whether, any number below the limit for fewer */
	int64_t limit_end; /* used == limit: the limit-th newest end, else TIME_NONE. A live operation ends when its lease does */
	enum unknown unknown; /* what was done up to limit_end is not known: taken for `limit` operations */
};

/*
 * Of a control loop. Unknown: in quarantine, while an operation that was under way before it may still be. Verifying: while the
 * database is not open yet.
 */
enum liveness { LIVENESS_IDLE, LIVENESS_LIVE, LIVENESS_UNKNOWN, LIVENESS_VERIFYING };

/*
 * The operation history as guards see it. Each returns a negative error code when the history cannot be read; a guard then
 * fails closed (strict) or as ONAP does. The calls take no lock and allocate nothing.
 */
struct history_view {
	int (*count)(void *context, const struct count_query *query, struct count_result *ret);
	/* Strict: whether an operation of the loop is live at now_ms. ret_until (may be NULL): when the last lease ends, or the quarantine. */
	int (*loop_live)(void *context, struct str clname, int64_t now_ms, int64_t *ret_until);
	/* onap: live when the row of the loop with the latest start has outcome Started, any letter case; idle if not, or no row. */
	int (*loop_started)(void *context, struct str clname);
	void *context;
};

/* All of the outside that a guard may see. */
struct env {
	int64_t now_ms;
	const struct history_view *history;
	struct pattern_scratch *scratch;
};

#endif
