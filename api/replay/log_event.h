/* log_event - one line of a decision log as what happened: a change of the counters, or a question and its answer */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REPLAY_LOG_EVENT_H
#define API_REPLAY_LOG_EVENT_H

#include "base/document.h"
#include "engine/replay/replay.h"

/* Why a line that tells of an answer is not decided again. */
#define LOG_SKIPS(X) \
	X(NONE, "none", "decided") \
	X(ACCESS, "access", "about instances, which only a service has") \
	X(FAILED, "failed", "the service could not evaluate it then") \
	X(QUARANTINE, "quarantine", "the counters were not known then") \
	X(MASKED, "masked", "attributes are masked in the log") \
	X(CUT, "cut", "what filters test is not all in the log") \
	X(TIME, "time", "outside the times asked for")

enum log_skip {
#define X(name, key, text) LOG_SKIP_##name,
	LOG_SKIPS(X)
#undef X
		LOG_SKIP_COUNT
};

extern const char *const log_skip_key[LOG_SKIP_COUNT], *const log_skip_text[LOG_SKIP_COUNT];

struct log_event {
	enum { LOG_EVENT_OTHER, LOG_EVENT_CHANGE, LOG_EVENT_QUESTION, LOG_EVENT_POLICIES, LOG_EVENT_FIRST } kind;
	struct history_change change;
	/* LOG_EVENT_QUESTION */
	struct replay_question question;
	enum log_skip skip;
	struct str reason, policy, version, missing;
	uint64_t generation;
	/* LOG_EVENT_POLICIES */
	struct str digest, mode;
	bool on_error_permit, no_guard_deny, require_policies;
	bool empty; /* the service begins with no operation in its database */
	/* LOG_EVENT_FIRST */
	int64_t permits; /* one in so many Permits is in the log */
	bool masked;
};

/*
 * Texts are the tree's, or in `arena`. errors  those of json_read, ERROR_TYPE: a member that is not what such a line has; with its place
 */
int log_event_of(const struct node *line, struct arena *arena, struct log_event *ret, struct error *err);
int log_event_read(struct str line, struct arena *arena, struct log_event *ret, struct error *err);

#endif
