/* test_supervise - instances play through orders, answers and time without a database or a clock */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "runtime/supervision/restore.h"
#include "runtime/supervision/supervise.h"
#include "runtime/supervision/tick.h"
#include "tests/cmocka_all.h"

#define WAIT_MS 100000
#define BEAT_MS 20000

struct stage {
	struct arena arena;
	struct loop loop;
	struct element elements[3];
	struct supervision supervision;
	struct supervision_limits limits;
	bool permitted;
	enum host_condition host;
	enum handing handing;
};

static bool
permit(void *context, struct loop *loop, struct element *element, bool update, enum loop_state state)
{
	(void)loop;
	(void)element;
	(void)update;
	(void)state;
	return ((struct stage *)context)->permitted;
}

static enum host_condition
host(void *context, const struct element *element)
{
	(void)element;
	return ((struct stage *)context)->host;
}

static enum handing
handing(void *context, const struct loop *loop, const struct element *element)
{
	(void)loop;
	(void)element;
	return ((struct stage *)context)->handing;
}

/* Three elements of phases 0, 1, 2, in a settled state, each with a reservation. */
static int
set_up(void **state)
{
	struct stage *stage = test_calloc(1, sizeof(*stage));

	arena_init(&stage->arena, 0);
	stage->limits =
		(struct supervision_limits){.wait_ms = WAIT_MS, .tick_ms = BEAT_MS, .retries = 2, .lease_ms = 3600000};
	stage->permitted = true;
	stage->loop = (struct loop){
		.elements = stage->elements, .count = 3, .phase = PHASE_NONE, .failure.time_ms = TIME_NONE};
	for (int i = 0; i < 3; i++)
		stage->elements[i] = (struct element){.id = {&"abc"[i], 1}, .phase = i};
	stage->supervision = (struct supervision){.limits = &stage->limits,
	                                          .arena = &stage->arena,
	                                          .permit = permit,
	                                          .host = host,
	                                          .handing = handing,
	                                          .context = stage};
	supervision_init(&stage->supervision);
	*state = stage;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *stage = *state;

	arena_free(&stage->arena);
	test_free(stage);
	return 0;
}

static void
settle(struct stage *stage, enum loop_state state)
{
	stage->loop.state = stage->loop.ordered = state;
	for (int i = 0; i < 3; i++)
		stage->elements[i].state = stage->elements[i].ordered = state;
}

static void
order(struct stage *stage, enum loop_state to)
{
	enum loop_state next;

	assert_int_equal(order_check(stage->loop.state, stage->loop.result, to, &next), ORDER_STARTS);
	for (int i = 0; i < 3; i++)
		if (loop_order_asks(&stage->loop, &stage->elements[i], next))
			stage->elements[i].reservation = (struct str){&"xyz"[i], 1};
	loop_order(&stage->supervision, &stage->loop, next);
}

static bool
answer(struct stage *stage, int element, enum loop_state state, bool result)
{
	return loop_answer(&stage->supervision, &stage->loop, &stage->elements[element], state, result, STR("m"));
}

/* How many tasks of a kind there were, about a phase or a reservation when one is given; then they are forgotten. */
static int
count(struct stage *stage, enum task_kind kind)
{
	int found = 0;

	for (const struct task *task = stage->supervision.first; task; task = task->next)
		found += task->kind == kind;
	return found;
}

static void
forget(struct stage *stage)
{
	supervision_init(&stage->supervision);
}

static void
phases_go_up_on_start_and_down_on_stop(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	assert_int_equal(stage->loop.phase, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(stage->elements[i].state, LOOP_PASSIVE2RUNNING);
		assert_true(answer(stage, i, LOOP_RUNNING, true));
	}
	assert_int_equal(stage->loop.state, LOOP_RUNNING);
	assert_int_equal(count(stage, TASK_STATE_CHANGE), 3);
	assert_int_equal(count(stage, TASK_SETTLE), 3);
	order(stage, LOOP_PASSIVE);
	assert_int_equal(stage->loop.phase, 2);
	assert_int_equal(stage->elements[0].state, LOOP_RUNNING);
}

static void
an_answer_is_taken_once_and_only_for_what_is_ordered(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	assert_false(answer(stage, 0, LOOP_PASSIVE, true));
	assert_true(answer(stage, 0, LOOP_RUNNING, true));
	assert_false(answer(stage, 0, LOOP_RUNNING, true));
	assert_false(answer(stage, 0, LOOP_RUNNING, false));
	assert_false(answer(stage, 2, LOOP_PASSIVE, false));
	assert_int_equal(stage->loop.result, CHANGE_NO_ERROR);
}

