/* test_reserve - reservations: taken and given back, leases, repeated calls, all or none, clocks, a full store */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/database/db.h"
#include "engine/decide/reserve.h"
#include "engine/library/clguard.h"
#include "tests/cmocka_all.h"

#define NOON INT64_C(1776168000000)
#define WINDOW_MS 600000
#define LEASE_MS 60000
#define LIMIT 3

static const char policies[] =
	"tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
	"topology_template:\n"
	"  policies:\n"
	"    - limit:\n"
	"        type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: Restart, timeWindow: 10, timeUnits: minute, limit: %d}\n"
	"    - never:\n"
	"        type: onap.policies.controlloop.guard.common.Blacklist\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: Restart, blacklist: [vm-x]}\n";

struct fixture {
	struct engine *engine;
	struct engine_options options;
	atomic_int_fast64_t now_ms;
};

static int64_t
fixture_clock(void *context)
{
	return atomic_load((atomic_int_fast64_t *)context);
}

static void
load_limit(struct engine *engine, int limit)
{
	char text[2048];
	struct document document = {"reserve.yaml", {text, 0}};
	struct arena arena;
	struct diags diags;

	document.bytes.len = (size_t)snprintf(text, sizeof(text), policies, limit);
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (engine_load(engine, &document, 1, &diags) != 0)
		fail_msg("%s", diags.first ? diags.first->text : "no memory");
	arena_free(&arena);
}

static void
fixture_open(struct fixture *fixture)
{
	struct error err = {0};

	if (engine_open(&fixture->options, &fixture->engine, &err) != 0)
		fail_msg("%s", err.text);
	load_limit(fixture->engine, LIMIT);
}

static int
setup_private(void **state)
{
	static struct fixture fixture;

	fixture.options = engine_options_default;
	fixture.options.history.map_bytes = 1 << 28;
	fixture.options.history.lease_ms = LEASE_MS;
	fixture.options.clock = fixture_clock;
	fixture.options.clock_context = &fixture.now_ms;
	atomic_store(&fixture.now_ms, NOON);
	*state = &fixture;
	return 0;
}

static int
setup(void **state)
{
	(void)setup_private(state);
	fixture_open(*state);
	return 0;
}

static int
teardown(void **state)
{
	engine_close(((struct fixture *)*state)->engine);
	return 0;
}

static struct request
restart(const char *target, const char *request_id)
{
	struct request request = {.request_id = str_from(request_id)};

	request.attribute[ATTRIBUTE_ACTOR] = STR("SO");
	request.attribute[ATTRIBUTE_OPERATION] = STR("Restart");
	request.attribute[ATTRIBUTE_TARGET] = str_from(target);
	request.attribute[ATTRIBUTE_CLNAME] = STR("loop-1");
	return request;
}

/* Empty id: denied. */
struct id {
	char text[RESERVATION_ID_SIZE];
};

