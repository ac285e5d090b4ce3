/* metrics - counters of the service, one shard a worker */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/metrics.h"

#include "api/http/route.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

/* Statuses that we answer with; the last stands for all others. */
static const unsigned statuses[METRICS_STATUSES] = {200, 201, 202, 204, 400, 401, 403, 404, 405, 406,
                                                    409, 413, 415, 429, 431, 500, 501, 503, 507, 0};

/* Upper bounds of the duration buckets, nanoseconds. */
static const int64_t bounds[METRICS_BUCKETS] = {
	2000,   5000,    10000,   25000,    50000,    100000,    250000,
	500000, 1000000, 2500000, 10000000, 50000000, 250000000, 1000000000,
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

void
metrics_decision(struct metrics_shard *shard, enum log_door door, const struct decision *decision)
{
	enum metrics_application application = door == LOG_DOOR_ACCESS ? METRICS_ACCESS : METRICS_GUARD;

	metrics_add(&shard->effect[application][decision->effect], 1);
	metrics_add(&shard->reason[decision->reason], 1);
	metrics_add(&shard->door[door][decision->permit], 1);
}

void
metrics_request(struct metrics_shard *shard, unsigned route, unsigned status, int64_t duration_ns)
{
	unsigned slot = 0, bucket = 0;

	while (slot < METRICS_STATUSES - 1 && statuses[slot] != status)
		slot++;
	while (bucket < METRICS_BUCKETS && bounds[bucket] < duration_ns)
		bucket++;
	metrics_add(&shard->status[route][slot], 1);
	metrics_add(&shard->duration[route][bucket], 1);
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

static void
write_durations(const struct metrics *metrics, unsigned route, const char *label, struct text *out)
{
	static const char name[] = "clguard_http_request_duration_seconds";
	uint64_t count = 0, ns = metrics_sum(metrics, offsetof(struct metrics_shard, duration_ns[0]) +
	                                                      route * sizeof(atomic_uint_fast64_t));

	for (unsigned i = 0; i <= METRICS_BUCKETS; i++) {
		count += metrics_sum(metrics,
		                     offsetof(struct metrics_shard, duration[0][0]) +
		                             (route * (METRICS_BUCKETS + 1) + i) * sizeof(atomic_uint_fast64_t));
		if (i < METRICS_BUCKETS)
			text_addf(out, "%s_bucket{route=\"%s\",le=\"%g\"} %" PRIu64 "\n", name, label,
			          (double)bounds[i] / 1e9, count);
		else
			text_addf(out, "%s_bucket{route=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, label, count);
	}
	text_addf(out, "%s_sum{route=\"%s\"} %.9f\n", name, label, (double)ns / 1e9);
	text_addf(out, "%s_count{route=\"%s\"} %" PRIu64 "\n", name, label, count);
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
	text_addf(out, "# HELP clguard_http_requests_total HTTP requests by route and status.\n"
	               "# TYPE clguard_http_requests_total counter\n");
	for (unsigned route = 0; route < route_count(routes); route++) {
		for (unsigned slot = 0; slot < METRICS_STATUSES; slot++) {
			uint64_t count = status_count(metrics, route, slot);

			if (count)
				text_addf(out, "clguard_http_requests_total{route=\"%s\",status=\"%u\"} %" PRIu64 "\n",
				          route_label(routes, route), statuses[slot], count);
		}
	}
	text_addf(out, "# HELP clguard_http_request_duration_seconds From a request's headers to its answer.\n"
	               "# TYPE clguard_http_request_duration_seconds histogram\n");
	for (unsigned route = 0; route < route_count(routes); route++) {
		uint64_t seen = 0;

		for (unsigned slot = 0; slot < METRICS_STATUSES; slot++)
			seen += status_count(metrics, route, slot);
		if (seen)
			write_durations(metrics, route, route_label(routes, route), out);
	}
}
