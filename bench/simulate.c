/* simulate - events a second through the machine of operational policies, and the memory of a storm */
/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "engine/machine/runs.h"

#define EVENTS 1000000
#define RUNS 1024
#define TARGETS 4096 /* more than there is room for: some are rejected, many are duplicates */

/* One event a target; each stays as long as any run may hold it. */
static struct event events[TARGETS];
static struct entry aai[TARGETS];
static char names[TARGETS][16];
static struct directive directives[2];
static struct operational policy;

static void
make_policy(void)
{
	for (size_t i = 0; i < 2; i++) {
		directives[i] = (struct directive){
			.id = i ? STR("rebuild") : STR("restart"),
			.actor = STR("APPC"),
			.operation = i ? STR("Rebuild") : STR("Restart"),
			.target_type = TARGET_VNF,
			.timeout_s = 20,
			.retries = 1,
		};
		for (int r = 0; r < RESULT_COUNT; r++)
			directives[i].route[r] = i == 0 && r != RESULT_SUCCESS ? 1 : ROUTE_FINAL;
	}
	policy = (struct operational){
		.policy = STR("bench"),
		.id = STR("loop"),
		.timeout_s = 100,
		.directives = directives,
		.count = 2,
	};
	for (size_t i = 0; i < TARGETS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "vnf-%zu", i);
		aai[i] = (struct entry){STR("generic-vnf.vnf-id"), str_from(names[i]), false};
		events[i] = (struct event){
			.clname = STR("loop"),
			.status = STR("ONSET"),
			.request_id = STR("r"),
			.target = STR("generic-vnf.vnf-id"),
			.target_type = STR("VNF"),
			.has_aai = true,
			.aai = {&aai[i], 1},
			.identity = str_from(names[i]),
			.aai_identity = str_from(names[i]),
		};
	}
}

struct tally {
	size_t transactions, finals, ignored, rejected, attempts, actions;
	uint64_t random;
};

/* Locks and guards answer at once; actors answer at once, or, one time in eight, never. */
static void
answer(struct runs *runs, struct actions *actions, int64_t now_ms, struct tally *tally)
{
	for (;;) {
		const struct action *ask = NULL;
		struct answer say = {.good = true};
		uint32_t slot;

		for (size_t i = 0; i < actions->count; i++) {
			const struct action *action = &actions->list[i];

			tally->actions++;
			tally->finals += action->kind == ACTION_FINAL;
			tally->rejected += action->kind == ACTION_REJECT;
			tally->ignored += action->kind == ACTION_IGNORE;
			tally->attempts += action->kind == ACTION_START;
			if (action->kind <= ACTION_START)
				ask = action;
		}
		tally->random = tally->random * 6364136223846793005u + 1442695040888963407u;
		if (!ask || (ask->kind == ACTION_START && tally->random >> 61 == 0))
			return;
		say.kind = ask->kind == ACTION_LOCK    ? ANSWER_LOCK
		           : ask->kind == ACTION_GUARD ? ANSWER_GUARD
		                                       : ANSWER_RESULT;
		say.result = tally->random >> 60 & 1 ? RESULT_SUCCESS : RESULT_FAILURE;
		say.generation = ask->generation;
		slot = ask->run->slot;
		if (!runs_answer(runs, slot, &say, now_ms, actions))
			return;
	}
}

int
main(int argc, char **argv)
{
	struct runs_options options = runs_options_default;
	struct tally tally = {.random = 1};
	struct samples samples;
	struct runs *runs;
	size_t before;

	report_begin("simulate", argc, argv);
	make_policy();
	options.runs_max = RUNS;
	runs = runs_new(&policy, &options);
	if (!runs)
		return 1;
	samples_init(&samples, EVENTS);
	before = mallinfo2().uordblks;
	for (size_t i = 0; i < EVENTS; i++) {
		int64_t now_ms = (int64_t)i; /* a thousand events a second of virtual time */
		const struct event *event = &events[tally.random >> 32 & (TARGETS - 1)];
		struct actions actions;
		uint64_t start = clock_ticks();

		while (runs_tick(runs, now_ms, &actions))
			answer(runs, &actions, now_ms, &tally);
		tally.transactions += runs_event(runs, event, now_ms, now_ms, &actions);
		answer(runs, &actions, now_ms, &tally);
		samples_add(&samples, start, clock_ticks());
	}
	printf("%d events, %zu transactions (%zu running), %zu attempts, %zu duplicates, %zu rejected, %zu actions\n",
	       EVENTS, tally.transactions, runs_running(runs), tally.attempts, tally.ignored, tally.rejected,
	       tally.actions);
	report_samples(&samples, "ns", "an event");
	report_number(1e9 / samples_mean(&samples), "events/s", "rate");
	report_number((double)(mallinfo2().uordblks - before), "bytes", "heap grown");
	samples_free(&samples);
	runs_free(runs);
	return 0;
}
