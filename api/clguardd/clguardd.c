/* clguardd - the service */
/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "api/clguardd/listening.h"
#include "api/clguardd/opening.h"
#include "api/clguardd/watchdog.h"
#include "api/console/event_stream.h"
#include "api/daemon/check_config.h"
#include "api/daemon/conditions.h"
#include "api/daemon/database.h"
#include "api/daemon/reload.h"
#include "api/decision_log/decision_log.h"
#include "api/decision_log/denials.h"
#include "api/decision_log/sink.h"
#include "api/http/reading.h"
#include "api/identity/tls.h"
#include "api/process/arguments.h"
#include "api/process/audit_log.h"
#include "api/process/excerpt.h"
#include "api/process/log.h"
#include "api/tracing/tracer.h"
#include "api/process/log.h"
#include "api/server/server.h"
#include "api/system/descriptors.h"
#include "base/pattern.h"
#include "runtime/thread/runtime.h"

#define TICK_MS 250           /* how late a suspended request's deadline may be noticed */
#define OPENING_TICK_MS 20    /* how late the end of the database's verification */
#define FLOOD_BYTES (4 << 20) /* given back by requests: what the allocator keeps of it goes to the system */
#define LARGE_BLOCK (256 << 10)

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

static void
clguardd_help(void)
{
	puts("usage: clguardd [--config FILE] [OPTION...]\n\n"
	     "Answers guard decisions over HTTP. Each option is also a setting in the configuration files, and a "
	     "variable\n"
	     "of the environment: body_size is --body-size and CLGUARD_BODY_SIZE.\n\n"
	     "  --config FILE\n        Read settings from FILE (YAML) in place of " CONFDIR "/clguard.yaml and "
	     "\n        " CONFDIR "/clguard.d/*.yaml; then come the environment, then options.\n"
	     "  --check-config\n        Print what is wrong with settings and the files that they name, and stop.\n"
	     "  --print-config\n        Print the settings in force, and where each comes from, and stop.\n"
	     "  --help, --version");
	settings_usage(stdout);
}

/* The exit code of --check-config. */
static int
check_config_print(const struct settings *settings, struct diags *findings)
{
	size_t errors, warnings;

	check_config(settings, findings);
	errors = findings->count[SEVERITY_ERROR];
	warnings = findings->count[SEVERITY_WARNING];
	print_findings(stdout, findings, SEVERITY_WARNING);
	fprintf(stderr, "%zu %s, %zu %s\n", errors, errors == 1 ? "error" : "errors", warnings,
	        warnings == 1 ? "warning" : "warnings");
	return errors ? EXIT_INPUT : EXIT_DONE;
}

/* The settings, or the end: *ret_code is the exit code when the result is false. */
static bool
read_settings(struct program *program, int argc, char **argv, int *ret_code)
{
	struct settings_command command = {0};
	struct error err = {0};
	struct diags findings;
	int r;

	diags_init(&findings, &program->arena);
	settings_init(&program->settings, &program->arena);
	program->configuration = (struct configuration){&program->settings, argc, argv, environ, NULL};
	r = settings_gather(&program->settings, argc, argv, environ, &command, &findings, &err);
	*ret_code = EXIT_DONE;
	if (command.help) {
		clguardd_help();
	} else if (command.version) {
		puts("clguardd " PACKAGE_VERSION);
	} else if (err.code) {
		fprintf(stderr, "clguardd: %s; see clguardd --help\n", err.text);
		*ret_code = EXIT_USAGE;
	} else if (command.check_config) {
		*ret_code = check_config_print(&program->settings, &findings);
	} else if (r != 0) {
		print_findings(stderr, &findings, SEVERITY_WARNING);
		*ret_code = exit_code((enum error_code) - r);
	} else if (command.print_config) {
		print_findings(stderr, &findings, SEVERITY_WARNING);
		settings_print(&program->settings, true, stdout);
	} else {
		for (const struct diag *diag = findings.first; diag; diag = diag->next)
			log_line(&program->settings, LOG_LEVEL_WARNING, "%s", diag->text);
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
	if (!pattern_jit_works())
		log_line(settings, LOG_LEVEL_INFO,
		         "patterns are interpreted: memory for compiled ones may not be executed here");
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

/*
 * Large blocks are mapped apart, always, so that they go back to the system when they are freed. Smaller ones stay: a
 * worker that reads bodies of some 10 KB would else give its pages back and fetch them again with each. After a flood
 * give_memory_back sees to it.
 */
static void
tune_allocator(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	(void)mallopt(M_TRIM_THRESHOLD, FLOOD_BYTES);
#endif
}

/* Until a signal says stop, or the database cannot be opened: the exit code. */
static int
clguardd_run(struct program *program, const sigset_t *signals)
{
	for (;;) {
		const struct timespec tick = {0, (program->opening ? OPENING_TICK_MS : TICK_MS) * 1000000};
		int signal = sigtimedwait(signals, NULL, &tick);
		struct error err = {0};

		if (signal == SIGTERM || signal == SIGINT) {
			log_line(&program->settings, LOG_LEVEL_INFO, "stopping");
			sd_notify_send(&program->manager, "STOPPING=1\nSTATUS=stopping");
			return EXIT_DONE;
		}
		if (program->opening && opening_look(program, &err) < 0)
			return clguardd_complain(&err);
		if (signal == SIGHUP)
			hang_up(program);
		server_tick(program->service.server);
		conditions_look(&program->service);
		log_tick(&program->settings);
		give_memory_back(&program->service);
		watchdog_look(program->watchdog, program);
	}
}

static void
close_program(struct program *program)
{
	struct service *service = &program->service;

	atomic_store_explicit(&service->stopping, true, memory_order_relaxed);
	watchdog_close(program->watchdog);
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
	tracer_close(service->tracer);
	auth_close(service->auth);
	audit_log_close(service->audit);
	tls_close(service->tls);
	metrics_free(service->metrics);
	denials_free(service->denials);
	free(service->last_error);
	configuration_done(&program->configuration);
	free(service->settings_error);
	free(service->settings_report);
	free(service->restart_needed);
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
	log_close(program->settings.log, &program->settings);
	arena_free(&program->arena);
}

/* The decision log follows the engine before there is a first answer. */
static int
program_serve(struct program *program, struct error *err)
{
	opening_follow(program);
	return listening_start(program, err);
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
	program.service.configuration = &program.configuration;
	/* Blocked before any thread starts, so that all inherit it and only run() takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a failed write */
	descriptors_raise();
	tune_allocator();
	program.worker_count = count_workers(&program.settings);
	if (log_open(&program.settings, &program.settings.log, &err) != 0 || listening_open(&program, &err) != 0 ||
	    listening_confine(&program, &err) != 0 || opening_service(&program, &err) != 0) {
		code = clguardd_complain(&err);
	} else if ((r = reload_first(&program.service)) != 0) {
		code = r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	} else if (watch_start(&program.service, &program.watch, &err) != 0 || program_serve(&program, &err) != 0) {
		code = clguardd_complain(&err);
	} else {
		program.watchdog = watchdog_open(&program);
		announce(&program);
		code = clguardd_run(&program, &signals);
	}
	close_program(&program);
	return code;
}
