/* runtime_state - the runtime's options and its state, shared by all of runtime/ */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_RUNTIME_STATE_H
#define RUNTIME_ROWS_RUNTIME_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/decide/reserve.h"
#include "engine/decide/engine.h"
#include "engine/machine/run.h"
#include "runtime/endpoint/actors.h"
#include "runtime/looptype/looptype.h"
#include "runtime/supervision/supervise.h"

/* The service's settings for the runtime. Const afterwards. */
struct runtime_options {
	int64_t heart_beat_ms;  /* a scan at every multiple of it */
	int64_t status_wait_ms; /* a participant may be silent so long; also the wait for an answer in a transition */
	int64_t update_wait_ms; /* for PARTICIPANT_UPDATE_ACK */
	unsigned retries;
	bool rollback;                      /* supervision.on_failure */
	bool host_lost_move;                /* on_host_lost */
	int64_t host_lost_ms;               /* a participant is OFF_LINE or gone so long before that */
	size_t topic_messages, topic_bytes; /* kept of a topic */
	size_t topics_bytes, topic_groups;  /* of all together; 0: no bound */
	struct budget *budget;              /* for answers; NULL: none */
	size_t statistics;                  /* records kept of a participant, and of its elements */
	enum compat compat;                 /* what documents of CLAMP's own need looser */
	struct str composition_topic;       /* name: participants in the words of automation compositions */
	struct str topic, notifications;    /* names */
	struct str policy_participant; /* name of the participant type that the runtime hosts itself; empty: none */
	struct str events, loop_notifications; /* names: of operational policies */
	const char *const *actors;             /* actors_read's items */
	size_t actor_count;
	const char *authorities;            /* http_client_open's */
	struct str pdp_group, pdp_type;     /* where the engine is a PDP; empty: nowhere */
	struct str pdp_topic, policy_topic; /* names: of PDPs, of notifications about policies */
	bool lenient;                       /* the policy API takes what ONAP's takes */
	/* The state of the PDP that the engine is was set in its group. Any thread that follows deployments. */
	void (*set_active)(void *context, bool active);
	/* The deployed policies could not be brought into force, and why; NULL: they could. The runtime's thread. */
	void (*refused)(void *context, const char *why);
	void *state_context;
	size_t executions;                                /* of operational policies, at a time */
	bool abort_withdrawn;                             /* executions end with their policy */
	bool unguarded;                                   /* operations ask no guard */
	bool manual;                                      /* the clock moves by runtime_advance alone */
	void (*set_clock)(void *context, int64_t now_ms); /* manual: moves it */
	void *clock_context;
	/* On the runtime's thread: what the guards answered, and what became of reservations, once that is certain. NULL: nobody asks. */
	void (*answered)(void *context, const struct reservation_note *notes);
	void *answered_context;
};

struct runtime {
	struct engine *engine;
	struct runtime_options options;
	struct supervision_limits limits;
	const struct transport *transport;
	struct arena endpoints; /* of actors */
	struct actors actors;
	struct run_options run_options;
	/* Since the start: orders of elements that were committed, those of them that were repeated; HTTP requests to actors and those that failed. Relaxed: figures. */
	atomic_uint_fast64_t orders, repeats, requests, request_failures;
	atomic_uint_fast64_t rounds; /* of its thread */
	struct http_client *client;  /* NULL when no actor has a URL */
	uint64_t owner;              /* a random number: this opening, among those that share the database */
	uint64_t random[4];          /* message ids; in writing txns only, of which there is one at a time */
	bool started;
	pthread_t thread;
	struct history_reader *reader; /* the thread's */
	struct arena arena;            /* of one group of calls; the thread's */
	struct runtime_call *parked;   /* waiting for messages; the thread's */
	int64_t next_scan_ms;          /* the thread's */
	atomic_bool stands;            /* what the timers do could not be written; relaxed, for who tells of it */
	int64_t due_ms;                /* of operational policies, when last looked at; the thread's */
	uint64_t deployed;   /* the change of deployed policies that is in force here; the thread's, read in its txns */
	atomic_bool refused; /* what is deployed could not be brought into force; relaxed, for who tells of it */
	char refusal[512];   /* then why; the thread's */
	uint64_t refused_at; /* then: the generation of the set that stays; the thread's */
	int pdp_state;       /* of the group that the engine is a PDP of, as it was last seen; the thread's */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t filled;
	struct runtime_call *first, *last;
	size_t waiting;
	bool stopping;
	bool hurry; /* somebody waits until what is deployed is in force here */
};

#endif
