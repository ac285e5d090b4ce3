/* monitoring - statistics that participants report, kept for a while */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_MONITORING_H
#define RUNTIME_CALLS_MONITORING_H

#include "runtime/rows/rows.h"

/* The records of a PARTICIPANT_STATUS; the participant's counts of kept records follow. */
void statistics_record(struct txn *txn, const struct node *message, struct participant *participant);

/* Visits what a PARTICIPANT_STATUS says of single elements of its sender. */
void statistics_each(const struct node *message, const struct concept *sender,
                     void (*visit)(void *context, struct concept loop, struct str element, const struct node *record),
                     void *context);

/* The parameters of a query. */
struct statistics_query {
	struct concept id;      /* of a participant or of an instance */
	struct str element;     /* absent: all */
	size_t count;           /* newest so many; 0: all, oldest first */
	size_t offset;          /* of them, passed over */
	int64_t from_ms, to_ms; /* inclusive; TIME_NONE: open */
	bool elements, loop;    /* records of elements; id is an instance */
};

/* {"statisticsList":[...]} or {"clElementStatistics":[...]} */
void statistics_list(struct txn *txn, const struct statistics_query *query, struct text *out);

/*
 * {"controlLoopStatus":[{controlLoopId,state,...,"elements":{state: n},"participants":[...]}]}: aggregated, by
 * call->name, version.
 */
void statistics_status(struct txn *txn, struct runtime_call *call, struct text *out);

#endif
