/* settings - the one table of what can be set, by clguard.yaml and by the command line */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_SETTINGS_H
#define API_PROCESS_SETTINGS_H

#include <stdatomic.h>
#include <stdio.h>

#include "engine/decide/engine.h"

#define SETTINGS_MOST 256 /* at least the table's size */

struct settings_list {
	const char **items;
	size_t count, room;
};

/* The fate of a line of the decision log that finds no room. */
enum log_overflow { LOG_OVERFLOW_BLOCK, LOG_OVERFLOW_DROP, LOG_OVERFLOW_DENY };

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Where a value comes from, each over those before it. */
enum setting_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_COMMAND_LINE };

struct setting_origin {
	enum setting_source source;
	const char *file; /* SOURCE_FILE */
	unsigned line;
};

/*
 * Values in force. What a reload may change while other threads read it is atomic, and orders nothing; a text or a list that a
 * reload may change is read by the admin thread alone once the service runs. Texts live in the arena given to settings_init; NULL where nothing was set. The table is in
 * settings_table.c.
 */
struct settings {
	struct arena *arena;
	struct setting_origin origin[SETTINGS_MOST]; /* by place in the table */
	struct settings_list config; /* not in the table: files that were read, or looked for, and their directories */
	bool journal;                /* not in the table: stderr is the system's journal, see api/process/log.h */
	struct log *log;             /* not in the table either: see api/process/log.h; NULL before it is open */
	const char *listen, *data, *users;
	const char *socket_mode, *socket_owner, *socket_group;
	const char *tokens, *roles, *tls_certificate, *tls_key, *tls_client_ca;
	const char *https_ca;
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
	int on_error_permit, no_guard_deny, process_durability, release_expired;
	atomic_int ignore_unknown;
	atomic_int log_level; /* enum log_level */
	const char *trace_url;
	int64_t trace_sample;
	int log_json;
	int64_t log_burst;
	const char *log_journal;
	struct settings_list log_levels;
	const char *decision_log, *decision_log_key, *decision_log_url, *decision_log_journal;
	atomic_int decision_log_overflow; /* enum log_overflow */
	_Atomic int64_t decision_log_wait_ms, decision_log_size, decision_log_age_s, decision_log_keep,
		decision_log_permits;
	struct settings_list decision_log_mask;
	int64_t lease_s, map_size, max_bytes, retention_s;
	int64_t workers, connections;
	int64_t idle_timeout_s, header_timeout_s, body_timeout_s, answer_timeout_s;
	_Atomic int64_t polls, commit_timeout_s, body_depth, body_nodes, batch_items, clock_difference_ms;
	int64_t header_size, header_count, body_size, memory_budget;
	int64_t max_future_s, heart_beat_ms, max_status_wait_ms, max_wait_ms, host_lost_wait_ms, max_retry_count;
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
	const char *entities, *public_url;
	int64_t document_size, document_depth, document_nodes, document_aliases, scalar_size, policies_max;
};

/* The defaults. */
void settings_init(struct settings *settings, struct arena *arena);

/*
 * Reads a YAML (or JSON) map of settings over what is there; goes on behind an error. findings: with place and name.
 * errors  ERROR_IO, those of document_read, ERROR_UNKNOWN for a name, ERROR_TYPE, ERROR_RANGE: the first one's
 */
int settings_read_file(struct settings *settings, const char *path, struct diags *findings);

/*
 * clguard.yaml in `directory`, then *.yaml in its clguard.d by name; what is missing is passed over.
 * errors  as settings_read_file
 */
int settings_read_directory(struct settings *settings, const char *directory, struct diags *findings);

/*
 * CLGUARD_NAME for each setting, in capitals; a list has its words between spaces, or is written [a, b]. An empty variable
 * counts as none, unless the setting may be empty. Names that no setting and no program of ours has are warnings.
 * errors  as settings_read_file
 */
int settings_read_environment(struct settings *settings, char *const *environment, struct diags *findings);

/* Options of the command line beside settings. */
struct settings_command {
	const char *config; /* NULL: the files of CLGUARD_CONFIG_DIR, or of the place of the build */
	bool print_config, check_config, help, version;
};

/* The value of a variable in the form of environ; NULL when it has none. */
const char *settings_variable(char *const *environment, const char *name);

/*
 * Options --name VALUE or --name=VALUE for each setting, '-' for '_', --config FILE, --print-config, --check-config, --help,
 * --version. Files are read first, then the environment, then options; a list takes the words up to the next option and may
 * repeat; it replaces that of what was read before.
 * errors  ERROR_UNKNOWN, ERROR_MISSING, ERROR_TYPE, ERROR_RANGE: usage, and *err has it; those of settings_read_file, with
 *         findings, then *err is empty
 */
int settings_gather(struct settings *settings, int argc, char **argv, char *const *environment,
                    struct settings_command *ret, struct diags *findings, struct error *err);

/* The values in force as a clguard.yaml, each under its help; with `origins` each says where it comes from. No passwords. */
void settings_print(const struct settings *settings, bool origins, FILE *out);

/* The options, a line or two each. */
void settings_usage(FILE *out);

/* The limits of policy documents, and of others that an operator writes. */
struct document_limits settings_document_limits(const struct settings *settings);

/* Copies the engine's options from the settings; the clock is left as it is. */
void settings_engine_options(const struct settings *settings, struct engine_options *ret);

#endif
