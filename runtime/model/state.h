/* state - the states of a control loop, and which order leads where */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MODEL_STATE_H
#define RUNTIME_MODEL_STATE_H

#include <stdbool.h>

#include "base/str.h"

#define LOOP_STATES(X) \
	X(UNINITIALISED) \
	X(UNINITIALISED2PASSIVE) X(PASSIVE) X(PASSIVE2RUNNING) X(RUNNING) X(RUNNING2PASSIVE) X(PASSIVE2UNINITIALISED)

enum loop_state {
#define X(name) LOOP_##name,
	LOOP_STATES(X)
#undef X
		LOOP_STATE_COUNT
};

/* Orders name settled states: LOOP_UNINITIALISED, LOOP_PASSIVE, LOOP_RUNNING. */

/* How the last change of state went. */
enum change_result { CHANGE_NO_ERROR, CHANGE_FAILED, CHANGE_TIMEOUT };

/* Wire spelling. */
extern const char *const loop_state_name[LOOP_STATE_COUNT];
extern const char *const change_result_name[3];

/* The state of that name, also UNINITIALIZED and READY; -1 for another text. */
int loop_state_find(struct str name);

/* The result of that name; CHANGE_NO_ERROR for another text. */
enum change_result change_result_find(struct str name);

bool loop_state_settled(enum loop_state state);

/* Of a transition: where it comes from and where it leads; a settled state is both. */
enum loop_state loop_state_from(enum loop_state state);
enum loop_state loop_state_to(enum loop_state state);

/* Towards RUNNING: start phases go up; else they go down. */
bool loop_state_rises(enum loop_state state);

/* The transition between two neighbouring settled states. */
enum loop_state loop_transition(enum loop_state from, enum loop_state to);

/* The effect of an order in a state. */
enum order_answer {
	ORDER_STARTS,        /* *ret_next is the transition that it begins */
	ORDER_ALREADY,       /* "is already in state S" */
	ORDER_TRANSITIONING, /* "is already in state S and transitioning to state O" */
	ORDER_IMPOSSIBLE     /* "can't transition from state S to state O" */
};

/*
 * An order with force to an instance some of whose participants are lost: it leads from every state, and at once, for what
 * a lost participant has to do is not waited for.
 */
enum order_answer order_force(enum loop_state state, enum loop_state order, enum loop_state *ret_next);

/*
 * A transition under way refuses every order but one: an initialisation may be ordered back. One that FAILED or ran into its
 * TIMEOUT may be ordered on or back.
 */
enum order_answer order_check(enum loop_state state, enum change_result result, enum loop_state order,
                              enum loop_state *ret_next);

#endif
