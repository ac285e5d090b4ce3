/* test_history - operation counters against a plain list: counts, updates, loops, listing, reopening */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/history/history.h"
#include "tests/cmocka_all.h"

#define LEASE_MS 1000

/* --- the oracle: rows in a list, questions answered by looking at every one --- */

struct listed {
	struct operation row;
	int64_t until_ms;
	unsigned entered; /* order of last entry */
};

#define LIST_MAX 4000

struct list {
	struct listed rows[LIST_MAX];
	size_t count;
	unsigned entered;
};

static bool
same(struct str a, struct str b)
{
	return str_equal(a, b);
}

static void
list_record(struct list *list, const struct operation *row, int64_t now_ms)
{
	struct listed *at = NULL;
	struct operation copy = *row;

	for (size_t i = 0; row->request_id.len && i < list->count; i++) {
		const struct operation *old = &list->rows[i].row;

		if (same(old->clname, row->clname) && same(old->request_id, row->request_id) &&
		    same(old->subrequest_id, row->subrequest_id) && same(old->actor, row->actor) &&
		    same(old->operation, row->operation) && same(old->target, row->target))
			at = &list->rows[i];
	}
	if (at && copy.start_ms == TIME_NONE)
		copy.start_ms = at->row.start_ms;
	if (!at) {
		assert_true(list->count < LIST_MAX);
		at = &list->rows[list->count++];
	}
	at->row = copy;
	at->until_ms = copy.end_ms != TIME_NONE ? copy.end_ms
	                                        : (copy.start_ms == TIME_NONE ? now_ms : copy.start_ms) + LEASE_MS;
	at->entered = ++list->entered;
}

static bool
list_counts(const struct listed *at, const struct count_query *query)
{
	const struct operation *row = &at->row;

	if (str_is(row->outcome, "Failure_Guard") || !row->actor.ptr || !row->operation.ptr ||
	    !same(row->actor, query->actor) || !same(row->operation, query->operation))
		return false;
	if (query->target.ptr && !(row->target.ptr && same(row->target, query->target)))
		return false;
	if (query->clname.ptr && !(row->clname.ptr && same(row->clname, query->clname)))
		return false;
	if (query->ended_only)
		return row->end_ms != TIME_NONE && row->outcome.ptr && row->end_ms >= query->since_ms &&
		       row->end_ms <= query->now_ms;
	return at->until_ms >= query->since_ms;
}

static int
falling(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

static struct count_result
list_count(const struct list *list, const struct count_query *query)
{
	static int64_t ends[LIST_MAX];
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list_counts(&list->rows[i], query))
			ends[count++] = list->rows[i].until_ms;
	}
	qsort(ends, count, sizeof(ends[0]), falling);
	if (query->limit == 0 || count < query->limit)
		return (struct count_result){(uint32_t)(query->limit ? count : 0), TIME_NONE};
	return (struct count_result){query->limit, ends[query->limit - 1]};
}

static int
list_loop_live(const struct list *list, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	int live = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct listed *at = &list->rows[i];

		if (str_is(at->row.outcome, "Failure_Guard") || !at->row.clname.ptr || !same(at->row.clname, clname) ||
		    at->until_ms <= now_ms)
			continue;
		if (!live || at->until_ms > *ret_until)
			*ret_until = at->until_ms;
		live = 1;
	}
	return live;
}

static int
list_loop_started(const struct list *list, struct str clname)
{
	const struct listed *latest = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct listed *at = &list->rows[i];
		int64_t start = at->row.start_ms == TIME_NONE ? INT64_MAX : at->row.start_ms, best;

		if (!at->row.clname.ptr || !same(at->row.clname, clname))
			continue;
		best = latest && latest->row.start_ms != TIME_NONE ? latest->row.start_ms : INT64_MAX;
		if (!latest || start > best || (start == best && at->entered > latest->entered))
			latest = at;
	}
	return latest && latest->row.outcome.ptr && str_equal_nocase(latest->row.outcome, STR("Started"));
}

/* --- a world of few names, so that everything meets --- */

static uint32_t
dice(uint64_t *seed, uint32_t sides)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % sides;
}

static struct str
one_of(uint64_t *seed, const char *const *texts, uint32_t count)
{
	return str_from(texts[dice(seed, count)]);
}

