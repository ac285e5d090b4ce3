/* answers - every answer about a reservation or a permission is counted and logged, whichever door gave it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_ANSWERS_H
#define API_RESOURCES_ANSWERS_H

#include "api/server/exchange.h"
#include "api/http/service.h"
#include "api/decision_log/decision_log.h"
#include "engine/decide/reserve.h"

/*
 * Lanes of the decision log, and shards of the metrics: one a worker, then these two. Each is written by its own thread
 * alone.
 */
enum { ANSWERS_COMMITTER, ANSWERS_RUNTIME, ANSWERS_OTHERS };

/* Who asks, and by which request; texts of the exchange. Its worker. */
void answer_origin(struct exchange *exchange, struct log_entry *ret);

/* Copies them into `arena`, for an answer that comes on another thread. False when out of memory. */
bool answer_origin_copy(struct arena *arena, struct log_entry *entry);

/*
 * Counts a decision on the exchange's worker and logs it, with the state of the counters that the worker's session has answered
 * about since answer_begin. entry: without its origin; now_ms is looked up when no guard needed it. False: it cannot be logged, and
 * decision_log_overflow says that it is denied then: answer_unlogged makes it so.
 */
bool answer_decision(struct exchange *exchange, struct log_entry *entry);

/* Before a decision is taken on the exchange's worker. */
void answer_begin(struct exchange *exchange);

/*
 * Before the first of many decisions, each of which begins with the answer before, and after the last one. They share
 * readings of the clock, which cost as much as a decision: of those between two, each is counted with the mean time.
 */
void answer_batch_begin(struct exchange *exchange);
void answer_batch_end(struct exchange *exchange);

/* The decision as a Deny, for reason error. */
void answer_unlogged(struct decision *decision);

/* Whether a reservation may be asked for: false while its line would find no room, and decision_log_overflow is deny. Any thread. */
bool answer_may_reserve(struct service *service);

/* The committer's thread: what became of a reservation, or of the question for one, over HTTP. entry: with its origin. */
void answer_reservation(struct service *service, struct log_entry *entry, const struct reservation_note *note);

/* For history_options.changed; context: the service. */
void answer_changed(void *context, const struct history_change *changes);

/* For history_options.expired and runtime_options.answered; context: the service. */
void answer_expired(void *context, struct hash128 id, const struct operation *row, int64_t expires_ms);
void answer_runtime(void *context, const struct reservation_note *notes);

#endif
