/* test_hot - limits kept in memory: what they answer is what the database says, of one state, whoever committed it */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/database/db.h"
#include "engine/history/cache.h"
#include "engine/history/history_clock.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/write.h"
#include "tests/cmocka_all.h"

#define NOW_MS 5000
#define LEASE_MS 1000

struct fixture {
	struct history *history;
	struct history_reader *reader;
};

static void
open_all(struct fixture *fixture, const char *directory)
{
	const struct history_options options = {.directory = directory, .map_bytes = 1 << 28, .lease_ms = LEASE_MS};
	struct error err = {0};

	if (history_open(&options, &fixture->history, &err) != 0 ||
	    history_reader_open(fixture->history, &fixture->reader, &err) != 0)
		fail_msg("%s", err.text);
}

static void
close_all(struct fixture *fixture)
{
	history_reader_close(fixture->reader);
	history_close(fixture->history);
}

/* Whether keys that these tests look at share a set: then a change of one is the end of what is known of another. */
static bool
sets_are_shared(const struct history *history)
{
	static const char *const targets[] = {NULL, "vm-1", "vm-2", "vm-3"}, *const loops[] = {NULL, "loop-1"};
	uint64_t sets[10];
	size_t count = 0;

	for (size_t i = 0; i < 8; i++) {
		const struct count_query query = {.actor = STR("SO"),
		                                  .operation = STR("Restart"),
		                                  .target = str_from(targets[i / 2]),
		                                  .clname = str_from(loops[i % 2])};

		sets[count++] = count_key(&history->key, &query).lo % HOT_SETS;
	}
	sets[count++] = loop_key(&history->key, KEY_LIVE, STR("loop-1")).lo % HOT_SETS;
	sets[count++] = loop_key(&history->key, KEY_STARTS, STR("loop-1")).lo % HOT_SETS;
	for (size_t i = 0; i < count * count; i++) {
		if (i / count != i % count && sets[i / count] == sets[i % count])
			return true;
	}
	return false;
}

/* A new database has a secret of its own, and with it other sets. */
static void
open_new(struct fixture *fixture, const char *directory)
{
	char command[64];

	for (;;) {
		open_all(fixture, directory);
		if (!sets_are_shared(fixture->history))
			return;
		close_all(fixture);
		if (directory) {
			snprintf(command, sizeof(command), "rm -f '%s'/*", directory);
			assert_int_equal(system(command), 0);
		}
	}
}

static int
setup(void **state)
{
	static struct fixture fixture;

	open_new(&fixture, NULL);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	close_all(*state);
	return 0;
}

static struct operation
restart(const char *target)
{
	return (struct operation){
		.actor = STR("SO"),
		.operation = STR("Restart"),
		.target = str_from(target),
		.outcome = STR("Success"),
		.start_ms = NOW_MS,
		.end_ms = NOW_MS,
	};
}

static void
enter(struct history *history, struct operation row)
{
	struct error err = {0};

	if (history_record(history, &row, 1, NOW_MS, &err) != 0)
		fail_msg("%s", err.text);
}

static void
record(struct history *history, const char *target)
{
	enter(history, restart(target));
}

/* context: the row. */
static int
enter_and_fail(void *context, struct history_writer *writer)
{
	int r = writer_record(writer, context, NOW_MS);

	return r == 0 ? -ERROR_CONFLICT : r;
}

static struct count_query
query_of(const char *target, uint32_t limit)
{
	return (struct count_query){.actor = STR("SO"),
	                            .operation = STR("Restart"),
	                            .target = str_from(target),
	                            .since_ms = 0,
	                            .now_ms = NOW_MS,
	                            .limit = limit};
}

/* Whether there are `limit`, as a limiter asks; between look and end. */
static bool
is_reached(struct history_reader *reader, const char *target, uint32_t limit, bool ended_only)
{
	struct count_query query = query_of(target, limit);
	struct count_result result;

	query.whether = true;
	query.ended_only = ended_only;
	assert_int_equal(history_reader_view.count(reader, &query, &result), 0);
	assert_true(result.used == limit || result.used < limit);
	return result.used == limit;
}

static const uint32_t limits[] = {1, 2, 9}; /* in both modes they have place in one set */

#define LIMITS (sizeof(limits) / sizeof(limits[0]))