static const char *const actors[] = {"SO", "APPC"};
static const char *const operations[] = {"Restart", "Rebuild"};
static const char *const targets[] = {"vnf-1", "vnf-2", "", NULL};
static const char *const loops[] = {"loop-1", "loop-2", NULL};
static const char *const requests[] = {"r1", "r2", "r3", "r4", "", NULL};
static const char *const outcomes[] = {"Started", "STARTED", "Success", "Failure", "Failure_Guard", "", NULL};

#define ONE_OF(seed, texts) one_of(seed, texts, sizeof(texts) / sizeof((texts)[0]))

static int64_t
some_time(uint64_t *seed, int64_t now_ms)
{
	switch (dice(seed, 8)) {
	case 0:
	case 1:
		return TIME_NONE;
	case 2:
		return now_ms + dice(seed, 2000); /* the future */
	case 3:
		return -(int64_t)dice(seed, 5000); /* before 1970 */
	default:
		return now_ms - dice(seed, 3000);
	}
}

static struct operation
some_row(uint64_t *seed, int64_t now_ms)
{
	return (struct operation){
		.actor = ONE_OF(seed, actors),
		.operation = ONE_OF(seed, operations),
		.target = ONE_OF(seed, targets),
		.clname = ONE_OF(seed, loops),
		.request_id = ONE_OF(seed, requests),
		.outcome = ONE_OF(seed, outcomes),
		.start_ms = some_time(seed, now_ms),
		.end_ms = some_time(seed, now_ms),
	};
}

static struct count_query
some_query(uint64_t *seed, int64_t now_ms)
{
	static const uint32_t limits[] = {1, 2, 3, 5, 8, 21, 40, 100, 0};

	return (struct count_query){
		.actor = ONE_OF(seed, actors),
		.operation = ONE_OF(seed, operations),
		.target = ONE_OF(seed, targets),
		.clname = ONE_OF(seed, loops),
		.since_ms = now_ms - dice(seed, 3000),
		.now_ms = now_ms,
		.limit = limits[dice(seed, sizeof(limits) / sizeof(limits[0]))],
		.ended_only = dice(seed, 3) == 0,
		.whether = dice(seed, 2) == 0,
	};
}

static struct history *
open_history(const char *directory)
{
	const struct history_options options = {.directory = directory, .map_bytes = 1 << 28, .lease_ms = LEASE_MS};
	struct history *history;
	struct error err = {0};

	if (history_open(&options, &history, &err) != 0)
		fail_msg("%s", err.text);
	return history;
}

static struct history_reader *
open_reader(struct history *history)
{
	struct history_reader *reader;
	struct error err = {0};

	assert_int_equal(history_reader_open(history, &reader, &err), 0);
	return reader;
}

static void
compare(struct history_reader *reader, const struct list *list, uint64_t *seed, int64_t now_ms)
{
	struct count_query query = some_query(seed, now_ms);
	struct count_result wanted = list_count(list, &query), got = {7, 7};
	struct str clname = str_from(loops[dice(seed, 2)]);
	int64_t wanted_until = 0, until = 0;

	/* As a listing begins, or as a decision does: from memory where it can. */
	assert_int_equal((dice(seed, 2) ? history_reader_begin : history_reader_peek)(reader), 0);
	assert_int_equal(history_reader_view.count(reader, &query, &got), 0);
	if (query.whether && wanted.used < query.limit)
		assert_true(got.used < query.limit);
	else
		assert_int_equal(got.used, wanted.used);
	assert_true(got.limit_end == wanted.limit_end);
	assert_int_equal(history_reader_view.loop_live(reader, clname, now_ms, &until),
	                 list_loop_live(list, clname, now_ms, &wanted_until));
	assert_true(until == wanted_until);
	assert_int_equal(history_reader_view.loop_started(reader, clname), list_loop_started(list, clname));
	history_reader_end(reader);
}

