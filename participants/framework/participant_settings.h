/* participant_settings - the one table of what can be set of clguard-participant */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_PARTICIPANT_SETTINGS_H
#define PARTICIPANTS_FRAMEWORK_PARTICIPANT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

struct participant_kind;

/* Of one participant. Texts live as long as the program; NULL where nothing was set. */
struct participant_settings {
	const struct participant_kind *kind;
	const char *kind_name, *type, *version, *name;
	int64_t retries, retry_wait_ms, workers, observe_ms, timeout_ms;
	const char *url, *user, *ca, *certificate, *key;
	const char *fail;
	const char *engine, *engine_config;
	const char *guard, *guard_user;
	int64_t guard_lease_ms;
	int64_t delay_ms;
	const char *kubectl, *helm, *kubeconfig, *namespace;
	const char *gateway_namespace;
	int64_t ready_ms;
};

/* Of the process. */
struct process_settings {
	const char *service, *service_user, *service_token, *service_ca, *service_certificate, *service_key, *data,
		*topic;
	int64_t report_ms;
	const char *gateway, *gateway_target, *gateway_reload, *gateway_url, *gateway_status, *gateway_authz,
		*gateway_listen;
	const char *gateway_user, *gateway_ca;
	int64_t gateway_ms;
	bool quiet;
	struct participant_settings *participants;
	size_t count;
};

/*
 * Reads the command line and, with --config, a YAML map of the settings of the process with a list `participants` of
 * those of each; without it the command line gives those of one. kinds: those of this build, ended by NULL. ret_help: --help was asked for. errors: ERROR_UNKNOWN,
 * ERROR_MISSING, ERROR_TYPE, ERROR_RANGE, ERROR_IO, with place where there is one
 */
int participant_settings_read(int argc, char **argv, const struct participant_kind *const kinds[], struct arena *arena,
                              struct process_settings *ret, bool *ret_help, struct error *err);

/* The options with their defaults, ranges and meanings. */
void participant_settings_usage(const struct participant_kind *const kinds[], FILE *out);

#endif
