/* supervise - what becomes of an instance: orders, answers of participants, time */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MODEL_SUPERVISE_H
#define RUNTIME_MODEL_SUPERVISE_H

#include "runtime/model/loop.h"

/*
 * Pure: an instance, what happened and the time go in; the changed instance and a list of tasks come out. The caller
 * writes the row and performs the tasks in one transaction.
 *
 * An order gives every element its ordered state at once. A transition asks phase by phase: up when it leads towards
 * RUNNING, down
 * when away from it. An element that is asked carries the transition as its state until it answers; when all of a
 * phase have
 * answered, the next phase is asked, at once. CONTROL_LOOP_UPDATE reaches every participant with its first phase, so
 * that
 * from then on every element is in doubt. An unanswered phase is sent again once a scan after its limit, then the
 * transition stands with the result TIMEOUT; an element that failed makes it FAILED. A late success still completes.
 *
 * A changed configuration of an instance that is on its participants goes the same way, with `pending` in place of the
 * state.
 */

struct supervision_limits {
	int64_t wait_ms; /* an answer may take so long, exactly so long still being in time */
	unsigned retries;
	int64_t lease_ms; /* of rights; renewed at half of it */
	bool rollback;    /* on_failure: order back once, by itself */
};

enum task_kind {
	TASK_UPDATE,       /* CONTROL_LOOP_UPDATE of `phase` */
	TASK_STATE_CHANGE, /* CONTROL_LOOP_STATE_CHANGE of `phase` */
	TASK_NOTIFY,       /* text: what happened */
	TASK_SETTLE,       /* the right `text` ends with `outcome` */
	TASK_ABORT,        /* the right `text` was not used */
	TASK_RENEW,        /* the right `text` is needed longer */
	TASK_RESTORE,      /* the configuration that `replaces` names comes back */
	TASK_ROLL_BACK     /* order the state back from where the transition came */
};

struct task {
	struct task *next;
	enum task_kind kind;
	int64_t phase;
	enum loop_state ordered, current; /* of a state change */
	struct str text, outcome;
	const struct element *element; /* of TASK_NOTIFY: the one concerned, or NULL */
};

struct supervision {
	const struct supervision_limits *limits;
	int64_t now_ms;
	struct arena *arena;
	/*
	 * Asked before an element without a right is asked to act after all: false leaves it alone. May set
	 * element->right.
	 */
	bool (*permit)(void *context, struct loop *loop, struct element *element);
	void *context;
	struct task *first, **last; /* supervision_init */
	bool failed;                /* memory ran out */
};

void supervision_init(struct supervision *supervision);

/*
 * Gives up what the instance holds of an earlier transition: rights that were used end as failures, the others are
 * given back.
 */
void loop_release(struct supervision *supervision, struct loop *loop);

/* Begins the transition `next` that order_check found legal; elements that will be asked have their rights already. */
void loop_order(struct supervision *supervision, struct loop *loop, enum loop_state next);

/* Whether the order would ask this element. */
bool loop_order_asks(const struct loop *loop, const struct element *element, enum loop_state next);

/* Begins to bring a changed configuration to the participants: `replaces` is set, all elements are pending. */
void loop_change(struct supervision *supervision, struct loop *loop);

/* An element's answer; true when it changed anything. Strangers' answers were refused before. */
bool loop_answer(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state,
                 bool result, struct str message);

/* A scan by the timer. True when it changed anything. */
bool loop_tick(struct supervision *supervision, struct loop *loop);

/* What an element says of itself in a status report. True when it changed anything. */
bool loop_report(struct supervision *supervision, struct loop *loop, struct element *element, enum loop_state state);

#endif
