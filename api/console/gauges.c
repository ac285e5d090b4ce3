/* gauges - what /metrics tells of the runtime: counted aside, because it takes as long as there are rows */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/console/gauges.h"

#include <inttypes.h>

#include "api/http/service.h"
#include "api/metrics/metrics_text.h"
#include "base/clock.h"
#include "runtime/thread/runtime.h"

#define PAUSE_LEAST_MS 1000
#define PAUSE_PART 50 /* the part of the time that counting may take */

void
gauges_init(struct gauges *gauges)
{
	pthread_mutex_init(&gauges->lock, NULL);
}

void
gauges_done(struct gauges *gauges)
{
	pthread_mutex_destroy(&gauges->lock);
}

/* False when nothing has changed, or it could not be read. */
static bool
gauges_count(struct gauges *gauges, struct service *service, struct history_reader *reader)
{
	bool good = false;
	struct arena arena;
	struct txn txn = {0};
	uint64_t state;

	arena_init(&arena, 0);
	if (history_reader_begin(reader) == 0) {
		state = store_state(history_reader_txn(reader));
		if (state != gauges->state || !gauges->taken) {
			runtime_read(service->runtime, reader, &arena, &txn);
			census_take(&txn, &gauges->fresh);
			good = txn.failed == 0;
		}
		if (good)
			gauges->state = state;
	}
	history_reader_end(reader);
	arena_free(&arena);
	return good;
}

void
gauges_tick(struct gauges *gauges, struct service *service, struct history_reader *reader, int64_t now_ms)
{
	int64_t pause_ms;

	if (now_ms < gauges->next_ms)
		return;
	if (gauges_count(gauges, service, reader)) {
		pthread_mutex_lock(&gauges->lock);
		gauges->census = gauges->fresh;
		gauges->taken = true;
		pthread_mutex_unlock(&gauges->lock);
	}
	pause_ms = (clock_monotonic_ms() - now_ms) * PAUSE_PART;
	gauges->next_ms = now_ms + (pause_ms > PAUSE_LEAST_MS ? pause_ms : PAUSE_LEAST_MS);
}

static void
gauges_write_loops(const struct census *census, struct text *out)
{
	metrics_head(out, "clguard_instances", "gauge", "Instances of control loops by state.");
	for (size_t i = 0; i < LOOP_STATE_COUNT; i++)
		text_addf(out, "clguard_instances{state=\"%s\"} %" PRIu64 "\n", loop_state_name[i],
		          census->instances[i]);
	metrics_one(out, "clguard_instances_overdue", "gauge",
	            "Instances whose transition was not answered in time and stands.", (double)census->overdue);
	metrics_one(out, "clguard_instances_failed", "gauge", "Instances whose transition failed and stands.",
	            (double)census->failed);
	metrics_one(out, "clguard_elements", "gauge", "Elements of all instances.", (double)census->elements);
	metrics_one(out, "clguard_elements_faulty", "gauge",
	            "Elements that stand elsewhere than they were ordered, and could not be brought there.",
	            (double)census->faulty);
	metrics_one(out, "clguard_elements_missing", "gauge", "Elements that the reports of their participant lack.",
	            (double)census->missing);
	metrics_head(out, "clguard_participants", "gauge", "Registered participants by health.");
	for (size_t i = 0; i < CENSUS_HEALTH_COUNT; i++)
		text_addf(out, "clguard_participants{health=\"%s\"} %" PRIu64 "\n", census_health_name[i],
		          census->participants[i]);
}

/* Names of topics and groups need no escaping: see bus_name_valid. */
static void
gauges_write_groups(const struct census *census, struct text *out)
{
	metrics_one(out, "clguard_topic_lag_most_messages", "gauge",
	            "Messages that the group has not read which is furthest behind its topic.",
	            (double)census->lag_most);
	metrics_head(out, "clguard_topic_group_lag_messages", "gauge",
	             "Messages of a topic that a group has not read; of the first 100 groups by topic and name.");
	for (size_t i = 0; i < census->listed; i++)
		text_addf(out, "clguard_topic_group_lag_messages{topic=\"%s\",group=\"%s\"} %" PRIu64 "\n",
		          census->list[i].topic, census->list[i].group, census->list[i].lag);
}

static void
gauges_write_counts(const struct runtime *runtime, struct text *out)
{
	struct runtime_counts counts = runtime_counts(runtime);

	metrics_one(out, "clguard_orders_total", "counter",
	            "Orders that this process sent to participants: CONTROL_LOOP_UPDATE and CONTROL_LOOP_STATE_CHANGE.",
	            (double)counts.orders);
	metrics_one(out, "clguard_order_repeats_total", "counter",
	            "Those of them that were sent again for want of answers.", (double)counts.repeats);
	metrics_one(out, "clguard_actor_requests_total", "counter", "HTTP requests to actors.",
	            (double)counts.requests);
	metrics_one(out, "clguard_actor_request_failures_total", "counter",
	            "Those of them that had no answer, or one with a status other than 2xx.",
	            (double)counts.request_failures);
}

void
gauges_write(struct gauges *gauges, const struct service *service, struct text *out)
{
	struct census census;
	bool taken;

	pthread_mutex_lock(&gauges->lock);
	census = gauges->census;
	taken = gauges->taken;
	pthread_mutex_unlock(&gauges->lock);
	gauges_write_counts(service->runtime, out);
	if (!taken)
		return;
	gauges_write_loops(&census, out);
	gauges_write_groups(&census, out);
}
