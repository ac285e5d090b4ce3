/* opening - the service before it serves: database, engine, runtime, logs, identities */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/clguardd/opening.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "api/console/event_stream.h"
#include "api/daemon/database.h"
#include "api/daemon/routes.h"
#include "api/decision_log/decision_log.h"
#include "api/decision_log/denials.h"
#include "api/decision_log/sink.h"
#include "api/http/reading.h"
#include "api/identity/tls.h"
#include "api/process/audit_log.h"
#include "api/tracing/tracer.h"
#include "api/process/log.h"
#include "api/resources/answers.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "runtime/thread/runtime.h"

#define GRACE_MS 200 /* a start waits so long for the database's verification, before it answers without it */

static void
set_clock(void *context, int64_t now_ms)
{
	atomic_store_explicit(&((struct manual_clock *)context)->now_ms, now_ms, memory_order_relaxed);
}

/* The group that this PDP belongs to was activated, or made passive. */
static void
set_active(void *context, bool active)
{
	struct service *service = context;

	atomic_store_explicit(&service->active, active, memory_order_relaxed);
	log_line(service->settings, LOG_LEVEL_WARNING, "state %s, as PDP group %s says", active ? "ACTIVE" : "PASSIVE",
	         service->settings->pdp_group);
}

static void
deployment_refused(void *context, const char *why)
{
	struct service *service = context;

	pthread_mutex_lock(&service->reload_lock);
	free(service->deploy_error);
	service->deploy_error = why ? strdup(why) : NULL;
	pthread_mutex_unlock(&service->reload_lock);
	if (why)
		log_line(service->settings, LOG_LEVEL_ERROR, "deployed policies refused, the set in force stays: %s",
		         why);
}

static int
open_runtime(struct program *program, struct error *err)
{
	const struct settings *settings = &program->settings;
	const struct runtime_options options = {
		.heart_beat_ms = settings->heart_beat_ms,
		.status_wait_ms = settings->max_status_wait_ms,
		.update_wait_ms = settings->max_wait_ms,
		.retries = (unsigned)settings->max_retry_count,
		.rollback = settings->on_failure_rollback,
		.abort_withdrawn = settings->on_withdrawal_abort,
		.compat = (enum compat)settings->compat, /* the choices are in its order */
		.host_lost_move = settings->on_host_lost_move,
		.host_lost_ms = settings->host_lost_wait_ms,
		.topic_messages = (size_t)settings->topic_messages,
		.topic_bytes = (size_t)settings->topic_size,
		.topics_bytes = (size_t)settings->topics_size,
		.topic_groups = (size_t)settings->topic_groups,
		.budget = &program->service.budget,
		.statistics = (size_t)settings->statistics_kept,
		.topic = str_from(settings->runtime_topic),
		.notifications = str_from(settings->notification_topic),
		.composition_topic = str_from(settings->composition_topic),
		.policy_participant = str_from(settings->policy_participant),
		.events = str_from(settings->event_topic),
		.loop_notifications = str_from(settings->loop_notification_topic),
		.actors = settings->actors.items,
		.actor_count = settings->actors.count,
		.authorities = settings->https_ca,
		.pdp_group = strcmp(settings->pdp_group, "none") == 0 ? STR("") : str_from(settings->pdp_group),
		.pdp_type = str_from(settings->pdp_type),
		.pdp_topic = str_from(settings->pdp_topic),
		.policy_topic = str_from(settings->policy_notification_topic),
		.lenient = settings->lenient_api,
		.set_active = set_active,
		.refused = deployment_refused,
		.state_context = &program->service,
		.executions = (size_t)settings->transactions_max,
		.unguarded = settings->unguarded_operations,
		.manual = settings->manual_clock,
		.set_clock = set_clock,
		.clock_context = &program->clock,
		.answered = answer_runtime,
		.answered_context = &program->service,
	};

	return runtime_open(program->service.engine, &options, &program->service.runtime, err);
}

/* The first look at the database, before there are threads: a verification begins in a child. */
static int
prepare_database(struct program *program, struct error *err)
{
	const struct settings *settings = &program->settings;
	int r = 0;

	if (settings->data)
		r = database_begin(settings, settings->manual_clock ? 0 : clock_wall_ms(), &program->opening, err);
	if (r == 0 && program->opening)
		r = database_wait(program->opening, 0, err);
	return r < 0 ? r : 0;
}

