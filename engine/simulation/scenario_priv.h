/* scenario_priv - what the parts of a scenario share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SIMULATION_SCENARIO_PRIV_H
#define ENGINE_SIMULATION_SCENARIO_PRIV_H

#include "engine/machine/heap.h"
#include "engine/machine/runs.h"
#include "engine/simulation/scenario.h"

struct sandbox;

#define PLANT_ELEMENTS_MAX 1000000
#define PLANT_WINDOWS_MAX 8

/* How an operation goes. */
struct cure {
	struct str operation; /* id of a directive */
	double success;
	int64_t takes_ms;
};

/* Elements of one kind. */
struct scenario_group {
	struct str name, loop, key;
	int64_t count;
	int64_t fails_ms, recovers_ms, repeats_ms; /* 0: never */
	double flaps;
	int32_t vf_count;
	const struct cure *cures;
	size_t cure_count;
	const struct entry *aai;
	size_t aai_count;
};

struct scenario {
	int64_t start_ms, duration_ms;
	uint64_t seed;
	int64_t windows[PLANT_WINDOWS_MAX];
	size_t window_count;
	const struct scenario_group *groups;
	size_t group_count;
	size_t elements;
};

/* Texts and lists are in `arena`. */
int scenario_read(const struct node *root, struct arena *arena, struct scenario *ret, struct error *err);

/* A question to the guard, or an attempt. */
struct scenario_asked {
	const struct directive *directive;
	uint32_t element;
	bool attempt;
	int64_t at_ms;  /* of the question; start of the attempt */
	int64_t end_ms; /* of the attempt */
};

/* The totals of a scenario. */
struct scenario_tally {
	uint64_t failures, events, transactions, tried, succeeded, failed, denied, ignored;
	uint64_t by_operation, by_itself, not_yet;
	uint64_t finals[RESULT_COUNT + 2], rejected;
	int64_t *healed_ms; /* times to heal */
	size_t healed_count, healed_room;
	struct scenario_asked *asked;
	size_t asked_count, asked_room;
};

/* One element. Its events are two that stay: an ONSET, and the ABATED that takes it back. */
struct scenario_element {
	const struct scenario_group *group;
	struct event onset, abated;
	bool failed;
	int64_t failed_ms, recovers_ms, reports_ms; /* while failed: since when, and what comes next */
	int64_t fails_ms;                           /* while well */
};

/* The scripted answer from outside to one run. */
struct scenario_pending {
	struct answer answer;
	bool cured; /* the answer is that of a success */
};

/* A scenario at work. */
struct playback {
	const struct scenario *scenario;
	const struct scenario_options *options;
	struct scenario_element *elements;
	struct runs *runs;
	struct sandbox *sandbox;
	struct heap changes; /* of elements */
	struct heap answers; /* by slot of a run */
	struct scenario_pending *pending;
	struct scenario_tally tally;
	uint64_t random;
	int64_t now_ms;
	int status;
	struct error *err;
};

/* Exponential with this mean. */
int64_t playback_exponential(struct playback *playback, int64_t mean_ms);
/* Enters when the element changes next. */
void playback_schedule(struct playback *playback, const struct scenario_element *element);
/* Lets the scenario's time pass. */
int playback_play(struct playback *playback);

/* The report as JSON, NULL when out of memory. */
json_t *tally_report(struct scenario_tally *tally, const struct scenario *scenario);

#endif