static void
play_schedule(uint64_t seed, size_t steps, const char *directory)
{
	static struct list list;
	struct history *history = open_history(directory);
	struct history_reader *readers[2] = {open_reader(history), open_reader(history)};
	int64_t now_ms = 1000000;

	list.count = list.entered = 0;
	for (size_t i = 0; i < steps; i++) {
		struct operation rows[3];
		size_t count = 1 + dice(&seed, 3);
		struct error err = {0};

		now_ms += dice(&seed, 100);
		for (size_t j = 0; j < count; j++)
			rows[j] = some_row(&seed, now_ms);
		assert_int_equal(history_record(history, rows, count, now_ms, &err), 0);
		for (size_t j = 0; j < count; j++)
			list_record(&list, &rows[j], now_ms);
		for (size_t j = 0; j < 4; j++)
			compare(readers[j % 2], &list, &seed, now_ms);
		if (directory && dice(&seed, 60) == 0) {
			history_reader_close(readers[0]);
			history_reader_close(readers[1]);
			history_close(history);
			history = open_history(directory);
			readers[0] = open_reader(history);
			readers[1] = open_reader(history);
		}
	}
	history_reader_close(readers[0]);
	history_reader_close(readers[1]);
	history_close(history);
}

static void
every_answer_is_the_lists(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++)
		play_schedule(seed, 150, NULL);
	play_schedule(99, 700, NULL); /* long enough for rings to overflow */
}

