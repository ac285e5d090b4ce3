/* task - what supervision wants done: messages, notifications, the ends of reservations */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SUPERVISION_TASK_H
#define RUNTIME_SUPERVISION_TASK_H

#include "runtime/model/loop.h"

struct supervision_limits {
	int64_t wait_ms; /* an answer or a report may take so long, exactly so long still being in time */
	int64_t tick_ms; /* between two scans */
	unsigned retries;
	int64_t lease_ms; /* of reservations; renewed at half of it */
	bool rollback;    /* on_failure: order again, then order back once */
};

enum task_kind {
	TASK_UPDATE, /* CONTROL_LOOP_UPDATE of `phase`; with `element` to its host alone, for what is restored there */
	TASK_STATE_CHANGE, /* CONTROL_LOOP_STATE_CHANGE of `phase`; with `element` to its host alone */
	TASK_NOTIFY,       /* text: what happened */
	TASK_SETTLE,       /* the reservation `text` ends with `outcome` */
	TASK_ABORT,        /* the reservation `text` was not used */
	TASK_RENEW,        /* the reservation `text` is needed longer */
	TASK_RESTORE,      /* the configuration that `replaces` names comes back */
	TASK_ROLL_BACK     /* order the state back from where the transition came */
};

struct task {
	struct task *next;
	enum task_kind kind;
	int64_t phase;
	enum loop_state ordered, current; /* of a state change */
	struct str text, outcome;
	struct element *element; /* the one concerned; NULL: the instance, or all participants */
};

/* The condition of the participant that hosts an element. */
enum host_condition {
	HOST_WELL,   /* its reports come */
	HOST_SILENT, /* they do not, for now */
	HOST_LOST    /* it is OFF_LINE or has left */
};

/* Whether the host has been handed the last order. */
enum handing { HANDING_UNKNOWN, HANDING_PENDING, HANDING_DONE };

struct supervision {
	const struct supervision_limits *limits;
	int64_t now_ms;
	struct arena *arena;
	/*
	 * Asked before an element without a reservation acts beside an order: false leaves it alone. May set element->reservation.
	 * update: it gets CONTROL_LOOP_UPDATE; else it is ordered into `state`.
	 */
	bool (*permit)(void *context, struct loop *loop, struct element *element, bool update, enum loop_state state);
	enum host_condition (*host)(void *context, const struct element *element);
	enum handing (*handing)(void *context, const struct loop *loop, const struct element *element);
	void *context;
	struct task *first, **last; /* supervision_init */
	bool failed;                /* out of memory */
};

void supervision_init(struct supervision *supervision);

/* Appends a copy of the task. */
void task_emit(struct supervision *supervision, struct task task);

/* element: the one concerned, or NULL. */
void task_notify(struct supervision *supervision, const char *what, struct element *element);

/* The element's reservation ends: with an outcome when it was used, else it is given back. Without a reservation nothing happens. */
void task_end_reservation(struct supervision *supervision, struct element *element, const char *outcome);

#endif
