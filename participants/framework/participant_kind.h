/* participant_kind - what a kind of participant is: how it makes the far side follow an order */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_PARTICIPANT_KIND_H
#define PARTICIPANTS_FRAMEWORK_PARTICIPANT_KIND_H

#include "participants/framework/element_order.h"

struct element_host;

/* One file a kind. */
struct participant_kind {
	const char *name;
	const char *help; /* one sentence: what its elements are */
	bool needs_url;   /* the far side has an address of its own, unless it has engines of its own */
	bool has_engines; /* takes the setting engine */
	bool serial;      /* its elements share things of the far side: one order at a time, whatever `workers` says */
	/*
	 * Does what is ordered; may be called again for an order that was carried out in part or whole. On failure the
	 * order's message says why. Any worker.
	 */
	enum act_result (*act)(struct element_order *order);
	/*
	 * The settled state that the far side shows: PASSIVE, RUNNING or UNINITIALISED; absent when it cannot be told.
	 * order->from is the state that it should have. NULL: never looked at.
	 */
	struct str (*observe)(struct element_order *order);
	/* Looks after what runs for its elements, again and again, in a thread of its own. NULL: nothing runs. */
	void (*attend)(struct element_host *participant, struct arena *arena);
};

#endif