static void
a_failure_gives_back_what_was_not_used_and_may_be_ordered_on_or_back(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	assert_true(answer(stage, 0, LOOP_RUNNING, true));
	forget(stage);
	assert_true(answer(stage, 1, LOOP_RUNNING, false));
	assert_int_equal(stage->loop.result, CHANGE_FAILED);
	assert_int_equal(count(stage, TASK_SETTLE), 1);
	assert_int_equal(count(stage, TASK_ABORT), 1);
	forget(stage);
	order(stage, LOOP_PASSIVE);
	assert_int_equal(stage->loop.phase, 1);
	assert_int_equal(stage->elements[2].state, LOOP_PASSIVE);
	assert_null(stage->elements[2].reservation.ptr);
	assert_true(answer(stage, 1, LOOP_PASSIVE, true));
	assert_true(answer(stage, 0, LOOP_PASSIVE, true));
	assert_int_equal(stage->loop.state, LOOP_PASSIVE);
}

static void
silence_is_asked_again_and_then_a_timeout(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	stage->supervision.now_ms = WAIT_MS;
	assert_false(loop_tick(&stage->supervision, &stage->loop));
	for (unsigned i = 1; i <= stage->limits.retries; i++) {
		stage->supervision.now_ms = WAIT_MS + i;
		assert_true(loop_tick(&stage->supervision, &stage->loop));
	}
	assert_int_equal(count(stage, TASK_STATE_CHANGE), 3);
	assert_true(loop_tick(&stage->supervision, &stage->loop));
	assert_int_equal(stage->loop.result, CHANGE_TIMEOUT);
	assert_false(loop_tick(&stage->supervision, &stage->loop));
}

static void
a_late_success_goes_on_if_the_guards_agree(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	stage->loop.retries = stage->limits.retries;
	stage->supervision.now_ms = WAIT_MS + 1;
	assert_true(loop_tick(&stage->supervision, &stage->loop));
	stage->permitted = false;
	assert_true(answer(stage, 0, LOOP_RUNNING, true));
	assert_int_equal(stage->loop.result, CHANGE_TIMEOUT);
	assert_int_equal(stage->loop.phase, 0);
	stage->permitted = true;
	stage->elements[0].state = LOOP_PASSIVE2RUNNING;
	assert_true(answer(stage, 0, LOOP_RUNNING, true));
	assert_int_equal(stage->loop.result, CHANGE_NO_ERROR);
	assert_int_equal(stage->loop.phase, 1);
}

static void
a_definitions_own_limit_goes_before_the_retries(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	stage->elements[0].timeout_s[TIMEOUT_TO_RUNNING] = 30;
	order(stage, LOOP_RUNNING);
	stage->supervision.now_ms = 30000;
	assert_false(loop_tick(&stage->supervision, &stage->loop));
	stage->supervision.now_ms = 30001;
	assert_true(loop_tick(&stage->supervision, &stage->loop));
	assert_int_equal(stage->loop.result, CHANGE_TIMEOUT);
}

static void
the_first_update_reaches_everybody_even_without_a_phase_0(void **state)
{
	struct stage *stage = *state;

	stage->elements[0].phase = 5;
	order(stage, LOOP_PASSIVE);
	assert_int_equal(count(stage, TASK_UPDATE), 2);
	assert_int_equal(stage->loop.phase, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stage->elements[i].state, LOOP_UNINITIALISED2PASSIVE);
	order(stage, LOOP_UNINITIALISED);
	assert_int_equal(stage->loop.phase, 5);
}

static void
leases_are_renewed_while_a_transition_is_open(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	stage->loop.since_ms = stage->supervision.now_ms = stage->limits.lease_ms / 2;
	assert_true(loop_tick(&stage->supervision, &stage->loop));
	assert_int_equal(count(stage, TASK_RENEW), 3);
}

static void
a_refusal_is_ordered_again_before_it_counts(void **state)
{
	struct stage *stage = *state;

	stage->limits.rollback = true;
	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	forget(stage);
	for (unsigned i = 0; i < stage->limits.retries; i++) {
		assert_true(answer(stage, 0, LOOP_RUNNING, false));
		assert_int_equal(stage->loop.result, CHANGE_NO_ERROR);
		assert_int_equal(count(stage, TASK_STATE_CHANGE), 1 + (int)i);
	}
	assert_true(answer(stage, 0, LOOP_RUNNING, false));
	assert_int_equal(stage->loop.result, CHANGE_FAILED);
	assert_int_equal(count(stage, TASK_STATE_CHANGE), (int)stage->limits.retries);
	assert_int_equal(count(stage, TASK_ROLL_BACK), 1);
	assert_int_not_equal(stage->loop.failure.time_ms, TIME_NONE);
	assert_true(str_is(stage->loop.failure.element, "a"));
	assert_true(str_is(stage->loop.failure.message, "m"));
	assert_true(str_is(stage->loop.failure.done, "ordered again 2 times; ordered back"));
}