static void
every_answer_is_the_lists_after_reopening_too(void **state)
{
	char path[] = "/tmp/test_history-XXXXXX", command[64];

	(void)state;
	assert_non_null(mkdtemp(path));
	play_schedule(7, 400, path);
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

/* --- single rules --- */

struct fixture {
	struct history *history;
	struct history_reader *reader;
};

static int
setup(void **state)
{
	static struct fixture fixture;

	fixture.history = open_history(NULL);
	fixture.reader = open_reader(fixture.history);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	history_reader_close(fixture->reader);
	history_close(fixture->history);
	return 0;
}

static struct operation
restart(const char *request, const char *outcome, int64_t start_ms, int64_t end_ms)
{
	return (struct operation){
		.actor = STR("SO"),
		.operation = STR("Restart"),
		.target = STR("vnf-1"),
		.clname = STR("loop-1"),
		.request_id = str_from(request),
		.outcome = str_from(outcome),
		.start_ms = start_ms,
		.end_ms = end_ms,
	};
}

static void
record(struct fixture *fixture, struct operation row)
{
	struct error err = {0};

	assert_int_equal(history_record(fixture->history, &row, 1, 5000, &err), 0);
}

static uint32_t
used(struct fixture *fixture, int64_t since_ms)
{
	const struct count_query query = {.actor = STR("SO"),
	                                  .operation = STR("Restart"),
	                                  .target = STR("vnf-1"),
	                                  .since_ms = since_ms,
	                                  .now_ms = 5000,
	                                  .limit = 9};
	struct count_result result;

	assert_int_equal(history_reader_begin(fixture->reader), 0);
	assert_int_equal(history_reader_view.count(fixture->reader, &query, &result), 0);
	history_reader_end(fixture->reader);
	return result.used;
}

static void
an_end_on_the_windows_first_instant_counts_and_the_one_before_does_not(void **state)
{
	record(*state, restart("a", "Success", 100, 4000));
	assert_int_equal(used(*state, 4000), 1);
	assert_int_equal(used(*state, 4001), 0);
}

static void
a_row_corrected_to_failure_guard_leaves_and_may_come_back(void **state)
{
	record(*state, restart("a", "Success", 100, 4000));
	record(*state, restart("b", "Success", 100, 4100));
	record(*state, restart("a", "Failure_Guard", 100, 4000));
	assert_int_equal(used(*state, 0), 1);
	record(*state, restart("a", "Failure", 100, 4200));
	assert_int_equal(used(*state, 4200), 1);
	assert_int_equal(used(*state, 0), 2);
}

static void
a_started_operation_is_live_until_its_lease_ends_and_then_ended(void **state)
{
	struct fixture *fixture = *state;
	int64_t until = 0;

	record(fixture, restart("a", "Started", 4500, TIME_NONE));
	assert_int_equal(history_reader_begin(fixture->reader), 0);
	assert_int_equal(history_reader_view.loop_live(fixture->reader, STR("loop-1"), 5499, &until), 1);
	assert_true(until == 5500);
	assert_int_equal(history_reader_view.loop_live(fixture->reader, STR("loop-1"), 5500, &until), 0);
	history_reader_end(fixture->reader);
	assert_int_equal(used(fixture, 5500), 1);
	assert_int_equal(used(fixture, 5501), 0);
}

static void
rows_without_a_request_are_always_new(void **state)
{
	record(*state, restart(NULL, "Success", 100, 4000));
	record(*state, restart(NULL, "Success", 100, 4000));
	record(*state, restart("", "Success", 100, 4000));
	assert_int_equal(used(*state, 0), 3);
}

static void
extreme_times_do_not_wrap(void **state)
{
	record(*state, restart("a", "Started", INT64_MAX, TIME_NONE));
	record(*state, restart("b", "Success", TIME_NONE, INT64_MAX));
	record(*state, restart("c", "Success", TIME_NONE, TIME_NONE + 1));
	assert_int_equal(used(*state, INT64_MAX), 2);
	assert_int_equal(used(*state, INT64_MIN), 3);
}

static void
texts_have_their_limits_and_nothing_of_a_refused_batch_is_entered(void **state)
{
	struct fixture *fixture = *state;
	static char long_text[ATTRIBUTE_SIZE_MAX + 1], long_message[4097];
	struct operation rows[2] = {restart("a", "Success", 100, 4000), restart("b", "Success", 100, 4000)};
	struct error err = {0};

	memset(long_text, 'x', sizeof(long_text));
	memset(long_message, 'y', sizeof(long_message));
	rows[1].subrequest_id = (struct str){long_text, sizeof(long_text)};
	assert_int_equal(history_record(fixture->history, rows, 2, 5000, &err), -ERROR_LIMIT);
	rows[1].subrequest_id.len--;
	rows[1].message = (struct str){long_message, sizeof(long_message)};
	assert_int_equal(history_record(fixture->history, rows, 2, 5000, &err), -ERROR_LIMIT);
	assert_int_equal(used(fixture, 0), 0);
	rows[1].message.len--;
	err = (struct error){0};
	for (size_t i = 0; i < 2; i++) {
		rows[i].actor = rows[i].operation = rows[i].target = rows[i].clname = rows[i].request_id =
			rows[i].outcome = (struct str){long_text, ATTRIBUTE_SIZE_MAX};
	}
	assert_int_equal(history_record(fixture->history, rows, 2, 5000, &err), 0);
}

struct visits {
	char text[256];
	size_t stop_after;
};

static int
visit(void *context, const struct operation *row)
{
	struct visits *visits = context;
	size_t len = strlen(visits->text);

	snprintf(visits->text + len, sizeof(visits->text) - len, "%.*s=%.*s ", STR_ARG(row->request_id),
	         STR_ARG(row->outcome));
	return visits->stop_after && --visits->stop_after == 0 ? 42 : 0;
}

static const char *
listing(struct fixture *fixture, struct visits *visits, const struct operation_filter *filter, int answer)
{
	visits->text[0] = '\0';
	assert_int_equal(history_reader_begin(fixture->reader), 0);
	assert_int_equal(history_each(fixture->reader, filter, visit, visits), answer);
	history_reader_end(fixture->reader);
	return visits->text;
}

static void
a_listing_shows_current_rows_newest_entered_first(void **state)
{
	struct operation_filter filter = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .limit = 10};
	struct visits visits = {0};

	record(*state, restart("a", "Started", 100, TIME_NONE));
	record(*state, restart("b", "Failure_Guard", 200, TIME_NONE));
	record(*state, restart(NULL, "Success", 300, 300));
	record(*state, restart("a", "Success", 100, 400));
	assert_string_equal(listing(*state, &visits, &filter, 0), "a=Success =Success b=Failure_Guard ");
	filter.limit = 2;
	assert_string_equal(listing(*state, &visits, &filter, 0), "a=Success =Success ");
	filter.limit = 10;
	filter.from_ms = 300;
	assert_string_equal(listing(*state, &visits, &filter, 0), "a=Success =Success ");
	filter.to_ms = 399;
	assert_string_equal(listing(*state, &visits, &filter, 0), "=Success ");
	filter.from_ms = filter.to_ms = TIME_NONE;
	filter.target = STR("vnf-2");
	assert_string_equal(listing(*state, &visits, &filter, 0), "");
	filter.target = STR("vnf-1");
	visits.stop_after = 1;
	assert_string_equal(listing(*state, &visits, &filter, 42), "a=Success ");
}

/* --- threads and processes --- */

