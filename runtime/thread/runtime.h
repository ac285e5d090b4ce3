/* runtime - the control loop runtime: one thread that owns timers and writes, and the calls that it serves */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_THREAD_RUNTIME_H
#define RUNTIME_THREAD_RUNTIME_H

#include <stdatomic.h>

#include "base/text.h"
#include "engine/decide/engine.h"
#include "runtime/model/supervise.h"

struct runtime;
struct turn;

/* What the service makes of its settings. Const afterwards. */
struct runtime_options {
	int64_t heart_beat_ms;  /* a scan at every multiple of it */
	int64_t status_wait_ms; /* a participant may be silent so long; also the wait for an answer in a transition */
	int64_t update_wait_ms; /* for PARTICIPANT_UPDATE_ACK */
	unsigned retries;
	bool rollback;                                    /* supervision.on_failure */
	size_t topic_messages, topic_bytes;               /* kept of a topic */
	size_t statistics;                                /* records kept of a participant, and of its elements */
	struct str topic, notifications;                  /* names */
	struct str policy_participant; /* name of the participant type that the runtime hosts itself; empty: none */
	struct str events, loop_notifications;            /* names: of operational policies */
	const char *const *actors;                        /* actors_read's items */
	size_t actor_count;
	size_t transactions;                              /* of operational policies, at a time */
	bool unguarded;                                   /* operations ask no guard */
	bool manual;                                      /* the clock moves by runtime_advance alone */
	void (*set_clock)(void *context, int64_t now_ms); /* manual: moves it */
	void *clock_context;
};

/* What a guard said of an order to an instance. */
struct denial {
	struct denial *next;
	struct concept loop;
	struct str json; /* {"timestamp","orderedState","guard","denied":[...]} */
};

/*
 * One request to the runtime. The caller fills it and hands it over with runtime_call; `run` is called inside a
 * transaction,
 * perhaps several times; `done` on the runtime's thread after the commit. All of it lives in its own arena.
 */
struct runtime_call {
	struct arena arena; /* the input's and the answer's */
	/* Does the work and sets the answer. A negative result undoes it, and the answer stands if there is one. */
	int (*run)(struct turn *turn, struct runtime_call *call);
	/* After such an undoing, in a transaction of its own: what is to be kept of it. May be NULL. */
	void (*refused)(struct turn *turn, struct runtime_call *call);
	void (*done)(struct runtime_call *call);
	bool (*gone)(struct runtime_call *call); /* whoever waits for the answer is not there any more; may be NULL */
	void *context;                           /* the caller's */

	/* Input. */
	const struct node *body;
	struct str name, version, other; /* query parameters or parts of the path */
	struct str *texts;               /* `number` of them */
	size_t number;
	struct bus_question *question;
	int64_t target_ms; /* of a clock call: run is NULL */

	/* Answer. */
	unsigned status;        /* as HTTP's; 0: none yet */
	struct str reply;       /* JSON; in `arena` or static */
	struct error err;       /* status 0: what failed */
	struct denial *denials; /* what guards held back: kept though the rest is undone */

	/* A call with nothing to answer yet may wait for a topic. */
	bool waits;
	int64_t until_ns; /* monotonic; answered then in any case */
	struct runtime_call *next;
};

/* The engine outlives the runtime. A manual clock is set to where it stood last. errors  ERROR_MEMORY, ERROR_IO, those of reading the database */
int runtime_open(struct engine *engine, const struct runtime_options *options, struct runtime **ret, struct error *err);

/* Answers what waits and ends the thread; later calls are refused. Before runtime_close; takes NULL, as that does. */
void runtime_stop(struct runtime *runtime);
void runtime_close(struct runtime *runtime);

const struct runtime_options *runtime_options_of(const struct runtime *runtime);

/*
 * Any thread. The call is the runtime's until done. errors  ERROR_BUSY: too many wait, or it stops; then it was not
 * taken
 */
int runtime_call(struct runtime *runtime, struct runtime_call *call, struct error *err);

/* A reading turn with a reader's snapshot, between history_reader_begin and _end. */
void runtime_read(struct runtime *runtime, struct history_reader *reader, struct arena *arena, struct turn *ret);

/* --- answers: set status and reply; the text is JSON already, or a sentence --- */

void call_answer(struct runtime_call *call, unsigned status, struct str json);
void call_refuse(struct runtime_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
