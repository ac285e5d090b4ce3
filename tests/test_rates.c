/* test_rates - how much each caller may send in a time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/limits/rates.h"
#include "tests/cmocka_all.h"

static int
init(void **state)
{
	static struct rates rates;

	rates_init(&rates, 1000);
	*state = &rates;
	return 0;
}

static int
done(void **state)
{
	rates_done(*state);
	return 0;
}

static void
four_seconds_worth_at_once_and_then_the_rate(void **state)
{
	struct rates *rates = *state;

	assert_int_equal(rates_take(rates, 1, 4000, 5000), 0);
	assert_int_equal(rates_take(rates, 1, 1, 5000), 1);
	assert_int_equal(rates_take(rates, 1, 3000, 5000), 4);
	assert_int_equal(rates_take(rates, 1, 500, 5499), 1);
	assert_int_equal(rates_take(rates, 1, 500, 5500), 0);
	assert_int_equal(rates_take(rates, 1, 1000, 6500), 0);
}

static void
callers_do_not_pay_for_each_other(void **state)
{
	struct rates *rates = *state;

	assert_int_equal(rates_take(rates, 1, 4000, 5000), 0);
	assert_int_equal(rates_take(rates, 2, 4000, 5000), 0);
	assert_int_equal(rates_take(rates, 1 + RATES_SLOTS, 1, 5000), 1); /* but for those of one slot */
}

static void
a_body_over_four_seconds_passes_and_is_made_up_for(void **state)
{
	struct rates *rates = *state;

	assert_int_equal(rates_take(rates, 1, 9000, 5000), 0);
	assert_int_not_equal(rates_take(rates, 1, 1, 8999), 0); /* 5,000 too much still at 9 s */
	assert_int_equal(rates_take(rates, 1, 1, 10001), 0);
}

static void
small_steps_add_up(void **state)
{
	struct rates *rates = *state;
	int64_t now_ms = 1;

	assert_int_equal(rates_take(rates, 1, 4000, now_ms), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(rates_take(rates, 1, 1, ++now_ms), 0);
	assert_int_equal(rates_take(rates, 1, 1, now_ms), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(four_seconds_worth_at_once_and_then_the_rate, init, done),
		cmocka_unit_test_setup_teardown(callers_do_not_pay_for_each_other, init, done),
		cmocka_unit_test_setup_teardown(a_body_over_four_seconds_passes_and_is_made_up_for, init, done),
		cmocka_unit_test_setup_teardown(small_steps_add_up, init, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
