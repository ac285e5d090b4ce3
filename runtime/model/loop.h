/* loop - one control loop instance and its elements, as given, as answer, as row and in memory */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MODEL_LOOP_H
#define RUNTIME_MODEL_LOOP_H

#include "base/time.h"
#include "runtime/model/concept.h"
#include "runtime/model/state.h"

enum timeout_kind { TIMEOUT_TO_PASSIVE, TIMEOUT_TO_RUNNING, TIMEOUT_FROM_RUNNING, TIMEOUT_TO_UNINITIALISED, TIMEOUTS };

/* How far an element is on its way back to where it should stand: see restore.h. */
enum restore {
	RESTORE_NONE,
	RESTORE_WAITS,  /* for its start phase, or for another try */
	RESTORE_UPDATE, /* CONTROL_LOOP_UPDATE was sent */
	RESTORE_STATE   /* CONTROL_LOOP_STATE_CHANGE was sent */
};

#define RESTORE_DUE INT64_MIN /* tried_ms of one that waits for its start phase */

/* One element. Texts borrow from where the loop was read, or live in its arena. */
struct element {
	struct str id;
	struct concept definition, participant_type, participant_id; /* participant_id.name absent: not chosen yet */
	struct str version;                                          /* of its configuration */
	enum loop_state state;    /* a transition from when it is ordered until it answers */
	enum loop_state ordered;  /* a settled state */
	struct str message;       /* of its last answer; absent */
	const struct node *given; /* what the client gave */

	/* The runtime's own. */
	int64_t phase;               /* startPhase of its definition */
	int64_t timeout_s[TIMEOUTS]; /* of its definition; 0: none given */
	bool fragment;               /* its definition names a policy or a policy type */
	bool asked;                  /* its phase was sent in this transition */
	bool failed;                 /* it answered that it failed */
	bool pending;                /* a changed configuration that it has not confirmed */
	unsigned failures;           /* how often it refused the order under way */
	bool missing;                /* the reports of its participant lack it */
	enum restore restore;
	int64_t tried_ms;       /* when it was last asked in this restoration */
	unsigned tries;         /* how often it was ordered into its state because it stood elsewhere */
	bool faulty;            /* that did not help */
	struct str reservation; /* reservation of its action; absent */
};

/* The last transition or change of configuration that failed; time_ms TIME_NONE: none since the last success. */
struct failure {
	int64_t time_ms;
	struct str element; /* absent: none stands out */
	struct concept participant;
	struct str message, done; /* what was said; what was done about it */
};

/* One instance. */
struct loop {
	struct concept id, definition;
	enum loop_state state, ordered;
	enum change_result result;
	struct element *elements;
	size_t count;
	const struct node *given;

	int64_t phase;       /* last one sent in this transition; PHASE_NONE */
	int64_t since_ms;    /* when it was sent, or when the last element answered */
	unsigned retries;    /* of this phase */
	uint64_t sent;       /* number of the last message of this phase in the runtime's topic */
	bool handed;         /* its addressees were seen to have it; since_ms is then */
	int64_t renew_ms;    /* when leases are to be renewed; 0: there are none */
	struct str trace;    /* of the last order or change, as a traceparent; absent */
	struct str replaces; /* version that a configuration under way replaces; absent */
	bool reverting;      /* the transition was ordered back by the runtime itself */
	struct failure failure;
};

#define PHASE_NONE INT64_MIN

/* The instance is on its participants: every element is. */
bool loop_primed(const struct loop *loop);

/* Something is under way: a transition, or a configuration that is not confirmed. */
bool loop_busy(const struct loop *loop);

/* The element has done what the transition or the configuration under way asks. */
bool loop_element_done(const struct loop *loop, const struct element *element);

struct element *loop_element(const struct loop *loop, struct str id);

/*
 * What a client gives: name, version, definition, elements. States and results are the runtime's and are not taken
 * over.
 * ret borrows from the node. errors  ERROR_TYPE, ERROR_MISSING, ERROR_MEMORY, at the place
 */
int loop_read_given(const struct node *node, struct arena *arena, struct loop *ret, struct error *err);

/* A row, as loop_write_row made it. errors  ERROR_DAMAGED, ERROR_MEMORY */
int loop_read_row(struct str row, struct arena *arena, struct loop *ret);

/*
 * {"name","version","definition","state","orderedState","stateChangeResult","primed",...,"elements":{}}
 * guard: JSON of what a guard said of the last order, or absent; it becomes the member "guard".
 */
void loop_write(struct text *out, const struct loop *loop, struct str guard);
void loop_write_row(struct text *out, const struct loop *loop);

/* One element as CONTROL_LOOP_UPDATE carries it, without the closing brace: {"id",... */
void element_write_open(struct text *out, const struct element *element, bool to_participant);

/* Whether two configurations are the same but for what the runtime owns. */
bool loop_same_content(const struct loop *a, const struct loop *b);

#endif
