/* test_store - tables of bytes: order, prefixes, snapshots, locks, sticky errors, reopening */
/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/store.h"
#include "base/store_lock.h"
#include "tests/cmocka_all.h"

/* Sanitizers need an address space without bounds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

static const char *const tables[] = {"one", "", "two"};

static struct store_options
options_for(const char *directory)
{
	return (struct store_options){.directory = directory, .map_bytes = 1 << 26, .tables = tables, .table_count = 3};
}

static char *
make_directory(char path[64])
{
	strcpy(path, "/tmp/test_store-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

static void
remove_directory(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

static struct store *
open_private(void)
{
	struct store_options options = options_for(NULL);
	struct store *store;
	struct error err = {0};

	assert_int_equal(store_open(&options, &store, &err), 0);
	return store;
}

static void
put_in(struct store *store, unsigned table, const char *key, const char *value)
{
	struct store_txn *txn;
	struct error err = {0};

	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_put(txn, table, str_from(key), str_from(value)), 0);
	assert_int_equal(store_commit(txn, &err), 0);
}

static void
put_one(struct store *store, const char *key, const char *value)
{
	put_in(store, 0, key, value);
}

static void
numbers_in_keys_order_as_numbers_do(void **state)
{
	const int64_t numbers[] = {INT64_MIN, INT64_MIN + 1, -256, -255, -1, 0, 1, 255, 256, INT64_MAX - 1, INT64_MAX};
	unsigned char a[8], b[8];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		store_pack_i64(a, numbers[i]);
		assert_true(store_unpack_i64(a) == numbers[i]);
		if (i > 0)
			assert_true(memcmp(b, a, 8) < 0);
		memcpy(b, a, 8);
	}
}

static void
a_snapshot_does_not_see_later_commits_until_it_is_renewed(void **state)
{
	struct store *store = open_private();
	struct store_txn *reader;
	struct error err = {0};
	struct str value;

	(void)state;
	assert_int_equal(store_reader_open(store, &reader, &err), 0);
	assert_int_equal(store_begin(reader), 0);
	put_one(store, "key", "value");
	assert_int_equal(store_get(reader, 0, STR("key"), &value), 0);
	store_end(reader);
	assert_int_equal(store_begin(reader), 0);
	assert_int_equal(store_get(reader, 0, STR("key"), &value), 1);
	assert_true(str_is(value, "value"));
	assert_int_equal(store_get(reader, 1, STR("key"), &value), 0);
	store_end(reader);
	store_reader_close(reader);
	store_close(store);
}

/* In a table with a name, or in the one without. */
static void
neighbours_of(unsigned table)
{
	struct store *store = open_private();
	struct store_txn *reader;
	struct store_entry entry;
	struct error err = {0};

	assert_int_equal(store_reader_open(store, &reader, &err), 0);
	assert_int_equal(store_begin(reader), 0);
	assert_int_equal(store_below(reader, table, STR("b"), 0, &entry), 0);
	assert_int_equal(store_last(reader, table, &entry), 0);
	store_end(reader);
	for (unsigned other = 0; other < 3; other++) { /* nobody's neighbours are in another table */
		static const char *const keys[] = {"a1", "b2", "b3", "b4", "c1"};

		for (int i = 0; i < 5; i++) {
			if (other != table || i != 2)
				put_in(store, other, keys[i], "");
		}
	}
	assert_int_equal(store_begin(reader), 0);
	assert_int_equal(store_below(reader, table, STR("b9"), 1, &entry), 1);
	assert_true(str_is(entry.key, "b4"));
	assert_int_equal(store_previous(reader, table, STR("b"), 1, &entry), 1);
	assert_true(str_is(entry.key, "b2"));
	assert_int_equal(store_previous(reader, table, STR("b"), 1, &entry), 0);
	assert_int_equal(store_below(reader, table, STR("b4"), 1, &entry), 1);
	assert_true(str_is(entry.key, "b4"));
	assert_int_equal(store_below(reader, table, STR("b1"), 1, &entry), 0);
	assert_int_equal(store_below(reader, table, STR("z"), 0, &entry), 1);
	assert_true(str_is(entry.key, "c1"));
	assert_int_equal(store_below(reader, table, STR("a"), 0, &entry), 0);
	assert_int_equal(store_above(reader, table, STR("b"), 1, &entry), 1);
	assert_true(str_is(entry.key, "b2"));
	assert_int_equal(store_next(reader, table, STR("b"), 1, &entry), 1);
	assert_int_equal(store_next(reader, table, STR("b"), 1, &entry), 0);
	assert_int_equal(store_above(reader, table, STR("d"), 0, &entry), 0);
	store_end(reader);
	store_reader_close(reader);
	store_close(store);
}

