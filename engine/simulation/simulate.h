/* simulate - plays a script of events and results through operational policies, in virtual time */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SIMULATION_SIMULATE_H
#define ENGINE_SIMULATION_SIMULATE_H

#include <jansson.h>

#include "engine/decide/engine.h"

struct simulate_options {
	enum guard_mode mode;
	const struct document *policies; /* beside the script's own */
	size_t policy_count;
	const struct document *guards; /* decide in place of the script's guard_results; NULL: the script's */
	size_t guard_count;
	bool timeline;      /* also tell what happened when, as lines of text */
	bool topic;         /* also give the notifications as they go over the topic */
	uint64_t steps_max; /* inputs of the machine; bounds the time that a script can take */
};

/* strict, 10,000,000 steps */
extern const struct simulate_options simulate_options_default;

/*
 * Script: {policy, more_policies, events, operation_results, guard_results, env {guard_disabled, locks_held_elsewhere,
 * lock_lost_at, custom_query {vnf-id, vfCount}}}, every member may be left out. Results are taken in order by the
 * attempts of their operation; one that is missing never comes. ret: a new reference to {compile, diagnostics,
 * sequence, final, notifications, history, guard_requests}, and "timeline", "topic" when wanted; also when compile is
 * "error", and nothing was played. Findings about policies go to diags. errors  ERROR_TYPE, ERROR_RANGE  a member of
 * the script is none   ERROR_LIMIT  steps_max   ERROR_MEMORY, ERROR_IO
 */
int simulate(json_t *script, const struct simulate_options *options, json_t **ret, struct diags *diags,
             struct error *err);

#endif
