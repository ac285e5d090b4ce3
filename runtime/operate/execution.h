/* execution - one event and what is done about it, as rows: any process can take it up at any moment */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_OPERATE_EXECUTION_H
#define RUNTIME_OPERATE_EXECUTION_H

#include <jansson.h>

#include "engine/machine/run_row.h"
#include "runtime/rows/txn.h"

/*
 * Rows of a execution, by its number:
 *   ROW_RUN      its state, rewritten at each step
 *   ROW_EVENT    its event's JSON, and ROW_PLAN the policy that it began with: written once. A reload that changes or
 *                withdraws the policy does not touch what is under way; nor need the process that goes on have it.
 *   ROW_ATTEMPT  each attempt that ended, for the history of notifications
 * and where it is found:
 *   ROW_DUE      (instant, number): what time brings next
 *   ROW_SAME     equal events, and ABATED ones
 *   ROW_LOCK     targets
 */
struct execution {
	struct run run;
	struct event event;
	struct str json;        /* the event as it came */
	struct str reservation; /* reservation of the operation under way; absent */
	struct str trace;       /* of its event, as a traceparent; absent */
	struct str explanation; /* why the guard denied, JSON; of this txn */
	int64_t indexed_ms;     /* where ROW_DUE has it; INT64_MAX for nowhere */
};

/* False when there is none. A row that cannot be read is taken out, and said so. */
bool execution_load(struct txn *txn, uint64_t number, struct execution *ret);

/* Gives it its number and keeps what does not change: event, json and run.policy are set. */
void execution_begin(struct txn *txn, struct execution *execution);

/* After a step. */
void execution_save(struct txn *txn, struct execution *execution);

/* It is over: no row of it remains. */
void execution_end(struct txn *txn, struct execution *execution);

/* A running one whose event is equal, or else (by_request) has the same loop and request id; its number. */
bool execution_find(struct txn *txn, const struct event *event, bool by_request, uint64_t *ret_number);

/* The one that is due first, if that is by now. */
bool execution_due(struct txn *txn, int64_t *ret_ms, uint64_t *ret_number);

/* Removes entries of the index of due times that have no row. */
void execution_forget_due(struct txn *txn, int64_t due_ms, uint64_t number);

/* All of them by number, each gone after its visit. A false answer stops. */
void transactions_each(struct txn *txn, bool (*visit)(void *context, struct execution *execution), void *context);

/* --- locks --- */

/* True when `number` holds the target now. A lock whose hold is over is nobody's. */
bool lock_take(struct txn *txn, struct str target, uint64_t number, int64_t until_ms);
void lock_free(struct txn *txn, struct str target, uint64_t number);

/* --- attempts and counts --- */

/* Keeps an attempt of directive `at`; the oldest goes when there are too many. */
void attempt_keep(struct txn *txn, const struct execution *execution, uint32_t serial, int32_t at, struct str json);

/* Those of one directive, or of all (-1), as a new JSON list; NULL, and the txn has failed, when out of memory. */
json_t *attempts_list(struct txn *txn, const struct execution *execution, int32_t at);

/* An ONSET of the policy's is counted: window_add, in a row. */
uint32_t onset_count(struct txn *txn, const struct operational *policy, const struct event *event);

/* Over all processes, since the database was made. */
enum total { TOTAL_BEGUN, TOTAL_RUNNING, TOTAL_REJECTED, TOTAL_SUCCESS, TOTAL_FAILURE, TOTAL_OPENLOOP, TOTALS };

void totals_read(struct txn *txn, uint64_t ret[TOTALS]);
void totals_add(struct txn *txn, enum total total, int64_t by);

#endif
