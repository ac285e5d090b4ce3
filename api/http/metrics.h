/* metrics - counters of the service, one shard a worker */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_METRICS_H
#define API_HTTP_METRICS_H

#include <stdatomic.h>

#include "base/error.h"
#include "api/decision_log/log_entry.h"
#include "base/text.h"
#include "engine/decide/reserve.h"
#include "guards/guard.h"

#define METRICS_ROUTES 160  /* at least the route table's size */
#define METRICS_STATUSES 20 /* at least the list in metrics.c */
#define METRICS_BUCKETS 14
#define METRICS_DECISION_BUCKETS 12
#define METRICS_KINDS 6 /* those of guard_kinds, and "none" first */

/* ONAP's word for what a decision is about: its own application guard, and ours for action access. */
enum metrics_application { METRICS_GUARD, METRICS_ACCESS, METRICS_APPLICATIONS };

/*
 * Written by one worker (or the committer, or the runtime's thread), read by any: plain adds through relaxed atomics, because a count orders nothing. A shard is as
 * large as it is so that two workers never share a cache line.
 */
struct metrics_shard {
	atomic_uint_fast64_t effect[METRICS_APPLICATIONS][4]; /* of decisions, by enum effect */
	atomic_uint_fast64_t door[LOG_DOOR_COUNT][2];         /* of decisions: denied, permitted */
	atomic_uint_fast64_t event[RESERVATION_EVENT_COUNT];  /* of reservations */
	atomic_uint_fast64_t reason[REASON_COUNT];
	/* How long decisions took, by door and by the kind of the guard that denied. */
	atomic_uint_fast64_t decided[LOG_DOOR_COUNT][METRICS_KINDS][METRICS_DECISION_BUCKETS + 1];
	atomic_uint_fast64_t decided_ns[LOG_DOOR_COUNT][METRICS_KINDS];
	atomic_uint_fast64_t errors;   /* requests for a decision that were refused */
	atomic_uint_fast64_t recorded; /* operations */
	atomic_uint_fast64_t status[METRICS_ROUTES][METRICS_STATUSES];
	atomic_uint_fast64_t duration[METRICS_ROUTES][METRICS_BUCKETS + 1];
	atomic_uint_fast64_t duration_ns[METRICS_ROUTES];
};

struct metrics {
	unsigned shards;
	atomic_uint_fast64_t publish_refused; /* by any worker */
	/* Deployments, by whoever loads. */
	atomic_uint_fast64_t deploy_success, deploy_failure, undeploy_success, undeploy_failure, reload_success,
		reload_failure;
	struct metrics_shard shard[];
};

struct metrics *metrics_new(unsigned shards);
void metrics_free(struct metrics *metrics); /* takes NULL */

static inline void
metrics_add(atomic_uint_fast64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + value,
	                      memory_order_relaxed);
}

/* A decision that was answered. took_ns: how long that took; 0: it is not known. */
void metrics_decision(struct metrics_shard *shard, enum log_door door, const struct decision *decision,
                      int64_t took_ns);

/* The kind of guard that a decision's time is counted under. */
unsigned metrics_kind(const struct decision *decision);

/* How long a decision took that metrics_decision was not told. */
void metrics_took(struct metrics_shard *shard, enum log_door door, unsigned kind, int64_t took_ns);

/* The request's status and how long it took, under its route's number. */
void metrics_request(struct metrics_shard *shard, unsigned route, unsigned status, int64_t duration_ns);

/* Answers of a route: with a status below 400, or others. */
uint64_t metrics_answers(const struct metrics *metrics, unsigned route, bool good);

/* The sum of a shard's member over all shards; offset: offsetof(struct metrics_shard, member). */
uint64_t metrics_sum(const struct metrics *metrics, size_t offset);

struct route_table;

/* How long decisions took, by door and kind of guard. */
void metrics_write_decisions(const struct metrics *metrics, struct text *out);

/* Requests by route and status, and durations, as Prometheus text. */
void metrics_write_requests(const struct metrics *metrics, const struct route_table *routes, struct text *out);

#endif