/* As decisions ask, in both modes, and then exactly, which the database answers: they agree. All rows of the target have ended. */
static uint32_t
used(struct history_reader *reader, const char *target)
{
	const struct count_query query = query_of(target, 100);
	bool reached[LIMITS][2];
	struct count_result result;

	do {
		assert_int_equal(history_reader_peek(reader), 0);
		for (size_t i = 0; i < LIMITS; i++) {
			reached[i][0] = is_reached(reader, target, limits[i], false);
			reached[i][1] = is_reached(reader, target, limits[i], true);
		}
		assert_int_equal(history_reader_view.count(reader, &query, &result), 0);
		history_reader_end(reader);
	} while (history_reader_moved(reader)); /* not all were of one state */
	for (size_t i = 0; i < LIMITS; i++) {
		assert_int_equal(reached[i][0], result.used >= limits[i]);
		assert_int_equal(reached[i][1], result.used >= limits[i]);
	}
	return result.used;
}

/* Whether the present state's answer is in memory. */
static bool
is_hot(struct fixture *fixture, const char *target, uint32_t limit)
{
	const struct count_query query = query_of(target, limit);
	struct count_result result;
	uint64_t state;

	assert_int_equal(store_newest(fixture->history->store, &state), 0);
	return hot_count(&fixture->history->hot, count_key(&fixture->history->key, &query), limit, state, 0, INT64_MAX,
	                 &result);
}

static void
what_was_asked_for_stays_in_memory_through_ones_own_commits(void **state)
{
	struct fixture *fixture = *state;

	record(fixture->history, "vm-1");
	assert_false(is_hot(fixture, "vm-1", 9));
	assert_int_equal(used(fixture->reader, "vm-1"), 1);
	assert_true(is_hot(fixture, "vm-1", 9));
	record(fixture->history, "vm-1"); /* the ring itself changes */
	assert_true(is_hot(fixture, "vm-1", 9));
	assert_int_equal(used(fixture->reader, "vm-1"), 2);
	record(fixture->history, "vm-2"); /* others do */
	assert_true(is_hot(fixture, "vm-1", 9));
	assert_false(is_hot(fixture, "vm-2", 9));
	assert_int_equal(used(fixture->reader, "vm-1"), 2);
	assert_int_equal(used(fixture->reader, "vm-3"), 0); /* none is an answer too */
	assert_true(is_hot(fixture, "vm-3", 9));
	record(fixture->history, "vm-3");
	assert_int_equal(used(fixture->reader, "vm-3"), 1);
}

static uint32_t
dice(uint64_t *seed, uint32_t sides)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % sides;
}

/* One of few, so that rows replace each other: under way, ended, without an outcome, in the past and in the future. */
static struct operation
some_row(uint64_t *seed, int64_t now_ms)
{
	static const char *const targets[] = {"vm-1", "vm-2"}, *const outcomes[] = {"Started", "Success", NULL};
	static const char *const requests[] = {"r1", "r2", "r3", NULL, NULL, NULL, NULL};
	struct operation row = restart(targets[dice(seed, 2)]);

	row.request_id = str_from(requests[dice(seed, 7)]);
	row.outcome = str_from(outcomes[dice(seed, 9) < 6 ? 1 : dice(seed, 3)]);
	row.start_ms = now_ms - dice(seed, 3 * LEASE_MS);
	row.end_ms = row.outcome.ptr && str_is(row.outcome, "Started")
	                     ? TIME_NONE
	                     : now_ms - 20 * (int64_t)dice(seed, 10); /* ties */
	if (dice(seed, 30) == 0)
		row.end_ms = now_ms + dice(seed, 300);
	return row;
}

static struct count_query
some_query(uint64_t *seed, int64_t now_ms)
{
	static const uint32_t some[] = {1, 3, 12, 30};
	struct count_query query = query_of(dice(seed, 2) ? "vm-1" : "vm-2", some[dice(seed, 4)]);

	query.now_ms = now_ms + (dice(seed, 4) ? 0 : (int64_t)dice(seed, 400) - 200);
	query.since_ms = query.now_ms - (int64_t[]){60, 400, 1500, dice(seed, 3000)}[dice(seed, 4)];
	query.ended_only = dice(seed, 2);
	query.whether = dice(seed, 2);
	return query;
}

