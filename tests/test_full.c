/* test_full - a database without room: what is not entered is not counted, so who counts says nothing until there is */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/database/db.h"
#include "engine/decide/reserve.h"
#include "tests/cmocka_all.h"

#define NOON INT64_C(1776168000000)
#define WINDOW_MS 600000
#define ROWS 64

static const char policies[] =
	"tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
	"topology_template:\n"
	"  policies:\n"
	"    - limit:\n"
	"        type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	"        type_version: 1.0.0\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: Restart, timeWindow: 10, timeUnits: minute, limit: 3}\n"
	"    - loops:\n"
	"        type: onap.policies.controlloop.guard.coordination.FirstBlocksSecond\n"
	"        type_version: 1.0.0\n"
	"        version: 1.0.0\n"
	"        properties: {controlLoop: [loop-1, loop-2]}\n"
	"    - never:\n"
	"        type: onap.policies.controlloop.guard.common.Blacklist\n"
	"        type_version: 1.0.0\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: Stop, blacklist: [vm-x]}\n";

static int64_t
noon(void *context)
{
	(void)context;
	return NOON;
}

static struct engine *
must_open(enum guard_mode mode, size_t max_bytes, size_t map_bytes)
{
	struct document document = {"full.yaml", STR(policies)};
	struct engine_options options = engine_options_default;
	struct engine *engine;
	struct error err = {0};
	struct arena arena;
	struct diags diags;

	options.mode = mode;
	options.clock = noon;
	options.history.map_bytes = map_bytes;
	options.history.max_bytes = max_bytes;
	if (engine_open(&options, &engine, &err) != 0)
		fail_msg("%s", err.text);
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (engine_load(engine, &document, 1, &diags) != 0)
		fail_msg("%s", diags.first ? diags.first->text : "no memory");
	arena_free(&arena);
	return engine;
}

static struct request
request_of(const char *operation, const char *clname)
{
	struct request request = {0};

	request.attribute[ATTRIBUTE_ACTOR] = STR("SO");
	request.attribute[ATTRIBUTE_OPERATION] = str_from(operation);
	request.attribute[ATTRIBUTE_TARGET] = STR("vm-1");
	request.attribute[ATTRIBUTE_CLNAME] = str_from(clname);
	return request;
}

/* Operations that ended before the window, until no more are taken. */
static void
fill(struct engine *engine)
{
	struct operation rows[ROWS];
	struct error err = {0};
	int r = 0;

	for (int i = 0; i < ROWS; i++)
		rows[i] = (struct operation){.actor = STR("SO"),
		                             .operation = STR("Restart"),
		                             .target = STR("vm-1"),
		                             .outcome = STR("Success"),
		                             .start_ms = NOON - 2 * WINDOW_MS,
		                             .end_ms = NOON - 2 * WINDOW_MS};
	for (int i = 0; r == 0 && i < 10000; i++)
		r = engine_record(engine, rows, ROWS, &err);
	assert_int_equal(r, -ERROR_FULL);
}

static struct decision
decide(struct engine *engine, struct request request)
{
	struct session *session;
	struct decision decision;
	struct error err = {0};

	assert_int_equal(session_open(engine, &session, &err), 0);
	session_decide(session, &request, &decision);
	session_close(session);
	return decision;
}

static void
expect_denied(struct engine *engine)
{
	struct request restart = request_of("Restart", "loop-0");
	struct reservation reservation;
	struct error err = {0};

	assert_false(decide(engine, restart).permit);
	assert_int_equal(decide(engine, restart).reason, REASON_ERROR);
	assert_int_equal(decide(engine, request_of("Start", "loop-2")).reason, REASON_ERROR);
	assert_int_equal(decide(engine, request_of("Stop", "loop-0")).reason, REASON_PERMIT); /* it counts nothing */
	assert_int_equal(engine_reserve(engine, &restart, 0, &reservation, &err), -ERROR_FULL);
	assert_false(reservation.decision.permit);
	assert_int_equal(reservation.decision.reason, REASON_ERROR);
	reservation_done(&reservation);
}

static void
make_room(struct engine *engine)
{
	struct error err = {0};
	uint64_t removed;

	assert_int_equal(db_prune(engine_history(engine), NOON - WINDOW_MS, &removed, &err), 0);
	assert_true(removed > ROWS);
}

static void
expect_permitted(struct engine *engine)
{
	struct request restart = request_of("Restart", "loop-0");
	struct reservation reservation;
	struct error err = {0};

	assert_int_equal(engine_reserve(engine, &restart, 0, &reservation, &err), 0);
	assert_true(reservation.decision.permit);
	reservation_done(&reservation);
	assert_int_equal(decide(engine, restart).reason, REASON_PERMIT);
	assert_int_equal(decide(engine, request_of("Start", "loop-2")).reason, REASON_PERMIT);
}

static void
at_max_bytes_limiters_and_coordinations_deny_until_pruning_makes_room(void **state)
{
	struct engine *engine = must_open(GUARD_STRICT, 1 << 20, 1 << 28);

	(void)state;
	assert_int_equal(decide(engine, request_of("Restart", "loop-0")).reason, REASON_PERMIT);
	fill(engine);
	expect_denied(engine);
	make_room(engine);
	expect_permitted(engine);
	engine_close(engine);
}

static void
so_they_do_shortly_before_the_map_is_full(void **state)
{
	struct engine *engine = must_open(GUARD_STRICT, 0, 8 << 20);

	(void)state;
	fill(engine);
	expect_denied(engine);
	make_room(engine);
	expect_permitted(engine);
	engine_close(engine);
}

static void
in_onap_mode_they_permit_as_it_does_but_no_right_is_given(void **state)
{
	struct engine *engine = must_open(GUARD_ONAP, 1 << 20, 1 << 28);
	struct request restart = request_of("Restart", "loop-0");
	struct reservation reservation;
	struct error err = {0};

	(void)state;
	fill(engine);
	assert_true(decide(engine, restart).permit);
	assert_int_equal(engine_reserve(engine, &restart, 0, &reservation, &err), -ERROR_FULL);
	assert_false(reservation.decision.permit);
	reservation_done(&reservation);
	engine_close(engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_max_bytes_limiters_and_coordinations_deny_until_pruning_makes_room),
		cmocka_unit_test(so_they_do_shortly_before_the_map_is_full),
		cmocka_unit_test(in_onap_mode_they_permit_as_it_does_but_no_right_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
