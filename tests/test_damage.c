/* test_damage - flipped bits, zeroed pages, cut files: found, or harmless, and never a count that is too low */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/daemon/database.h"
#include "base/store_pages.h"
#include "engine/history/entry.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/write.h"
#include "tests/cmocka_all.h"
#include "tests/counting_fixture.h"

#define NOON INT64_C(1776168000000)
#define TARGETS 12
#define LIMIT 100
#define PAGE 4096

/* A sound database and what it counts. */
struct fixture {
	char directory[64], file[80];
	char *bytes;
	size_t len;
	struct db_report report;
	int used[TARGETS];
};

static int64_t
noon(void *context)
{
	(void)context;
	return NOON;
}

static const char *
target_name(int i)
{
	static const char *const names[TARGETS] = {"vm-0", "vm-1", "vm-2", "vm-3", "vm-4",  "vm-5",
	                                           "vm-6", "vm-7", "vm-8", "vm-9", "vm-10", "vm-11"};

	return names[i];
}

static struct counting
counting_in(const char *directory)
{
	return (struct counting){.directory = directory,
	                         .limit = LIMIT,
	                         .window = "timeWindow: 10, timeUnits: minute",
	                         .lease_ms = 60000,
	                         .clock = noon};
}

static struct engine *
must_open(const char *directory)
{
	struct counting counting = counting_in(directory);
	struct engine *engine;
	struct error err = {0};

	if (counting_open(&counting, &engine, &err) != 0)
		fail_msg("%s", err.text);
	return engine;
}

static void
fill(struct engine *engine, uint64_t *seed, int first, int end)
{
	for (int i = first; i < end; i++) {
		struct request request = restart_of(target_name((int)dice(seed, TARGETS)), NULL);
		struct reservation_change change = {.outcome = STR("Success")};
		struct reservation reservation;
		struct reservation_status status;
		struct error err = {0};
		char request_id[16];

		snprintf(request_id, sizeof(request_id), "r%d", i);
		if (i % 3)
			request.request_id = str_from(request_id);
		assert_int_equal(engine_reserve(engine, &request, 0, &reservation, &err), 0);
		change.id = str_from(reservation.id);
		change.action = i % 5 == 0 ? RESERVATION_ABORT : RESERVATION_SETTLE;
		if (i % 4 && reservation.id[0])
			assert_int_equal(engine_reservation(engine, &change, &status, &err), 0);
		reservation_done(&reservation);
	}
}

/* Closes the engine; what it counts and what its file holds is now the fixture's. */
static void
keep(struct fixture *fixture, struct engine *engine)
{
	struct error err = {0};

	for (int i = 0; i < TARGETS; i++) {
		fixture->used[i] = count_used(engine, target_name(i), 0);
		assert_true(fixture->used[i] > 0);
	}
	engine_close(engine);
	free(fixture->bytes);
	fixture->bytes = read_bytes(fixture->file, &fixture->len);
	assert_int_equal(database_verify(fixture->directory, true, &fixture->report, &err), 0);
}

/* Another last transaction. */
static void
one_more(struct fixture *fixture, int number)
{
	struct engine *engine;
	uint64_t seed = 3;

	write_bytes(fixture->file, fixture->bytes, fixture->len);
	engine = must_open(fixture->directory);
	fill(engine, &seed, number, number + 1);
	keep(fixture, engine);
}

static int
setup(void **state)
{
	static struct fixture fixture;
	struct engine *engine;
	uint64_t seed = 5;

	make_directory(fixture.directory);
	snprintf(fixture.file, sizeof(fixture.file), "%s/data.mdb", fixture.directory);
	engine = must_open(fixture.directory);
	fill(engine, &seed, 0, 300);
	keep(&fixture, engine);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	remove_directory(fixture->directory);
	free(fixture->bytes);
	fixture->bytes = NULL; /* it is the next test's too */
	return 0;
}

/* In a child, because the verification may have overlooked what ends the reader: 0 when every count is what it was. */
static int
counts_in_child(struct fixture *fixture)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct counting counting = counting_in(fixture->directory);
		struct engine *engine;
		struct error err = {0};
		int code = 0;

		if (counting_open(&counting, &engine, &err) != 0)
			_exit(1);
		for (int i = 0; i < TARGETS; i++)
			code |= count_used(engine, target_name(i), 0) == fixture->used[i] ? 0 : 2;
		_exit(code);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

struct tally {
	unsigned found, harmless;
};