static void
below_and_above_find_neighbours_inside_the_prefix_only(void **state)
{
	(void)state;
	neighbours_of(0);
}

static void
neighbours_in_the_nameless_table_are_the_same_and_never_a_name(void **state)
{
	(void)state;
	neighbours_of(1);
}

static void
the_nameless_table_counts_lists_and_forgets_only_its_own(void **state)
{
	struct store *store = open_private();
	struct store_txn *txn;
	struct store_entry entry;
	struct error err = {0};
	struct str value;

	(void)state;
	put_in(store, 1, "\x01", "low");
	put_in(store, 1, "\xff\xff", "high");
	put_in(store, 1, "two", "not the table");
	put_in(store, 2, "key", "1");
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_count(txn, 1), 3);
	assert_int_equal(store_count(txn, 2), 1);
	assert_int_equal(store_get(txn, 1, STR("one"), &value), 0);
	assert_int_equal(store_get(txn, 1, STR("two"), &value), 1);
	assert_true(str_is(value, "not the table"));
	assert_int_equal(store_last(txn, 1, &entry), 1);
	assert_true(str_is(entry.key, "\xff\xff") && str_is(entry.value, "high"));
	assert_int_equal(store_next(txn, 1, STR_NONE, 0, &entry), 0);
	assert_int_equal(store_delete(txn, 1, STR("one")), 0);
	assert_int_equal(store_delete(txn, 1, STR("two")), 1);
	assert_int_equal(store_append(txn, 1, STR("\xff\xff\xff"), STR("higher")), 0);
	assert_int_equal(store_count(txn, 1), 3);
	assert_int_equal(store_commit(txn, &err), 0);
	store_close(store);
}

static void
what_is_aborted_is_not_there(void **state)
{
	struct store *store = open_private();
	struct store_txn *txn;
	struct error err = {0};
	struct str value;

	(void)state;
	put_one(store, "kept", "1");
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_put(txn, 0, STR("lost"), STR("1")), 0);
	assert_int_equal(store_delete(txn, 0, STR("kept")), 1);
	assert_int_equal(store_delete(txn, 0, STR("kept")), 0);
	assert_int_equal(store_changes(txn), 2);
	store_abort(txn);
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_get(txn, 0, STR("lost"), &value), 0);
	assert_int_equal(store_get(txn, 0, STR("kept"), &value), 1);
	assert_int_equal(store_count(txn, 0), 1);
	store_abort(txn);
	store_close(store);
}

static void
the_first_failure_of_a_transaction_sticks_and_spoils_the_commit(void **state)
{
	struct store *store = open_private();
	struct store_txn *txn;
	struct error err = {0};
	struct str value;
	char long_key[STORE_KEY_MAX + 1] = "x";

	(void)state;
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_put(txn, 0, STR("a"), STR("1")), 0);
	assert_int_equal(store_put(txn, 0, (struct str){long_key, STORE_KEY_MAX}, STR("1")), 0);
	assert_int_equal(store_failed(txn), 0);
	assert_int_equal(store_put(txn, 1, (struct str){long_key, STORE_KEY_MAX}, STR("1")), 0);
	assert_int_equal(store_failed(txn), 0);
	assert_int_equal(store_put(txn, 0, (struct str){long_key, sizeof(long_key)}, STR("1")), -ERROR_LIMIT);
	assert_int_equal(store_put(txn, 0, STR("b"), STR("1")), -ERROR_LIMIT);
	assert_int_equal(store_get(txn, 0, STR("a"), &value), -ERROR_LIMIT);
	assert_int_equal(store_commit(txn, &err), -ERROR_LIMIT);
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_get(txn, 0, STR("a"), &value), 0);
	store_abort(txn);
	store_close(store);
}

