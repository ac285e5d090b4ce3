/* test_faults - the n-th write, sync, map or open fails, clocks step too: Deny with reason error, nothing lost, recovery */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tests/clock_step.h"
#include "tests/cmocka_all.h"
#include "tests/counting_fixture.h"
#include "tests/interpose.h"

#define NOON INT64_C(1776168000000)
#define ROUNDS 4
#define ATTEMPTS_MOST 256
#define CLOCK_LIMIT 6    /* in an hour, where clocks are set */
#define CLOCK_OFF_MS 100 /* a tick, and what may lie between two readings on a busy machine */
#define HOUR_MS INT64_C(3600000)

static int64_t
noon(void *context)
{
	(void)context;
	return NOON;
}

/* In true time: awake and asleep, whatever the wall clock says. */
struct attempt {
	int64_t before_ms, after_ms;
};

struct run {
	char directory[64];
	struct engine *engine;
	int acknowledged; /* reservations that count: taken, and not acknowledged as given back */
	int attempted;    /* reservations that may count: those whose fate was not told too */
	bool stays;       /* the fault does, once it has struck */

	struct clock_steps *clocks;             /* set at every step; NULL: time stands, at noon */
	unsigned set;                           /* how often */
	struct attempt attempts[ATTEMPTS_MOST]; /* by request id */
	int tried;
	int64_t offset_ms; /* of stamps to true time, by the first row; TIME_NONE before */
};

#define OPENING 24   /* at least the calls of the first opening, which keeps the clock in the database */
#define STEP_AHEAD 3 /* the first opening is before a step ahead then, the second after it */

/* Back, ahead, both, a leap second, and a sleep, through which the wall clock goes on. */
static const struct clock_steps steps[] = {
	{.wall_ms = -HOUR_MS}, {.wall_ms = 24 * HOUR_MS},   {.wall_ms = -HOUR_MS}, {.wall_ms = 0},
	{.wall_ms = -1000},    {.suspended_ms = 60 * 1000}, {.wall_ms = HOUR_MS},
};

static void
set_clocks(struct run *run)
{
	const struct clock_steps *step = &steps[run->set++ % (sizeof(steps) / sizeof(steps[0]))];

	if (!run->clocks)
		return;
	run->clocks->suspended_ms += step->suspended_ms;
	run->clocks->wall_ms = step->wall_ms + run->clocks->suspended_ms;
}

static int64_t
true_ms(const struct run *run)
{
	return clock_monotonic_ms() + (run->clocks ? run->clocks->suspended_ms : 0);
}

static int
open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static int
try_open(struct run *run)
{
	struct counting counting = {.directory = run->directory,
	                            .limit = run->clocks ? CLOCK_LIMIT : 1000,
	                            .window = "timeWindow: 1, timeUnits: hour",
	                            .lease_ms = 60000,
	                            .durable = true,
	                            .clock = run->clocks ? NULL : noon};
	struct error err = {0};

	set_clocks(run);
	return counting_open(&counting, &run->engine, &err);
}

/* A row that could not be entered is not counted, so who counts says nothing. */
static void
expect_no_count(struct engine *engine)
{
	struct request request = restart_of("vm-1", NULL);
	struct session *session;
	struct decision decision;
	struct error err = {0};

	if (session_open(engine, &session, &err) != 0)
		return; /* the store must be opened again first */
	session_decide(session, &request, &decision);
	assert_false(decision.permit);
	assert_int_equal(decision.reason, REASON_ERROR);
	session_close(session);
}

/* The limit may be reached by those whose fate was not told. */
static void
expect_reached(const struct run *run, const struct reservation *reservation)
{
	assert_int_equal(reservation->decision.reason, REASON_LIMIT_REACHED);
	assert_true(run->clocks && run->attempted > CLOCK_LIMIT);
}