static struct id
reserve(struct fixture *fixture, const char *target, const char *request_id)
{
	struct request request = restart(target, request_id);
	struct reservation reservation;
	struct error err = {0};
	struct id id;

	if (engine_reserve(fixture->engine, &request, 0, &reservation, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(reservation.decision.permit, reservation.id[0] != '\0');
	memcpy(id.text, reservation.id, sizeof(id.text));
	reservation_done(&reservation);
	return id;
}

/* 0, or the negative code. */
static int
change(struct fixture *fixture, struct id id, enum reservation_action action, enum reservation_state *ret_state)
{
	const struct reservation_change change = {.action = action, .id = str_from(id.text), .outcome = STR("Success")};
	struct reservation_status status;
	struct error err = {0};
	int r = engine_reservation(fixture->engine, &change, &status, &err);

	*ret_state = status.state;
	return r;
}

static void
settle(struct fixture *fixture, struct id id)
{
	enum reservation_state state;

	assert_int_equal(change(fixture, id, RESERVATION_SETTLE, &state), 0);
	assert_int_equal(state, RESERVATION_SETTLED);
}

static struct history_metrics
metrics(struct fixture *fixture)
{
	struct history_reader *reader;
	struct history_metrics ret;
	struct error err = {0};

	assert_int_equal(history_reader_open(engine_history(fixture->engine), &reader, &err), 0);
	assert_int_equal(history_reader_begin(reader), 0);
	assert_int_equal(history_metrics(reader, &ret), 0);
	history_reader_end(reader);
	history_reader_close(reader);
	assert_true(ret.difference == 0);
	return ret;
}

static void
pass(struct fixture *fixture, int64_t ms)
{
	atomic_fetch_add(&fixture->now_ms, ms);
}

static void
a_right_is_taken_until_there_are_none_left_and_comes_back_with_the_window(void **state)
{
	struct id ids[LIMIT];

	for (int i = 0; i < LIMIT; i++) {
		ids[i] = reserve(*state, "vm-1", NULL);
		assert_true(ids[i].text[0] != '\0');
	}
	assert_true(reserve(*state, "vm-1", NULL).text[0] == '\0');
	assert_true(reserve(*state, "vm-2", NULL).text[0] != '\0');
	for (int i = 0; i < LIMIT; i++)
		settle(*state, ids[i]);
	pass(*state, WINDOW_MS); /* the end that long ago is still inside */
	assert_true(reserve(*state, "vm-1", NULL).text[0] == '\0');
	pass(*state, 1);
	assert_true(reserve(*state, "vm-1", NULL).text[0] != '\0');
}

static void
what_is_aborted_can_be_taken_again_at_once(void **state)
{
	enum reservation_state now;
	struct id id = {""};

	for (int i = 0; i < LIMIT; i++)
		id = reserve(*state, "vm-1", NULL);
	assert_true(reserve(*state, "vm-1", NULL).text[0] == '\0');
	assert_int_equal(change(*state, id, RESERVATION_ABORT, &now), 0);
	assert_int_equal(change(*state, id, RESERVATION_ABORT, &now), 0);
	assert_int_equal(now, RESERVATION_ABORTED);
	assert_int_equal(change(*state, id, RESERVATION_SETTLE, &now), -ERROR_CONFLICT);
	assert_int_equal(now, RESERVATION_ABORTED);
	assert_true(reserve(*state, "vm-1", NULL).text[0] != '\0');
	assert_int_equal(metrics(*state).aborted, 1);
}

static void
settling_twice_is_one_and_aborting_what_is_settled_is_refused(void **state)
{
	struct id id = reserve(*state, "vm-1", NULL);
	enum reservation_state now;

	settle(*state, id);
	settle(*state, id);
	assert_int_equal(change(*state, id, RESERVATION_ABORT, &now), -ERROR_CONFLICT);
	assert_int_equal(now, RESERVATION_SETTLED);
	assert_int_equal(metrics(*state).settled, 1);
}

static void
ids_that_were_never_given_are_unknown(void **state)
{
	enum reservation_state now;
	struct id id = reserve(*state, "vm-1", NULL);

	id.text[0] = id.text[0] == 'a' ? 'b' : 'a';
	assert_int_equal(change(*state, id, RESERVATION_SETTLE, &now), -ERROR_UNKNOWN);
	id.text[5] = 'G';
	assert_int_equal(change(*state, id, RESERVATION_SETTLE, &now), -ERROR_UNKNOWN);
	id.text[0] = '\0';
	assert_int_equal(change(*state, id, RESERVATION_ABORT, &now), -ERROR_UNKNOWN);
}

static void
an_expired_lease_counts_as_used_and_a_late_settle_is_told_so(void **state)
{
	enum reservation_state now;
	struct id id = {""};

	for (int i = 0; i < LIMIT; i++)
		id = reserve(*state, "vm-1", NULL);
	pass(*state, LEASE_MS);
	assert_int_equal(change(*state, id, RESERVATION_SETTLE, &now), -ERROR_CONFLICT);
	assert_int_equal(now, RESERVATION_EXPIRED);
	assert_int_equal(change(*state, id, RESERVATION_RENEW, &now), -ERROR_CONFLICT);
	assert_true(reserve(*state, "vm-1", NULL).text[0] == '\0');
	pass(*state, WINDOW_MS);
	assert_true(reserve(*state, "vm-1", NULL).text[0] == '\0');
	pass(*state, 1);
	assert_true(reserve(*state, "vm-1", NULL).text[0] != '\0');
	assert_int_equal(metrics(*state).expired, LIMIT);
}

static void
an_expired_lease_counts_no_more_when_so_configured(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.history.release_expired = true;
	fixture_open(fixture);
	for (int i = 0; i < LIMIT; i++)
		assert_true(reserve(fixture, "vm-1", NULL).text[0] != '\0');
	pass(fixture, LEASE_MS - 1);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0');
	pass(fixture, 1);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] != '\0');
	assert_int_equal(metrics(fixture).expired, LIMIT);
	assert_int_equal(metrics(fixture).live, 1);
}

