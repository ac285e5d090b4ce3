/* settings - the one table of what can be set, by clguard.yaml and by the command line */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_SETTINGS_H
#define API_PROCESS_SETTINGS_H

#include <stdio.h>

#include "engine/decide/engine.h"

struct settings_list {
	const char **items;
	size_t count, room;
};

/* What becomes of a line of the decision log that finds no room. */
enum log_overflow { LOG_OVERFLOW_BLOCK, LOG_OVERFLOW_DROP, LOG_OVERFLOW_DENY };

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * Values in force. Texts live in the arena given to settings_init; NULL where nothing was set. The table is in
 * settings_table.c.
 */
struct settings {
	struct arena *arena;
	bool journal; /* not in the table: stderr is the system's journal, see api/process/log.h */
	const char *listen, *data, *users;
	const char *socket_mode, *socket_owner, *socket_group;
	const char *tokens, *roles, *tls_certificate, *tls_key, *tls_client_ca;
	const char *jwt_keys, *jwt_keys_ca, *jwt_issuer, *jwt_audience, *jwt_roles_claim;
	struct settings_list jwt_algorithms;
	int64_t jwt_refresh_s, jwt_keys_max_age_s, jwt_leeway_s;
	struct settings_list listeners, origins, hosts;
	int open_to_network;
	const char *user, *group, *audit_log;
	int landlock, seccomp, core_dumps; /* 0: off */
	int64_t address_connections, address_requests;
	int address_limits_all;
	struct settings_list policies;
	bool skip_bad_policies, require_policies;
	int mode; /* enum guard_mode */
	int passive;
	int manual_clock;
	int on_error_permit, no_guard_deny, process_durability, release_expired, ignore_unknown;
	int log_level; /* enum log_level */
	const char *decision_log, *decision_log_key, *decision_log_url, *decision_log_journal;
	int decision_log_overflow; /* enum log_overflow */
	int64_t decision_log_wait_ms, decision_log_size, decision_log_age_s, decision_log_keep, decision_log_permits;
	struct settings_list decision_log_mask;
	int64_t lease_s, map_size, max_bytes, retention_s;
	int64_t workers, connections, polls;
	int64_t idle_timeout_s, header_timeout_s, body_timeout_s, answer_timeout_s, commit_timeout_s;
	int64_t header_size, header_count, body_size, body_depth, body_nodes, memory_budget;
	int64_t max_future_s, clock_difference_ms, heart_beat_ms, max_status_wait_ms, max_wait_ms, host_lost_wait_ms,
		max_retry_count;
	int on_failure_rollback;
	int on_host_lost_move;
	int compat; /* enum compat */
	int on_withdrawal_abort;
	const char *composition_topic;
	const char *runtime_topic, *notification_topic, *policy_participant;
	const char *event_topic, *loop_notification_topic;
	const char *pdp_group, *pdp_type, *pdp_topic, *policy_notification_topic;
	int lenient_api;
	struct settings_list actors;
	int64_t transactions_max;
	int unguarded_operations;
	int64_t topic_messages, topic_size, topics_size, topic_groups, publish_rate, statistics_kept;
	int64_t batch_items;
	const char *entities, *public_url;
	int64_t document_size, document_depth, document_nodes, document_aliases, scalar_size, policies_max;
};

/* The defaults. */
void settings_init(struct settings *settings, struct arena *arena);

/*
 * Reads a YAML (or JSON) map of settings over what is there.
 * errors  ERROR_IO, those of document_read, ERROR_UNKNOWN for a name, ERROR_TYPE, ERROR_RANGE; with place and name
 */
int settings_read_file(struct settings *settings, const char *path, struct error *err);

/* What the command line asks for beside settings. */
struct settings_command {
	const char *config;
	bool print_config, help, version;
};

/*
 * Options --name VALUE or --name=VALUE for each setting, '-' for '_', with --config FILE read first wherever it
 * stands, then --print-config, --help, --version. A list takes the words up to the next option and may repeat; it
 * replaces the file's.
 * errors  ERROR_UNKNOWN, ERROR_MISSING, ERROR_TYPE, ERROR_RANGE: usage; and those of settings_read_file, then with
 *         ret->config set and a place or ERROR_IO
 */
int settings_arguments(struct settings *settings, int argc, char **argv, struct settings_command *ret,
                       struct error *err);

/* The values in force as a clguard.yaml, each under its help. */
void settings_print(const struct settings *settings, FILE *out);

/* The options, a line or two each. */
void settings_usage(FILE *out);

/* The limits of policy documents, and of others that an operator writes. */
struct document_limits settings_document_limits(const struct settings *settings);

/* What the engine takes from them; the clock is left as it is. */
void settings_engine_options(const struct settings *settings, struct engine_options *ret);

#endif
