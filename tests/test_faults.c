/* test_faults - the n-th write, sync, map or open fails: Deny with reason error, nothing acknowledged lost, recovery */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/cmocka_all.h"
#include "tests/counting_fixture.h"
#include "tests/interpose.h"

#define NOON INT64_C(1776168000000)
#define ROUNDS 4

static int64_t
noon(void *context)
{
	(void)context;
	return NOON;
}

struct run {
	char directory[64];
	struct engine *engine;
	int acknowledged; /* reservations that count: taken, and not acknowledged as given back */
	int attempted;    /* reservations that may count: those whose fate was not told too */
	bool stays;       /* the fault does, once it has struck */
};

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
	                            .limit = 1000,
	                            .window = "timeWindow: 10, timeUnits: minute",
	                            .lease_ms = 60000,
	                            .durable = true,
	                            .clock = noon};
	struct error err = {0};

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

/* A reservation, settled or given back. Whatever fails must say so. */
static void
take_reservation(struct run *run, bool give_back)
{
	struct request request = restart_of("vm-1", NULL);
	struct reservation_change change = {.action = give_back ? RESERVATION_ABORT : RESERVATION_SETTLE,
	                                    .outcome = STR("Success")};
	struct reservation_status status;
	struct reservation reservation;
	struct error err = {0};
	int r = engine_reserve(run->engine, &request, 0, &reservation, &err);

	run->attempted++;
	if (r != 0) {
		assert_false(reservation.decision.permit);
		assert_int_equal(reservation.decision.reason, REASON_ERROR);
		assert_true(interpose_failed());
		if (run->stays)
			expect_no_count(run->engine);
	} else {
		assert_true(reservation.decision.permit);
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

static void
strike(unsigned long n, int error, bool sticky)
{
	struct run run = {.engine = NULL, .stays = sticky};
	int descriptors = open_descriptors();

	make_directory(run.directory);
	interpose_watch(run.directory);
	interpose_fail(n, error, sticky);
	play(&run);
	expect_recovery(&run);
	interpose_watch(NULL);
	remove_directory(run.directory);
	assert_int_equal(open_descriptors(), descriptors);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failing_call_is_a_deny_and_passes),
		cmocka_unit_test(a_fault_that_stays_is_a_deny_until_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
