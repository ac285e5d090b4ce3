/* test_loops - properties of the machine that hold for any policy, any events, any answers */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include "engine/machine/heap.h"
#include "engine/machine/window.h"
#include "tests/cmocka_all.h"

#define ROUNDS 300
#define EVENTS 120
#define SLOTS 6
#define TARGETS 4
#define LOOPS 3
#define DIRECTIVES 6

struct random {
	uint64_t state;
};

static uint64_t
below(struct random *random, uint64_t bound)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return random->state % bound;
}

/* What is known of one transaction from its actions alone. */
struct seen {
	bool live, permitted, locked, accepted, final, open;
	uint32_t attempts;
	const struct directive *at;
	int64_t deadline_ms;
	size_t open_serial;
};

struct world {
	struct random random;
	struct operational policies[LOOPS];
	struct directive directives[LOOPS][DIRECTIVES];
	struct event events[EVENTS];
	bool event_busy[EVENTS];
	struct entry aai[TARGETS];
	char identity[EVENTS][32];
	struct seen seen[SLOTS];
	bool lock_held[TARGETS];
	struct runs *runs;
	struct {
		int64_t when;
		struct answer answer;
		bool waits;
	} pending[SLOTS];
	int64_t now_ms;
	size_t begun, ended, started, closed;
};

static const char *const targets[TARGETS] = {"t0", "t1", "t2", "t3"};
static const char *const names[LOOPS] = {"loop-0", "loop-1", "loop-2"};

static void
make_policies(struct world *w)
{
	for (size_t i = 0; i < LOOPS; i++) {
		struct operational *policy = &w->policies[i];
		int32_t count = 1 + (int32_t)below(&w->random, DIRECTIVES);

		*policy = (struct operational){
			.next = i + 1 < LOOPS ? &w->policies[i + 1] : NULL,
			.policy = str_from(names[i]),
			.id = str_from(names[i]),
			.timeout_s = 1 + (int32_t)below(&w->random, 40),
			.waits_for_abated = below(&w->random, 3) == 0,
			.trigger = below(&w->random, 12) == 0 ? -1 : 0,
			.directives = w->directives[i],
			.count = (size_t)count,
		};
		for (int32_t j = 0; j < count; j++) {
			struct directive *d = &w->directives[i][j];

			*d = (struct directive){
				.id = STR("d"),
				.actor = STR("A"),
				.operation = STR("O"),
				.target_type = TARGET_VNF,
				.timeout_s = 1 + (int32_t)below(&w->random, 8),
				.retries = (int32_t)below(&w->random, 3),
				.vf_change = (int8_t)(below(&w->random, 4) == 0),
			};
			for (int r = 0; r < RESULT_COUNT; r++)
				d->route[r] = j + 1 < count && below(&w->random, 2)
				                      ? j + 1 + (int32_t)below(&w->random, (uint64_t)(count - j - 1))
				                      : ROUTE_FINAL;
		}
	}
}

static void
answer_later(struct world *w, const struct action *action, struct answer answer)
{
	answer.generation = action->generation;
	w->pending[action->run->slot].answer = answer;
	w->pending[action->run->slot].when = w->now_ms + (int64_t)below(&w->random, 9000);
	w->pending[action->run->slot].waits = below(&w->random, 8) != 0; /* else it never comes */
}

static void
check_row(struct world *w, const struct action *action, struct seen *seen)
{
	char id[SUBREQUEST_SIZE];
	struct operation row;

	if (!action_row(action, id, &row))
		return;
	if (action->kind == ACTION_START) {
		assert_false(seen->open);
		seen->open = true;
		seen->open_serial = action->serial;
		w->started++;
		assert_true(str_is(row.outcome, "Started"));
		assert_int_equal(row.end_ms, TIME_NONE);
	} else if (action->kind == ACTION_ENDED || action->kind == ACTION_ABORT) {
		assert_true(seen->open);
		assert_int_equal(action->serial, seen->open_serial);
		seen->open = false;
		w->closed++;
		assert_true(row.end_ms >= row.start_ms);
	}
}

static size_t
target_index(struct str target)
{
	for (size_t i = 0; i < TARGETS; i++) {
		if (str_is(target, targets[i]))
			return i;
	}
	fail_msg("a target that nobody named");
	return 0;
}

