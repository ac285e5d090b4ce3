/* replay_run - a decision log played through a set of policies: what comes out otherwise, and examples of it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REPLAY_REPLAY_RUN_H
#define API_REPLAY_REPLAY_RUN_H

#include "api/replay/log_event.h"
#include "api/replay/log_lines.h"

enum replay_flip { FLIP_TO_DENY, FLIP_TO_PERMIT, FLIP_REASON, REPLAY_FLIPS };

/* An answer that came out otherwise. Texts in the run's arena. */
struct replay_example {
	struct replay_example *next;
	enum replay_world world;
	enum replay_flip flip;
	const char *file;
	uint32_t line;
	int64_t now_ms;
	struct request request;
	struct str was_reason, was_policy;      /* as logged */
	struct str reason, policy, policy_file; /* as it came out */
	uint32_t policy_line;
	struct str explanation; /* JSON; absent for FLIP_REASON */
	struct str change;      /* of a Deny: what would turn it; absent when nothing is known to */
};

/* How many answers a policy turned: the one that denies now, or that denied then. */
struct replay_policy {
	struct replay_policy *next;
	struct str name;
	uint64_t flips[REPLAY_WORLDS][REPLAY_FLIPS];
};

struct replay_figures {
	uint64_t asked, flips[REPLAY_FLIPS];
	uint64_t not_asked; /* closed: an earlier answer made the question needless */
	uint64_t uncertain; /* it depends on operations before the log begins */
};

struct replay_options {
	const char *const *logs;
	size_t log_count;
	size_t log_bytes; /* as log_lines_read: 0, or of a log that is being written */
	const struct policyset *set;
	uint64_t digest; /* of the set's documents */
	bool same;       /* decide only lines of generations with this digest */
	bool keep_retries;
	int64_t from_ms, to_ms;          /* of the lines that are decided, inclusive; TIME_NONE: open */
	size_t examples;                 /* of each flip in each world */
	const struct operation *history; /* before the log; NULL: not known */
	size_t history_count;
};

struct replay_report {
	uint64_t lines, changes, questions, skipped[LOG_SKIP_COUNT];
	uint64_t other_policies; /* not decided: of a generation that was not of the set's documents (options.same) */
	uint64_t of_set;         /* decided lines of generations with the set's digest */
	uint64_t missing;        /* lines, by the gaps between numbers */
	int64_t permits;         /* one in so many Permits is in the log */
	bool masked;
	int64_t from_ms, to_ms; /* of the lines that were decided */
	struct replay_figures worlds[REPLAY_WORLDS];
	struct replay_example *examples; /* in the order of the log */
	struct replay_policy *policies;
};

/* Texts of ret in `arena`. errors  those of log_lines_read and log_event_read, with file and line in the text */
int replay_run(const struct replay_options *options, struct arena *arena, struct replay_report *ret, struct error *err);

/* The policy set's form that a log was made with, by its first line that tells. False when none does. */
bool replay_form(const struct log_lines *lines, struct log_event *ret, struct arena *arena);

/*
 * Operations that counted at an instant, by the lines of a log: calls visit with each, in the order of their records. The row's
 * texts are borrowed until it returns. A non-zero answer stops and is returned.
 */
int replay_rows_at(const struct log_lines *lines, int64_t at_ms,
                   int (*visit)(void *context, const struct operation *row), void *context, struct error *err);

#endif
