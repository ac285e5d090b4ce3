/* runtime_priv - the runtime from inside, for runtime/ alone */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_THREAD_RUNTIME_PRIV_H
#define RUNTIME_THREAD_RUNTIME_PRIV_H

#include <pthread.h>

#include "engine/machine/run.h"
#include "runtime/endpoint/actors.h"
#include "runtime/rows/txn.h"

struct runtime {
	struct engine *engine;
	struct runtime_options options;
	struct supervision_limits limits;
	const struct transport *transport;
	struct arena roads; /* of actors */
	struct actors actors;
	struct run_options run_options;
	struct courier *courier; /* NULL when no actor has a URL */
	uint64_t owner;          /* a random number: this opening, among those that share the database */
	uint64_t random[4]; /* message ids; in writing turns only, of which there is one at a time */
	bool started;
	pthread_t thread;
	struct history_reader *reader; /* the thread's */
	struct arena arena;            /* of one group of calls; the thread's */
	struct runtime_call *parked;   /* waiting for messages; the thread's */
	int64_t next_scan_ms;          /* the thread's */
	int64_t due_ms;                /* of operational policies, when last looked at; the thread's */
	uint64_t deployed; /* the change of deployed policies that is in force here; the thread's, read in its turns */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t filled;
	struct runtime_call *first, *last;
	size_t waiting;
	bool stopping;
};

/* --- runtime_group.c; the runtime's thread --- */

/*
 * Runs the calls of a list in one transaction, or each in its own when that fails. Their answers are set, nothing is
 * done yet.
 */
void runtime_transact(struct runtime *runtime, struct runtime_call *calls);

/*
 * A scan at one multiple of the heart beat, or only what operational policies have to do by now. True when more scans
 * may change something.
 */
bool runtime_tick(struct runtime *runtime, bool clock);

/* When operational policies have something to do; INT64_MAX for never. */
int64_t runtime_due(struct runtime *runtime);

/* Policies that another process brought or withdrew: its calls ask, but decisions over HTTP do not wait for one. */
void runtime_look_around(struct runtime *runtime);

/* --- runtime_wait.c; the runtime's thread --- */

/* Runs a list of calls; each is done, or waits for its topic. */
void runtime_serve(struct runtime *runtime, struct runtime_call *calls);

/* A transport's `committed`: calls that wait for one of the topics are tried again. */
void runtime_wake(struct runtime *runtime, const struct topic_name *topics);

/* Topics that grew, perhaps by another process; and calls whose time is over. */
void runtime_poll(struct runtime *runtime);

/* --- */

/* A message on the runtime's topic. Anything may come; what is not understood changes nothing. */
void runtime_receive(struct turn *turn, struct str message);

/* One scan by the timer. False when time alone will change nothing until something else happens. */
bool runtime_scan(struct turn *turn);

#endif
