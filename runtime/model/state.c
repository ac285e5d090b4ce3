/* state - the states of a control loop, and which order leads where */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/state.h"

#include <stddef.h>

const char *const loop_state_name[LOOP_STATE_COUNT] = {
#define X(name) #name,
	LOOP_STATES(X)
#undef X
};

const char *const change_result_name[3] = {"NO_ERROR", "FAILED", "TIMEOUT"};

static const struct {
	enum loop_state from, to;
} ends[LOOP_STATE_COUNT] = {
	[LOOP_UNINITIALISED] = {LOOP_UNINITIALISED, LOOP_UNINITIALISED},
	[LOOP_UNINITIALISED2PASSIVE] = {LOOP_UNINITIALISED, LOOP_PASSIVE},
	[LOOP_PASSIVE] = {LOOP_PASSIVE, LOOP_PASSIVE},
	[LOOP_PASSIVE2RUNNING] = {LOOP_PASSIVE, LOOP_RUNNING},
	[LOOP_RUNNING] = {LOOP_RUNNING, LOOP_RUNNING},
	[LOOP_RUNNING2PASSIVE] = {LOOP_RUNNING, LOOP_PASSIVE},
	[LOOP_PASSIVE2UNINITIALISED] = {LOOP_PASSIVE, LOOP_UNINITIALISED},
};

int
loop_state_find(struct str name)
{
	if (str_is(name, "UNINITIALIZED"))
		return LOOP_UNINITIALISED;
	if (str_is(name, "READY"))
		return LOOP_PASSIVE;
	for (int i = 0; i < LOOP_STATE_COUNT; i++)
		if (str_is(name, loop_state_name[i]))
			return i;
	return -1;
}

enum change_result
change_result_find(struct str name)
{
	return str_is(name, "FAILED") ? CHANGE_FAILED : str_is(name, "TIMEOUT") ? CHANGE_TIMEOUT : CHANGE_NO_ERROR;
}

bool
loop_state_settled(enum loop_state state)
{
	return ends[state].from == ends[state].to;
}

enum loop_state
loop_state_from(enum loop_state state)
{
	return ends[state].from;
}

enum loop_state
loop_state_to(enum loop_state state)
{
	return ends[state].to;
}

bool
loop_state_rises(enum loop_state state)
{
	return ends[state].to > ends[state].from;
}

enum loop_state
loop_transition(enum loop_state from, enum loop_state to)
{
	for (int i = 0; i < LOOP_STATE_COUNT; i++)
		if (ends[i].from == from && ends[i].to == to)
			return (enum loop_state)i;
	return from;
}

enum order_answer
order_check(enum loop_state state, enum change_result result, enum loop_state order, enum loop_state *ret_next)
{
	enum loop_state from = loop_state_from(state), to = loop_state_to(state);

	if (loop_state_settled(state)) {
		if (order == state)
			return ORDER_ALREADY;
		*ret_next = loop_transition(state, order);
		return *ret_next == state ? ORDER_IMPOSSIBLE : ORDER_STARTS;
	}
	if (order == to && result == CHANGE_NO_ERROR)
		return ORDER_TRANSITIONING;
	if (order == to) {
		*ret_next = state;
		return ORDER_STARTS;
	}
	if (order == from && (result != CHANGE_NO_ERROR || state == LOOP_UNINITIALISED2PASSIVE)) {
		*ret_next = loop_transition(to, from);
		return ORDER_STARTS;
	}
	return ORDER_IMPOSSIBLE;
}

enum order_answer
order_force(enum loop_state state, enum loop_state order, enum loop_state *ret_next)
{
	bool below = state == LOOP_UNINITIALISED || state == LOOP_UNINITIALISED2PASSIVE ||
	             state == LOOP_PASSIVE2UNINITIALISED;

	if (state == order)
		return ORDER_ALREADY;
	if (order == LOOP_RUNNING && below)
		return ORDER_IMPOSSIBLE;
	*ret_next = order == LOOP_UNINITIALISED ? LOOP_PASSIVE2UNINITIALISED
	            : order == LOOP_RUNNING     ? LOOP_PASSIVE2RUNNING
	            : below                     ? LOOP_UNINITIALISED2PASSIVE
	                                        : LOOP_RUNNING2PASSIVE;
	return ORDER_STARTS;
}
