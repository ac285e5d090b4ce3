/* test_store_pages - a meta page of another transaction, a page used twice: found in the file, without LMDB */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/store.h"
#include "base/store_pages.h"
#include "tests/cmocka_all.h"
#include "tests/counting_fixture.h"

/* Places in a meta page and the size of a page. source  the file format of LMDB 0.9 */
#define PAGE 4096
#define FREE_ROOT 80
#define NAMELESS_ROOT 128
#define NUMBER 144

static const struct store_options options = {
	.map_bytes = 1 << 26, .tables = (const char *const[]){"one", "", "two"}, .table_count = 3};

static int
open_in(const char *directory, struct store **ret, struct error *err)
{
	struct store_options in = options;

	in.directory = directory;
	return store_open(&in, ret, err);
}

static uint64_t
number_at(const char *bytes, size_t at)
{
	uint64_t number;

	memcpy(&number, bytes + at, 8);
	return number;
}

/* A file with some commits; its bytes, and where its newer and its older meta page begin. */
static char *
make_file(const char *directory, size_t *ret_len, size_t *ret_newer, size_t *ret_older)
{
	struct store_txn *txn;
	struct store *store;
	struct error err = {0};
	char path[80], key[8], *bytes;

	assert_int_equal(open_in(directory, &store, &err), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(store_write(store, &txn, &err), 0);
		assert_int_equal(store_put(txn, (unsigned)i % 3, str_from(key), STR("value")), 0);
		assert_int_equal(store_commit(txn, &err), 0);
	}
	store_close(store);
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	bytes = read_bytes(path, ret_len);
	assert_int_equal(store_check_file(path, &err), 0);
	*ret_newer = number_at(bytes, PAGE + NUMBER) > number_at(bytes, NUMBER) ? PAGE : 0;
	*ret_older = PAGE - *ret_newer;
	return bytes;
}

/* What is found when eight bytes are others. */
static const char *
found_with(const char *directory, const char *bytes, size_t len, size_t at, uint64_t number, struct error *err)
{
	char *copy = malloc(len);
	char path[80];

	*err = (struct error){0};
	memcpy(copy, bytes, len);
	memcpy(copy + at, &number, 8);
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	write_bytes(path, copy, len);
	free(copy);
	return store_check_file(path, err) == 0 ? "" : err->text;
}

static void
a_meta_page_with_the_number_of_another_transaction_is_found(void **state)
{
	struct store *store;
	struct error err = {0};
	size_t len, newer, older;
	char path[64], *bytes;
	uint64_t number;

	(void)state;
	make_directory(path);
	bytes = make_file(path, &len, &newer, &older);
	number = number_at(bytes, newer + NUMBER);
	assert_non_null(strstr(found_with(path, bytes, len, newer + NUMBER, number - 2, &err), "not that of its"));
	assert_non_null(strstr(found_with(path, bytes, len, older + NUMBER, number + 1, &err), "not that of its"));
	/* Without asking for it too: the snapshot that is opened is not the one it says. */
	assert_int_equal(open_in(path, &store, &err), -ERROR_DAMAGED);
	assert_string_equal(found_with(path, bytes, len, newer + NUMBER, number, &err), "");
	err = (struct error){0};
	assert_int_equal(open_in(path, &store, &err), 0);
	store_close(store);
	free(bytes);
	remove_directory(path);
}

static void
a_page_that_is_free_and_in_use_is_found(void **state)
{
	struct error err = {0};
	size_t len, newer, older, leaf, list;
	char path[64], *bytes;
	uint64_t root;
	uint16_t place;

	(void)state;
	make_directory(path);
	bytes = make_file(path, &len, &newer, &older);
	root = number_at(bytes, newer + NAMELESS_ROOT);
	leaf = (size_t)number_at(bytes, newer + FREE_ROOT) * PAGE; /* the tree of free pages is one leaf */
	memcpy(&place, bytes + leaf + 16, 2);
	list = leaf + place + 8 + 8; /* behind the node's own bytes and its key */
	assert_true(number_at(bytes, list) > 0);
	assert_non_null(strstr(found_with(path, bytes, len, list + 8, root, &err), "used twice"));
	assert_non_null(strstr(found_with(path, bytes, len, list + 8, UINT64_C(1) << 40, &err), "behind the last"));
	assert_non_null(strstr(found_with(path, bytes, len, list, 1000, &err), "cut short"));
	assert_string_not_equal(found_with(path, bytes, len, newer + FREE_ROOT, root, &err), "");
	assert_string_equal(found_with(path, bytes, len, list, number_at(bytes, list), &err), "");
	free(bytes);
	remove_directory(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_meta_page_with_the_number_of_another_transaction_is_found),
		cmocka_unit_test(a_page_that_is_free_and_in_use_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
