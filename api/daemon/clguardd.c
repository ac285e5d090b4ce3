/* clguardd - the service */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "api/confine/confine_process.h"
#include "api/console/event_stream.h"
#include "api/daemon/conditions.h"
#include "api/daemon/database.h"
#include "api/daemon/reload.h"
#include "api/daemon/routes.h"
#include "api/decision_log/decision_log.h"
#include "api/decision_log/denials.h"
#include "api/decision_log/sink.h"
#include "api/http/reading.h"
#include "api/server/server.h"
#include "api/http/service.h"
#include "api/identity/listener.h"
#include "api/identity/tls.h"
#include "api/process/arguments.h"
#include "api/process/audit_log.h"
#include "api/resources/answers.h"
#include "api/process/log.h"
#include "api/process/manual_clock.h"
#include "api/system/descriptors.h"
#include "api/system/sd_notify.h"
#include "api/system/socket.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "runtime/thread/runtime.h"

#define TICK_MS 250                   /* how late a suspended request's deadline may be noticed */
#define OPENING_TICK_MS 20            /* how late the end of the database's verification */
#define GRACE_MS 200                  /* a start waits so long for it, before it answers without the database */
#define FLOOD_BYTES ((size_t)4 << 20) /* given back by requests: what the allocator keeps of it goes to the system */
#define LARGE_BLOCK (256 << 10)

/* All that the process holds, in the order of opening; closed in reverse. */
struct program {
	struct arena arena;
	struct settings settings;
	struct manual_clock clock;
	struct sockets sockets;
	struct service service;
	struct worker **workers;
	unsigned worker_count; /* of the address `listen`; one more for each listener */
	struct listener *listeners;
	struct sockets *listening; /* one a listener */
	unsigned listener_count;
	int *fds;  /* of all workers, those of listeners last; the server closes them */
	bool *tls; /* the same: whether it speaks TLS */
	struct watch *watch;
	struct opening *opening; /* NULL: the database is open */
	struct sd_notify manager;
};

static int
exit_code(enum error_code code)
{
	return code == ERROR_IO || code == ERROR_BUSY || code == ERROR_MEMORY || code == ERROR_DAMAGED
	               ? EXIT_ENVIRONMENT
	               : EXIT_INPUT;
}

static int
clguardd_complain(const struct error *err)
{
	fprintf(stderr, "clguardd: %s\n", err->text);
	return exit_code(err->code);
}

/* The settings, or the end: *ret_code is the exit code when the result is false. */
static bool
read_settings(struct program *program, int argc, char **argv, int *ret_code)
{
	struct settings_command command = {0};
	struct error err = {0};

	settings_init(&program->settings, &program->arena);
	*ret_code = EXIT_DONE;
	if (settings_arguments(&program->settings, argc, argv, &command, &err) != 0) {
		if (command.config && err.line) {
			fprintf(stderr, "%s:%u:%u: error: %s\n", command.config, err.line, err.column, err.text);
			*ret_code = EXIT_INPUT;
		} else if (command.config && err.code == ERROR_IO) {
			fprintf(stderr, "clguardd: %s\n", err.text);
			*ret_code = EXIT_ENVIRONMENT;
		} else {
			fprintf(stderr, "clguardd: %s; see clguardd --help\n", err.text);
			*ret_code = EXIT_USAGE;
		}
	} else if (command.help) {
		puts("usage: clguardd [--config FILE] [OPTION...]\n\n"
		     "Answers guard decisions over HTTP. Each option is also a setting in the configuration file.\n\n"
		     "  --config FILE\n        Read settings from FILE (YAML); options on the command line come after "
		     "it.\n"
		     "  --print-config\n        Print the settings in force as such a file, and stop.\n"
		     "  --help, --version");
		settings_usage(stdout);
	} else if (command.version) {
		puts("clguardd " PACKAGE_VERSION);
	} else if (command.print_config) {
		settings_print(&program->settings, stdout);
	} else {
		return true;
	}
	return false;
}

static unsigned
count_workers(const struct settings *settings)
{
	cpu_set_t set;

	if (settings->workers)
		return (unsigned)settings->workers;
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

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

/* How far the verification is, for who asks. */
static void
publish_progress(struct program *program, const struct database_progress *progress)
{
	struct service *service = &program->service;

	atomic_store_explicit(&service->verify_waits, progress->waiting, memory_order_relaxed);
	atomic_store_explicit(&service->verify_seen, progress->seen, memory_order_relaxed);
	atomic_store_explicit(&service->verify_total, progress->total, memory_order_relaxed);
}

/*
 * The next step of a database that is being verified while the service answers. 1: not yet; 0: it is open, and so is the
 * runtime.
 */
static int
open_database(struct program *program, struct error *err)
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

/* Everything but the policies and the server. */
static int
open_service(struct program *program, struct error *err)
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
	if (open_engine(program, err) != 0)
		return -(int)err->code;
	return open_sinks(program, err);
}