static void
a_failure_is_remembered_until_an_order_succeeds(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	assert_true(answer(stage, 0, LOOP_RUNNING, false));
	order(stage, LOOP_PASSIVE);
	stage->loop.reverting = true;
	assert_true(answer(stage, 0, LOOP_PASSIVE, true));
	assert_int_equal(stage->loop.state, LOOP_PASSIVE);
	assert_int_not_equal(stage->loop.failure.time_ms, TIME_NONE);
	order(stage, LOOP_RUNNING);
	for (int i = 0; i < 3; i++)
		assert_true(answer(stage, i, LOOP_RUNNING, true));
	assert_int_equal(stage->loop.failure.time_ms, TIME_NONE);
}

static void
a_refusal_before_the_order_does_not_count(void **state)
{
	struct stage *stage = *state;

	order(stage, LOOP_PASSIVE);
	assert_false(answer(stage, 2, LOOP_PASSIVE, false));
	assert_int_equal(stage->loop.result, CHANGE_NO_ERROR);
}

static void
time_runs_from_when_the_order_was_handed_over_and_repetitions_back_off(void **state)
{
	struct stage *stage = *state;
	int64_t handed_ms = 500000;
	const int64_t repeated_ms[] = {handed_ms + WAIT_MS, handed_ms + WAIT_MS + BEAT_MS};

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_RUNNING);
	forget(stage);
	stage->handing = HANDING_PENDING;
	stage->supervision.now_ms = handed_ms - 1;
	assert_false(loop_tick(&stage->supervision, &stage->loop));
	stage->handing = HANDING_DONE;
	stage->supervision.now_ms = handed_ms;
	assert_true(loop_tick(&stage->supervision, &stage->loop));
	assert_int_equal(count(stage, TASK_STATE_CHANGE), 0);
	for (int i = 0; i < 2; i++) {
		stage->supervision.now_ms = repeated_ms[i];
		assert_false(loop_tick(&stage->supervision, &stage->loop));
		stage->supervision.now_ms++;
		assert_true(loop_tick(&stage->supervision, &stage->loop));
		assert_int_equal(count(stage, TASK_STATE_CHANGE), i + 1);
	}
	stage->supervision.now_ms = handed_ms + WAIT_MS + 3 * BEAT_MS;
	assert_false(loop_tick(&stage->supervision, &stage->loop));
	stage->supervision.now_ms++;
	assert_true(loop_tick(&stage->supervision, &stage->loop));
	assert_int_equal(stage->loop.result, CHANGE_TIMEOUT);
}

static void
what_a_participant_has_lost_is_restored_in_start_phases(void **state)
{
	struct stage *stage = *state;
	struct concept host_id = {STR("h"), STR("1.0.0")};

	settle(stage, LOOP_RUNNING);
	for (int i = 0; i < 3; i++)
		stage->elements[i].participant_id = host_id;
	assert_true(loop_returned(&stage->supervision, &stage->loop, host_id));
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3; j++)
			assert_int_equal(stage->elements[j].restore, j < i    ? RESTORE_NONE
			                                             : j == i ? RESTORE_UPDATE
			                                                      : RESTORE_WAITS);
		assert_true(answer(stage, i, LOOP_PASSIVE, true));
		assert_int_equal(stage->elements[i].restore, RESTORE_STATE);
		assert_true(stage->elements[i].missing);
		assert_true(answer(stage, i, LOOP_RUNNING, true));
		assert_false(stage->elements[i].missing);
	}
	assert_int_equal(count(stage, TASK_STATE_CHANGE), 3);
	assert_int_equal(stage->loop.state, LOOP_RUNNING);
}

static void
a_missing_element_is_tried_so_many_times_and_then_faulty(void **state)
{
	struct stage *stage = *state;
	struct element *element = &stage->elements[1];

	settle(stage, LOOP_RUNNING);
	stage->supervision.now_ms = 1000;
	assert_true(loop_missing(&stage->supervision, &stage->loop, element));
	for (unsigned i = 1; i <= stage->limits.retries; i++) {
		assert_int_equal(element->tries, i);
		assert_false(element->faulty);
		stage->supervision.now_ms += WAIT_MS;
		assert_false(loop_tick(&stage->supervision, &stage->loop));
		stage->supervision.now_ms++;
		assert_true(loop_tick(&stage->supervision, &stage->loop));
	}
	assert_true(element->faulty);
	assert_int_equal(count(stage, TASK_UPDATE), 2 * (int)stage->limits.retries); /* of phase 0 and of its own */
	assert_false(loop_missing(&stage->supervision, &stage->loop, element));
	assert_true(loop_report(&stage->supervision, &stage->loop, element, LOOP_RUNNING));
	assert_false(element->faulty || element->missing);
}

