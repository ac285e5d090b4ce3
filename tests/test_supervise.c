/* test_supervise - instances play through orders, answers and time without a database or a clock */
/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/document.h"
#include "runtime/model/supervise.h"

#define WAIT_MS 100000

struct stage {
	struct arena arena;
	struct loop loop;
	struct element elements[3];
	struct supervision supervision;
	struct supervision_limits limits;
	bool permitted;
};

static bool
permit(void *context, struct loop *loop, struct element *element)
{
	(void)loop;
	(void)element;
	return ((struct stage *)context)->permitted;
}

/* Three elements of phases 0, 1, 2, in a settled state, each with a right. */
static int
set_up(void **state)
{
	struct stage *stage = test_calloc(1, sizeof(*stage));

	arena_init(&stage->arena, 0);
	stage->limits = (struct supervision_limits){.wait_ms = WAIT_MS, .retries = 2, .lease_ms = 3600000};
	stage->permitted = true;
	stage->loop = (struct loop){.elements = stage->elements, .count = 3, .phase = PHASE_NONE};
	for (int i = 0; i < 3; i++)
		stage->elements[i] = (struct element){.id = {&"abc"[i], 1}, .phase = i};
	stage->supervision = (struct supervision){
		.limits = &stage->limits, .arena = &stage->arena, .permit = permit, .context = stage};
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
			stage->elements[i].right = (struct str){&"xyz"[i], 1};
	loop_order(&stage->supervision, &stage->loop, next);
}

static bool
answer(struct stage *stage, int element, enum loop_state state, bool result)
{
	return loop_answer(&stage->supervision, &stage->loop, &stage->elements[element], state, result, STR("m"));
}

/* How many tasks of a kind there were, about a phase or a right when one is given; then they are forgotten. */
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
	assert_null(stage->elements[2].right.ptr);
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
		cmocka_unit_test(every_order_in_every_state_is_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