static void
every_way_of_asking_agrees_with_the_database(void **state)
{
	struct fixture *fixture = *state;
	unsigned from_memory[2] = {0}; /* [ended_only] */
	uint64_t seed = 1;

	for (int i = 0; i < 3000; i++) {
		int64_t now_ms = NOW_MS + 20 * i;

		enter(fixture->history, some_row(&seed, now_ms));
		for (int j = 0; j < 40; j++) {
			struct count_query query = some_query(&seed, now_ms);
			struct count_result got, wanted;

			assert_int_equal(history_reader_peek(fixture->reader), 0);
			assert_int_equal(history_reader_view.count(fixture->reader, &query, &got), 0);
			from_memory[query.ended_only] += !fixture->reader->snapshot;
			history_reader_end(fixture->reader);
			assert_int_equal(history_reader_begin(fixture->reader), 0);
			assert_int_equal(txn_count(fixture->history, fixture->reader->txn, &query, &wanted), 0);
			history_reader_end(fixture->reader);
			if (query.whether && wanted.used < query.limit)
				assert_true(got.used < query.limit);
			else
				assert_int_equal(got.used, wanted.used);
			assert_int_equal(got.limit_end, wanted.limit_end);
		}
	}
	assert_true(from_memory[false] > 10000 && from_memory[true] > 3000);
}

/* Also one for which the ring is too short at first. */
static void
a_limit_of_any_size_stays_in_memory_through_ones_own_commits(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t i = 1; i <= 40; i++) {
		record(fixture->history, "vm-1");
		for (uint32_t limit = 1; limit <= 37; limit += 9)
			assert_int_equal(is_hot(fixture, "vm-1", limit), i > 1 && (i != 25 || limit <= 24));
		assert_int_equal(history_reader_peek(fixture->reader), 0);
		for (uint32_t limit = 1; limit <= 37; limit += 9)
			assert_int_equal(is_reached(fixture->reader, "vm-1", limit, false), i >= limit);
		history_reader_end(fixture->reader);
	}
}

static void
what_is_given_up_was_never_there_even_when_its_number_is_given_again(void **state)
{
	struct fixture *fixture = *state;
	struct operation row = restart("vm-1");

	record(fixture->history, "vm-1");
	assert_int_equal(used(fixture->reader, "vm-1"), 1);
	for (int i = 0; i < 3; i++) {
		struct error err = {0};

		assert_int_equal(history_transact(fixture->history, enter_and_fail, &row, &err), -ERROR_CONFLICT);
		assert_int_equal(used(fixture->reader, "vm-1"), 1);
		record(fixture->history, "vm-2");
		assert_int_equal(used(fixture->reader, "vm-1"), 1);
	}
	record(fixture->history, "vm-1");
	assert_int_equal(used(fixture->reader, "vm-1"), 2);
}

#define GIVEN_UP (2 * HOT_WRITTEN)

static int
enter_all_and_fail(void *context, struct history_writer *writer)
{
	char(*targets)[16] = context;
	int r = 0;

	for (size_t i = 0; r == 0 && i < GIVEN_UP; i++) {
		struct operation row = restart(targets[i]);

		r = writer_record(writer, &row, NOW_MS);
	}
	return r == 0 ? -ERROR_CONFLICT : r;
}

static void
more_than_is_remembered_one_by_one_is_given_up(void **state)
{
	struct fixture *fixture = *state;
	static char targets[GIVEN_UP][16];
	struct error err = {0};

	for (size_t i = 0; i < GIVEN_UP; i++) {
		snprintf(targets[i], sizeof(targets[i]), "vm-%zu", i);
		record(fixture->history, targets[i]);
	}
	for (size_t i = 0; i < GIVEN_UP; i++)
		assert_int_equal(used(fixture->reader, targets[i]), 1);
	assert_int_equal(history_transact(fixture->history, enter_all_and_fail, targets, &err), -ERROR_CONFLICT);
	record(fixture->history, "another");
	for (size_t i = 0; i < GIVEN_UP; i++)
		assert_int_equal(used(fixture->reader, targets[i]), 1);
}

