/* test_killed - processes killed at any moment: nothing acknowledged is lost, no window passes its limit */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/database/db.h"
#include "tests/clock_step.h"
#include "tests/cmocka_all.h"
#include "tests/counting_fixture.h"

#define LIMIT 5
#define WINDOW_MS 1000
#define LEASE_MS 60
#define THREADS 22 /* of a process; three processes are more than 64 */
#define TARGETS 3
#define ROWS_MAX 400000
#define ACKNOWLEDGED_MAX 4000000

/* Shared with the processes that are killed: what they were told. */
struct journal {
	atomic_uint next; /* number of an operation */
	atomic_bool stop;
	atomic_uint processes;
	unsigned char recorded[ACKNOWLEDGED_MAX]; /* 1: acknowledged */
	unsigned char settled[ACKNOWLEDGED_MAX];  /* 1: the reservation with this number was settled */
};

struct worker {
	struct engine *engine;
	struct journal *journal;
	pthread_t thread;
	uint64_t seed;
};

static const char *const targets[TARGETS] = {"vm-0", "vm-1", "vm-2"};

static struct journal *
make_journal(void)
{
	struct journal *journal =
		mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(journal != MAP_FAILED);
	return journal;
}

static void
sleep_us(unsigned us)
{
	const struct timespec pause = {us / 1000000, (long)(us % 1000000) * 1000};

	nanosleep(&pause, NULL);
}

/* One operation that somebody else performed, with a target of its own so that it limits nobody. */
static void
record_one(struct worker *worker, unsigned number)
{
	char request_id[16];
	struct operation row = {.actor = STR("SO"),
	                        .operation = STR("Restart"),
	                        .target = STR("other"),
	                        .outcome = STR("Success"),
	                        .start_ms = 1,
	                        .end_ms = 1};
	struct error err = {0};

	snprintf(request_id, sizeof(request_id), "%u", number);
	row.request_id = str_from(request_id);
	if (history_record(engine_history(worker->engine), &row, 1, 1, &err) == 0)
		worker->journal->recorded[number] = 1;
}

/* A reservation taken; most are settled, some given back, some forgotten. */
static void
reserve_one(struct worker *worker, unsigned number)
{
	char request_id[16];
	struct request request;
	struct reservation_change change = {.outcome = STR("Success")};
	struct reservation_status status;
	struct reservation reservation;
	struct error err = {0};
	uint32_t fate = dice(&worker->seed, 10);

	snprintf(request_id, sizeof(request_id), "%u", number);
	request = restart_of(targets[dice(&worker->seed, TARGETS)], request_id);
	if (engine_reserve(worker->engine, &request, 0, &reservation, &err) == 0 && reservation.decision.permit) {
		worker->journal->recorded[number] = 1;
		change.id = str_from(reservation.id);
		change.action = fate == 0 ? RESERVATION_ABORT : RESERVATION_SETTLE;
		if (fate < 9 && engine_reservation(worker->engine, &change, &status, &err) == 0 && fate != 0)
			worker->journal->settled[number] = 1;
	}
	reservation_done(&reservation);
}

static void *
work(void *context)
{
	struct worker *worker = context;

	while (!atomic_load(&worker->journal->stop)) {
		unsigned number = atomic_fetch_add(&worker->journal->next, 1);

		if (number >= ACKNOWLEDGED_MAX)
			break;
		if (dice(&worker->seed, 4) == 0)
			record_one(worker, number);
		else
			reserve_one(worker, number);
		if (dice(&worker->seed, 8) == 0)
			sleep_us(dice(&worker->seed, 3000));
	}
	return NULL;
}