static void
a_full_map_is_an_error_and_the_store_lives_on(void **state)
{
	struct store_options options = options_for(NULL);
	static char big[1 << 20];
	struct store *store;
	struct store_txn *txn;
	struct error err = {0};
	int r = 0;

	(void)state;
	options.map_bytes = 8 << 20;
	assert_int_equal(store_open(&options, &store, &err), 0);
	assert_int_equal(store_write(store, &txn, &err), 0);
	for (char key = 'a'; r == 0 && key <= 'z'; key++)
		r = store_put(txn, 0, (struct str){&key, 1}, (struct str){big, sizeof(big)});
	assert_int_equal(r, -ERROR_FULL);
	assert_int_equal(store_commit(txn, &err), -ERROR_FULL);
	put_one(store, "small", "1");
	store_close(store);
}

static void
a_second_open_in_one_process_is_refused_until_the_first_is_closed(void **state)
{
	char path[64];
	struct store_options options = options_for(make_directory(path));
	struct store *store, *second;
	struct error err = {0};

	(void)state;
	assert_int_equal(store_open(&options, &store, &err), 0);
	assert_int_equal(store_open(&options, &second, &err), -ERROR_BUSY);
	assert_non_null(strstr(err.text, "already"));
	put_one(store, "key", "value");
	store_close(store);
	err = (struct error){0};
	assert_int_equal(store_open(&options, &store, &err), 0);
	store_close(store);
	remove_directory(path);
}

static void
another_process_may_open_it_and_an_exclusive_lock_names_it(void **state)
{
	char path[64], number[32];
	struct store_options options = options_for(make_directory(path));
	struct store_lock lock = STORE_LOCK_NONE;
	struct error err = {0};
	int ready[2], go[2];
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	child = fork();
	if (child == 0) {
		struct store *store;

		if (store_open(&options, &store, &err) != 0 || write(ready[1], "x", 1) != 1 ||
		    read(go[0], &byte, 1) != 1)
			_exit(1);
		store_close(store);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(store_lock_take(&lock, path, true, &err), -ERROR_BUSY);
	snprintf(number, sizeof(number), "process %ld", (long)child);
	assert_non_null(strstr(err.text, number));
	err = (struct error){0};
	assert_int_equal(store_lock_take(&lock, path, false, &err), 0);
	store_lock_drop(&lock);
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(store_lock_take(&lock, path, true, &err), 0);
	store_lock_drop(&lock);
	remove_directory(path);
}

#define COMMITTERS 3
#define KILLS 200
#define PATIENCE_S 10 /* a commit takes microseconds */

struct committers {
	atomic_ulong commits[COMMITTERS];
	atomic_bool stop;
};

static void
sleep_us(long us)
{
	nanosleep(&(struct timespec){0, us * 1000}, NULL);
}

/* A process that does nothing but commit, until it is killed or told to stop. */
static pid_t
process_that_commits(const char *path, struct committers *all, unsigned number)
{
	struct store_options options = options_for(path);
	struct store *store;
	struct error err = {0};
	pid_t child = fork();

	if (child != 0)
		return child;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || store_open(&options, &store, &err) != 0)
		_exit(1);
	while (!atomic_load(&all->stop)) {
		put_one(store, "key", "value");
		atomic_fetch_add(&all->commits[number], 1);
	}
	store_close(store);
	_exit(0);
}

static bool
goes_on(struct committers *all, unsigned number)
{
	unsigned long before = atomic_load(&all->commits[number]);

	for (int i = 0; i < PATIENCE_S * 1000 && atomic_load(&all->commits[number]) == before; i++)
		sleep_us(1000);
	return atomic_load(&all->commits[number]) != before;
}

/*
 * A mutex in shared memory, as LMDB's, may lose a waiter: when one who has just been woken is killed, and somebody else
 * has taken the mutex meanwhile, nobody wakes the third.
 */