static void
answers_of_two_states_are_noticed(void **state)
{
	struct fixture *fixture = *state;

	record(fixture->history, "vm-1");
	assert_int_equal(used(fixture->reader, "vm-1"), 1);
	assert_int_equal(history_reader_peek(fixture->reader), 0);
	assert_false(is_reached(fixture->reader, "vm-1", 9, false)); /* from memory */
	record(fixture->history, "vm-1");
	assert_false(history_reader_moved(fixture->reader));
	assert_false(is_reached(fixture->reader, "vm-2", 1, false)); /* of a later state than vm-1 */
	assert_true(history_reader_moved(fixture->reader));
	assert_false(history_reader_moved(fixture->reader));
	assert_true(is_reached(fixture->reader, "vm-1", 2, false));
	record(fixture->history, "vm-1");
	record(fixture->history, "vm-2");
	assert_false(is_reached(fixture->reader, "vm-1", 3, false)); /* the snapshot's, whatever is in memory by now */
	assert_false(is_reached(fixture->reader, "vm-2", 1, false));
	assert_false(history_reader_moved(fixture->reader));
	history_reader_end(fixture->reader);
	assert_int_equal(used(fixture->reader, "vm-1"), 3);
	assert_int_equal(used(fixture->reader, "vm-2"), 1);
}

static void
reopening_forgets_all(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};

	record(fixture->history, "vm-1");
	assert_int_equal(used(fixture->reader, "vm-1"), 1);
	assert_int_equal(history_reopen(fixture->history, &err), 0); /* the committer is idle */
	assert_false(is_hot(fixture, "vm-1", 9));
	assert_int_equal(used(fixture->reader, "vm-1"), 1);
	record(fixture->history, "vm-1");
	assert_int_equal(used(fixture->reader, "vm-1"), 2);
}

/* --- loops --- */

static struct operation
of_loop(const char *outcome)
{
	return (struct operation){
		.actor = STR("SO"),
		.operation = STR("Restart"),
		.clname = STR("loop-1"),
		.request_id = STR("r-1"),
		.outcome = str_from(outcome),
		.start_ms = NOW_MS,
		.end_ms = strcmp(outcome, "Started") == 0 ? TIME_NONE : NOW_MS,
	};
}

/* Both questions at one state; the same from memory and from the database. */
static bool
loop_is_busy(struct fixture *fixture)
{
	struct history_reader *reader = fixture->reader;
	int64_t until_ms = TIME_NONE;
	int live, started;

	assert_int_equal(history_reader_peek(reader), 0);
	live = history_reader_view.loop_live(reader, STR("loop-1"), NOW_MS, &until_ms);
	started = history_reader_view.loop_started(reader, STR("loop-1"));
	assert_false(history_reader_moved(reader));
	history_reader_end(reader);
	assert_int_equal(live, started);
	assert_true(live ? until_ms > NOW_MS : until_ms == TIME_NONE);
	return live == 1;
}

static bool
loop_is_hot(struct fixture *fixture, enum key_kind kind)
{
	const struct hash128 of = loop_key(&fixture->history->key, kind, STR("loop-1"));
	struct count_result result;
	uint64_t state;

	assert_int_equal(store_newest(fixture->history->store, &state), 0);
	return hot_count(&fixture->history->hot, of, 1, state, TIME_NONE, INT64_MAX, &result);
}

static void
what_is_known_of_a_loop_ends_with_its_next_row(void **state)
{
	struct fixture *fixture = *state;
	struct operation ended = of_loop("Success");
	struct error err = {0};

	record(fixture->history, "vm-1"); /* before one's own first commit nothing is known */
	for (int round = 0; round < 3; round++) {
		for (int asked = 0; asked < 2; asked++) {
			assert_false(loop_is_busy(fixture));
			assert_true(loop_is_hot(fixture, KEY_LIVE) && loop_is_hot(fixture, KEY_STARTS));
		}
		enter(fixture->history, of_loop("Started"));
		assert_false(loop_is_hot(fixture, KEY_LIVE) || loop_is_hot(fixture, KEY_STARTS));
		for (int asked = 0; asked < 2; asked++) {
			assert_true(loop_is_busy(fixture));
			assert_true(loop_is_hot(fixture, KEY_LIVE) && loop_is_hot(fixture, KEY_STARTS));
		}
		/* What is given up has not happened. */
		assert_int_equal(history_transact(fixture->history, enter_and_fail, &ended, &err), -ERROR_CONFLICT);
		assert_true(loop_is_busy(fixture));
		record(fixture->history, "vm-1");
		assert_true(loop_is_busy(fixture));
		enter(fixture->history, ended);
	}
}

