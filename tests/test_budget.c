/* test_budget - memory of many holders under one bound */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/bytes.h"
#include "tests/cmocka_all.h"

static void
the_last_eighth_is_for_what_is_urgent(void **state)
{
	struct budget budget;

	(void)state;
	budget_init(&budget, 800);
	assert_true(budget_take(&budget, 700, BUDGET_OTHER));
	assert_false(budget_take(&budget, 1, BUDGET_OTHER));
	assert_true(budget_take(&budget, 100, BUDGET_URGENT));
	assert_false(budget_take(&budget, 1, BUDGET_URGENT));
	assert_int_equal(atomic_load(&budget.held), 800);
	assert_int_equal(atomic_load(&budget.refused), 2);
	budget_give(&budget, 800);
	assert_int_equal(atomic_load(&budget.held), 0);
	assert_false(budget_take(&budget, SIZE_MAX, BUDGET_URGENT));
	assert_true(budget_take(&budget, 700, BUDGET_OTHER));
}

static void
no_limit_and_no_budget_refuse_nothing(void **state)
{
	struct budget budget;

	(void)state;
	budget_init(&budget, 0);
	assert_true(budget_take(&budget, (size_t)1 << 40, BUDGET_OTHER));
	assert_true(budget_take(NULL, SIZE_MAX, BUDGET_OTHER));
	budget_give(NULL, 1);
}

static void
it_rests_once_after_a_peak(void **state)
{
	struct budget budget;

	(void)state;
	budget_init(&budget, 0);
	assert_false(budget_rest(&budget, 100));
	assert_true(budget_take(&budget, 150, BUDGET_OTHER));
	assert_false(budget_rest(&budget, 100));
	budget_give(&budget, 50);
	assert_false(budget_rest(&budget, 100));
	budget_give(&budget, 51);
	assert_true(budget_rest(&budget, 100));
	assert_false(budget_rest(&budget, 100));
}

static void
an_arena_takes_what_it_holds_and_keeps_one_chunk_for_itself(void **state)
{
	struct budget budget;
	struct arena arena;

	(void)state;
	budget_init(&budget, 1 << 20);
	arena_init(&arena, 0);
	arena_charge(&arena, &budget, BUDGET_OTHER);
	assert_non_null(arena_alloc(&arena, 100));
	assert_true(atomic_load(&budget.held) > 100);
	assert_non_null(arena_alloc(&arena, 500000));
	assert_true(atomic_load(&budget.held) > 500000);
	assert_null(arena_alloc(&arena, 500000));
	assert_true(arena.exhausted);
	arena_reset(&arena);
	assert_int_equal(atomic_load(&budget.held), 0);
	assert_non_null(arena_alloc(&arena, 500000)); /* the chunk that was kept */
	assert_int_equal(atomic_load(&budget.held), 0);
	assert_non_null(arena_alloc(&arena, 500000));
	arena_free(&arena);
	assert_int_equal(atomic_load(&budget.held), 0);
}

static void
a_reset_keeps_no_large_chunk(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_non_null(arena_alloc(&arena, (size_t)2 << 20));
	arena_reset(&arena);
	assert_null(arena.chunks);
	assert_non_null(arena_alloc(&arena, (size_t)20 << 20)); /* one that is mapped */
	assert_non_null(arena_alloc(&arena, 10));
	arena_reset(&arena);
	assert_non_null(arena.chunks);
	arena_free(&arena);
}

static void
bytes_go_with_their_last_holder(void **state)
{
	struct budget budget;
	struct bytes *bytes;

	(void)state;
	budget_init(&budget, 1000);
	assert_null(bytes_new(1000, &budget, BUDGET_OTHER));
	bytes = bytes_new(500, &budget, BUDGET_OTHER);
	assert_non_null(bytes);
	assert_int_equal(bytes_str(bytes).len, 0);
	assert_ptr_equal(bytes_hold(bytes), bytes);
	bytes_drop(bytes);
	assert_true(atomic_load(&budget.held) >= 500);
	bytes_drop(bytes);
	assert_int_equal(atomic_load(&budget.held), 0);
	bytes_drop(NULL);
	assert_null(bytes_new(SIZE_MAX, NULL, BUDGET_OTHER));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_eighth_is_for_what_is_urgent),
		cmocka_unit_test(no_limit_and_no_budget_refuse_nothing),
		cmocka_unit_test(it_rests_once_after_a_peak),
		cmocka_unit_test(an_arena_takes_what_it_holds_and_keeps_one_chunk_for_itself),
		cmocka_unit_test(a_reset_keeps_no_large_chunk),
		cmocka_unit_test(bytes_go_with_their_last_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