/* Every action is held against what was seen of its transaction. */
static void
check_action(struct world *w, const struct action *action)
{
	struct seen *seen = action->run ? &w->seen[action->run->slot] : NULL;

	if (!seen)
		return;
	assert_true(seen->live);
	assert_true(w->now_ms <= seen->deadline_ms);
	check_row(w, action, seen);
	switch (action->kind) {
	case ACTION_LOCKED:
		assert_false(w->lock_held[target_index(action->run->target)]);
		w->lock_held[target_index(action->run->target)] = seen->locked = true;
		break;
	case ACTION_UNLOCK:
		assert_true(seen->locked);
		w->lock_held[target_index(action->run->target)] = seen->locked = false;
		break;
	case ACTION_GUARD:
		assert_true(seen->locked);
		seen->permitted = false;
		seen->attempts = 0;
		seen->at = action->directive;
		answer_later(w, action, (struct answer){.kind = ANSWER_GUARD, .good = below(&w->random, 4) != 0});
		break;
	case ACTION_GUARDED:
		seen->permitted = action->permit;
		break;
	case ACTION_START:
		assert_true(seen->permitted);
		assert_true(seen->locked);
		assert_ptr_equal(seen->at, action->directive);
		assert_true(++seen->attempts <= 1 + (uint32_t)action->directive->retries);
		answer_later(w, action,
		             (struct answer){.kind = ANSWER_RESULT,
		                             .result = below(&w->random, 4) == 0   ? RESULT_FAILURE_EXCEPTION
		                                       : below(&w->random, 2) == 0 ? RESULT_SUCCESS
		                                                                   : RESULT_FAILURE});
		break;
	case ACTION_LOCK:
		answer_later(w, action, (struct answer){.kind = ANSWER_LOCK, .good = below(&w->random, 5) != 0});
		break;
	case ACTION_QUERY:
		answer_later(w, action,
		             (struct answer){.kind = ANSWER_QUERY,
		                             .good = below(&w->random, 5) != 0,
		                             .has_count = below(&w->random, 5) != 0,
		                             .vf_count = (int32_t)below(&w->random, 5)});
		break;
	case ACTION_FINAL:
	case ACTION_REJECT:
		assert_false(seen->final);
		assert_false(seen->locked);
		assert_false(seen->open); /* no row is left behind */
		seen->final = true;
		break;
	case ACTION_DONE:
		assert_true(seen->final);
		seen->live = false;
		w->event_busy[action->event - w->events] = false;
		w->ended++;
		break;
	default:
		break;
	}
}

static void
check_actions(struct world *w, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		check_action(w, &actions->list[i]);
}

static void
send_event(struct world *w, size_t index)
{
	struct event *event = &w->events[index];
	size_t loop = below(&w->random, LOOPS), target = below(&w->random, TARGETS);
	struct actions actions;
	bool taken;

	if (w->event_busy[index])
		return;
	w->aai[target] = (struct entry){STR("generic-vnf.vnf-id"), str_from(targets[target]), false};
	(void)snprintf(w->identity[index], sizeof(w->identity[index]), "%zu/%zu", loop, target);
	*event = (struct event){
		.clname = str_from(names[loop]),
		.status = below(&w->random, 6) == 0 ? STR("ABATED") : STR("ONSET"),
		.request_id = below(&w->random, 20) == 0 ? STR_NONE : STR("r"),
		.target = STR("generic-vnf.vnf-id"),
		.target_type = STR("VNF"),
		.has_aai = true,
		.aai = {&w->aai[target], 1},
		.identity = str_from(w->identity[index]),
		.aai_identity = str_from(targets[target]),
	};
	taken = runs_event(w->runs, event, w->now_ms, w->now_ms, &actions);
	if (taken) {
		const struct run *run = actions.list[0].run;
		struct seen *seen = &w->seen[run->slot];

		assert_false(seen->live);
		*seen = (struct seen){.live = true,
		                      .deadline_ms = w->now_ms + (int64_t)w->policies[loop].timeout_s * 1000};
		w->pending[run->slot].waits = false;
		w->event_busy[index] = true;
		w->begun++;
	}
	check_actions(w, &actions);
}

/* The lock of a target goes, now and then. The machine says nothing of UNLOCK then: it is gone. */
static void
lose_lock(struct world *w)
{
	size_t target = below(&w->random, TARGETS);
	struct actions actions;

	if (!w->lock_held[target])
		return;
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		if (w->seen[slot].live && w->seen[slot].locked &&
		    str_is(runs_run(w->runs, slot)->target, targets[target]))
			w->seen[slot].locked = false;
	}
	w->lock_held[target] = false;
	assert_true(runs_lock_lost(w->runs, str_from(targets[target]), w->now_ms, &actions));
	check_actions(w, &actions);
}

/* Lets everything happen that is due by `until`, in order. */
static void
pass_time(struct world *w, int64_t until)
{
	for (;;) {
		int64_t when = runs_due(w->runs);
		struct actions actions;
		size_t slot = SLOTS;

		for (size_t i = 0; i < SLOTS; i++) {
			if (w->pending[i].waits && w->pending[i].when < when) {
				when = w->pending[i].when;
				slot = i;
			}
		}
		if (when > until)
			break;
		if (when > w->now_ms)
			w->now_ms = when;
		if (slot < SLOTS) {
			struct answer answer = w->pending[slot].answer;

			w->pending[slot].waits = false;
			if (runs_answer(w->runs, (uint32_t)slot, &answer, w->now_ms, &actions))
				check_actions(w, &actions);
		} else {
			assert_true(runs_tick(w->runs, w->now_ms, &actions));
			check_actions(w, &actions);
		}
	}
	w->now_ms = until == INT64_MAX - 1 ? w->now_ms : until;
}

