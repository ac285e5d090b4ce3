/* engine - the active policy set, the operation counters, and the sessions that ask them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_ENGINE_H
#define ENGINE_DECIDE_ENGINE_H

#include "base/document.h"
#include "engine/history/history.h"
#include "guards/guard.h"

/* The engine that clguard.h wraps for other programs; api/ and runtime/ use it directly. */

struct catalogue;
struct policyset;
struct engine;
struct session;
struct follow;

struct engine_options {
	struct history_options history;
	enum guard_mode mode;
	bool on_error_permit, no_guard_deny; /* strict only */
	bool require_policies;               /* both modes: without any guard every question is denied */
	bool skip_bad_policies;
	bool withhold; /* both modes: until engine_release nothing is permitted (reason verifying) */
	struct document_limits limits;
	size_t policies_max;             /* guards in a set */
	int64_t (*clock)(void *context); /* Unix milliseconds; NULL: the system's, carried (see history_now) */
	void *clock_context;
};

/* The defaults of the settings table. */
extern const struct engine_options engine_options_default;

int engine_open(const struct engine_options *options, struct engine **ret, struct error *err);
void engine_close(struct engine *engine); /* after its sessions; takes NULL */

/*
 * The database of an engine that was opened with history.later, and what it means until then: see history_attach. A limiter and a
 * coordination deny with reason verifying in both modes, and so does a reservation.
 */
int engine_attach(struct engine *engine, const char *directory, struct error *err);

/* Ends `withhold`: guards that nobody knew of are in force by now, or it is known that there are none. 0 or -ERROR_MEMORY. */
int engine_release(struct engine *engine);

/* The control loops that a document's guards are for. */
struct document_scope {
	const char *owner; /* whose set it is: one name and version may be in several sets, and each has its own */
	const struct str *clnames;
	size_t count;
};

/* One document given as bytes. name: for messages and explanations. only: NULL for everybody's. */
struct document {
	const char *name;
	struct str bytes;
	const struct document_scope *only;
};

/*
 * Compiles the documents to a new policy set and publishes it; on any error finding the old set stays in force and the
 * result is negative. Findings: texts live in diags' arena. One load at a time (a lock inside); decisions go on meanwhile.
 * engine_load_paths reads files and directories (*.yaml, *.yml, *.json by name) first.
 */
int engine_load(struct engine *engine, const struct document *documents, size_t count, struct diags *diags);

/*
 * The same, but when a file has fewer guards than in the current set nothing is published: 1, and the file's name, in diags'
 * arena. For who reads files that someone may still be writing.
 */
int engine_load_no_fewer(struct engine *engine, const struct document *documents, size_t count, const char **ret_file,
                         struct diags *diags);

/*
 * The documents that are in force beside those of engine_load: the set is made of both. Each of the two calls replaces its
 * own part and keeps the other's, of which the engine has copies. Findings are of both parts.
 */
int engine_deploy(struct engine *engine, const struct document *documents, size_t count, struct diags *diags);

/*
 * Compiles documents alone, with the engine's options but without skip_bad_policies, and publishes nothing: for who wants
 * to know whether they would do. The set has one holder. Takes no lock.
 */
int engine_try(const struct engine *engine, const struct document *documents, size_t count, struct policyset **ret_set,
               struct diags *diags);

/*
 * As engine_deploy, but publishes nothing: the set that there would be. The set has one holder. One load at a time.
 */
int engine_try_deploy(struct engine *engine, const struct document *documents, size_t count, struct policyset **ret_set,
                      struct diags *diags);

/*
 * Ids of control loops that the documents do not have, such as names of instances: a guard for an id near one of them gets its
 * word from the next load on. Copied. 0 or -ERROR_MEMORY, and then none are known.
 */
int engine_know_loops(struct engine *engine, const struct str *ids, size_t count);

/* See engine/decide/follow.h. */
struct follow *engine_follow(struct engine *engine);

int engine_load_paths(struct engine *engine, const char *const *paths, size_t count, struct diags *diags);

struct engine_info {
	uint64_t generation; /* counts publications; 0 before the first */
	int64_t since_ms;    /* when it was published */
	uint64_t digest;     /* of its documents' bytes, in their order: the same in every process */
	size_t policies, guards, policy_types;
	size_t counting, findings; /* guards that count operations; findings about the set */
	enum guard_mode mode;
};

void engine_info(struct engine *engine, struct engine_info *ret);
struct history *engine_history(struct engine *engine);
const struct catalogue *engine_builtin(const struct engine *engine); /* the built-in types */

/*
 * history_record and history_record_async with the engine's clock. A row with an outcome other than Started and no end has
 * ended now. Strict mode enters seed 003's spellings of operations as ONAP's. Changes the rows given.
 */
int engine_record(struct engine *engine, struct operation *rows, size_t count, struct error *err);
int engine_record_async(struct engine *engine, struct operation *rows, size_t count,
                        void (*done)(void *context, const struct error *err), void *context, struct error *err);
int64_t engine_now(const struct engine *engine);       /* Unix milliseconds */
int64_t engine_now_exact(const struct engine *engine); /* for what is entered; see history_now_exact */

int session_open(struct engine *engine, struct session **ret, struct error *err);
void session_close(struct session *session); /* takes NULL */

/* A decision. Texts borrowed from the policy set until the session's next call. */
struct decision {
	enum effect
		effect; /* the XACML decision: not_applicable, permit, deny, indeterminate; counters follow this one */
	bool permit;    /* what the caller is told */
	enum reason reason;
	const char *missing;       /* REASON_MISSING_ATTRIBUTE */
	const struct guard *guard; /* the denying guard that gave the reason, or NULL */
	uint64_t generation;
	int64_t now_ms; /* TIME_NONE: all guards found are timeless; never so of an explanation */
	enum guard_mode mode;
	uint32_t shadow_denials; /* guards in shadow mode that would have denied */
};

/* Takes no lock, allocates nothing, logs nothing. Attributes must be at most ATTRIBUTE_SIZE_MAX bytes (the readers check). */
void session_decide(struct session *session, const struct request *request, struct decision *ret);

/* Between these all decisions of the session are of one instant, one policy set and one snapshot of the counters. */
void session_batch_begin(struct session *session);
void session_batch_end(struct session *session);

/* One guard's result, for an explanation. */
struct guard_result {
	const struct guard *guard;
	struct verdict verdict;
	bool in_force;
	struct explanation explanation;
};

/* A decision's explanation. */
struct explained {
	struct guard_result *results; /* of each guard whose scope matched, in load order */
	size_t count;
	/* For a Deny, what would turn it. */
	int64_t permit_at; /* earliest instant at which the whole request is permitted, TIME_NONE when time alone does not help */
	struct str change;  /* in words: all that is needed, or that nothing is known to help; absent for a Permit */
	struct str changes; /* the same as a JSON list, without what time does; absent when there is none */
};

/* Decides and explains. ret_why: in `arena`. 0 or -ERROR_MEMORY (ret is then a Deny). */
int session_explain(struct session *session, const struct request *request, struct arena *arena, struct decision *ret,
                    struct explained *ret_why);

/*
 * Which state of the counters the decisions were about that were taken since session_mark; its commit is 0 when none counted
 * anything. The decisions of a batch are of one state.
 */
void session_mark(struct session *session);
struct history_position session_position(const struct session *session);

/* The session's reader on the operation history, for listings. Begin and end it yourself. */
struct history_reader *session_reader(struct session *session);

#endif
