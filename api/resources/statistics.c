/* statistics - GET statistics and /metrics: what it has done */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/decision_log/decision_log.h"
#include "api/decision_log/sink.h"
#include "api/http/resources.h"
#include "api/http/route.h"
#include "api/server/server.h"
#include "api/http/service.h"
#include "api/metrics/metrics_text.h"
#include "api/process/audit_log.h"
#include "api/resources/warnings.h"
#include "api/tracing/tracer.h"
#include "base/text.h"

#define SUM(metrics, member) metrics_sum(metrics, offsetof(struct metrics_shard, member))

static uint64_t
loaded(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static const char *const application_name[METRICS_APPLICATIONS] = {
	[METRICS_GUARD] = "guard", [METRICS_ACCESS] = "access"};

/*
 * ONAP's shape: the four counts follow the guards' own answer, not what the caller is told; a count of 0 has no member, and an
 * application beside guard that was not asked neither.
 */
static void
write_application(struct text *out, const char *name, const uint64_t counts[4])
{
	static const char *const names[4] = {"not_applicable", "permit", "deny", "indeterminant"}; /* as enum effect */
	static const int order[4] = {EFFECT_PERMIT, EFFECT_DENY, EFFECT_INDETERMINATE, EFFECT_NOT_APPLICABLE};
	bool first = true;

	text_addf(out, "\"%s\":{", name);
	for (size_t i = 0; i < 4; i++) {
		if (!counts[order[i]])
			continue;
		text_addf(out, "%s\"%s_decisions_count\":%" PRIu64, first ? "" : ",", names[order[i]],
		          counts[order[i]]);
		first = false;
	}
	text_add(out, STR("}"));
}

/* The sum of a counter of an array in each shard. */
#define SUM_OF(metrics, array, i) \
	metrics_sum(metrics, offsetof(struct metrics_shard, array) + (i) * sizeof(atomic_uint_fast64_t))

static void
sum_effects(const struct metrics *metrics, uint64_t ret[METRICS_APPLICATIONS][4])
{
	for (size_t i = 0; i < METRICS_APPLICATIONS * 4; i++)
		ret[i / 4][i % 4] = SUM_OF(metrics, effect[0][0], i);
}

static uint64_t
effects_of(uint64_t counts[METRICS_APPLICATIONS][4], enum effect effect)
{
	return counts[METRICS_GUARD][effect] + counts[METRICS_ACCESS][effect];
}

void
statistics_get(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	struct engine_info info;
	uint64_t effects[METRICS_APPLICATIONS][4];
	bool accessed = false;
	struct text out;

	engine_info(service->engine, &info);
	sum_effects(service->metrics, effects);
	text_init(&out, exchange->arena);
	text_addf(&out,
	          "{\"code\":200,\"totalPolicyTypesCount\":%zu,\"totalPoliciesCount\":%zu,\"totalErrorCount\":%" PRIu64,
	          info.policy_types, info.policies, SUM(service->metrics, errors));
	text_addf(&out, ",\"permitDecisionsCount\":%" PRIu64 ",\"denyDecisionsCount\":%" PRIu64,
	          effects_of(effects, EFFECT_PERMIT), effects_of(effects, EFFECT_DENY));
	text_addf(&out,
	          ",\"deploySuccessCount\":%" PRIu64 ",\"deployFailureCount\":%" PRIu64
	          ",\"undeploySuccessCount\":%" PRIu64 ",\"undeployFailureCount\":%" PRIu64,
	          loaded(&service->metrics->deploy_success), loaded(&service->metrics->deploy_failure),
	          loaded(&service->metrics->undeploy_success), loaded(&service->metrics->undeploy_failure));
	text_addf(&out, ",\"indeterminantDecisionsCount\":%" PRIu64 ",\"notApplicableDecisionsCount\":%" PRIu64 ",",
	          effects_of(effects, EFFECT_INDETERMINATE), effects_of(effects, EFFECT_NOT_APPLICABLE));
	text_add(&out, STR("\"applicationMetrics\":{"));
	write_application(&out, application_name[METRICS_GUARD], effects[METRICS_GUARD]);
	for (size_t i = 0; i < 4; i++)
		accessed = accessed || effects[METRICS_ACCESS][i];
	if (accessed) {
		text_add(&out, STR(","));
		write_application(&out, application_name[METRICS_ACCESS], effects[METRICS_ACCESS]);
	}
	text_add(&out, STR("}}"));
	answer_json(exchange, text_done(&out));
}

/* The series that ONAP's own dashboards read. */
static void
write_onap(struct text *out, const struct metrics *metrics)
{
	static const char *const names[4] = {"not_applicable", "permit", "deny", "indeterminant"};
	uint64_t effects[METRICS_APPLICATIONS][4];

	sum_effects(metrics, effects);
	metrics_head(out, "pdpx_policy_decisions_total", "counter", "The total number of policy decisions.");
	for (size_t i = 0; i < METRICS_APPLICATIONS * 4; i++)
		text_addf(out, "pdpx_policy_decisions_total{application=\"%s\",status=\"%s\"} %" PRIu64 "\n",
		          application_name[i / 4], names[i % 4], effects[i / 4][i % 4]);
	metrics_head(out, "pdpx_policy_deployments_total", "counter", "The total number of policy deployments.");
	text_addf(out, "pdpx_policy_deployments_total{operation=\"deploy\",status=\"SUCCESS\"} %" PRIu64 "\n",
	          loaded(&metrics->deploy_success));
	text_addf(out, "pdpx_policy_deployments_total{operation=\"deploy\",status=\"FAIL\"} %" PRIu64 "\n",
	          loaded(&metrics->deploy_failure));
	text_addf(out, "pdpx_policy_deployments_total{operation=\"undeploy\",status=\"SUCCESS\"} %" PRIu64 "\n",
	          loaded(&metrics->undeploy_success));
	text_addf(out, "pdpx_policy_deployments_total{operation=\"undeploy\",status=\"FAIL\"} %" PRIu64 "\n",
	          loaded(&metrics->undeploy_failure));
}

/* Whether the last load of the policy files, or what is deployed, was refused. */
static bool
policies_are_refused(struct service *service)
{
	bool refused;

	pthread_mutex_lock(&service->reload_lock);
	refused = service->last_error || service->deploy_error;
	pthread_mutex_unlock(&service->reload_lock);
	return refused;
}

static void
write_traces(struct text *out, const struct service *service)
{
	struct tracer_figures figures;

	if (!service->tracer)
		return;
	tracer_figures(service->tracer, &figures);
	metrics_head(out, "clguard_trace_spans_total", "counter", "Spans by what became of them.");
	text_addf(out,
	          "clguard_trace_spans_total{result=\"sent\"} %" PRIu64
	          "\nclguard_trace_spans_total{result=\"dropped\"} %" PRIu64 "\n",
	          figures.sent, figures.dropped);
	metrics_one(out, "clguard_trace_send_failures_total", "counter",
	            "Batches of spans that the collector did not take.", (double)figures.failures);
}

static void
statistics_write_warning(void *context, const char *id, const char *text)
{
	(void)text;
	text_addf(context, "clguard_warning{warning=\"%s\"} 1\n", id);
}

static void
write_policies(struct text *out, struct service *service)
{
	struct metrics *metrics = service->metrics;
	struct engine_info info;

	engine_info(service->engine, &info);
	metrics_one(out, "clguard_generation", "gauge", "Policy sets published so far; the active one's number.",
	            (double)info.generation);
	metrics_one(out, "clguard_generation_timestamp_seconds", "gauge", "When the active policy set was published.",
	            (double)info.since_ms / 1000);
	metrics_one(out, "clguard_policies", "gauge", "Policies in the active set.", (double)info.policies);
	metrics_one(out, "clguard_guards", "gauge", "Guards in the active set.", (double)info.guards);
	metrics_head(out, "clguard_reloads_total", "counter", "Loads of the policy files.");
	text_addf(out, "clguard_reloads_total{result=\"success\"} %" PRIu64 "\n", loaded(&metrics->reload_success));
	text_addf(out, "clguard_reloads_total{result=\"failure\"} %" PRIu64 "\n", loaded(&metrics->reload_failure));
	metrics_one(out, "clguard_reload_failing", "gauge",
	            "1 while policy files or deployed policies are refused and those of before stay in force.",
	            policies_are_refused(service));
	metrics_one(out, "clguard_active", "gauge", "1 in state ACTIVE, 0 in state PASSIVE.",
	            atomic_load_explicit(&service->active, memory_order_relaxed));
}

/* By the door that was asked, and what became of reservations. */
static void
write_doors(struct text *out, const struct metrics *metrics)
{
	static const char *const statuses[2] = {"deny", "permit"};

	metrics_head(out, "clguard_door_decisions_total", "counter", "Decisions by the door that was asked.");
	for (size_t i = 0; i < LOG_DOOR_COUNT * 2; i++)
		text_addf(out, "clguard_door_decisions_total{door=\"%s\",status=\"%s\"} %" PRIu64 "\n",
		          log_door_name[i / 2], statuses[i % 2], SUM_OF(metrics, door[0][0], i));
	metrics_head(out, "clguard_reservation_events_total", "counter",
	             "What became of rights and of the questions for them, over all doors of this process.");
	for (size_t i = 0; i < RESERVATION_EVENT_COUNT; i++)
		text_addf(out, "clguard_reservation_events_total{event=\"%s\"} %" PRIu64 "\n",
		          reservation_event_name[i], SUM_OF(metrics, event[0], i));
}

static void
write_sinks(struct text *out, const struct service *service)
{
	static const char *const names[SINK_KINDS] = {[SINK_URL] = "url", [SINK_JOURNAL] = "journal"};
	static const struct {
		const char *name, *type, *help;
		size_t offset;
	} series[] = {
		{"clguard_decision_log_sent_total", "counter", "Lines of the decision log that a sink has taken.",
	         offsetof(struct sink_figures, delivered)},
		{"clguard_decision_log_send_failures_total", "counter", "Sendings to a sink that failed.",
	         offsetof(struct sink_figures, failures)},
		{"clguard_decision_log_unsent_total", "counter",
	         "Lines whose file was removed before a sink had taken them.", offsetof(struct sink_figures, skipped)},
		{"clguard_decision_log_sent_number", "gauge", "Number of the last line that a sink has taken.",
	         offsetof(struct sink_figures, last)},
	};

	for (size_t i = 0; i < sizeof(series) / sizeof(*series); i++) {
		bool headed = false;

		for (int kind = 0; kind < SINK_KINDS; kind++) {
			struct sink_figures figures;

			if (!service->sinks[kind])
				continue;
			if (!headed)
				metrics_head(out, series[i].name, series[i].type, series[i].help);
			headed = true;
			sink_figures(service->sinks[kind], &figures);
			text_addf(out, "%s{sink=\"%s\"} %" PRIu64 "\n", series[i].name, names[kind],
			          *(const uint64_t *)((const char *)&figures + series[i].offset));
		}
	}
}

static void
write_decision_log(struct text *out, const struct service *service)
{
	struct log_figures figures;

	if (!service->decisions)
		return;
	decision_log_figures(service->decisions, &figures);
	metrics_one(out, "clguard_decision_log_lines_total", "counter", "Lines of the decision log that were written.",
	            (double)figures.written);
	metrics_one(out, "clguard_decision_log_bytes_total", "counter", "Bytes of the decision log that were written.",
	            (double)figures.bytes);
	metrics_one(out, "clguard_decision_log_dropped_total", "counter",
	            "Lines of the decision log that were dropped: the disk was too slow or full.",
	            (double)figures.dropped);
	metrics_one(out, "clguard_decision_log_left_out_total", "counter",
	            "Permits that are not in the decision log because decision_log_permits leaves them out.",
	            (double)figures.left_out);
	metrics_one(out, "clguard_decision_log_recovered_total", "counter",
	            "Lines that an earlier process had left and that were written at the start of this one.",
	            (double)figures.recovered);
	metrics_one(out, "clguard_decision_log_waiting", "gauge", "Lines that are numbered and not yet written.",
	            (double)figures.waiting);
	metrics_one(out, "clguard_decision_log_failing", "gauge", "1 while the decision log cannot be written.",
	            figures.failing);
	write_sinks(out, service);
}

static void
write_decisions(struct text *out, const struct service *service)
{
	const struct metrics *metrics = service->metrics;

	metrics_head(out, "clguard_decisions_total", "counter", "Decisions by reason, over all doors.");
	for (size_t i = 0; i < REASON_COUNT; i++) {
		if (i == REASON_SHADOW)
			continue; /* of one guard, never of a decision */
		text_addf(out, "clguard_decisions_total{reason=\"%s\"} %" PRIu64 "\n", reason_name[i],
		          metrics_sum(metrics,
		                      offsetof(struct metrics_shard, reason[0]) + i * sizeof(atomic_uint_fast64_t)));
	}
	metrics_one(out, "clguard_decision_errors_total", "counter",
	            "Requests for a decision that were refused as malformed.", (double)SUM(metrics, errors));
	metrics_one(out, "clguard_operations_recorded_total", "counter", "Operations entered over HTTP.",
	            (double)SUM(metrics, recorded));
}

/* Who was let in, and who was sent away. */
static void
write_defence(struct text *out, const struct service *service, const struct server_load *load)
{
	struct audit_count audit = audit_log_count(service->audit);

	metrics_one(out, "clguard_http_late_total", "counter",
	            "Connections that were ended because headers, a body or the taking of an answer took too long.",
	            (double)load->late);
	metrics_one(out, "clguard_http_evicted_total", "counter",
	            "Connections without a request that were ended to make room for others.", (double)load->evicted);
	metrics_one(
		out, "clguard_http_turned_away_total", "counter",
		"Connections that were closed because their address had all that it may have (address_connections).",
		(double)load->turned_away);
	metrics_one(out, "clguard_http_polls", "gauge", "Requests that wait for messages.",
	            atomic_load_explicit(&service->polls, memory_order_relaxed));
	metrics_one(out, "clguard_http_polls_refused_total", "counter",
	            "Requests for messages that were refused because as many waited as may (polls).",
	            (double)loaded(&service->polls_refused));
	if (service->auth) {
		metrics_head(out, "clguard_login_failures_total", "counter",
		             "Credentials that were refused, by reason.");
		for (int i = LOGIN_NONE + 1; i < LOGIN_FAILURE_COUNT; i++)
			text_addf(out, "clguard_login_failures_total{reason=\"%s\"} %" PRIu64 "\n",
			          login_failure_name[i], auth_failures(service->auth, (enum login_failure)i));
	}
	if (!service->audit)
		return;
	metrics_one(out, "clguard_audit_lines_total", "counter", "Lines of the audit log that were written.",
	            (double)audit.written);
	metrics_one(out, "clguard_audit_lines_dropped_total", "counter",
	            "Lines of the audit log that were dropped: the disk was too slow or full.", (double)audit.dropped);
}

/* Relaxed: figures. */
static void
write_memory(struct text *out, const struct service *service)
{
	const struct budget *budget = &service->budget;

	metrics_one(out, "clguard_memory_budget_bytes", "gauge", "Memory that requests may make grow (memory_budget).",
	            (double)budget->limit);
	metrics_one(out, "clguard_memory_held_bytes", "gauge", "What they hold of it now.",
	            (double)atomic_load_explicit(&budget->held, memory_order_relaxed));
	metrics_one(out, "clguard_memory_refused_total", "counter",
	            "Times that something was refused because it was used up.", (double)loaded(&budget->refused));
	metrics_one(out, "clguard_publish_refused_total", "counter",
	            "Bodies for topics that were refused because their caller published too much (publish_rate).",
	            (double)loaded(&service->metrics->publish_refused));
}

static void
statistics_write_database(struct text *out, const struct service *service)
{
	struct stat file;
	char path[4096];

	if (!service->settings->data ||
	    (size_t)snprintf(path, sizeof(path), "%s/data.mdb", service->settings->data) >= sizeof(path) ||
	    stat(path, &file) != 0)
		return;
	metrics_one(out, "clguard_database_bytes", "gauge", "Size of the database file.", (double)file.st_size);
	metrics_one(out, "clguard_database_map_bytes", "gauge",
	            "Address space of the database, which its file cannot outgrow.",
	            (double)service->settings->map_size);
}

/* How many there are in a directory of /proc, but for the two dots. */
static void
write_directory_count(struct text *out, const char *path, const char *name, const char *help)
{
	DIR *directory = opendir(path);
	double count = -2;

	if (!directory)
		return;
	while (readdir(directory))
		count++;
	(void)closedir(directory); /* it was only read */
	metrics_one(out, name, "gauge", help, count);
}

/* The usual series about a process. source  /proc/self/stat and statm, proc(5) */
static void
write_process(struct text *out, const struct service *service)
{
	unsigned long user = 0, system = 0, pages = 0;
	long tick = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/stat", "r");

	if (file) {
		if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) ==
		    2)
			metrics_one(out, "process_cpu_seconds_total", "counter", "User and system time spent, seconds.",
			            (double)(user + system) / (double)tick);
		fclose(file);
	}
	file = fopen("/proc/self/statm", "r");
	if (file) {
		if (fscanf(file, "%*u %lu", &pages) == 1)
			metrics_one(out, "process_resident_memory_bytes", "gauge", "Resident memory, bytes.",
			            (double)pages * (double)page);
		fclose(file);
	}
	write_directory_count(out, "/proc/self/fd", "process_open_fds", "Open file descriptors.");
	write_directory_count(out, "/proc/self/task", "jvm_threads_current",
	                      "Threads of the process, by the name that ONAP's dashboards read.");
	metrics_one(out, "process_start_time_seconds", "gauge", "Start of the process, seconds since the Unix epoch.",
	            (double)service->started_ms / 1000);
}

void
statistics_metrics(struct exchange *exchange, struct text *out)
{
	struct service *service = exchange->worker->service;
	struct server_load load = server_load(service->server);

	write_onap(out, service->metrics);
	write_policies(out, service);
	metrics_head(out, "clguard_warning", "gauge", "1 for each warning that holds, as GET /ready tells them.");
	warnings_each(service, session_reader(exchange->worker->session), statistics_write_warning, out);
	write_decisions(out, service);
	write_defence(out, service, &load);
	write_doors(out, service->metrics);
	metrics_write_decisions(service->metrics, out);
	write_decision_log(out, service);
	write_traces(out, service);
	metrics_write_requests(service->metrics, service->routes, out);
	metrics_one(out, "clguard_http_connections", "gauge", "Open connections.", load.connections);
	metrics_one(out, "clguard_http_suspended", "gauge", "Requests that wait for a commit.", load.suspended);
	write_memory(out, service);
	statistics_write_database(out, service);
	database_metrics(exchange, out);
	write_process(out, service);
}