#define WRITERS 4
#define WRITES 150

static void *
write_rows(void *context)
{
	struct fixture *fixture = context;

	for (int i = 0; i < WRITES; i++) {
		struct operation row = restart(NULL, "Success", 100, 4000);
		struct error err = {0};

		if (history_record(fixture->history, &row, 1, 5000, &err) != 0)
			return context;
	}
	return NULL;
}

static void
writers_of_several_threads_lose_nothing_while_readers_read(void **state)
{
	struct fixture *fixture = *state;
	struct count_query query = {.actor = STR("SO"),
	                            .operation = STR("Restart"),
	                            .since_ms = 0,
	                            .now_ms = 5000,
	                            .limit = WRITERS * WRITES};
	struct count_result result = {0}, last = {0};
	pthread_t threads[WRITERS];

	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_rows, fixture), 0);
	while (result.used < WRITERS * WRITES) {
		assert_int_equal(history_reader_begin(fixture->reader), 0);
		assert_int_equal(history_reader_view.count(fixture->reader, &query, &result), 0);
		history_reader_end(fixture->reader);
		assert_true(result.used >= last.used);
		last = result;
	}
	for (size_t i = 0; i < WRITERS; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

static void
called_back(void *context, const struct error *err)
{
	sem_t *done = context;

	if (!err->code)
		sem_post(done);
}

static void
the_callback_comes_after_the_commit_and_the_rows_were_copied(void **state)
{
	struct fixture *fixture = *state;
	char name[] = "vnf-1";
	struct operation row = restart("a", "Success", 100, 4000);
	struct error err = {0};
	sem_t done;

	row.target = (struct str){name, 5};
	assert_int_equal(sem_init(&done, 0, 0), 0);
	assert_int_equal(history_record_async(fixture->history, &row, 1, 5000, called_back, &done, &err), 0);
	memset(name, 'x', 5);
	assert_int_equal(sem_wait(&done), 0);
	assert_int_equal(used(fixture, 0), 1);
	sem_destroy(&done);
}

/*
 * A process that enters one row when a byte comes, and goes without closing, as if killed. Made while there are no
 * threads.
 */
static pid_t
process_that_records(const char *path, const char *request, int go)
{
	pid_t child = fork();

	if (child == 0) {
		struct operation row = restart(request, "Success", 100, 4000);
		struct error err = {0};
		char byte;

		_exit(read(go, &byte, 1) == 1 && history_record(open_history(path), &row, 1, 5000, &err) == 0 ? 0 : 1);
	}
	return child;
}

static void
one_process_sees_what_others_have_entered(void **state)
{
	char path[] = "/tmp/test_history-XXXXXX", command[64];
	struct fixture fixture;
	int go[2][2], status;
	pid_t children[2];

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(pipe(go[0]), 0);
	assert_int_equal(pipe(go[1]), 0);
	children[0] = process_that_records(path, "a", go[0][0]);
	children[1] = process_that_records(path, "b", go[1][0]);
	fixture.history = open_history(path);
	fixture.reader = open_reader(fixture.history);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(used(&fixture, 0), i);
		assert_int_equal(write(go[i][1], "x", 1), 1);
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
		assert_int_equal(used(&fixture, 0), i + 1);
		close(go[i][0]);
		close(go[i][1]);
	}
	history_reader_close(fixture.reader);
	history_close(fixture.history);
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_the_lists),
		cmocka_unit_test(every_answer_is_the_lists_after_reopening_too),
		cmocka_unit_test_setup_teardown(an_end_on_the_windows_first_instant_counts_and_the_one_before_does_not,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_corrected_to_failure_guard_leaves_and_may_come_back, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_started_operation_is_live_until_its_lease_ends_and_then_ended, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(rows_without_a_request_are_always_new, setup, teardown),
		cmocka_unit_test_setup_teardown(extreme_times_do_not_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(texts_have_their_limits_and_nothing_of_a_refused_batch_is_entered,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(a_listing_shows_current_rows_newest_entered_first, setup, teardown),
		cmocka_unit_test_setup_teardown(writers_of_several_threads_lose_nothing_while_readers_read, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_callback_comes_after_the_commit_and_the_rows_were_copied, setup,
	                                        teardown),
		cmocka_unit_test(one_process_sees_what_others_have_entered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
