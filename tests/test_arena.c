/* test_arena - memory that is given back all at once */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "tests/cmocka_all.h"

#include <stdalign.h>

static void
memory_is_zeroed_and_aligned_also_after_a_reset(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 4095, 4096, 4097, 3000000};
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			char *p = arena_alloc(&arena, sizes[i]);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(p[j], 0);
			memset(p, 0x55, sizes[i]);
		}
		arena_reset(&arena);
	}
	arena_free(&arena);
}

static void
the_limit_is_the_last_byte_that_is_given(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_null(arena_alloc(&arena, 65));
	assert_non_null(arena_alloc(&arena, 48));
	assert_null(arena_alloc(&arena, 17));
	assert_non_null(arena_alloc(&arena, 16));
	assert_null(arena_alloc(&arena, 1));
	arena_reset(&arena);
	assert_non_null(arena_alloc(&arena, 64));
	arena_free(&arena);
}

static void
sizes_that_overflow_are_refused(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 16));
	assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
	assert_non_null(arena_array(&arena, 3, 5));
	assert_null(arena_str(&arena, (struct str){"x", SIZE_MAX}).ptr);
	arena_free(&arena);
}

static void
texts_are_copied_with_a_nul(void **state)
{
	struct arena arena;
	struct str copy;

	(void)state;
	arena_init(&arena, 0);
	copy = arena_str(&arena, (struct str){"abcdef", 3});
	assert_string_equal(copy.ptr, "abc");
	assert_int_equal(copy.len, 3);
	assert_string_equal(arena_str(&arena, STR("")).ptr, "");
	assert_null(arena_str(&arena, STR_NONE).ptr);
	assert_string_equal(arena_printf(&arena, "%d-%s", 12, "x"), "12-x");
	arena_free(&arena);
}

struct log {
	int order[4];
	size_t count;
};

struct entry {
	struct log *log;
	int id;
};

static void
note(void *object)
{
	struct entry *entry = object;

	entry->log->order[entry->log->count++] = entry->id;
}

static void
cleanups_run_once_newest_first(void **state)
{
	struct log log = {{0}, 0};
	struct entry first = {&log, 1}, second = {&log, 2};
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(arena_defer(&arena, note, &first), 0);
	assert_int_equal(arena_defer(&arena, note, &second), 0);
	assert_int_equal(log.count, 0);
	arena_reset(&arena);
	arena_free(&arena);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.order[0], 2);
	assert_int_equal(log.order[1], 1);
}

static void
a_cleanup_without_memory_is_refused(void **state)
{
	struct arena arena;
	struct log log = {{0}, 0};
	struct entry entry = {&log, 1};

	(void)state;
	arena_init(&arena, 8);
	assert_int_equal(arena_defer(&arena, note, &entry), -1);
	arena_free(&arena);
	assert_int_equal(log.count, 0);
}

static void
the_second_round_finds_the_memory_of_the_first(void **state)
{
	struct arena arena;
	void *first;

	(void)state;
	arena_init(&arena, 0);
	first = arena_alloc(&arena, 1000);
	arena_reset(&arena);
	assert_ptr_equal(arena_alloc(&arena, 1000), first);
	arena_free(&arena);
}

/* They are mapped apart: among small ones, kept by a reset when they are the largest, given back by another. */
static void
large_pieces_come_and_go_among_small_ones(void **state)
{
	const size_t large = (size_t)9 << 20;
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (size_t round = 1; round < 4; round++) {
		char *small = arena_alloc(&arena, 100), *piece = arena_alloc(&arena, large * round), *after;

		assert_non_null(small);
		assert_non_null(piece);
		for (size_t i = 0; i < large * round; i += 4093) {
			assert_int_equal(piece[i], 0);
			piece[i] = 'x';
		}
		after = arena_alloc(&arena, 100);
		assert_non_null(after);
		memset(small, 'a', 100);
		memset(after, 'b', 100);
		assert_true(small[99] == 'a' && piece[0] == 'x' && after[0] == 'b');
		arena_reset(&arena);
	}
	assert_null(arena_alloc(&arena, SIZE_MAX / 2)); /* more than can be mapped */
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned_also_after_a_reset),
		cmocka_unit_test(the_limit_is_the_last_byte_that_is_given),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(texts_are_copied_with_a_nul),
		cmocka_unit_test(cleanups_run_once_newest_first),
		cmocka_unit_test(a_cleanup_without_memory_is_refused),
		cmocka_unit_test(the_second_round_finds_the_memory_of_the_first),
		cmocka_unit_test(large_pieces_come_and_go_among_small_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