static void
a_renewed_lease_lives_longer(void **state)
{
	struct id id = reserve(*state, "vm-1", NULL);
	enum reservation_state now;

	pass(*state, LEASE_MS - 1);
	assert_int_equal(change(*state, id, RESERVATION_RENEW, &now), 0);
	pass(*state, LEASE_MS - 1);
	settle(*state, id);
}

static void
the_same_request_again_gets_the_same_reservation(void **state)
{
	struct fixture *fixture = *state;
	struct id first = reserve(fixture, "vm-1", "r1"), again = reserve(fixture, "vm-1", "r1");
	struct request other = restart("vm-2", "r1");
	struct reservation reservation;
	enum reservation_state now;
	struct error err = {0};

	assert_string_equal(first.text, again.text);
	assert_int_equal(metrics(fixture).admitted, 1);
	assert_int_equal(engine_reserve(fixture->engine, &other, 0, &reservation, &err), -ERROR_CONFLICT);
	assert_false(reservation.decision.permit);
	reservation_done(&reservation);
	assert_string_equal(reservation.ended.id, ""); /* whose ids they are is not this caller's business */
	settle(fixture, first);
	other = restart("vm-1", "r1");
	err = (struct error){0};
	assert_int_equal(engine_reserve(fixture->engine, &other, 0, &reservation, &err), -ERROR_CONFLICT);
	assert_false(reservation.decision.permit);
	assert_string_equal(reservation.id, "");
	assert_string_equal(reservation.ended.id, first.text);
	assert_int_equal(reservation.ended.state, RESERVATION_SETTLED);
	reservation_done(&reservation);
	other.subrequest_id = STR("2");
	err = (struct error){0};
	assert_int_equal(engine_reserve(fixture->engine, &other, 0, &reservation, &err), 0);
	assert_string_not_equal(reservation.id, first.text);
	again = first;
	memcpy(again.text, reservation.id, sizeof(again.text));
	reservation_done(&reservation);
	assert_int_equal(change(fixture, again, RESERVATION_ABORT, &now), 0);
	err = (struct error){0};
	assert_int_equal(engine_reserve(fixture->engine, &other, 0, &reservation, &err), 0); /* decided anew */
	assert_string_not_equal(reservation.id, again.text);
	assert_false(reservation.repeated);
	reservation_done(&reservation);
	assert_int_equal(metrics(fixture).live, 1);
}

static void
several_rights_are_taken_all_or_none(void **state)
{
	struct fixture *fixture = *state;
	struct request requests[3] = {restart("vm-1", NULL), restart("vm-2", NULL), restart("vm-x", NULL)};
	struct reservation reservations[3];
	struct error err = {0};
	size_t denied;

	assert_int_equal(engine_reserve_all(fixture->engine, requests, 3, 0, reservations, &denied, &err), 0);
	assert_int_equal(denied, 2);
	assert_false(reservations[0].decision.permit);
	assert_int_equal(reservations[0].decision.reason, REASON_BLACKLISTED);
	assert_string_equal(reservations[0].decision.guard->policy.ptr, "never");
	reservation_done(&reservations[0]);
	assert_int_equal(metrics(fixture).admitted, 0);
	assert_int_equal(engine_reserve_all(fixture->engine, requests, 2, 0, reservations, &denied, &err), 0);
	assert_int_equal(denied, 2);
	assert_true(reservations[1].id[0] != '\0');
	reservation_done(&reservations[0]);
	assert_int_equal(metrics(fixture).live, 2);
}

