/* participant_report - PARTICIPANT_STATUS: how the participant and each of its elements stand */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "participants/framework/element_host.h"

#include <inttypes.h>

#include "base/time.h"

#define REPORT_ELEMENTS 200 /* of one message; more come in further ones */

/* Elements go into messages one by one; a message that is full is kept until all are written. */
struct participant_reporting {
	struct element_host *participant;
	struct arena *arena;
	struct text *parts;
	size_t part_count, in_part;
	char now[TIME_TEXT_SIZE];
	int64_t now_ms;
	bool failed;
};

static void
add_figures(const struct element_host *participant, int64_t now_ms, struct text *out)
{
	int64_t average_ms = participant->orders ? participant->total_ms / (int64_t)participant->orders : 0;

	text_addf(out,
	          "\"eventCount\":%" PRIu64 ",\"lastExecutionTime\":%" PRId64 ",\"averageExecutionTime\":%" PRId64
	          ",\"upTime\":%" PRId64 ",\"lastEnterTime\":%" PRId64 ",\"lastStart\":%" PRId64,
	          participant->orders, participant->last_ms, average_ms, now_ms - participant->started_ms,
	          participant->last_start_ms, participant->started_ms);
}

/* A message up to its list of elements. */
static void
begin_part(struct participant_reporting *reporting)
{
	struct element_host *participant = reporting->participant;
	struct text *more = arena_array(reporting->arena, reporting->part_count + 1, sizeof(*more)), *out;

	reporting->in_part = 0;
	if (!more) {
		reporting->failed = true;
		return;
	}
	for (size_t i = 0; i < reporting->part_count; i++)
		more[i] = reporting->parts[i];
	reporting->parts = more;
	out = &more[reporting->part_count++];
	service_link_begin(&participant->service, out, reporting->arena, "PARTICIPANT_STATUS");
	text_add(
		out,
		STR(",\"state\":\"PASSIVE\",\"healthStatus\":\"HEALTHY\",\"participantStatistics\":{\"participantId\":{"
	            "\"name\":"));
	text_add_json(out, str_from(participant->settings->name));
	text_add(out, STR(",\"version\":"));
	text_add_json(out, str_from(participant->settings->version));
	text_addf(out, "},\"timeStamp\":\"%s\",\"state\":\"PASSIVE\",\"healthStatus\":\"HEALTHY\",", reporting->now);
	add_figures(participant, reporting->now_ms, out);
	text_add(out, STR("},\"controlLoopInfoList\":["));
}

/* The state that the far side was seen in goes before the one that was ordered last. */
static bool
add_element(void *context, struct hosted_element *element)
{
	struct participant_reporting *reporting = context;
	const char *state = *element->seen ? element->seen : element->state;
	int64_t up_ms = str_is(str_from(state), "RUNNING") ? reporting->now_ms - element->since_ms : 0;
	struct text *out;

	if (reporting->in_part == REPORT_ELEMENTS)
		begin_part(reporting);
	if (reporting->failed)
		return false;
	out = &reporting->parts[reporting->part_count - 1];
	text_add(out,
	         reporting->in_part++ ? STR(",{\"controlLoopId\":{\"name\":") : STR("{\"controlLoopId\":{\"name\":"));
	text_add_json(out, str_from(element->loop));
	text_add(out, STR(",\"version\":"));
	text_add_json(out, str_from(element->loop_version));
	text_addf(
		out,
		"},\"state\":\"%s\",\"controlLoopStatistics\":{\"clElementStatisticsList\":{\"clElementStatistics\":[{"
		"\"id\":",
		state);
	text_add_json(out, str_from(element->id));
	text_addf(out, ",\"timeStamp\":\"%s\",\"controlLoopState\":\"%s\",\"clElementUptime\":%" PRId64, reporting->now,
	          state, up_ms < 0 ? 0 : up_ms);
	if (*element->message) {
		text_add(out, STR(",\"message\":"));
		text_add_json(out, str_from(element->message));
	}
	if (*element->progress) {
		text_add(out, STR(",\"progress\":"));
		text_add_json(out, str_from(element->progress));
	}
	if (element->use)
		text_addf(out, ",%s", element->use);
	if (*reporting->participant->gateway_problem) {
		text_add(out, STR(",\"gatewayProblem\":"));
		text_add_json(out, str_from(reporting->participant->gateway_problem));
	}
	if (*element->figures)
		text_addf(out, ",%s", element->figures);
	text_add(out, STR("}]}}}"));
	return true;
}

void
participant_report(struct element_host *participant, struct arena *arena)
{
	struct participant_reporting reporting = {
		.participant = participant, .arena = arena, .now_ms = clock_wall_ms()};

	time_format_instant(reporting.now_ms, reporting.now);
	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	participant->report_now = false;
	begin_part(&reporting);
	if (!reporting.failed)
		hosted_each(&participant->hosted, add_element, &reporting);
	(void)pthread_mutex_unlock(&participant->lock);
	for (size_t i = 0; i < reporting.part_count; i++) {
		text_add(&reporting.parts[i], STR("]"));
		(void)service_link_publish(&participant->service, &reporting.parts[i],
		                           arena); /* the next report makes up for it */
	}
}