static void
a_loop_whose_rows_are_pruned_is_not_busy(void **state)
{
	struct fixture *fixture = *state;
	struct operation later = restart("vm-1");
	struct error err = {0};
	uint64_t removed;

	enter(fixture->history, of_loop("Started"));
	later.start_ms = later.end_ms = NOW_MS + 2 * LEASE_MS;
	assert_int_equal(history_record(fixture->history, &later, 1, later.end_ms, &err), 0);
	assert_true(loop_is_busy(fixture)); /* at the moment it asks about */
	assert_int_equal(db_prune(fixture->history, NOW_MS + LEASE_MS + 1, &removed, &err), 0);
	assert_int_equal(removed, 1);
	assert_false(loop_is_busy(fixture));
}

static int
reserve_it(void *context, struct history_writer *writer)
{
	const struct request request = {.attribute = {[ATTRIBUTE_ACTOR] = STR("SO"),
	                                              [ATTRIBUTE_OPERATION] = STR("Restart"),
	                                              [ATTRIBUTE_CLNAME] = STR("loop-1")}};

	return writer_reserve(writer, &request, REASON_PERMIT, LEASE_MS, NOW_MS, context);
}

static int
give_it_back(void *context, struct history_writer *writer)
{
	struct reserved *reserved = context;

	return writer_abort(writer, reserved->id, NOW_MS, reserved);
}

static bool
loop_is_live(struct history_reader *reader)
{
	int live;

	assert_int_equal(history_reader_peek(reader), 0);
	live = history_reader_view.loop_live(reader, STR("loop-1"), NOW_MS, NULL);
	history_reader_end(reader);
	assert_true(live >= 0);
	return live == 1;
}

static void
a_loop_that_gives_its_right_back_is_not_live(void **state)
{
	struct fixture *fixture = *state;
	struct reserved reserved;
	struct error err = {0};

	record(fixture->history, "vm-1");
	assert_false(loop_is_live(fixture->reader));
	assert_int_equal(history_transact(fixture->history, reserve_it, &reserved, &err), 0);
	assert_true(loop_is_live(fixture->reader));
	assert_int_equal(history_transact(fixture->history, give_it_back, &reserved, &err), 0);
	assert_false(loop_is_live(fixture->reader));
}

/* --- other processes --- */