static void
play_round(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	struct runs_options options = runs_options_default;

	assert_non_null(w);
	w->random.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	make_policies(w);
	options.runs_max = SLOTS;
	w->runs = runs_new(w->policies, &options);
	assert_non_null(w->runs);
	for (size_t i = 0; i < EVENTS; i++) {
		send_event(w, i);
		if (below(&w->random, 15) == 0)
			lose_lock(w);
		pass_time(w, w->now_ms + (int64_t)below(&w->random, 4000));
	}
	pass_time(w, INT64_MAX - 1);
	assert_int_equal(w->begun, w->ended);
	assert_int_equal(w->started, w->closed);
	assert_int_equal(runs_running(w->runs), 0);
	for (size_t i = 0; i < TARGETS; i++)
		assert_false(w->lock_held[i]);
	runs_free(w->runs);
	free(w);
}

/*
 * For random policies, events, answers and lost locks: each transaction ends, with one final, by its overall timeout; a
 * target has one lock at most; no attempt starts that the guard did not permit; no row of the history is lost.
 */
static void
whatever_happens_the_machine_keeps_its_promises(void **state)
{
	const char *text = getenv("CLGUARD_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : 1;

	(void)state;
	for (uint64_t round = 0; round < ROUNDS; round++)
		play_round(seed * 1000003 + round);
}

static void
one_transaction_too_many_is_rejected(void **state)
{
	struct world *w = calloc(1, sizeof(*w)); /* only its policies and events are used */
	struct runs_options options = runs_options_default;
	struct actions actions;
	size_t rejected = 0;

	(void)state;
	assert_non_null(w);
	w->random.state = 7;
	make_policies(w);
	w->policies[0].trigger = 0;
	w->policies[0].timeout_s = 1000;
	options.runs_max = 2;
	w->runs = runs_new(w->policies, &options);
	assert_non_null(w->runs);
	for (size_t i = 0; i < 3; i++) {
		w->aai[i] = (struct entry){STR("generic-vnf.vnf-id"), str_from(targets[i]), false};
		w->events[i] = (struct event){
			.clname = str_from(names[0]),
			.status = STR("ONSET"),
			.request_id = STR("r"),
			.target = STR("generic-vnf.vnf-id"),
			.target_type = STR("VNF"),
			.has_aai = true,
			.aai = {&w->aai[i], 1},
			.identity = str_from(targets[i]),
		};
		(void)runs_event(w->runs, &w->events[i], 0, 0, &actions);
		rejected += actions.list[0].kind == ACTION_REJECT;
	}
	assert_int_equal(rejected, 1);
	assert_int_equal(runs_running(w->runs), 2);
	runs_free(w->runs);
	free(w);
}

static void
a_heap_gives_slots_by_time_and_equal_times_in_order(void **state)
{
	struct heap heap;
	uint32_t slot;
	int64_t when, last = INT64_MIN;

	(void)state;
	assert_int_equal(heap_init(&heap, 64), 0);
	for (uint32_t i = 0; i < 64; i++)
		heap_set(&heap, i, (int64_t)(i * 37 % 16));
	for (uint32_t i = 0; i < 64; i += 3)
		heap_set(&heap, i, INT64_MAX);
	heap_set(&heap, 1, -5);
	assert_true(heap_first(&heap, &slot, &when));
	assert_int_equal(slot, 1);
	while (heap_first(&heap, &slot, &when)) {
		assert_true(when >= last && slot % 3 != 0);
		last = when;
		heap_set(&heap, slot, INT64_MAX);
	}
	heap_set(&heap, 9, 4);
	heap_set(&heap, 3, 4);
	assert_true(heap_first(&heap, &slot, &when) && slot == 9);
	heap_done(&heap);
}

static void
a_window_counts_within_its_period_and_the_oldest_key_gives_way(void **state)
{
	struct windows windows;
	struct hash128 a = {1, 1}, b = {2, 2}, c = {3, 3};

	(void)state;
	assert_int_equal(windows_init(&windows, 2, 3), 0);
	assert_int_equal(windows_add(&windows, a, 0, 300, 3), 1);
	assert_int_equal(windows_add(&windows, a, 299, 300, 3), 2);
	assert_int_equal(windows_add(&windows, a, 300, 300, 3), 2); /* the one at 0 is 300 ago: out */
	assert_int_equal(windows_add(&windows, a, 301, 300, 3), 3);
	assert_int_equal(windows_add(&windows, a, 302, 300, 3), 1); /* it began again */
	assert_int_equal(windows_add(&windows, b, 303, 300, 3), 1);
	assert_int_equal(windows_add(&windows, c, 304, 300, 3), 1); /* in the place of a */
	assert_int_equal(windows_add(&windows, b, 305, 300, 3), 2);
	assert_int_equal(windows_add(&windows, a, 306, 300, 3), 1);
	windows_done(&windows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_happens_the_machine_keeps_its_promises),
		cmocka_unit_test(one_transaction_too_many_is_rejected),
		cmocka_unit_test(a_heap_gives_slots_by_time_and_equal_times_in_order),
		cmocka_unit_test(a_window_counts_within_its_period_and_the_oldest_key_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