static void
a_batch_sees_its_own_reservations(void **state)
{
	struct fixture *fixture = *state;
	struct request requests[LIMIT + 1];
	struct reservation reservations[LIMIT + 1];
	struct error err = {0};
	size_t denied;

	for (int i = 0; i <= LIMIT; i++)
		requests[i] = restart("vm-1", NULL);
	assert_int_equal(engine_reserve_all(fixture->engine, requests, LIMIT + 1, 0, reservations, &denied, &err), 0);
	assert_int_equal(denied, LIMIT);
	reservation_done(&reservations[0]);
	assert_int_equal(metrics(fixture).live, 0);
}

static void
a_published_limit_applies_to_the_next_reservation(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < LIMIT; i++)
		assert_true(reserve(fixture, "vm-1", NULL).text[0] != '\0');
	load_limit(fixture->engine, LIMIT + 1);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] != '\0');
	load_limit(fixture->engine, 1);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0');
}

static struct operation
row(const char *request_id, const char *outcome, int64_t end_ms)
{
	return (struct operation){
		.actor = STR("SO"),
		.operation = STR("Restart"),
		.target = STR("vm-1"),
		.clname = STR("loop-1"),
		.request_id = str_from(request_id),
		.outcome = str_from(outcome),
		.start_ms = NOON,
		.end_ms = end_ms,
	};
}

static void
record(struct fixture *fixture, struct operation operation)
{
	struct error err = {0};

	assert_int_equal(history_record(engine_history(fixture->engine), &operation, 1, NOON, &err), 0);
}

static void
a_reservation_never_takes_the_place_of_an_operation_that_was_performed(void **state)
{
	record(*state, row("r1", "Success", NOON));
	for (int i = 1; i < LIMIT; i++)
		assert_true(reserve(*state, "vm-1", i == 1 ? "r1" : NULL).text[0] != '\0');
	assert_true(reserve(*state, "vm-1", NULL).text[0] == '\0');
}

static void
an_operation_that_somebody_recorded_is_not_given_back(void **state)
{
	struct id id = reserve(*state, "vm-1", "r1");
	enum reservation_state now;

	record(*state, row("r1", "Success", NOON + 5));
	assert_int_equal(metrics(*state).rows, 1);
	assert_int_equal(change(*state, id, RESERVATION_ABORT, &now), -ERROR_CONFLICT);
	assert_int_equal(now, RESERVATION_SETTLED);
}

static void
a_clock_set_back_stands_still_and_a_restart_with_an_earlier_one_too(void **state)
{
	char path[] = "/tmp/test_reserve-XXXXXX", command[64];
	struct fixture *fixture = *state;
	struct error err = {0};

	assert_non_null(mkdtemp(path));
	fixture->options.history.directory = path;
	fixture_open(fixture);
	settle(fixture, reserve(fixture, "vm-1", NULL));
	assert_int_equal(metrics(fixture).clock_steps_back, 0);
	pass(fixture, -3600000);
	assert_true(engine_now(fixture->engine) == NOON);
	assert_true(engine_now(fixture->engine) == NOON);
	assert_int_equal(metrics(fixture).clock_steps_back, 1);
	for (int i = 1; i < LIMIT; i++)
		settle(fixture, reserve(fixture, "vm-1", NULL));
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0');
	engine_close(fixture->engine);
	fixture_open(fixture);
	assert_true(engine_now(fixture->engine) == NOON);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0');
	assert_int_equal(history_accept(engine_history(fixture->engine), NOON - 3600000, &err), 0);
	assert_true(engine_now(fixture->engine) == NOON - 3600000);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0'); /* the ends lie in the future now */
	engine_close(fixture->engine);
	fixture_open(fixture);
	assert_true(engine_now(fixture->engine) == NOON - 3600000);
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

/*
 * Forwards an hour and right again: leases end and windows pass by what the clock said, and then time stands still until
 * the real one has come there, so that nothing passes twice.
 */
static void
a_clock_set_forwards_and_right_again_lets_no_window_pass_twice(void **state)
{
	struct fixture *fixture = *state;
	struct id late = reserve(fixture, "vm-1", NULL);
	enum reservation_state now;

	for (int i = 1; i < LIMIT; i++)
		settle(fixture, reserve(fixture, "vm-1", NULL));
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0');
	pass(fixture, 3600000);
	assert_true(engine_now(fixture->engine) == NOON + 3600000);
	for (int i = 0; i < LIMIT; i++)
		settle(fixture, reserve(fixture, "vm-1", NULL));
	assert_true(change(fixture, late, RESERVATION_SETTLE, &now) != 0);
	assert_int_equal(now, RESERVATION_EXPIRED);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0');
	pass(fixture, -3600000 + WINDOW_MS + 1);
	assert_true(engine_now(fixture->engine) == NOON + 3600000);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] == '\0');
	assert_int_equal(metrics(fixture).clock_steps_back, 1);
	pass(fixture, 3600000);
	assert_true(reserve(fixture, "vm-1", NULL).text[0] != '\0');
}