/* A process that enters one row of vm-1 whenever a byte comes, and then sends it back. */
static pid_t
process_that_records(const char *path, int pipes[2][2])
{
	pid_t child = fork();
	struct fixture fixture;
	char byte;

	/* Each keeps its own ends, so that the end of one is noticed by the other. */
	close(pipes[0][child != 0 ? 0 : 1]);
	close(pipes[1][child != 0 ? 1 : 0]);
	if (child != 0)
		return child;
	while (read(pipes[0][0], &byte, 1) == 1) {
		if (byte == 'o')
			open_all(&fixture, path);
		else
			record(fixture.history, "vm-1");
		if (write(pipes[1][1], &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static void
tell(const int pipes[2][2], char command)
{
	char byte;

	assert_int_equal(write(pipes[0][1], &command, 1), 1);
	assert_int_equal(read(pipes[1][0], &byte, 1), 1);
}

static void
a_commit_of_another_process_counts_at_once(void **state)
{
	char path[] = "/tmp/test_hot-XXXXXX", command[64];
	struct fixture fixture;
	int pipes[2][2], status;
	uint32_t entered = 0;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(pipe(pipes[0]) | pipe(pipes[1]), 0);
	child = process_that_records(path, pipes);
	open_new(&fixture, path);
	tell(pipes, 'o');
	for (int round = 0; round < 4; round++) {
		record(fixture.history, "vm-1");
		assert_int_equal(used(fixture.reader, "vm-1"), ++entered);
		assert_true(is_hot(&fixture, "vm-1", 9));
		tell(pipes, 'r');
		assert_false(is_hot(&fixture, "vm-1", 9));
		if (round & 1) /* asked before, or only after this process has committed again */
			assert_int_equal(used(fixture.reader, "vm-1"), entered + 1);
		record(fixture.history, "vm-2");
		assert_int_equal(used(fixture.reader, "vm-1"), ++entered);
		assert_int_equal(used(fixture.reader, "vm-1"), entered);
	}
	close(pipes[0][1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(pipes[1][0]);
	close_all(&fixture);
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

/* --- threads --- */

#define WRITERS 2
#define READERS 2
#define TARGETS 40 /* of each writer */
#define ROWS 14

struct crew {
	struct history *history;
	atomic_bool stop;
	char targets[WRITERS][TARGETS][16];
};

struct worker {
	struct crew *crew;
	size_t number;
};

/* Nobody else enters rows of these targets: what was acknowledged is counted, no more and no less. */
static void *
write_and_ask(void *context)
{
	struct worker *worker = context;
	struct fixture fixture = {.history = worker->crew->history};
	struct error err = {0};

	assert_int_equal(history_reader_open(fixture.history, &fixture.reader, &err), 0);
	for (uint32_t i = 1; i <= ROWS; i++) {
		for (size_t t = 0; t < TARGETS; t++) {
			const char *target = worker->crew->targets[worker->number][t];

			record(fixture.history, target);
			assert_int_equal(used(fixture.reader, target), i);
		}
	}
	history_reader_close(fixture.reader);
	return NULL;
}

/* What is asked and not known is put into memory at any moment of the writers' commits; no count goes back. */
static void *
ask(void *context)
{
	struct worker *worker = context;
	uint32_t last[WRITERS][TARGETS] = {{0}};
	struct history_reader *reader;
	struct error err = {0};

	assert_int_equal(history_reader_open(worker->crew->history, &reader, &err), 0);
	while (!atomic_load(&worker->crew->stop)) {
		for (size_t i = 0; i < (size_t)WRITERS * TARGETS; i++) {
			size_t w = i % WRITERS, t = i / WRITERS;
			uint32_t found = used(reader, worker->crew->targets[w][t]);

			assert_true(found >= last[w][t]);
			last[w][t] = found;
		}
	}
	history_reader_close(reader);
	return NULL;
}

static void
what_was_acknowledged_is_counted_while_all_ask(void **state)
{
	struct fixture *fixture = *state;
	static struct crew crew;
	struct worker workers[WRITERS + READERS];
	pthread_t threads[WRITERS + READERS];

	crew.history = fixture->history;
	for (size_t w = 0; w < WRITERS; w++) {
		for (size_t t = 0; t < TARGETS; t++)
			snprintf(crew.targets[w][t], sizeof(crew.targets[w][t]), "vm-%zu-%zu", w, t);
	}
	for (size_t i = 0; i < WRITERS + READERS; i++) {
		workers[i] = (struct worker){&crew, i};
		assert_int_equal(pthread_create(&threads[i], NULL, i < WRITERS ? write_and_ask : ask, &workers[i]), 0);
	}
	for (size_t i = 0; i < WRITERS + READERS; i++) {
		if (i == WRITERS)
			atomic_store(&crew.stop, true);
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
}

static void
more_keys_than_places_are_all_answered(void **state)
{
	enum { KEYS = 40000 }; /* of 16,384 places */
	struct fixture *fixture = *state;
	static struct operation rows[KEYS];
	static char targets[KEYS][16];
	struct error err = {0};

	for (size_t i = 0; i < KEYS; i++) {
		snprintf(targets[i], sizeof(targets[i]), "vm-%zu", i);
		rows[i] = restart(i % 3 ? targets[i] : "vm-0");
	}
	assert_int_equal(history_record(fixture->history, rows, KEYS, NOW_MS, &err), 0);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 1; i < KEYS; i++)
			assert_int_equal(used(fixture->reader, targets[i]), i % 3 != 0);
	}
	assert_int_equal(used(fixture->reader, "vm-0"), 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_asked_for_stays_in_memory_through_ones_own_commits, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(every_way_of_asking_agrees_with_the_database, setup, teardown),
		cmocka_unit_test_setup_teardown(a_limit_of_any_size_stays_in_memory_through_ones_own_commits, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(what_is_given_up_was_never_there_even_when_its_number_is_given_again,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_is_remembered_one_by_one_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_of_two_states_are_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(reopening_forgets_all, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_known_of_a_loop_ends_with_its_next_row, setup, teardown),
		cmocka_unit_test_setup_teardown(a_loop_whose_rows_are_pruned_is_not_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(a_loop_that_gives_its_right_back_is_not_live, setup, teardown),
		cmocka_unit_test(a_commit_of_another_process_counts_at_once),
		cmocka_unit_test_setup_teardown(what_was_acknowledged_is_counted_while_all_ask, setup, teardown),
		cmocka_unit_test_setup_teardown(more_keys_than_places_are_all_answered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
