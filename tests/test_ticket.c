/* test_ticket - suspended requests: resumed, expired, abandoned, in every order */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server/ticket.h"
#include "tests/cmocka_all.h"

/* A connection only counts what is done to it. */
struct connection {
	int suspended, woken;
};

static void
suspend_it(void *connection)
{
	((struct connection *)connection)->suspended++;
}

static void
wake_it(void *connection)
{
	((struct connection *)connection)->woken++;
}

static void
resumed(struct exchange *exchange)
{
	(void)exchange;
}

static struct ticket *
take_suspended(struct ticket_pool *pool, struct connection *connection)
{
	struct ticket *ticket = ticket_take(pool);

	assert_non_null(ticket);
	ticket->exchange = (struct exchange){0};
	ticket->connection = connection;
	exchange_suspend(&ticket->exchange, 60000, resumed);
	return ticket;
}

static void
a_resumed_request_goes_on_and_its_ticket_returns(void **state)
{
	const struct error outcome = {.code = ERROR_FULL};
	struct connection connection = {0};
	struct ticket_pool pool;
	struct ticket *ticket;

	(void)state;
	ticket_pool_init(&pool, suspend_it, wake_it, NULL);
	ticket = take_suspended(&pool, &connection);
	assert_int_equal(connection.suspended, 1);
	assert_int_equal(ticket_waiting(&pool), 1);
	exchange_resume(&ticket->exchange, &outcome);
	assert_int_equal(connection.woken, 1);
	assert_int_equal(ticket_waiting(&pool), 0);
	assert_false(ticket->exchange.timed_out);
	assert_int_equal(ticket->exchange.outcome->code, ERROR_FULL);
	ticket_end(ticket);
	assert_int_equal(atomic_load(&pool.in_flight), 0);
	assert_ptr_equal(ticket_take(&pool), ticket);
	assert_false(ticket->suspended);
	ticket_end(ticket);
	ticket_pool_done(&pool);
}

static void
a_deadline_wakes_at_its_time_and_not_before(void **state)
{
	const struct error outcome = {0};
	struct connection connection = {0};
	struct ticket_pool pool;
	struct ticket *ticket;

	(void)state;
	ticket_pool_init(&pool, suspend_it, wake_it, NULL);
	ticket = take_suspended(&pool, &connection);
	ticket_expire(&pool, ticket->deadline_ms - 1);
	assert_int_equal(connection.woken, 0);
	ticket_expire(&pool, ticket->deadline_ms);
	assert_int_equal(connection.woken, 1);
	assert_true(ticket->exchange.timed_out);
	exchange_resume(&ticket->exchange, &outcome); /* too late, but still before the answer has left */
	assert_int_equal(connection.woken, 1);
	ticket_end(ticket);
	assert_ptr_equal(ticket_take(&pool), ticket);
	ticket_end(ticket);
	ticket_pool_done(&pool);
}

static void
a_ticket_that_somebody_holds_is_not_given_out_again(void **state)
{
	const struct error outcome = {.code = ERROR_IO};
	struct connection connection = {0};
	struct ticket_pool pool;
	struct ticket *ticket, *other;

	(void)state;
	ticket_pool_init(&pool, suspend_it, wake_it, NULL);
	ticket = take_suspended(&pool, &connection);
	ticket_expire(&pool, INT64_MAX);
	ticket_end(ticket); /* answered as timed out; the commit is still under way */
	other = ticket_take(&pool);
	assert_ptr_not_equal(other, ticket);
	exchange_resume(&ticket->exchange, &outcome);
	assert_int_equal(connection.woken, 1);
	assert_ptr_equal(ticket_take(&pool), ticket);
	ticket_end(ticket);
	ticket_end(other);
	ticket_pool_done(&pool);
}

static void
a_closed_pool_suspends_nobody(void **state)
{
	const struct error outcome = {0};
	struct connection first = {0}, second = {0};
	struct ticket_pool pool;
	struct ticket *waiting, *late;

	(void)state;
	ticket_pool_init(&pool, suspend_it, wake_it, NULL);
	waiting = take_suspended(&pool, &first);
	ticket_close(&pool);
	assert_int_equal(first.woken, 1);
	assert_true(waiting->exchange.timed_out);
	late = take_suspended(&pool, &second);
	assert_int_equal(second.suspended, 0);
	assert_true(late->refused && late->exchange.timed_out);
	ticket_end(late);
	ticket_end(waiting);
	assert_null(pool.free); /* both are held */
	exchange_resume(&late->exchange, &outcome);
	exchange_resume(&waiting->exchange, &outcome);
	assert_int_equal(first.woken + second.woken, 1);
	ticket_pool_done(&pool);
}

static void
those_in_the_middle_of_the_list_leave_it_whole(void **state)
{
	const struct error outcome = {0};
	struct connection connections[5] = {{0}};
	struct ticket *tickets[5];
	struct ticket_pool pool;

	(void)state;
	ticket_pool_init(&pool, suspend_it, wake_it, NULL);
	for (int i = 0; i < 5; i++)
		tickets[i] = take_suspended(&pool, &connections[i]);
	exchange_resume(&tickets[2]->exchange, &outcome);
	exchange_resume(&tickets[4]->exchange, &outcome);
	exchange_resume(&tickets[0]->exchange, &outcome);
	assert_int_equal(ticket_waiting(&pool), 2);
	ticket_expire(&pool, INT64_MAX);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(connections[i].woken, 1);
		assert_int_equal(tickets[i]->exchange.timed_out, i == 1 || i == 3);
		if (i == 1 || i == 3)
			exchange_resume(&tickets[i]->exchange, &outcome);
		ticket_end(tickets[i]);
	}
	ticket_pool_done(&pool);
}

static void
bodies_grow_and_large_buffers_do_not_stay(void **state)
{
	static const char piece[1000];
	struct ticket_pool pool;
	struct ticket *ticket;

	(void)state;
	ticket_pool_init(&pool, suspend_it, wake_it, NULL);
	ticket = ticket_take(&pool);
	for (int i = 0; i < 20; i++)
		assert_true(ticket_keep(ticket, piece, sizeof(piece)));
	assert_int_equal(ticket->body_taken, 20000);
	assert_true(ticket->body_size >= 20000);
	ticket_end(ticket);
	assert_int_equal(ticket->body_size, 0);
	assert_ptr_equal(ticket_take(&pool), ticket);
	assert_int_equal(ticket->body_taken, 0);
	assert_true(ticket_keep(ticket, "x", 1));
	ticket_end(ticket);
	assert_true(ticket->body_size > 0); /* a small one does */
	ticket_pool_done(&pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resumed_request_goes_on_and_its_ticket_returns),
		cmocka_unit_test(a_deadline_wakes_at_its_time_and_not_before),
		cmocka_unit_test(a_ticket_that_somebody_holds_is_not_given_out_again),
		cmocka_unit_test(a_closed_pool_suspends_nobody),
		cmocka_unit_test(those_in_the_middle_of_the_list_leave_it_whole),
		cmocka_unit_test(bodies_grow_and_large_buffers_do_not_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