static int
reserve(struct run *run, struct reservation *ret, struct error *err)
{
	struct attempt *attempt = &run->attempts[run->tried];
	char request_id[16];
	struct request request;
	int r;

	assert_true(run->tried < ATTEMPTS_MOST);
	snprintf(request_id, sizeof(request_id), "%d", run->tried++);
	request = restart_of("vm-1", request_id);
	set_clocks(run);
	attempt->before_ms = true_ms(run);
	r = engine_reserve(run->engine, &request, 0, ret, err);
	attempt->after_ms = true_ms(run);
	run->attempted++;
	return r;
}

/* A reservation, settled or given back. Whatever fails must say so. */
static void
take_reservation(struct run *run, bool give_back)
{
	struct reservation_change change = {.action = give_back ? RESERVATION_ABORT : RESERVATION_SETTLE,
	                                    .outcome = STR("Success")};
	struct reservation_status status;
	struct reservation reservation;
	struct error err = {0};
	int r = reserve(run, &reservation, &err);

	if (r != 0) {
		assert_false(reservation.decision.permit);
		assert_int_equal(reservation.decision.reason, REASON_ERROR);
		assert_true(interpose_failed());
		if (run->stays)
			expect_no_count(run->engine);
	} else if (!reservation.decision.permit) {
		expect_reached(run, &reservation);
		run->attempted--;
	} else {
		run->acknowledged++;
		change.id = str_from(reservation.id);
		if (engine_reservation(run->engine, &change, &status, &err) == 0 && give_back) {
			run->acknowledged--;
			run->attempted--;
		} else if (give_back) {
			run->acknowledged--; /* it may or may not have been given back */
		}
	}
	reservation_done(&reservation);
}

/* Opens, takes reservations, closes and opens again; the fault strikes somewhere on the way. */
static void
play(struct run *run)
{
	for (int round = 0; round < ROUNDS; round++) {
		if (!run->engine && try_open(run) != 0) {
			assert_true(interpose_failed());
			continue;
		}
		take_reservation(run, false);
		take_reservation(run, true);
		if (round % 2) {
			engine_close(run->engine);
			run->engine = NULL;
		}
	}
}

/* The fault has gone: by itself, and soon, all works again, and the counters know every right. */
static void
expect_recovery(struct run *run)
{
	const struct timespec pause = {0, 20000000};
	int used = -1, before;

	interpose_heal();
	run->stays = false;
	for (int i = 0; !run->engine && i < 3; i++)
		(void)try_open(run);
	assert_non_null(run->engine);
	for (int i = 0; i < 100; i++) {
		before = run->acknowledged;
		take_reservation(run, false);
		used = count_used(run->engine, "vm-1", 0);
		if (run->acknowledged > before && used >= 0)
			break;
		if (used == CLOCK_LIMIT && run->clocks)
			break;
		nanosleep(&pause, NULL); /* the committer opens the store again */
	}
	if (used < run->acknowledged || used > run->attempted)
		fail_msg("%d count, %d were acknowledged, %d attempted", used, run->acknowledged, run->attempted);
	engine_close(run->engine);
	run->engine = NULL;
	assert_int_equal(try_open(run), 0);
	assert_int_equal(count_used(run->engine, "vm-1", 0), used);
	engine_close(run->engine);
}

static int
check_stamp(void *context, const struct operation *row)
{
	struct run *run = context;
	char number[16] = "";
	const struct attempt *attempt;
	int64_t offset_ms;

	memcpy(number, row->request_id.ptr, row->request_id.len < 15 ? row->request_id.len : 15);
	attempt = &run->attempts[atoi(number)];
	offset_ms = row->start_ms - attempt->before_ms;
	if (run->offset_ms == TIME_NONE)
		run->offset_ms = offset_ms;
	if (offset_ms < run->offset_ms - CLOCK_OFF_MS ||
	    row->start_ms - attempt->after_ms > run->offset_ms + CLOCK_OFF_MS)
		fail_msg("row %s is stamped %lld ms later than the last one", number,
		         (long long)(offset_ms - run->offset_ms));
	return 0;
}