/* As many connections as are configured, or as many as there are descriptors for. */
static int
share_descriptors(const struct program *program, struct server_options *options, struct error *err)
{
	unsigned wanted = (unsigned)program->settings.connections,
		 needed = descriptors_needed(program->worker_count + program->listener_count);
	unsigned workers = program->worker_count + program->listener_count;
	unsigned room = descriptors_room(needed), connections = server_connections(wanted, room, workers);

	if (room < program->worker_count + program->listener_count)
		return error_set(err, ERROR_IO, NULL,
		                 "the limit of open descriptors (ulimit -n) is too low: a connection a worker needs %u",
		                 needed + program->worker_count + program->listener_count);
	if (connections < wanted)
		log_line(&program->settings, LOG_LEVEL_WARNING,
		         "%u connections, not %u: the limit of open descriptors (ulimit -n) allows no more",
		         connections, wanted);
	options->connections = connections;
	options->descriptors = needed;
	return 0;
}

/* The first name in a client's certificate that holds roles; else the first. */
static void
name_client(struct worker *worker, void *session, char *buf, size_t size)
{
	char names[1024];

	tls_client_names(session, names, sizeof(names));
	buf[0] = '\0';
	for (const char *name = names; *name; name += strlen(name) + 1) {
		char identity[IDENTITY_MAX];

		if ((size_t)snprintf(identity, sizeof(identity), "cert:%s", name) >= sizeof(identity))
			continue;
		if (!buf[0] || auth_knows(worker->service->auth, str_from(identity)))
			(void)snprintf(buf, size, "%s", identity);
		if (auth_knows(worker->service->auth, str_from(identity)))
			return;
	}
}

/* The sockets of all workers in one list: those of `listen`, then one a listener. */
static int
gather_sockets(struct program *program, struct error *err)
{
	unsigned count = program->worker_count + program->listener_count;

	program->fds = calloc(count, sizeof(*program->fds));
	program->tls = calloc(count, sizeof(*program->tls));
	if (!program->fds || !program->tls)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (unsigned i = 0; i < count; i++) {
		const struct listener *listener =
			i < program->worker_count ? NULL : &program->listeners[i - program->worker_count];

		program->fds[i] =
			listener ? program->listening[i - program->worker_count].fds[0] : program->sockets.fds[i];
		program->tls[i] = program->service.tls && !(listener ? listener->plain : program->sockets.unix_path[0]);
		if (listener && !strncmp(listener->address, "unix:", 5))
			program->tls[i] = false;
	}
	return 0;
}

static void
close_sockets(struct program *program)
{
	sockets_close(&program->sockets);
	for (unsigned i = 0; i < program->listener_count; i++)
		sockets_close(&program->listening[i]);
}

static int
start_workers(struct program *program, struct error *err)
{
	const struct settings *settings = &program->settings;
	unsigned count = program->worker_count + program->listener_count;
	struct server_options options = {
		.workers = count,
		.contexts = program->workers,
		.shared_sockets = program->sockets.inherited,
		.name_client = settings->tls_client_ca && program->service.auth ? name_client : NULL,
		.tls_trust = program->service.tls ? tls_trust(program->service.tls) : NULL,
		.begin = service_begin,
		.finish = service_finish,
		.header_bytes = (size_t)settings->header_size,
		.header_count = (unsigned)settings->header_count,
		.body_bytes = (size_t)settings->body_size,
		.budget = &program->service.budget,
		.address_connections = (unsigned)settings->address_connections,
		.address_requests = (unsigned)settings->address_requests,
		.address_local = settings->address_limits_all,
		.idle_timeout_s = (unsigned)settings->idle_timeout_s,
		.header_timeout_s = (unsigned)settings->header_timeout_s,
		.answer_timeout_s = (unsigned)settings->answer_timeout_s,
		.body_timeout_s = (unsigned)settings->body_timeout_s,
	};
	int r = gather_sockets(program, err);

	decision_log_follow(program->service.decisions, look_at_engine,
	                    &program->service); /* before the first answer */
	for (unsigned i = 0; i < count && r == 0; i++) {
		r = worker_open(&program->service, i, &program->workers[i], err);
		if (r == 0)
			program->workers[i]->tls = program->tls[i];
		if (r == 0 && i >= program->worker_count)
			program->workers[i]->carries = program->listeners[i - program->worker_count].roles;
	}
	if (r == 0)
		r = share_descriptors(program, &options, err);
	if (r != 0) {
		close_sockets(program);
		return r;
	}
	options.sockets = program->fds;
	options.tls = program->tls;
	return server_start(&options, &program->service.server, err);
}

