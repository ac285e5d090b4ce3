/* run - one transaction: an event, and what is done about it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_RUN_H
#define ENGINE_MACHINE_RUN_H

#include "engine/history/history.h"
#include "engine/machine/event.h"

/*
 * The state machine of a execution: (state, input, time) -> (state, actions). It allocates nothing, reads no clock
 * and does no input or output; the outside carries out the actions and answers them. Each answer carries the generation
 * of the action that asked, and is dropped when the run has moved on. An answer at the very instant of a deadline comes
 * too late.
 *
 *   QUERY (entity) -> LOCK -> [ACTIVE] -> QUERY (count) -> GUARD -> ATTEMPT <-> WAIT
 *   a result takes its route: the next directive's GUARD, or UNLOCK and FINAL
 *   any state: overall deadline, or the lock is lost -> ABORT
 */
enum run_state {
	RUN_IDLE,
	RUN_ENTITY,    /* the inventory is asked for the entity */
	RUN_LOCK,      /* the lock is asked for */
	RUN_COUNT,     /* the inventory is asked for the number of VF modules */
	RUN_GUARD,     /* the guard is asked */
	RUN_ATTEMPT,   /* the actor works */
	RUN_WAIT,      /* between two attempts */
	RUN_ABATEMENT, /* done, but held until ABATED */
	RUN_DENIED     /* no guard need be asked: denied at the next tick */
};

enum action_kind {
	/* asks; each is answered by an `answer` of the same generation */
	ACTION_QUERY, /* of the inventory */
	ACTION_LOCK,  /* of `run->target` */
	ACTION_GUARD, /* by run_request */
	ACTION_START, /* of an attempt; has a row (Started) */
	/* tells */
	ACTION_ACTIVE,
	ACTION_REJECT, /* message */
	ACTION_LOCKED,
	ACTION_LOCK_DENIED, /* has a row */
	ACTION_GUARD_OFF,   /* guards are disabled */
	ACTION_GUARDED,     /* permit; has a row when denied */
	ACTION_ENDED,       /* an attempt: result, message; has a row */
	ACTION_ABORT,       /* message; has a row when an attempt was under way */
	ACTION_UNLOCK,
	ACTION_FINAL, /* final, message */
	ACTION_DONE,  /* the run is over, the event is the caller's again */
	ACTION_IGNORE /* an event that made no run: message; have, need when it is counted */
};

#define FINAL_NONE (RESULT_COUNT + 1) /* of an aborted run */

/* One thing to do or to know. Texts are borrowed until the next call. */
struct action {
	enum action_kind kind;
	const struct run *run; /* NULL for events that made none */
	const struct event *event;
	const struct operational *policy; /* may be NULL for ignored events */
	const struct directive *directive;
	uint32_t generation;
	uint32_t attempt; /* of this operation, from 1; 0 before the first */
	uint32_t serial;  /* of the row within the execution */
	enum result result;
	int final; /* enum result, RESULT_COUNT for openloop, or FINAL_NONE */
	bool permit, timed_out;
	int64_t start_ms, end_ms; /* of the row; end_ms TIME_NONE for Started */
	const char *format;       /* message, `%s` stands for `word`; NULL for none */
	struct str word;
	uint32_t have, need;
};

#define ACTIONS_MAX 8

/* The actions that one input leads to, in order. */
struct actions {
	struct action list[ACTIONS_MAX];
	size_t count;
};

struct run_options {
	int64_t guard_ms, query_ms; /* how long a guard, an inventory may take */
	int64_t retry_ms;           /* between two attempts */
	bool guard_disabled;
};

/* 90 s, 90 s, 1 s, guards on */
extern const struct run_options run_options_default;

/* One execution. Zeroed when idle. */
struct run {
	const struct operational *policy;
	const struct event *event;
	const struct run_options *options;
	enum run_state state;
	uint32_t slot;                 /* of its table */
	uint64_t number;               /* counts the executions of its table */
	uint32_t generation;           /* grows at each step */
	int32_t at;                    /* directive */
	uint32_t attempt;              /* attempts of this directive begun */
	uint32_t serial;               /* rows begun */
	int64_t began_ms, deadline_ms; /* overall */
	int64_t due_ms;                /* of this state, INT64_MAX for none */
	int64_t attempt_ms;            /* start of the attempt */
	bool locked, counted, abated;
	int32_t vf_count;
	struct str target; /* entity: borrowed from the event, or in `entity` */
	char entity[ATTRIBUTE_SIZE_MAX + 1];
};

enum answer_kind { ANSWER_QUERY, ANSWER_LOCK, ANSWER_GUARD, ANSWER_RESULT };

/* An answer from outside. */
struct answer {
	enum answer_kind kind;
	uint32_t generation;
	bool good;         /* query answered, lock granted, guard permits */
	struct str entity; /* ANSWER_QUERY: the VNF's id, absent when not known */
	bool has_count;
	int32_t vf_count;   /* ANSWER_QUERY: VF modules there are */
	enum result result; /* ANSWER_RESULT: SUCCESS, FAILURE or FAILURE_EXCEPTION */
	struct str message; /* ANSWER_RESULT: the actor's words, or absent */
};

/* Begins; the event was accepted (event_refusal). run: idle, with slot, number and options set. */
void run_begin(struct run *run, const struct operational *policy, const struct event *event, int64_t now_ms,
               struct actions *ret);
/* False when the answer is stale. */
bool run_answer(struct run *run, const struct answer *answer, int64_t now_ms, struct actions *ret);
/* Time has come to run_due. False when nothing was due. */
bool run_tick(struct run *run, int64_t now_ms, struct actions *ret);
void run_lock_lost(struct run *run, int64_t now_ms, struct actions *ret);
/* Its policy is withdrawn, and what runs by it ends: as when the lock is lost, at any point. */
void run_withdrawn(struct run *run, int64_t now_ms, struct actions *ret);
/* The fault has ended by itself: ends a run that waits for it. */
void run_abated(struct run *run, int64_t now_ms, struct actions *ret);

/* When run_tick must be called at the latest; INT64_MAX when idle. */
int64_t run_due(const struct run *run);

/* The guard's request for the current directive. Texts are borrowed from policy and event. */
void run_request(const struct run *run, struct request *ret);

#define SUBREQUEST_SIZE 48

/*
 * "<began>-<number>-<serial>", in hexadecimal but for the serial: unique even when a request id comes back later. It is
 * the serial of an attempt, or of no row yet.
 */
struct str run_subrequest(const struct run *run, uint32_t serial, char buf[SUBREQUEST_SIZE]);

/* The number of the execution that an id, or its beginning, belongs to. False when it is no such id. */
bool subrequest_number(struct str id, uint64_t *ret);

/* True when the action changes the operation history, with the row; its subrequest_id is written to buf, texts are
 * borrowed. */
bool action_row(const struct action *action, char buf[SUBREQUEST_SIZE], struct operation *ret);

/* "ACTIVE", "OPERATION: FAILURE" ..., or NULL when the action is not told to anybody. */
const char *action_notification(const struct action *action);

/* The target as ONAP's notifications print it, in `arena`; NULL when out of memory. */
const char *action_target(const struct directive *d, struct arena *arena);

/* The notification's message, NUL-terminated in `arena`; absent when it has none (or out of memory). */
struct str action_message(const struct action *action, struct arena *arena);

#endif