static void
a_database_at_its_limit_gives_no_more_rights_but_ends_those_it_gave(void **state)
{
	struct fixture *fixture = *state;
	struct request request = restart("vm-2", NULL);
	struct reservation reservation;
	struct error err = {0};
	enum reservation_state now;
	struct id id;
	char target[16];
	int i = 0, r = 0;

	fixture->options.history.max_bytes = 1 << 20;
	fixture_open(fixture);
	id = reserve(fixture, "vm-1", NULL);
	while (r == 0 && ++i < 20000) {
		snprintf(target, sizeof(target), "vm-%d", i + 10);
		request.attribute[ATTRIBUTE_TARGET] = str_from(target);
		r = engine_reserve(fixture->engine, &request, 0, &reservation, &err);
		reservation_done(&reservation);
	}
	assert_int_equal(r, -ERROR_FULL);
	assert_false(reservation.decision.permit);
	assert_int_equal(reservation.decision.reason, REASON_ERROR);
	assert_int_equal(change(fixture, id, RESERVATION_ABORT, &now), 0);
	assert_true(metrics(fixture).used_bytes < (1 << 20) + (1 << 18));
}

static uint32_t
count_since(struct fixture *fixture, int64_t since_ms)
{
	const struct count_query query = {.actor = STR("SO"),
	                                  .operation = STR("Restart"),
	                                  .target = STR("vm-1"),
	                                  .since_ms = since_ms,
	                                  .now_ms = NOON,
	                                  .limit = 9};
	struct history_reader *reader;
	struct count_result result;
	struct error err = {0};

	assert_int_equal(history_reader_open(engine_history(fixture->engine), &reader, &err), 0);
	assert_int_equal(history_reader_begin(reader), 0);
	assert_int_equal(history_reader_view.count(reader, &query, &result), 0);
	history_reader_end(reader);
	history_reader_close(reader);
	return result.used;
}

static void
pruning_leaves_every_window_exact_or_full(void **state)
{
	char path[] = "/tmp/test_reserve-XXXXXX", command[64];
	struct fixture *fixture = *state;
	struct db_report report;
	struct error err = {0};
	uint64_t removed;

	assert_non_null(mkdtemp(path));
	fixture->options.history.directory = path;
	fixture_open(fixture);
	settle(fixture, reserve(fixture, "vm-1", "r0")); /* from here on the window is known */
	record(fixture, row("r1", "Success", NOON - WINDOW_MS + 5));
	record(fixture, row("r2", "Success", NOON - WINDOW_MS - 5));
	record(fixture, row("r3", "Started", TIME_NONE));
	record(fixture, row("r2", "Failure", NOON - WINDOW_MS - 6));
	assert_int_equal(count_since(fixture, NOON - WINDOW_MS - 6), 4);
	assert_int_equal(db_prune(engine_history(fixture->engine), NOON, &removed, &err), 0);
	assert_int_equal(removed, 0); /* all of it is in the window just asked for */
	assert_int_equal(count_since(fixture, NOON - WINDOW_MS - 6), 4);
	pass(fixture, 60000);
	assert_int_equal(db_prune(engine_history(fixture->engine), NOON, &removed, &err), 0);
	assert_int_equal(removed, 3); /* r1, r2, and what r2 replaced */
	engine_close(fixture->engine);
	assert_int_equal(db_verify(path, true, NULL, &report, &err), 0);
	fixture_open(fixture);
	assert_int_equal(count_since(fixture, NOON - WINDOW_MS + 60000), 2);
	assert_int_equal(count_since(fixture, NOON - WINDOW_MS + 5), 9); /* nobody knows any more: full */
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

/* --- every admission against a list --- */

#define OPERATIONS_MAX 2000

struct listed {
	struct id id;
	int64_t start_ms, end_ms; /* the lease's end while it is live */
	bool live, gone;
	int target;
};

static uint32_t
dice(uint64_t *seed, uint32_t sides)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % sides;
}