static void
a_killed_process_leaves_nobody_waiting(void **state)
{
	char path[64];
	struct committers *all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[COMMITTERS];

	(void)state;
	make_directory(path);
	assert_true(all != MAP_FAILED);
	for (unsigned i = 0; i < COMMITTERS; i++)
		children[i] = process_that_commits(path, all, i);
	for (int kills = 0; kills < KILLS; kills++) {
		assert_true(goes_on(all, 0));
		sleep_us(kills % 10 * 100);
		kill(children[0], SIGKILL);
		assert_int_equal(waitpid(children[0], NULL, 0), children[0]);
		for (unsigned i = 1; i < COMMITTERS; i++)
			assert_true(goes_on(all, i));
		children[0] = process_that_commits(path, all, 0);
	}
	atomic_store(&all->stop, true);
	for (unsigned i = 0; i < COMMITTERS; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	munmap(all, sizeof(*all));
	remove_directory(path);
}

/* Says so, and is there until somebody answers; seconds, if nobody does. */
static void
be_there(const int tell[2], const int wait[2])
{
	char byte = 'x';

	alarm(20);
	_exit(write(tell[1], &byte, 1) == 1 && read(wait[0], &byte, 1) == 1 ? 0 : 1);
}

static void
a_forked_child_keeps_no_turn(void **state)
{
	char path[64];
	struct store_options options = options_for(make_directory(path));
	struct store *store;
	struct error err = {0};
	int tell[2], wait[2];
	struct pollfd gone;
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(tell) | pipe(wait), 0);
	child = fork();
	if (child == 0) {
		struct store_txn *txn;

		if (store_open(&options, &store, &err) != 0 || store_write(store, &txn, &err) != 0)
			_exit(1);
		if (fork() == 0)
			be_there(tell, wait);
		(void)pause();
	}
	close(tell[1]);
	assert_int_equal(read(tell[0], &byte, 1), 1);
	kill(child, SIGKILL); /* in the middle of its transaction */
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(store_open(&options, &store, &err), 0);
	put_one(store, "key", "value");
	gone = (struct pollfd){.fd = tell[0], .events = POLLIN};
	assert_int_equal(poll(&gone, 1, 0), 0); /* it has the other end still */
	assert_int_equal(write(wait[1], "x", 1), 1);
	store_close(store);
	remove_directory(path);
}

static void
what_was_committed_is_there_after_closing_and_after_reopening(void **state)
{
	char path[64];
	struct store_options options = options_for(make_directory(path));
	struct store *store;
	struct store_txn *reader;
	struct error err = {0};
	struct str value;

	(void)state;
	options.durable = true;
	assert_int_equal(store_open(&options, &store, &err), 0);
	put_one(store, "key", "value");
	store_close(store);
	assert_int_equal(store_open(&options, &store, &err), 0);
	assert_int_equal(store_reader_open(store, &reader, &err), 0);
	store_reader_suspend(reader);
	assert_int_equal(store_reopen(store, &err), 0);
	assert_int_not_equal(store_begin(reader), 0);
	assert_int_equal(store_reopen(store, &err), 0);
	assert_false(store_is_broken(store));
	assert_int_equal(store_reader_resume(reader), 0);
	assert_int_equal(store_begin(reader), 0);
	assert_int_equal(store_get(reader, 0, STR("key"), &value), 1);
	store_end(reader);
	store_reader_close(reader);
	store_close(store);
	remove_directory(path);
}

static void
a_lost_or_short_file_is_refused_and_not_taken_for_a_new_database(void **state)
{
	char path[64], file[80];
	struct store_options options = options_for(make_directory(path));
	struct store *store;
	struct store_txn *txn;
	struct error err = {0};
	static char big[1 << 20];

	(void)state;
	assert_int_equal(store_open(&options, &store, &err), 0);
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_put(txn, 0, STR("big"), (struct str){big, sizeof(big)}), 0);
	assert_int_equal(store_commit(txn, &err), 0);
	store_close(store);
	snprintf(file, sizeof(file), "%s/data.mdb", path);
	assert_int_equal(truncate(file, 3 * 4096), 0);
	assert_int_equal(store_open(&options, &store, &err), -ERROR_DAMAGED);
	err = (struct error){0};
	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(store_open(&options, &store, &err), -ERROR_DAMAGED);
	err = (struct error){0};
	assert_int_equal(unlink(file), 0);
	assert_int_equal(store_open(&options, &store, &err), -ERROR_DAMAGED);
	remove_directory(path);
}

static void
a_directory_without_a_database_fails_when_one_must_exist(void **state)
{
	char path[64];
	struct store_options options = options_for(make_directory(path));
	struct store *store;
	struct error err = {0};

	(void)state;
	options.existing = true;
	assert_int_equal(store_open(&options, &store, &err), -ERROR_IO);
	options.existing = false;
	options.directory = "/proc/no/such/place";
	err = (struct error){0};
	assert_int_equal(store_open(&options, &store, &err), -ERROR_IO);
	remove_directory(path);
}

