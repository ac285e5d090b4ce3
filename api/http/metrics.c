/* metrics - counters of the service, one shard a worker */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/http/route.h"
#include "api/metrics/metrics_text.h"

/* Statuses that we answer with; the last stands for all others. */
static const unsigned statuses[METRICS_STATUSES] = {200, 201, 202, 204, 400, 401, 403, 404, 405, 406,
                                                    409, 413, 415, 429, 431, 500, 501, 503, 507, 0};

/* Upper bounds of the buckets of requests, seconds. */
static const double request_bounds[METRICS_BUCKETS] = {
	2e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 1e-2, 5e-2, .25, 1,
};

/* The same of decisions: most take less than a microsecond, those that wait for a commit some milliseconds. */
static const double decision_bounds[METRICS_DECISION_BUCKETS] = {
	2.5e-7, 5e-7, 1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 1e-4, 1e-3, 1e-2, .1, 1,
};

struct metrics *
metrics_new(unsigned shards)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics) + shards * sizeof(*metrics->shard));

	if (metrics)
		metrics->shards = shards;
	return metrics;
}

void
metrics_free(struct metrics *metrics)
{
	free(metrics);
}

static unsigned
duration_bucket(const double *bounds, unsigned count, int64_t duration_ns)
{
	unsigned bucket = 0;

	while (bucket < count && bounds[bucket] * 1e9 < (double)duration_ns)
		bucket++;
	return bucket;
}

/* 0 where no guard has denied. */
unsigned
metrics_kind(const struct decision *decision)
{
	unsigned kind = 0;

	if (decision->permit || !decision->guard)
		return 0;
	while (kind < METRICS_KINDS - 1 && guard_kinds[kind] && guard_kinds[kind] != decision->guard->kind)
		kind++;
	return kind < METRICS_KINDS - 1 && guard_kinds[kind] ? kind + 1 : 0;
}

void
metrics_took(struct metrics_shard *shard, enum log_door door, unsigned kind, int64_t took_ns)
{
	metrics_add(&shard->decided[door][kind][duration_bucket(decision_bounds, METRICS_DECISION_BUCKETS, took_ns)],
	            1);
	metrics_add(&shard->decided_ns[door][kind], (uint64_t)took_ns);
}

void
metrics_decision(struct metrics_shard *shard, enum log_door door, const struct decision *decision, int64_t took_ns)
{
	enum metrics_application application = door == LOG_DOOR_ACCESS ? METRICS_ACCESS : METRICS_GUARD;

	if (took_ns)
		metrics_took(shard, door, metrics_kind(decision), took_ns);
	metrics_add(&shard->effect[application][decision->effect], 1);
	metrics_add(&shard->reason[decision->reason], 1);
	metrics_add(&shard->door[door][decision->permit], 1);
}

void
metrics_request(struct metrics_shard *shard, unsigned route, unsigned status, int64_t duration_ns)
{
	unsigned slot = 0;

	while (slot < METRICS_STATUSES - 1 && statuses[slot] != status)
		slot++;
	metrics_add(&shard->status[route][slot], 1);
	metrics_add(&shard->duration[route][duration_bucket(request_bounds, METRICS_BUCKETS, duration_ns)], 1);
	metrics_add(&shard->duration_ns[route], (uint64_t)duration_ns);
}

uint64_t
metrics_answers(const struct metrics *metrics, unsigned route, bool good)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < METRICS_STATUSES; i++)
		if ((statuses[i] != 0 && statuses[i] < 400) == good)
			sum += metrics_sum(metrics, offsetof(struct metrics_shard, status[route][i]));
	return sum;
}

uint64_t
metrics_sum(const struct metrics *metrics, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < metrics->shards; i++) {
		const void *counter = (const char *)&metrics->shard[i] + offset;

		sum += atomic_load_explicit((const atomic_uint_fast64_t *)counter, memory_order_relaxed);
	}
	return sum;
}