static int
list_used(const struct listed *list, int count, int target, int64_t now_ms)
{
	int used = 0;

	for (int i = 0; i < count; i++)
		used += list[i].target == target && !list[i].gone && list[i].end_ms >= now_ms - WINDOW_MS;
	return used;
}

static void
every_admission_is_the_lists(void **state)
{
	static struct listed list[OPERATIONS_MAX];
	static const char *const targets[] = {"vm-1", "vm-2"};
	struct fixture *fixture = *state;
	uint64_t seed = 42;
	int count = 0, denied = 0;

	for (int step = 0; step < OPERATIONS_MAX; step++) {
		int64_t now_ms = atomic_load(&fixture->now_ms);
		int target = (int)dice(&seed, 2);
		struct id id = reserve(fixture, targets[target], NULL);

		assert_int_equal(id.text[0] != '\0', list_used(list, count, target, now_ms) < LIMIT);
		if (id.text[0])
			list[count++] = (struct listed){id, now_ms, now_ms + LEASE_MS, true, false, target};
		else
			denied++;
		for (int i = 0; i < count; i++) {
			enum reservation_action action = dice(&seed, 3) ? RESERVATION_SETTLE : RESERVATION_ABORT;
			enum reservation_state now;

			if (!list[i].live || dice(&seed, 4))
				continue;
			list[i].live = false;
			if (list[i].end_ms <= now_ms) {
				assert_int_equal(change(fixture, list[i].id, action, &now), -ERROR_CONFLICT);
				continue;
			}
			assert_int_equal(change(fixture, list[i].id, action, &now), 0);
			list[i].end_ms = now_ms;
			list[i].gone = action == RESERVATION_ABORT;
		}
		pass(fixture, dice(&seed, 60000));
	}
	assert_true(denied > 100 && count > 100);
	assert_int_equal(metrics(fixture).admitted, count);
}

/* --- threads --- */

#define THREADS 8
#define ATTEMPTS 100

struct hammer {
	struct fixture *fixture;
	pthread_t thread;
	int admitted;
};

static void *
hammer_run(void *context)
{
	struct hammer *hammer = context;

	for (int i = 0; i < ATTEMPTS; i++) {
		struct request request = restart("vm-1", NULL);
		struct reservation reservation;
		struct error err = {0};

		if (engine_reserve(hammer->fixture->engine, &request, 0, &reservation, &err) == 0)
			hammer->admitted += reservation.decision.permit;
		reservation_done(&reservation);
	}
	return NULL;
}

static void
threads_at_once_get_exactly_as_many_rights_as_there_are(void **state)
{
	struct hammer hammers[THREADS] = {0};
	int admitted = 0;

	for (int i = 0; i < THREADS; i++) {
		hammers[i].fixture = *state;
		assert_int_equal(pthread_create(&hammers[i].thread, NULL, hammer_run, &hammers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(hammers[i].thread, NULL), 0);
		admitted += hammers[i].admitted;
	}
	assert_int_equal(admitted, LIMIT);
}

struct answer {
	atomic_int count;
	char id[RESERVATION_ID_SIZE];
};

static void
answered(void *context, const struct reservation *reservation, const struct error *err)
{
	struct answer *answer = context;

	if (err->code == 0)
		memcpy(answer->id, reservation->id, sizeof(answer->id));
	atomic_fetch_add(&answer->count, 1);
}

static void
changed(void *context, const struct reservation_status *status, const struct error *err)
{
	struct answer *answer = context;

	atomic_fetch_add(&answer->count, err->code == 0 && status->state == RESERVATION_SETTLED ? 1 : 100);
}

static void
the_callback_form_says_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct request request = restart("vm-1", "r1");
	struct reservation_change end = {.action = RESERVATION_SETTLE, .outcome = STR("Success")};
	struct answer answer = {0};
	struct error err = {0};

	assert_int_equal(engine_reserve_async(fixture->engine, &request, 0, answered, &answer, &err), 0);
	while (atomic_load(&answer.count) == 0)
		;
	assert_string_equal(answer.id, reserve(fixture, "vm-1", "r1").text);
	end.id = str_from(answer.id);
	assert_int_equal(engine_reservation_async(fixture->engine, &end, changed, &answer, &err), 0);
	while (atomic_load(&answer.count) == 1)
		;
	assert_int_equal(atomic_load(&answer.count), 2);
}

