/* conditions - what a person should look at: noticed, logged once, and told by /ready until it is over */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/conditions.h"

#include <inttypes.h>
#include <string.h>

#include "api/process/log.h"
#include "api/resources/warnings.h"
#include "runtime/thread/runtime.h"

#define UNREAD_TOLD_MS 60000 /* between two lines about counts */

/* Sets a condition; true when that changes it. Relaxed: a reader may be late by one look. */
static bool
condition_set(atomic_bool *condition, bool now)
{
	return atomic_exchange_explicit(condition, now, memory_order_relaxed) != now;
}

/* It is over only at half the setting, so that a clock that lingers there does not fill the log. */
static void
look_at_clock(struct service *service)
{
	int64_t difference_ms = history_clock_difference(engine_history(service->engine));
	int64_t apart_ms = difference_ms < 0 ? -difference_ms : difference_ms,
		most_ms = service->settings->clock_difference_ms;
	bool differed = atomic_load_explicit(&service->clock_differs, memory_order_relaxed);

	if (!condition_set(&service->clock_differs, apart_ms > (differed ? most_ms / 2 : most_ms)))
		return;
	if (differed)
		log_line(service->settings, LOG_LEVEL_INFO, "the wall clock agrees with the decision clock again");
	else
		log_line(service->settings, LOG_LEVEL_ERROR,
		         "the wall clock is %" PRId64
		         " s %s the decision clock: someone set it, or it was wrong at start; limits go "
		         "on in the decision clock's time until 'clguard db accept' makes it follow the wall clock",
		         apart_ms / 1000, difference_ms < 0 ? "behind" : "ahead of");
}

/* The warnings that one round logs. */
struct reminder {
	struct service *service;
	bool first; /* at start: what loading has not said yet */
};

static void
log_warning(void *context, const char *id, const char *text)
{
	const struct reminder *reminder = context;

	if (!reminder->first || strcmp(id, "no_operations") == 0)
		log_line(reminder->service->settings, LOG_LEVEL_WARNING, "%s", text);
}

/* Once a day, by the decision clock, as long as they hold: a line at start is soon forgotten. */
static void
look_at_warnings(struct service *service)
{
	int64_t now_ms = engine_now(service->engine);
	struct reminder reminder = {service, service->remind_ms == TIME_NONE};
	struct history_reader *reader;
	struct error err = {0};

	if (now_ms < service->remind_ms)
		return;
	service->remind_ms = now_ms + TIME_MS_DAY;
	if (history_reader_open(engine_history(service->engine), &reader, &err) != 0)
		return; /* the counters cannot be read: limiters deny, and that is logged */
	warnings_each(service, reader, log_warning, &reminder);
	history_reader_close(reader);
}

/* Operations that cannot be entered, and so cannot be counted. */
static void
look_at_database(struct service *service)
{
	const char *refusal = history_refusal(engine_history(service->engine));

	if (!condition_set(&service->refusing, refusal != NULL))
		return;
	if (!refusal)
		log_line(service->settings, LOG_LEVEL_INFO, "the database takes operations again");
	else if (strcmp(refusal, "moved") == 0)
		log_line(service->settings, LOG_LEVEL_ERROR,
		         "the database in '%s' was moved, removed or replaced under the service: limiters and "
		         "coordinations deny "
		         "until it is back at its place or the service is restarted",
		         service->settings->data);
	else
		log_line(service->settings, LOG_LEVEL_ERROR,
		         "the database takes no operations (%s): limiters and coordinations deny until it does",
		         strcmp(refusal, "full") == 0 ? "it is at max_bytes" : "commits fail");
}

/* Work of the runtime's timers that cannot be written. */
static void
look_at_runtime(struct service *service)
{
	bool stands = runtime_stands_still(service->runtime);

	if (!condition_set(&service->stands, stands))
		return;
	if (stands)
		log_line(service->settings, LOG_LEVEL_ERROR,
		         "control loops are not supervised: what their timers do cannot be written; it is tried again");
	else
		log_line(service->settings, LOG_LEVEL_INFO, "control loops are supervised again");
}

/* In onap mode a guard that cannot count permits, as ONAP's does: that is told though no answer shows it. */
static void
look_at_counts(struct service *service)
{
	uint64_t unread = history_unread(engine_history(service->engine)), more = unread - service->unread_seen;
	int64_t now_ms = engine_now(service->engine);

	if (more && (service->unread_told_ms == TIME_NONE || now_ms - service->unread_told_ms >= UNREAD_TOLD_MS)) {
		log_line(service->settings, LOG_LEVEL_ERROR,
		         "guards asked %" PRIu64
		         " times for counts that could not be read: limiters and coordinations %s",
		         more, service->mode == GUARD_ONAP ? "permitted, as ONAP's do" : "denied, reason error");
		service->unread_told_ms = now_ms;
		service->unread_seen = unread;
		service->unread_ms = now_ms;
	}
	(void)condition_set(&service->unread,
	                    service->unread_ms != TIME_NONE && now_ms - service->unread_ms < TIME_MS_HOUR);
}

/* Once: ONAP's documented requests have it so, and a client that means another number by 010 is not heard. */
static void
look_at_requests(struct service *service)
{
	if (service->text_count_told || !atomic_load_explicit(&service->text_count, memory_order_relaxed))
		return;
	service->text_count_told = true;
	log_line(service->settings, LOG_LEVEL_WARNING,
	         "a client sends vfCount as text: expected an integer; its decimal digits are taken as the number "
	         "(said once)");
}

void
conditions_look(struct service *service)
{
	look_at_clock(service);
	look_at_counts(service);
	if (service->runtime)
		look_at_runtime(service);
	look_at_requests(service);
	if (!service_is_verifying(service))
		look_at_warnings(service);
	look_at_database(service);
}
