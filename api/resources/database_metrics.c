/* database_metrics - reservations, commits and the database, for /metrics */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/metrics/metrics_text.h"

/* Of commits: how long they took, and how many requests they carried. */
static void
write_commits(struct text *out, const struct history_metrics *metrics)
{
	static const char duration[] = "clguard_commit_duration_seconds", group[] = "clguard_commit_group_requests";
	double seconds[HISTORY_BUCKETS], requests[HISTORY_GROUP_BUCKETS];

	for (size_t i = 0; i < HISTORY_BUCKETS; i++)
		seconds[i] = history_bucket_us[i] / 1e6;
	for (size_t i = 0; i < HISTORY_GROUP_BUCKETS; i++)
		requests[i] = history_bucket_jobs[i];
	metrics_head(out, duration, "histogram", "Time from the begin of a transaction to the end of its commit.");
	metrics_histogram(out, duration, "",
	                  &(struct metrics_buckets){seconds, metrics->latency, HISTORY_BUCKETS,
	                                            (double)metrics->latency_ns / 1e9});
	metrics_head(out, group, "histogram", "Requests that were committed together.");
	metrics_histogram(
		out, group, "",
		&(struct metrics_buckets){requests, metrics->group, HISTORY_GROUP_BUCKETS, (double)metrics->grouped});
}

static void
write_series(struct text *out, const struct history_metrics *m)
{
	const struct {
		const char *name, *type, *help;
		double value;
	} series[] = {
		{"clguard_reservations_admitted_total", "counter", "Rights given.", (double)m->admitted},
		{"clguard_reservations_settled_total", "counter", "Rights whose operation ended.", (double)m->settled},
		{"clguard_reservations_aborted_total", "counter", "Rights given back.", (double)m->aborted},
		{"clguard_reservations_expired_total", "counter", "Rights whose lease ended.", (double)m->expired},
		{"clguard_reservations_live", "gauge", "Rights held now.", (double)m->live},
		{"clguard_reservations_difference", "gauge",
	         "Admitted less settled, aborted, expired and live; anything but 0 is a defect.",
	         (double)m->difference},
		{"clguard_operations", "gauge", "Operations that the counters know.", (double)m->rows},
		{"clguard_log_records", "gauge", "Records of the operation log.", (double)m->records},
		{"clguard_commits_total", "counter", "Transactions committed by this process.", (double)m->commits},
		{"clguard_commit_failures_total", "counter", "Transactions that could not be committed.",
	         (double)m->failures},
		{"clguard_commit_requests_total", "counter", "Requests that those transactions carried.",
	         (double)m->jobs},
		{"clguard_counts_unread_total", "counter",
	         "Questions of guards that the counters did not answer: strict mode denies then, onap mode permits.",
	         (double)m->unread},
		{"clguard_pruned_total", "counter", "Records pruned by this process.", (double)m->pruned},
		{"clguard_clock_steps_back_total", "counter", "Times that the clock was set back.",
	         (double)m->clock_steps_back},
		{"clguard_clock_difference_seconds", "gauge",
	         "How far the wall clock is ahead of the clock that decisions go by, negative when behind.",
	         (double)m->clock_difference_ms / 1000},
		{"clguard_database_used_bytes", "gauge", "Pages of the database in use.", (double)m->used_bytes},
		{"clguard_database_limit_bytes", "gauge", "Where nothing new is entered any more.",
	         (double)m->max_bytes},
		{"clguard_database_pages", "gauge", "Pages of the database file.",
	         m->page_bytes ? (double)(m->file_bytes / m->page_bytes) : 0},
		{"clguard_database_free_pages", "gauge", "Those that are free to be used again.",
	         m->page_bytes ? (double)((m->file_bytes - m->used_bytes) / m->page_bytes) : 0},
		{"clguard_database_readers", "gauge", "Places for readers that are taken, by all processes.",
	         (double)m->readers},
		{"clguard_database_quarantined", "gauge", "1 while the counters replace those of a damaged database.",
	         (double)m->quarantined},
		{"clguard_database_refusing", "gauge",
	         "1 while nothing new can be entered, and limiters and coordinations fail.", (double)m->refusing},
		{"clguard_database_verifying", "gauge",
	         "1 while the database is verified beside serving, and limiters and coordinations deny.",
	         (double)m->verifying},
		{"clguard_database_broken", "gauge", "1 while the database must be opened again.", (double)m->broken},
	};

	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++)
		metrics_one(out, series[i].name, series[i].type, series[i].help, series[i].value);
}

void
database_metrics(struct exchange *exchange, struct text *out)
{
	struct history_reader *reader = session_reader(exchange->worker->session);
	struct history_metrics metrics = {0};

	if (history_reader_begin(reader) == 0) {
		(void)history_metrics(reader, &metrics); /* what could not be read stays 0 */
		history_reader_end(reader);
	} else {
		metrics.verifying = history_is_verifying(engine_history(exchange->worker->service->engine));
		metrics.broken = !metrics.verifying;
	}
	write_series(out, &metrics);
	write_commits(out, &metrics);
}