static void
of_a_silent_participant_nothing_is_asked(void **state)
{
	struct stage *stage = *state;

	stage->host = HOST_SILENT;
	settle(stage, LOOP_RUNNING);
	assert_true(loop_missing(&stage->supervision, &stage->loop, &stage->elements[0]));
	assert_true(stage->elements[0].missing);
	assert_int_equal(count(stage, TASK_UPDATE), 0);
	assert_false(loop_missing(&stage->supervision, &stage->loop, &stage->elements[0]));
	stage->host = HOST_WELL;
	assert_true(loop_missing(&stage->supervision, &stage->loop, &stage->elements[0]));
	assert_int_equal(count(stage, TASK_UPDATE), 1);
}

static void
a_denied_restoration_waits_and_is_given_up(void **state)
{
	struct stage *stage = *state;
	struct element *element = &stage->elements[0];

	stage->permitted = false;
	settle(stage, LOOP_PASSIVE);
	assert_true(loop_missing(&stage->supervision, &stage->loop, element));
	assert_int_equal(element->restore, RESTORE_WAITS);
	for (unsigned i = 0; i < stage->limits.retries; i++) {
		stage->supervision.now_ms += WAIT_MS + 1;
		assert_true(loop_tick(&stage->supervision, &stage->loop));
	}
	assert_true(element->faulty);
	assert_int_equal(count(stage, TASK_UPDATE), 0);
}

static void
nothing_there_is_done_when_it_was_to_be_removed_and_brought_when_it_was_to_run(void **state)
{
	struct stage *stage = *state;

	settle(stage, LOOP_PASSIVE);
	order(stage, LOOP_UNINITIALISED);
	assert_true(loop_absent(&stage->supervision, &stage->loop, &stage->elements[2]));
	assert_int_equal(stage->elements[2].state, LOOP_UNINITIALISED);
	settle(stage, LOOP_PASSIVE);
	stage->loop.phase = PHASE_NONE;
	forget(stage);
	order(stage, LOOP_RUNNING);
	assert_true(loop_absent(&stage->supervision, &stage->loop, &stage->elements[0]));
	assert_int_equal(count(stage, TASK_UPDATE), 1);
	assert_false(loop_absent(&stage->supervision, &stage->loop, &stage->elements[0]));
	assert_true(answer(stage, 0, LOOP_PASSIVE, true));
	assert_true(answer(stage, 0, LOOP_RUNNING, true));
	assert_int_equal(stage->loop.phase, 1);
}

static void
every_order_in_every_state_is_decided(void **state)
{
	static const enum loop_state orders[] = {LOOP_UNINITIALISED, LOOP_PASSIVE, LOOP_RUNNING};
	static const char healthy[LOOP_STATE_COUNT][4] = {"AsX", "sTX", "sAs", "XXT", "XsA", "XTX", "TXX"};
	static const char broken[LOOP_STATE_COUNT][4] = {"AsX", "ssX", "sAs", "Xss", "XsA", "Xss", "ssX"};
	enum loop_state next;

	(void)state;
	for (int i = 0; i < LOOP_STATE_COUNT; i++) {
		for (int j = 0; j < 3; j++) {
			enum order_answer good = order_check((enum loop_state)i, CHANGE_NO_ERROR, orders[j], &next);
			enum order_answer bad = order_check((enum loop_state)i, CHANGE_FAILED, orders[j], &next);

			assert_int_equal("sATX"[good], healthy[i][j]);
			assert_int_equal("sATX"[bad], broken[i][j]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(phases_go_up_on_start_and_down_on_stop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_is_taken_once_and_only_for_what_is_ordered, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_failure_gives_back_what_was_not_used_and_may_be_ordered_on_or_back,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence_is_asked_again_and_then_a_timeout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_late_success_goes_on_if_the_guards_agree, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_definitions_own_limit_goes_before_the_retries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_first_update_reaches_everybody_even_without_a_phase_0, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(leases_are_renewed_while_a_transition_is_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_refusal_is_ordered_again_before_it_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_remembered_until_an_order_succeeds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_refusal_before_the_order_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_runs_from_when_the_order_was_handed_over_and_repetitions_back_off,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_participant_has_lost_is_restored_in_start_phases, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_missing_element_is_tried_so_many_times_and_then_faulty, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(of_a_silent_participant_nothing_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_denied_restoration_waits_and_is_given_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_there_is_done_when_it_was_to_be_removed_and_brought_when_it_was_to_run, set_up,
			tear_down),
		cmocka_unit_test(every_order_in_every_state_is_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