/* The progress of the verification. */
static void
publish_progress(struct program *program, const struct database_progress *progress)
{
	struct service *service = &program->service;

	atomic_store_explicit(&service->verify_waits, progress->waiting, memory_order_relaxed);
	atomic_store_explicit(&service->verify_seen, progress->seen, memory_order_relaxed);
	atomic_store_explicit(&service->verify_total, progress->total, memory_order_relaxed);
}

int
opening_look(struct program *program, struct error *err)
{
	struct service *service = &program->service;
	struct database_progress progress;
	int r = database_look(program->opening, err);

	if (r == 1) {
		database_progress(program->opening, &progress);
		publish_progress(program, &progress);
		if (progress.plain)
			(void)engine_release(service->engine); /* out of memory: the next time */
		return 1;
	}
	if (r == 0)
		r = engine_attach(service->engine, program->settings.data, err);
	if (r != 0)
		return r;
	database_end(program->opening);
	program->opening = NULL;
	r = open_runtime(program, err);
	if (r == 0)
		r = event_stream_open(service, &service->events, err);
	if (r == 0 && engine_release(service->engine) != 0)
		r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (r != 0)
		return r;
	/* Release: see service_is_verifying. */
	atomic_store_explicit(&service->verifying, false, memory_order_release);
	log_line(&program->settings, LOG_LEVEL_INFO, "the database is open: what counts is answered by its counters");
	return 0;
}

/* The database is not open in time: what does not count is answered without it. */
static void
answer_without(struct program *program, const struct database_progress *progress)
{
	publish_progress(program, progress);
	atomic_store_explicit(&program->service.verifying, true, memory_order_release);
	log_line(&program->settings, LOG_LEVEL_WARNING,
	         "the database is not open yet: until it is verified, limiters, coordinations and reservations deny "
	         "(reason verifying)%s",
	         progress->plain ? "" : ", and so does every question, as guards may be deployed in it");
}

static int
open_engine(struct program *program, struct error *err)
{
	struct service *service = &program->service;
	struct engine_options options = engine_options_default;
	struct database_progress progress = {0};
	int r = 0;

	settings_engine_options(&program->settings, &options);
	options.history.expired = answer_expired;
	options.history.expired_context = service;
	if (service->decisions) {
		options.history.changed = answer_changed;
		options.history.changed_context = service;
	}
	if (program->settings.manual_clock) {
		service->clock = &program->clock;
		options.clock = manual_clock_now;
		options.clock_context = &program->clock;
	}
	if (program->opening) {
		r = database_wait(program->opening, service->clock ? INT64_MAX : GRACE_MS, err);
		if (r < 0)
			return r;
		database_progress(program->opening, &progress);
		options.history.verified = true;
		options.history.later = r == 1;
		options.withhold = r == 1 && !progress.plain;
	}
	if (engine_open(&options, &service->engine, err) != 0 ||
	    reading_open(service->engine, &service->budget, &service->reading, err) != 0 ||
	    reading_open(service->engine, &service->budget, &service->trying, err) != 0)
		return -(int)err->code;
	if (options.history.later) {
		answer_without(program, &progress);
		return 0;
	}
	database_end(program->opening);
	program->opening = NULL;
	/* A manual clock begins where the database's time ended, or in 1970; no other thread reads it yet. */
	if (service->clock)
		atomic_store_explicit(&program->clock.now_ms, engine_now(service->engine), memory_order_relaxed);
	return open_runtime(program, err) != 0 ? -(int)err->code : event_stream_open(service, &service->events, err);
}

static int
name_service(struct service *service, struct error *err)
{
	uint64_t random[4];
	char id[UUID_SIZE];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return error_set(err, ERROR_IO, NULL, "no random bytes: %s", strerror(errno));
	uuid_make(random, id);
	(void)snprintf(service->name, sizeof(service->name), "clguard-%s", id);
	return 0;
}

