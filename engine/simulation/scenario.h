/* scenario - elements that fail, recover and flap, under operational policies, for days of virtual time */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SIMULATION_SCENARIO_H
#define ENGINE_SIMULATION_SCENARIO_H

#include <jansson.h>

#include "engine/decide/engine.h"

struct scenario_options {
	enum guard_mode mode;
	const struct document *policies; /* operational */
	size_t policy_count;
	const struct document *guards; /* NULL: everything is permitted */
	size_t guard_count;
	uint64_t steps_max;
};

/* strict, 50,000,000 steps */
extern const struct scenario_options scenario_options_default;

/*
 * Scenario, YAML or JSON:
 *   duration: 7 d                      virtual time
 *   start: 2026-03-01T00:00:00Z        optional
 *   seed: 1                            optional: another course of things
 *   windows: [15 m, 1 h, 1 d]          optional: of limiters to try on
 *   elements:
 *     - name: fw                       fw-1 .. fw-50
 *       count: 50                      optional, 1
 *       loop: ControlLoop-Firewall     who hears of it
 *       key: generic-vnf.vnf-id        optional: the event's target field
 *       aai: {generic-vnf.vnf-type: x} optional: what else its events say
 *       fails: 2 d                     mean time between failures
 *       recovers: 6 h                  optional: mean time until it recovers by itself
 *       flaps: 0.1                     optional: how often a repaired one fails again within a minute
 *       repeats: 5 m                   optional: how often a failed one is reported again
 *       vf_count: 2                    optional: VF modules there are
 *       cures:                         optional: how an operation goes, by its id; any other succeeds in 60 s
 *         restart: {success: 0.7, takes: 30 s}
 * ret: a new reference to {elements, days, failures, events, transactions, operations {tried, succeeded, failed,
 * denied}, heal {by_operation, by_itself, not_yet, p50_s, p90_s, p99_s, max_s}, finals {}, limits [{actor, operation,
 * window, per_target, in_all}]}; limits: what a limiter with such a window would need as its limit, to deny nothing
 * that was asked.
 * errors  ERROR_TYPE, ERROR_RANGE, ERROR_MISSING with the place in the scenario; ERROR_LIMIT steps_max;
 *         ERROR_SYNTAX: the policies have errors, in diags; ERROR_MEMORY, ERROR_IO
 */
int scenario_run(const struct document *scenario, const struct scenario_options *options, json_t **ret,
                 struct diags *diags, struct error *err);

#endif