/* Listens on all addresses. Neither users nor TLS where other machines reach it: only when told in words. */
static int
open_sockets(struct program *program, struct error *err)
{
	const struct settings *settings = &program->settings;
	unsigned count = (unsigned)settings->listeners.count;
	bool open = !auth_is_wanted(settings) && !settings->tls_certificate && !settings->open_to_network;
	const struct socket_access access = {settings->socket_mode, settings->socket_owner, settings->socket_group};
	const char *reached = NULL;

	if (!settings->tls_certificate != !settings->tls_key)
		return error_set(err, ERROR_MISSING, NULL, "tls_certificate and tls_key: expected both, or neither");
	program->listeners = calloc(count + 1, sizeof(*program->listeners));
	program->listening = calloc(count + 1, sizeof(*program->listening));
	if (!program->listeners || !program->listening)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (unsigned i = 0; i < count; i++)
		if (listener_parse(settings->listeners.items[i], &program->listeners[i], err) != 0)
			return -(int)err->code;
	if (sockets_open(settings->listen, 0, program->worker_count, &access, &program->sockets, err) != 0)
		return -(int)err->code;
	for (unsigned i = 0; i < count; i++) {
		if (sockets_open(program->listeners[i].address, i + 1, 1, &access, &program->listening[i], err) != 0)
			return -(int)err->code;
		program->listener_count++;
		if (!listener_is_local(program->listening[i].name))
			reached = program->listening[i].name;
	}
	/* By the sockets, not by the settings: a service manager's may be another. Nothing has been accepted yet. */
	if (!listener_is_local(program->sockets.name))
		reached = program->sockets.name;
	if (open && reached)
		return error_set(err, ERROR_MISSING, NULL,
		                 "%s is reached by other machines, and the service has neither users, tokens nor TLS: "
		                 "set users, or tls_certificate, or open_to_network: allow",
		                 reached);
	return 0;
}

/* Before the first thread; the unix sockets go over to the new user. */
static int
confine(const struct program *program, struct error *err)
{
	const char **paths = calloc(program->listener_count + 1, sizeof(*paths));
	size_t count = 0;
	int r;

	if (!paths)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (program->sockets.unix_path[0])
		paths[count++] = program->sockets.unix_path;
	for (unsigned i = 0; i < program->listener_count; i++)
		if (program->listening[i].unix_path[0])
			paths[count++] = program->listening[i].unix_path;
	r = confine_process(&program->settings, paths, count, err);
	free(paths);
	return r;
}

static void
announce(struct program *program)
{
	const struct settings *settings = &program->settings;

	if (!settings->data)
		log_line(settings, LOG_LEVEL_WARNING,
		         "no --data: operation counters live in a private temporary database and are gone at exit");
	if (!program->service.auth)
		log_line(settings, LOG_LEVEL_WARNING, "no --users: open to everyone who reaches %s",
		         program->sockets.name);
	if (settings->manual_clock)
		log_line(settings, LOG_LEVEL_WARNING, "manual clock: time moves only by PUT /clguard/v1/clock");
	if (settings->passive)
		log_line(settings, LOG_LEVEL_INFO, "state PASSIVE: decisions are answered with 409");
	for (unsigned i = 0; i < program->listener_count; i++)
		fprintf(stderr, "also listening on %s\n", program->listening[i].name);
	fprintf(stderr, "listening on %s\n", program->sockets.name);
	sd_notify_send(&program->manager, "READY=1\nMAINPID=%ld", (long)getpid());
	watch_status(&program->service);
}

/* SIGHUP: what lies in files is looked at again. */
static void
hang_up(struct program *program)
{
	decision_log_reopen(program->service.decisions);
	audit_log_reopen(program->service.audit);
	watch_reload(program->watch);
}

/* After a flood of requests what they held is free, but the process's still: the allocator keeps it. */
static void
give_memory_back(struct service *service)
{
#ifdef __GLIBC__
	if (budget_rest(&service->budget, FLOOD_BYTES))
		(void)malloc_trim(0);
#else
	(void)service;
#endif
}