/* All rows stand where they were entered in true time; and the limit of an hour is reached and not passed. */
static void
expect_true_time(struct run *run)
{
	const struct operation_filter all = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .limit = SIZE_MAX};
	struct history_reader *reader;
	struct error err = {0};

	assert_int_equal(try_open(run), 0);
	for (int i = 0; i <= CLOCK_LIMIT; i++)
		take_reservation(run, false);
	assert_int_equal(count_used(run->engine, "vm-1", 0), CLOCK_LIMIT);
	assert_int_equal(history_reader_open(engine_history(run->engine), &reader, &err), 0);
	assert_int_equal(history_reader_begin(reader), 0);
	run->offset_ms = TIME_NONE;
	assert_int_equal(history_each(reader, &all, check_stamp, run), 0);
	history_reader_end(reader);
	history_reader_close(reader);
	engine_close(run->engine);
}

static void
strike_at_phase(unsigned long n, int error, bool sticky, struct clock_steps *clocks, unsigned phase)
{
	struct run run = {.engine = NULL, .stays = sticky, .clocks = clocks, .set = phase};
	int descriptors = open_descriptors();

	make_directory(run.directory);
	interpose_watch(run.directory);
	interpose_fail(n, error, sticky);
	play(&run);
	expect_recovery(&run);
	if (clocks)
		expect_true_time(&run);
	interpose_watch(NULL);
	remove_directory(run.directory);
	assert_int_equal(open_descriptors(), descriptors);
}

static void
strike(unsigned long n, int error, bool sticky)
{
	strike_at_phase(n, error, sticky, NULL, 0);
}

/* How many calls the scenario makes when nothing fails. */
static unsigned long
calls_of_scenario(void)
{
	struct run run = {.engine = NULL};
	unsigned long calls;

	make_directory(run.directory);
	interpose_watch(run.directory);
	play(&run);
	calls = interpose_calls();
	assert_int_equal(run.acknowledged, ROUNDS);
	interpose_watch(NULL);
	remove_directory(run.directory);
	return calls;
}

static void
each_failing_call_is_a_deny_and_passes(void **state)
{
	static const int errors[] = {EIO, ENOSPC, EMFILE};
	unsigned long calls = calls_of_scenario(), n = 0;
	unsigned long step = step_of(calls, how_often(20, (unsigned)calls));

	(void)state;
	for (unsigned i = 0; n < calls; i++, n += step) {
		for (unsigned j = 0; j < how_often(1, 3); j++)
			strike(n, errors[(i + j) % 3], false);
	}
	print_message("%lu calls\n", calls);
}

static void
a_fault_that_stays_is_a_deny_until_it_goes(void **state)
{
	unsigned long calls = calls_of_scenario();
	unsigned long step = step_of(calls, how_often(10, (unsigned)calls));

	(void)state;
	for (unsigned long n = 0; n < calls; n += step) {
		strike(n, ENOSPC, true);
		strike(n + step / 2, EIO, true);
	}
}

/* Whatever fails and whenever: rights are counted and stamped in true time. */
static void
clocks_that_are_set_while_calls_fail_change_no_window(void **state)
{
	struct clock_steps *clocks = clock_steps_make();
	int64_t wall_ms = clock_wall_ms();
	unsigned long calls = calls_of_scenario();
	unsigned long step = step_of(calls, how_often(6, (unsigned)calls));

	(void)state;
	assert_non_null(clocks);
	clocks->wall_ms = 24 * HOUR_MS;
	assert_true(clock_wall_ms() > wall_ms + 23 * HOUR_MS); /* the library's clocks are set, too */
	for (unsigned long n = 0; n < calls; n += step) {
		strike_at_phase(n, EIO, false, clocks, 0);
		strike_at_phase(n + step / 2, ENOSPC, true, clocks, STEP_AHEAD);
	}
	for (unsigned long n = 0; n < OPENING; n++)
		strike_at_phase(n, EIO, false, clocks, STEP_AHEAD);
	*clocks = (struct clock_steps){0};
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failing_call_is_a_deny_and_passes),
		cmocka_unit_test(a_fault_that_stays_is_a_deny_until_it_goes),
		cmocka_unit_test(clocks_that_are_set_while_calls_fail_change_no_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