/* A histogram of the shards. counts, ns: offsets of its buckets, and of its sum in nanoseconds. False when it is empty. */
static bool
sum_buckets(const struct metrics *metrics, size_t counts, size_t ns, struct metrics_buckets *buckets,
            uint64_t *ret_counts)
{
	uint64_t seen = 0;

	for (size_t i = 0; i <= buckets->count; i++) {
		ret_counts[i] = metrics_sum(metrics, counts + i * sizeof(atomic_uint_fast64_t));
		seen += ret_counts[i];
	}
	buckets->counts = ret_counts;
	buckets->sum = (double)metrics_sum(metrics, ns) / 1e9;
	return seen > 0;
}

static void
write_durations(const struct metrics *metrics, unsigned route, const char *label, struct text *out)
{
	struct metrics_buckets buckets = {.bounds = request_bounds, .count = METRICS_BUCKETS};
	size_t counts = offsetof(struct metrics_shard, duration) + route * sizeof(metrics->shard->duration[0]);
	size_t ns = offsetof(struct metrics_shard, duration_ns) + route * sizeof(metrics->shard->duration_ns[0]);
	uint64_t summed[METRICS_BUCKETS + 1];
	char labels[256];

	if (!sum_buckets(metrics, counts, ns, &buckets, summed))
		return;
	(void)snprintf(labels, sizeof(labels), "route=\"%s\"", label); /* our own names, which are shorter */
	metrics_histogram(out, "clguard_http_request_duration_seconds", labels, &buckets);
}

void
metrics_write_decisions(const struct metrics *metrics, struct text *out)
{
	static const char name[] = "clguard_decision_duration_seconds";

	metrics_head(
		out, name, "histogram",
		"How long decisions took, by door and by the kind of the guard that denied; reservations over HTTP "
		"until their commit.");
	for (size_t door = 0; door < LOG_DOOR_COUNT; door++) {
		for (size_t kind = 0; kind < METRICS_KINDS; kind++) {
			struct metrics_buckets buckets = {.bounds = decision_bounds, .count = METRICS_DECISION_BUCKETS};
			uint64_t summed[METRICS_DECISION_BUCKETS + 1];
			char labels[80];

			if (!sum_buckets(metrics,
			                 offsetof(struct metrics_shard, decided) +
			                         (door * METRICS_KINDS + kind) * sizeof(metrics->shard->decided[0][0]),
			                 offsetof(struct metrics_shard, decided_ns) +
			                         (door * METRICS_KINDS + kind) *
			                                 sizeof(metrics->shard->decided_ns[0][0]),
			                 &buckets, summed))
				continue;
			(void)snprintf(labels, sizeof(labels), "door=\"%s\",kind=\"%s\"", log_door_name[door],
			               kind ? guard_kinds[kind - 1]->name : "none"); /* our own names */
			metrics_histogram(out, name, labels, &buckets);
		}
	}
}

static uint64_t
status_count(const struct metrics *metrics, unsigned route, unsigned slot)
{
	return metrics_sum(metrics, offsetof(struct metrics_shard, status[0][0]) +
	                                    (route * METRICS_STATUSES + slot) * sizeof(atomic_uint_fast64_t));
}

void
metrics_write_requests(const struct metrics *metrics, const struct route_table *routes, struct text *out)
{
	metrics_head(out, "clguard_http_requests_total", "counter", "HTTP requests by route and status.");
	for (unsigned route = 0; route < route_count(routes); route++) {
		for (unsigned slot = 0; slot < METRICS_STATUSES; slot++) {
			uint64_t count = status_count(metrics, route, slot);

			if (count)
				text_addf(out, "clguard_http_requests_total{route=\"%s\",status=\"%u\"} %" PRIu64 "\n",
				          route_label(routes, route), statuses[slot], count);
		}
	}
	metrics_head(out, "clguard_http_request_duration_seconds", "histogram",
	             "From a request's headers to its answer.");
	for (unsigned route = 0; route < route_count(routes); route++)
		write_durations(metrics, route, route_label(routes, route), out);
}