/* Large blocks are mapped apart, always, so that they go back to the system when they are freed. */
static void
tune_allocator(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
#endif
}

/* Twice in the manager's interval: this thread goes round, which waits for no other. */
static void
feed_watchdog(const struct sd_notify *manager, int64_t *fed_ms)
{
	int64_t now_ms = clock_steady_ms();

	if (!manager->watchdog_ms || now_ms - *fed_ms < manager->watchdog_ms / 2)
		return;
	sd_notify_send(manager, "WATCHDOG=1");
	*fed_ms = now_ms;
}

/* Until a signal says stop, or the database cannot be opened: the exit code. */
static int
clguardd_run(struct program *program, const sigset_t *signals)
{
	int64_t fed_ms = 0;

	for (;;) {
		const struct timespec tick = {0, (program->opening ? OPENING_TICK_MS : TICK_MS) * 1000000};
		int signal = sigtimedwait(signals, NULL, &tick);
		struct error err = {0};

		if (signal == SIGTERM || signal == SIGINT) {
			log_line(&program->settings, LOG_LEVEL_INFO, "stopping");
			sd_notify_send(&program->manager, "STOPPING=1\nSTATUS=stopping");
			return EXIT_DONE;
		}
		if (program->opening && open_database(program, &err) < 0)
			return clguardd_complain(&err);
		if (signal == SIGHUP)
			hang_up(program);
		server_tick(program->service.server);
		conditions_look(&program->service);
		give_memory_back(&program->service);
		feed_watchdog(&program->manager, &fed_ms);
	}
}

static void
close_program(struct program *program)
{
	struct service *service = &program->service;

	atomic_store_explicit(&service->stopping, true, memory_order_relaxed);
	watch_stop(program->watch);
	runtime_stop(service->runtime); /* answers those who wait for messages */
	event_stream_stop(service->events);
	reading_stop(service->reading);
	reading_stop(service->trying);
	auth_stop(service->auth); /* answers those who wait for their credentials */
	if (service->server)
		server_stop(service->server);
	for (unsigned i = 0; program->workers && i < program->worker_count + program->listener_count; i++)
		worker_close(program->workers[i]);
	event_stream_close(service->events);
	reading_close(service->reading);
	reading_close(service->trying);
	runtime_close(service->runtime);
	decision_log_follow(service->decisions, NULL, NULL);
	database_end(program->opening);
	engine_close(service->engine); /* commits what waits, which may still resume exchanges */
	server_free(service->server);
	watch_close(program->watch);
	decision_log_close(service->decisions);
	for (int i = 0; i < SINK_KINDS; i++)
		sink_close(service->sinks[i]);
	auth_close(service->auth);
	audit_log_close(service->audit);
	tls_close(service->tls);
	metrics_free(service->metrics);
	denials_free(service->denials);
	free(service->last_error);
	free(service->users_error);
	free(service->tls_error);
	free(service->watch_error);
	free(service->deploy_error);
	free(program->workers);
	free(program->fds);
	free(program->tls);
	sockets_done(&program->sockets);
	for (unsigned i = 0; i < program->listener_count; i++)
		sockets_done(&program->listening[i]);
	free(program->listening);
	free(program->listeners);
	sd_notify_close(&program->manager);
	arena_free(&program->arena);
}

int
main(int argc, char **argv)
{
	struct program program = {.manager = SD_NOTIFY_NONE};
	struct error err = {0};
	sigset_t signals;
	int code = EXIT_DONE, r;

	if (!read_settings(&program, argc, argv, &code)) {
		close_program(&program);
		return code;
	}
	program.settings.journal = log_is_journal();
	sd_notify_open(&program.manager);
	program.service.manager = &program.manager;
	/* Blocked before any thread starts, so that all inherit it and only run() takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	descriptors_raise();
	tune_allocator();
	program.worker_count = count_workers(&program.settings);
	if (open_sockets(&program, &err) != 0 || confine(&program, &err) != 0 || open_service(&program, &err) != 0) {
		code = clguardd_complain(&err);
	} else if ((r = reload_first(&program.service)) != 0) {
		code = r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	} else if (watch_start(&program.service, &program.watch, &err) != 0 || start_workers(&program, &err) != 0) {
		code = clguardd_complain(&err);
	} else {
		announce(&program);
		code = clguardd_run(&program, &signals);
	}
	close_program(&program);
	return code;
}
