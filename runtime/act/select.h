/* select - who hosts an element: the selection rules of its definition */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_SELECT_H
#define RUNTIME_ACT_SELECT_H

#include "runtime/rows/rows.h"

struct selection {
	struct txn *txn;
	struct concept except; /* absent, or one that is not chosen */
	bool healthy;          /* only participants that say HEALTHY */
	/* Elements that go to the participant in this txn already; may be NULL. */
	int64_t (*chosen)(const void *context, struct concept participant);
	const void *context;
};

/*
 * Property participantSelection of the element's definition: the participant with the fewest elements (the healthy ones
 * first, then by name), or the next one by name. The built-in participant is chosen when there is no other. Absent: there
 * is none of the type, or the element is offered.
 */
struct concept select_host(const struct selection *selection, const struct loop *loop, const struct element *element);

/* participantSelection: participant, and there are some: they settle it among themselves. */
bool select_offers(struct txn *txn, const struct loop *loop, const struct element *element);

#endif
