/* test_hot_table - the table of what memory knows, by itself: who writes there, who is pushed out, what a change ends */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "engine/history/cache.h"
#include "engine/history/ring.h"
#include "tests/cmocka_all.h"

/*
 * A reader may leave what it found just when the committer could not write there: so whatever changes in a set ends
 * what is in it, and the committer's own entry counts only because it is of the new commit.
 */
static void
a_change_ends_what_is_in_its_set(void **state)
{
	const struct hash128 one = {.lo = 7, .hi = 1}, other = {.lo = 7, .hi = 2};
	const struct ring_view ring = {.whole_from_ms = TIME_NONE};
	const struct ends none = {.whole_from_ms = TIME_NONE};
	struct count_result result;
	struct hot hot = {0};

	(void)state;
	assert_int_equal(hot_open(&hot), 0);
	hot_begin(&hot, 6);
	hot_put(&hot, one, 1, 5, &none, false);
	assert_true(hot_count(&hot, one, 1, 5, 0, INT64_MAX, &result));
	hot_change(&hot, other, 6, &ring); /* nobody had asked for it */
	hot_commit(&hot, 6);
	assert_false(hot_count(&hot, one, 1, 6, 0, INT64_MAX, &result));
	assert_false(hot_count(&hot, other, 1, 6, 0, INT64_MAX, &result));
	hot_put(&hot, one, 1, 6, &none, false);
	assert_true(hot_count(&hot, one, 1, 6, 0, INT64_MAX, &result));
	assert_false(hot_count(&hot, one, 2, 6, 0, INT64_MAX, &result)); /* another limit */
	hot_begin(&hot, 7);
	hot_change(&hot, one, 7, &ring);
	assert_false(hot_count(&hot, one, 1, 6, 0, INT64_MAX, &result));
	hot_put(&hot, one, 1, 6, &none, true); /* late: what is there is newer */
	hot_commit(&hot, 7);
	assert_true(hot_count(&hot, one, 1, 7, 0, INT64_MAX, &result));
	hot_close(&hot);
}

static void
one_is_pushed_out_of_a_full_set_only_by_who_may(void **state)
{
	const struct ends none = {.whole_from_ms = TIME_NONE};
	struct count_result result;
	struct hot hot = {0};
	unsigned found = 0;

	(void)state;
	assert_int_equal(hot_open(&hot), 0);
	hot_begin(&hot, 6);
	for (uint64_t hi = 1; hi <= 9; hi++)
		hot_put(&hot, (struct hash128){7, hi}, 1, 5, &none, hi == 9);
	for (uint64_t hi = 1; hi <= 9; hi++) {
		bool there = hot_count(&hot, (struct hash128){7, hi}, 1, 5, 0, INT64_MAX, &result);

		found += there;
		if (hi > 7)
			assert_int_equal(there, hi == 9);
	}
	assert_int_equal(found, 7);
	hot_change(&hot, (struct hash128){7, 9}, 6, &(struct ring_view){.whole_from_ms = TIME_NONE});
	hot_commit(&hot, 6);
	hot_put(&hot, (struct hash128){7, 8}, 1, 6, &none, false); /* the others are not true any more */
	assert_true(hot_count(&hot, (struct hash128){7, 8}, 1, 6, 0, INT64_MAX, &result));
	assert_true(hot_count(&hot, (struct hash128){7, 9}, 1, 6, 0, INT64_MAX, &result));
	hot_close(&hot);
}

#define COMMITS 100000

/* Leaves what it found all the time, of the state before the one that is being made. */
static void *
leave_what_was_found(void *context)
{
	const struct hash128 one = {.lo = 7, .hi = 1};
	const struct ends none = {.whole_from_ms = TIME_NONE};
	struct hot *hot = context;

	while (atomic_load(&hot->known) < COMMITS)
		hot_put(hot, one, 1, atomic_load(&hot->known), &none, true);
	return NULL;
}

/* However often a ring changes in one transaction, and whoever is in the way: the last change counts, or none does. */
static void
the_last_change_of_a_transaction_counts(void **state)
{
	const struct hash128 one = {.lo = 7, .hi = 1};
	const struct ends none = {.whole_from_ms = TIME_NONE};
	const int64_t stamps[2] = {5, 9};
	struct hot hot = {0};
	struct count_result result;
	pthread_t readers[2];

	(void)state;
	assert_int_equal(hot_open(&hot), 0);
	hot_begin(&hot, 2);
	hot_put(&hot, one, 1, 1, &none, false); /* asked for */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, leave_what_was_found, &hot), 0);
	for (uint64_t commit = 2; commit <= COMMITS + 1; commit++) {
		if (commit == COMMITS + 1) { /* nobody is in the way any more */
			assert_int_equal(pthread_join(readers[0], NULL), 0);
			assert_int_equal(pthread_join(readers[1], NULL), 0);
		}
		hot_begin(&hot, commit);
		for (int i = 0; i < 2; i++)
			hot_change(&hot, one, commit, &(struct ring_view){(const char *)&stamps[i], 1, TIME_NONE});
		hot_commit(&hot, commit);
		if (hot_count(&hot, one, 1, commit, 0, INT64_MAX, &result))
			assert_true(result.limit_end != 5); /* none: what a reader has left by now */
	}
	assert_true(hot_count(&hot, one, 1, COMMITS + 1, 0, INT64_MAX, &result));
	assert_int_equal(result.limit_end, 9);
	hot_close(&hot);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_ends_what_is_in_its_set),
		cmocka_unit_test(one_is_pushed_out_of_a_full_set_only_by_who_may),
		cmocka_unit_test(the_last_change_of_a_transaction_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