static void
the_librarys_door_gives_and_takes_back(void **state)
{
	struct clg_options options = CLG_OPTIONS_INIT;
	const struct clg_request request = {
		.actor = "SO", .operation = "Restart", .target = "vm-1", .request_id = "r1"};
	enum clg_reservation_state now;
	struct clg_reservation first, again;
	struct clg_engine *engine;
	struct clg_error err = {0};

	(void)state;
	options.map_bytes = 1 << 28;
	assert_int_equal(clg_open(&options, &engine, &err), 0);
	assert_int_equal(clg_reserve(engine, &request, 1000, &first, &err), 0);
	assert_int_equal(first.decision.effect, CLG_PERMIT);
	assert_string_equal(first.decision.reason, "no_applicable_guard");
	assert_int_equal(clg_reserve(engine, &request, 1000, &again, &err), 0);
	assert_string_equal(first.id, again.id);
	assert_true(again.repeated && !first.repeated);
	assert_int_equal(clg_renew(engine, first.id, 5000, &now, &err), 0);
	assert_int_equal(clg_settle(engine, first.id, "Success", &now, &err), 0);
	assert_int_equal(now, CLG_SETTLED);
	assert_int_equal(clg_settle(engine, first.id, "Failure_Guard", &now, &err), -CLG_ERANGE);
	assert_int_equal(clg_abort(engine, first.id, &now, NULL), -CLG_ECONFLICT);
	assert_int_equal(now, CLG_SETTLED);
	clg_reservation_done(&first);
	clg_reservation_done(&again);
	assert_int_equal(clg_record(engine, &(struct clg_operation){.actor = "SO", .outcome = "Success"}, 1, &err),
	                 -CLG_EMISSING);
	assert_string_equal(err.text, "row 0: an operation needs its actor and its operation");
	assert_int_equal(clg_record(engine,
	                            &(struct clg_operation){.actor = "SO", .operation = "Stop", .outcome = "Started"},
	                            1, &err),
	                 -CLG_EMISSING);
	clg_close(engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_right_is_taken_until_there_are_none_left_and_comes_back_with_the_window, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_aborted_can_be_taken_again_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(settling_twice_is_one_and_aborting_what_is_settled_is_refused, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(ids_that_were_never_given_are_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(an_expired_lease_counts_as_used_and_a_late_settle_is_told_so, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(an_expired_lease_counts_no_more_when_so_configured, setup_private,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_renewed_lease_lives_longer, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_request_again_gets_the_same_reservation, setup, teardown),
		cmocka_unit_test_setup_teardown(several_rights_are_taken_all_or_none, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_sees_its_own_reservations, setup, teardown),
		cmocka_unit_test_setup_teardown(a_published_limit_applies_to_the_next_reservation, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reservation_never_takes_the_place_of_an_operation_that_was_performed,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(an_operation_that_somebody_recorded_is_not_given_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_clock_set_back_stands_still_and_a_restart_with_an_earlier_one_too,
	                                        setup_private, teardown),
		cmocka_unit_test_setup_teardown(a_clock_set_forwards_and_right_again_lets_no_window_pass_twice, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_database_at_its_limit_gives_no_more_rights_but_ends_those_it_gave,
	                                        setup_private, teardown),
		cmocka_unit_test_setup_teardown(pruning_leaves_every_window_exact_or_full, setup_private, teardown),
		cmocka_unit_test_setup_teardown(every_admission_is_the_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(threads_at_once_get_exactly_as_many_rights_as_there_are, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_callback_form_says_the_same, setup, teardown),
		cmocka_unit_test(the_librarys_door_gives_and_takes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
