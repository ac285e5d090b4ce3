/* random_policies - random guards that can be edited, requests and a history, for tests that act upon explanations */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RANDOM_POLICIES_H
#define TESTS_RANDOM_POLICIES_H

#include <stdio.h>

#include "engine/decide/policyset.h"

#define ENTRIES_MAX 6
#define ROWS_MAX 48

unsigned pick(unsigned below);
void pick_seed(uint64_t seed);

enum model_kind { MODEL_LIMITER, MODEL_BLACKLIST, MODEL_MIN_MAX, MODEL_FILTER, MODEL_COORDINATION, MODEL_KINDS };

/* A policy as its author thinks of it. Texts that are NULL are left out. */
struct model_policy {
	enum model_kind kind;
	char name[8];
	bool shadow;
	const char *actor, *operation, *id;
	char target[64], start[32], end[32]; /* empty: left out */
	int64_t limit, window;               /* window INT64_MIN: left out */
	const char *unit, *count_by;
	const char *entries[ENTRIES_MAX];
	int64_t bounds[2]; /* min, max; INT64_MIN: left out */
	bool whitelist_overrides;
	struct model_filter {
		const char *field, *function, *text; /* field NULL: taken away */
		bool blacklist;
		unsigned line; /* where it was written last */
	} filters[ENTRIES_MAX];
	const char *first, *second;
};

void model_random(struct model_policy *policy, unsigned number, enum guard_mode mode);
struct policyset *model_compile(struct model_policy *policies, size_t count, enum guard_mode mode,
                                const struct catalogue *builtin, bool no_guard_deny);

/* A row of the history; the counts of its view are taken row by row. */
struct model_row {
	const char *actor, *operation, *target, *clname;
	int64_t end_ms; /* or when its lease ends */
	bool live;      /* started, not ended */
};

struct model_history {
	struct model_row rows[ROWS_MAX];
	size_t count;
	const char *ended[4]; /* loops whose operations end now */
};

void history_random(struct model_history *history, int64_t now_ms);
struct history_view history_view_of(struct model_history *history);

void request_random(struct request *request, enum guard_mode mode);

#endif