/* The damaged bytes are in the file: either they are found, or nothing has changed. */
static void
judge(struct fixture *fixture, struct tally *tally, const char *what, size_t where)
{
	struct db_report report;
	struct error err = {0}, pages = {0};
	int r = database_verify(fixture->directory, true, &report, &err);

	(void)store_check_file(fixture->file, &pages); /* it may find anything, but must not end who reads */
	if (r != 0) {
		if (r != -ERROR_DAMAGED)
			fail_msg("%s at %zu: %s", what, where, err.text);
		tally->found++;
		return;
	}
	tally->harmless++;
	if (memcmp(&report, &fixture->report, sizeof(report)) != 0)
		fail_msg("%s at %zu was not found and something is missing", what, where);
	r = counts_in_child(fixture);
	if (r != 0)
		fail_msg("%s at %zu was not found and changed a count (%x)", what, where, (unsigned)r);
}

/* What was not found must not strike later either: after more reservations all is sound. */
static void
go_on(struct fixture *fixture, const char *what, size_t where)
{
	pid_t child = fork();
	struct db_report report;
	struct error err = {0};
	int status;

	if (child == 0) {
		struct engine *engine = must_open(fixture->directory);
		uint64_t seed = 11;

		fill(engine, &seed, 1000, 1008);
		engine_close(engine);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status != 0 || database_verify(fixture->directory, true, &report, &err) != 0)
		fail_msg("%s at %zu was not found and strikes later (%x): %s", what, where, (unsigned)status, err.text);
}

static void
flipped_bits_are_found_or_harmless(void **state)
{
	struct fixture *fixture = *state;
	unsigned rounds = how_often(150, 3000), harmless;
	struct tally tally = {0};
	const char *other = getenv("CLGUARD_SEED");
	uint64_t seed = other ? strtoull(other, NULL, 10) | 1 : 77;

	for (unsigned i = 0; i < rounds; i++) {
		size_t at = dice(&seed, (uint32_t)fixture->len);
		char bit = (char)(1 << dice(&seed, 8));

		fixture->bytes[at] ^= bit;
		write_bytes(fixture->file, fixture->bytes, fixture->len);
		fixture->bytes[at] ^= bit;
		harmless = tally.harmless;
		judge(fixture, &tally, "a flipped bit", at);
		if (tally.harmless > harmless && i % 8 == 0)
			go_on(fixture, "a flipped bit", at);
	}
	print_message("%u flips: %u found, %u harmless\n", rounds, tally.found, tally.harmless);
	assert_true(tally.found > rounds / 10);
}

/* The two meta pages decide which snapshot the database is: each bit of what they say, in each of some databases. */
static void
a_flipped_bit_of_a_meta_page_does_not_bring_an_older_state_back(void **state)
{
	enum { META_BYTES = 152 };
	struct fixture *fixture = *state;
	unsigned databases = how_often(1, 4), step = how_often(5, 1);
	struct tally tally = {0};

	for (unsigned i = 0; i < databases; i++) {
		for (size_t bit = 0; bit < 2 * 8 * META_BYTES; bit += step) {
			size_t at = bit / (8 * META_BYTES) * PAGE + bit % (8 * META_BYTES) / 8;
			unsigned harmless = tally.harmless;

			fixture->bytes[at] ^= (char)(1 << bit % 8);
			write_bytes(fixture->file, fixture->bytes, fixture->len);
			fixture->bytes[at] ^= (char)(1 << bit % 8);
			judge(fixture, &tally, "a flipped bit of a meta page", at);
			if (tally.harmless > harmless && bit % 4 == 0)
				go_on(fixture, "a flipped bit of a meta page", at);
		}
		one_more(fixture, 500 + (int)i);
	}
	print_message("meta pages: %u found, %u harmless\n", tally.found, tally.harmless);
}

static void
zeroed_pages_are_found_or_harmless(void **state)
{
	struct fixture *fixture = *state;
	struct tally tally = {0};
	char page[PAGE];

	for (size_t at = 0; at < fixture->len; at += PAGE) {
		memcpy(page, fixture->bytes + at, PAGE);
		memset(fixture->bytes + at, 0, PAGE);
		write_bytes(fixture->file, fixture->bytes, fixture->len);
		memcpy(fixture->bytes + at, page, PAGE);
		judge(fixture, &tally, "a zeroed page", at);
	}
	print_message("%zu pages: %u found, %u harmless\n", fixture->len / PAGE, tally.found, tally.harmless);
	assert_true(tally.found > 10);
}

static void
cut_files_are_found_or_harmless(void **state)
{
	struct fixture *fixture = *state;
	struct tally tally = {0};

	for (size_t len = 0; len < fixture->len; len += PAGE) {
		write_bytes(fixture->file, fixture->bytes, len);
		judge(fixture, &tally, "a cut", len);
	}
	print_message("%zu lengths: %u found, %u harmless\n", fixture->len / PAGE, tally.found, tally.harmless);
	assert_true(tally.found > 10);
}