/* A process under load, until it is killed or told to stop. Never returns. */
static void
run_process(const char *directory, struct journal *journal, unsigned threads, uint64_t seed)
{
	struct counting counting = {.directory = directory,
	                            .limit = LIMIT,
	                            .window = "timeWindow: 1, timeUnits: second",
	                            .lease_ms = LEASE_MS};
	struct worker workers[THREADS] = {0};
	struct engine *engine;
	struct error err = {0};

	if (counting_open(&counting, &engine, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	atomic_fetch_add(&journal->processes, 1);
	for (unsigned i = 0; i < threads; i++) {
		workers[i] = (struct worker){.engine = engine, .journal = journal, .seed = seed + i};
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			_exit(1);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	engine_close(engine);
	_exit(0);
}

static pid_t
start_process(const char *directory, struct journal *journal, unsigned threads, uint64_t seed)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		run_process(directory, journal, threads, seed);
	return child;
}

/* --- the independent checker: rows of the log, looked at as a list --- */

struct seen {
	int64_t start_ms, end_ms;
	int target; /* -1: another */
};

struct checker {
	struct journal *journal;
	struct seen *rows;
	size_t count;
	unsigned char *found, *ended;
	int64_t first_ms, last_ms; /* stamps of reservations */
};

static int
see_row(void *context, const struct operation *row)
{
	struct checker *checker = context;
	struct seen seen = {row->start_ms, row->end_ms, -1};
	char number[16] = "";

	memcpy(number, row->request_id.ptr, row->request_id.len < 15 ? row->request_id.len : 15);
	checker->found[atoi(number)] = 1;
	checker->ended[atoi(number)] = row->end_ms != TIME_NONE;
	for (int i = 0; i < TARGETS; i++) {
		if (str_is(row->target, targets[i]))
			seen.target = i;
	}
	if (seen.end_ms == TIME_NONE)
		seen.end_ms = seen.start_ms + LEASE_MS; /* nobody ended it: its lease did */
	assert_true(checker->count < ROWS_MAX);
	if (seen.target < 0)
		return 0;
	checker->rows[checker->count++] = seen;
	if (checker->count == 1 || seen.start_ms < checker->first_ms)
		checker->first_ms = seen.start_ms;
	if (checker->count == 1 || seen.start_ms > checker->last_ms)
		checker->last_ms = seen.start_ms;
	return 0;
}

static int64_t
sort_key(const struct seen *seen, int by_end)
{
	return by_end ? seen->end_ms : seen->start_ms;
}

static int
rising_start(const void *a, const void *b)
{
	int64_t x = sort_key(a, 0), y = sort_key(b, 0);

	return (x > y) - (x < y);
}

static int
rising_end(const void *a, const void *b)
{
	int64_t x = sort_key(a, 1), y = sort_key(b, 1);

	return (x > y) - (x < y);
}

/* The most operations on one target that start (or end) within a trailing window. */
static unsigned
fullest_window(struct checker *checker, int target, int by_end)
{
	int64_t *times = malloc((checker->count + 1) * sizeof(*times));
	unsigned most = 0;
	size_t n = 0, first = 0;

	qsort(checker->rows, checker->count, sizeof(*checker->rows), by_end ? rising_end : rising_start);
	for (size_t i = 0; i < checker->count; i++) {
		if (checker->rows[i].target == target)
			times[n++] = sort_key(&checker->rows[i], by_end);
	}
	for (size_t i = 0; i < n; i++) {
		while (times[first] < times[i] - WINDOW_MS)
			first++;
		if (i - first + 1 > most)
			most = (unsigned)(i - first + 1);
	}
	free(times);
	return most;
}

/* Reads the log in a process of its own, so that this one never has the database open. ret_span_ms: of the reservations, or NULL. */
static void
check_log(const char *directory, struct journal *journal, bool windows, int64_t *ret_span_ms)
{
	const struct operation_filter all = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .limit = SIZE_MAX};
	const struct history_options options = {
		.directory = directory, .map_bytes = (size_t)1 << 30, .lease_ms = LEASE_MS};
	unsigned next = atomic_load(&journal->next), kept = 0;
	struct checker checker = {.journal = journal};
	struct history_reader *reader;
	struct history *history;
	struct history_metrics metrics;
	struct db_report report;
	struct error err = {0};

	if (db_verify(directory, false, NULL, &report, &err) != 0)
		fail_msg("%s", err.text);
	checker.rows = malloc(ROWS_MAX * sizeof(*checker.rows));
	checker.found = calloc(1, ACKNOWLEDGED_MAX);
	checker.ended = calloc(1, ACKNOWLEDGED_MAX);
	assert_true(checker.rows && checker.found && checker.ended);
	assert_int_equal(history_open(&options, &history, &err), 0);
	assert_int_equal(history_reader_open(history, &reader, &err), 0);
	assert_int_equal(history_reader_begin(reader), 0);
	assert_int_equal(history_each(reader, &all, see_row, &checker), 0);
	assert_int_equal(history_metrics(reader, &metrics), 0);
	history_reader_end(reader);
	history_reader_close(reader);
	history_close(history);
	assert_true(metrics.difference == 0);
	for (unsigned i = 0; i < next && i < ACKNOWLEDGED_MAX; i++) {
		if (journal->settled[i] && !(checker.found[i] && checker.ended[i]))
			fail_msg("settled operation %u was lost", i);
		kept += journal->recorded[i];
	}
	for (int target = 0; windows && target < TARGETS; target++) {
		unsigned starts = fullest_window(&checker, target, 0), ends = fullest_window(&checker, target, 1);

		print_message("%s: at most %u starts and %u ends in a window\n", targets[target], starts, ends);
		assert_true(starts <= LIMIT && ends <= LIMIT);
		assert_true(starts == LIMIT || ends == LIMIT);
	}
	print_message("%u operations acknowledged, none lost\n", kept);
	if (ret_span_ms)
		*ret_span_ms = checker.last_ms - checker.first_ms;
	free(checker.rows);
	free(checker.found);
	free(checker.ended);
}

static void
a_killed_process_loses_nothing_that_it_acknowledged(void **state)
{
	struct journal *journal = make_journal();
	unsigned kills = how_often(200, 2000);
	uint64_t seed = 1;
	char path[64];

	(void)state;
	make_directory(path);
	for (unsigned i = 0; i < kills; i++) {
		unsigned opened = atomic_load(&journal->processes);
		pid_t child = start_process(path, journal, 4, seed + 100 * i);

		/* Most times until it is open; sometimes it is killed while it opens. */
		for (int wait = 0; atomic_load(&journal->processes) == opened && i % 8 && wait < 20000; wait++)
			sleep_us(100);
		sleep_us(dice(&seed, 12000));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		if (i % 50 == 49)
			check_log(path, journal, false, NULL);
	}
	check_log(path, journal, true, NULL);
	munmap(journal, sizeof(*journal));
	remove_directory(path);
}

/* The clock that stands apart from all steps. */
static int64_t
true_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Someone sets the wall clock all the while, by up to an hour: back, ahead, and right again. */
static void
many_threads_of_three_processes_never_pass_the_limit_and_reach_it(void **state)
{
	struct clock_steps *clock_steps = clock_steps_make();
	int64_t span_ms, took_ms, began_ms = true_ms(), wall_ms = clock_wall_ms();
	struct journal *journal = make_journal();
	unsigned rounds = how_often(30, 600);
	pid_t children[3];
	uint64_t seed = 9;
	char path[64];

	(void)state;
	assert_non_null(clock_steps);
	clock_steps->wall_ms = -INT64_C(86400000);
	assert_true(clock_wall_ms() < wall_ms - 80000000); /* the library's clocks are set, too */
	make_directory(path);
	for (int i = 0; i < 3; i++)
		children[i] = start_process(path, journal, THREADS, 1000 + (uint64_t)i * 100);
	for (unsigned round = 0; round < rounds; round++) {
		uint32_t victim = dice(&seed, 3);

		clock_steps->wall_ms = round % 3 == 2 ? 0 : (int64_t)dice(&seed, 7200000) - 3600000;
		sleep_us(50000 + dice(&seed, 100000));
		kill(children[victim], SIGKILL);
		assert_int_equal(waitpid(children[victim], NULL, 0), children[victim]);
		children[victim] = start_process(path, journal, THREADS, 5000 + round * 100);
	}
	atomic_store(&journal->stop, true);
	for (int i = 0; i < 3; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	check_log(path, journal, true, &span_ms);
	took_ms = true_ms() - began_ms;
	print_message("stamps span %lld of %lld ms\n", (long long)span_ms, (long long)took_ms);
	assert_true(span_ms <= took_ms && span_ms > took_ms / 2);
	clock_steps->wall_ms = 0;
	munmap(journal, sizeof(*journal));
	remove_directory(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_process_loses_nothing_that_it_acknowledged),
		cmocka_unit_test(many_threads_of_three_processes_never_pass_the_limit_and_reach_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