/* For decision_log_follow; the log's own thread. */
static void
look_at_engine(void *context, bool full, struct log_state *ret)
{
	const struct service *service = context;
	const struct settings *settings = service->settings;
	struct history *history = engine_history(service->engine);
	struct history_reader *reader;
	struct engine_info info;

	engine_info(service->engine, &info);
	*ret = (struct log_state){
		.generation = info.generation,
		.digest = info.digest,
		.policies = info.policies,
		.guards = info.guards,
		.mode = info.mode,
		.on_error_permit = settings->on_error_permit,
		.no_guard_deny = settings->no_guard_deny,
		.require_policies = settings->require_policies,
		.lease_ms = settings->lease_s * 1000,
	};
	if (!full)
		return;
	ret->database = history_identity(history);
	if (history_reader_open(history, &reader, NULL) != 0)
		return; /* its lines are of an unknown state then */
	if (history_reader_begin(reader) == 0) {
		ret->position = history_reader_position(reader);
		ret->record = history_newest_record(reader);
		history_reader_end(reader);
	}
	history_reader_close(reader);
}

void
opening_follow(struct program *program)
{
	decision_log_follow(program->service.decisions, look_at_engine, &program->service);
}

/* Where lines of the decision log are sent on to. */
static int
open_sinks(struct program *program, struct error *err)
{
	struct service *service = &program->service;
	const struct settings *settings = &program->settings;

	if (!service->decisions && (settings->decision_log_url || settings->decision_log_journal))
		return error_set(
			err, ERROR_MISSING, NULL,
			"decision_log_url and decision_log_journal send on what decision_log writes: it is missing");
	if (settings->decision_log_url && sink_open(SINK_URL, settings, &service->sinks[SINK_URL], err) != 0)
		return -(int)err->code;
	if (settings->decision_log_journal &&
	    sink_open(SINK_JOURNAL, settings, &service->sinks[SINK_JOURNAL], err) != 0)
		return -(int)err->code;
	return 0;
}

int
opening_service(struct program *program, struct error *err)
{
	struct service *service = &program->service;
	struct settings *settings = &program->settings;
	struct timespec now;

	service->settings = settings;
	rates_init(&service->publishing, settings->publish_rate);
	budget_init(&service->budget, (size_t)settings->memory_budget);
	service->mode = (enum guard_mode)settings->mode;
	atomic_init(&service->active, !settings->passive);
	atomic_init(&service->stopping, false);
	atomic_init(&service->clock_differs, false);
	atomic_init(&service->stands, false);
	atomic_init(&service->unread, false);
	service->unread_ms = service->unread_told_ms = TIME_NONE;
	service->remind_ms = TIME_NONE;
	atomic_init(&service->refusing, false);
	atomic_init(&service->verifying, false);
	atomic_init(&service->verify_waits, false);
	atomic_init(&service->verify_seen, 0);
	atomic_init(&service->verify_total, 0);
	pthread_mutex_init(&service->reload_lock, NULL);
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	service->started_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (prepare_database(program, err) != 0 || name_service(service, err) != 0)
		return -(int)err->code;
	service->routes = &routes_all;
	for (unsigned i = 0; i < route_count(service->routes); i++)
		service->needs[i] = route_role_find(route_label(service->routes, i), NULL);
	service->metrics = metrics_new(program->worker_count + program->listener_count + ANSWERS_OTHERS);
	program->workers = calloc(program->worker_count + program->listener_count, sizeof(*program->workers));
	service->denials = denials_new(program->worker_count + program->listener_count + ANSWERS_OTHERS);
	if (!service->metrics || !service->denials || !program->workers)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (settings->audit_log && audit_log_open(settings, &service->audit, err) != 0)
		return -(int)err->code;
	if (auth_is_wanted(settings) && auth_open(settings, service->audit, &service->auth, err) != 0)
		return -(int)err->code;
	if (settings->tls_certificate && tls_open(settings, &service->tls, err) != 0)
		return -(int)err->code;
	if (settings->decision_log &&
	    decision_log_open(settings, program->worker_count + program->listener_count + ANSWERS_OTHERS,
	                      &service->decisions, err) != 0)
		return -(int)err->code;
	if (settings->trace_url && tracer_open(settings, program->worker_count + program->listener_count, service->name,
	                                       &service->tracer, err) != 0)
		return -(int)err->code;
	if (open_engine(program, err) != 0)
		return -(int)err->code;
	return open_sinks(program, err);
}