/* Sanitizers need far more address space than any limit leaves. */
#ifndef SANITIZED
static void
a_limited_address_space_gets_a_smaller_map(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		const struct rlimit limit = {(rlim_t)2 << 30, (rlim_t)2 << 30};
		struct store_options options = options_for(NULL);
		struct store_info info;
		struct store *store;
		struct error err = {0};

		options.map_bytes = (size_t)64 << 30;
		if (setrlimit(RLIMIT_AS, &limit) != 0 || store_open(&options, &store, &err) != 0)
			_exit(1);
		if (store_info(store, NULL, &info) != 0 || info.map_bytes >= (size_t)2 << 30)
			_exit(2);
		store_close(store);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}
#endif

static void
used_bytes_shrink_when_entries_go(void **state)
{
	struct store *store = open_private();
	struct store_txn *txn, *reader;
	struct store_info before, after;
	struct error err = {0};
	static char big[1 << 20];

	(void)state;
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_put(txn, 0, STR("big"), (struct str){big, sizeof(big)}), 0);
	assert_int_equal(store_commit(txn, &err), 0);
	assert_int_equal(store_reader_open(store, &reader, &err), 0);
	assert_int_equal(store_begin(reader), 0);
	assert_int_equal(store_info(store, reader, &before), 0);
	store_end(reader);
	assert_int_equal(store_write(store, &txn, &err), 0);
	assert_int_equal(store_delete(txn, 0, STR("big")), 1);
	assert_int_equal(store_commit(txn, &err), 0);
	assert_int_equal(store_begin(reader), 0);
	assert_int_equal(store_info(store, reader, &after), 0);
	store_end(reader);
	store_reader_close(reader);
	assert_true(before.used_bytes - after.used_bytes >= sizeof(big));
	assert_true(after.file_bytes >= before.file_bytes);
	store_close(store);
}

static void
a_private_database_is_opened_again_with_what_it_had(void **state)
{
	struct store *store = open_private();
	struct store_txn *reader;
	struct error err = {0};
	struct str value;

	(void)state;
	put_one(store, "key", "value");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_reopen(store, &err), 0);
		assert_false(store_is_broken(store));
		assert_int_equal(store_reader_open(store, &reader, &err), 0);
		assert_int_equal(store_begin(reader), 0);
		assert_int_equal(store_get(reader, 0, STR("key"), &value), 1);
		assert_true(str_is(value, "value"));
		store_end(reader);
		store_reader_close(reader);
		put_one(store, "more", "1");
	}
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_in_keys_order_as_numbers_do),
		cmocka_unit_test(a_snapshot_does_not_see_later_commits_until_it_is_renewed),
		cmocka_unit_test(below_and_above_find_neighbours_inside_the_prefix_only),
		cmocka_unit_test(neighbours_in_the_nameless_table_are_the_same_and_never_a_name),
		cmocka_unit_test(the_nameless_table_counts_lists_and_forgets_only_its_own),
		cmocka_unit_test(what_is_aborted_is_not_there),
		cmocka_unit_test(the_first_failure_of_a_transaction_sticks_and_spoils_the_commit),
		cmocka_unit_test(a_full_map_is_an_error_and_the_store_lives_on),
		cmocka_unit_test(a_second_open_in_one_process_is_refused_until_the_first_is_closed),
		cmocka_unit_test(another_process_may_open_it_and_an_exclusive_lock_names_it),
		cmocka_unit_test(a_forked_child_keeps_no_turn),
		cmocka_unit_test(a_killed_process_leaves_nobody_waiting),
		cmocka_unit_test(what_was_committed_is_there_after_closing_and_after_reopening),
		cmocka_unit_test(a_lost_or_short_file_is_refused_and_not_taken_for_a_new_database),
		cmocka_unit_test(a_directory_without_a_database_fails_when_one_must_exist),
#ifndef SANITIZED
		cmocka_unit_test(a_limited_address_space_gets_a_smaller_map),
#endif
		cmocka_unit_test(used_bytes_shrink_when_entries_go),
		cmocka_unit_test(a_private_database_is_opened_again_with_what_it_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