/* One entry of the index becomes another that is as good in itself: of another record, or otherwise flagged. */
static int
swap_entry(void *context, struct history_writer *writer)
{
	const struct count_query query = {.actor = STR("SO"), .operation = STR("Restart"), .target = STR("vm-1")};
	const struct hash_key *key = &writer->history->key;
	const bool *other_record = context;
	struct count_entry entry;
	int r = index_first(writer->txn, key, count_key(key, &query), INT64_MAX, &entry);

	if (r != 1)
		return -ERROR_MISSING;
	r = index_remove(writer->txn, key, &entry);
	entry.number += *other_record ? 7 : 0;
	entry.flags ^= *other_record ? 0u : ENTRY_OUTCOME;
	return r == 0 ? index_add(writer->txn, key, &entry) : r;
}

static void
an_entry_that_no_record_wants_is_found_by_the_record_that_lacks_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct operation row = {.actor = STR("SO"),
		                        .operation = STR("Restart"),
		                        .target = STR("vm-1"),
		                        .outcome = STR("Success"),
		                        .start_ms = NOON,
		                        .end_ms = NOON};
		bool other_record = i == 1;
		char directory[64];
		struct engine *engine;
		struct db_report report;
		struct error err = {0};

		make_directory(directory);
		engine = must_open(directory);
		assert_int_equal(history_record(engine_history(engine), &row, 1, NOON, &err), 0);
		assert_int_equal(history_transact(engine_history(engine), swap_entry, &other_record, &err), 0);
		engine_close(engine);
		assert_int_equal(db_verify(directory, true, NULL, &report, &err), -ERROR_DAMAGED);
		assert_string_equal(err.text, "the index does not count record (1)");
		remove_directory(directory);
	}
}

/* What a service does before it opens the database. */
static int
prepare(const char *directory, struct error *err)
{
	const struct settings settings = {.data = directory};
	struct opening *opening;
	int r;

	assert_int_equal(database_begin(&settings, NOON, &opening, err), 0);
	r = database_wait(opening, INT64_MAX, err);
	database_end(opening);
	return r;
}

static void
a_service_puts_a_damaged_database_aside_and_counts_every_window_as_full(void **state)
{
	struct fixture *fixture = *state;
	struct request request = restart_of("vm-new", NULL);
	struct reservation reservation;
	struct engine *engine;
	struct error err = {0};
	char aside[96];

	memset(fixture->bytes + fixture->len / 2, 0x5a, fixture->len / 4);
	write_bytes(fixture->file, fixture->bytes, fixture->len);
	assert_int_equal(prepare(fixture->directory, &err), 0);
	assert_true(snprintf(aside, sizeof(aside), "%s/damaged-%lld.mdb", fixture->directory, (long long)NOON) <
	            (int)sizeof(aside));
	assert_int_equal(unlink(aside), 0);
	engine = must_open(fixture->directory);
	assert_int_equal(engine_reserve(engine, &request, 0, &reservation, &err), 0);
	assert_int_equal(reservation.decision.reason, REASON_QUARANTINE);
	reservation_done(&reservation);
	assert_int_equal(history_accept(engine_history(engine), NOON, &err), 0);
	assert_int_equal(engine_reserve(engine, &request, 0, &reservation, &err), 0);
	assert_true(reservation.decision.permit);
	reservation_done(&reservation);
	engine_close(engine);
	assert_int_equal(prepare(fixture->directory, &err), 0);
	assert_int_equal(access(aside, F_OK), -1);
}

static void
a_start_waits_for_somebody_who_verifies_just_now(void **state)
{
	struct fixture *fixture = *state;
	struct store_lock lock = STORE_LOCK_NONE;
	const struct timespec moment = {0, 50000000};
	struct error err = {0};
	int status;
	pid_t child;

	assert_int_equal(store_lock_take(&lock, fixture->directory, true, &err), 0);
	child = fork(); /* it has the lock too */
	if (child == 0) {
		nanosleep(&moment, NULL);
		_exit(0);
	}
	close(lock.fd); /* without giving the lock back */
	assert_int_equal(prepare(fixture->directory, &err), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(flipped_bits_are_found_or_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flipped_bit_of_a_meta_page_does_not_bring_an_older_state_back, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(zeroed_pages_are_found_or_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_files_are_found_or_harmless, setup, teardown),
		cmocka_unit_test(an_entry_that_no_record_wants_is_found_by_the_record_that_lacks_its_own),
		cmocka_unit_test_setup_teardown(a_service_puts_a_damaged_database_aside_and_counts_every_window_as_full,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(a_start_waits_for_somebody_who_verifies_just_now, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
