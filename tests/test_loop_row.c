/* test_loop_row - rows of instances: what was written is read; without memory that is said, and not that they are damaged */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "runtime/looptype/gateway.h"
#include "runtime/model/loop.h"
#include "tests/cmocka_all.h"

static const char given[] =
	"{\"name\":\"L\",\"version\":\"1.0.0\",\"definition\":{\"name\":\"T\",\"version\":\"1.0.0\"},\"elements\":{"
	"\"10000000-0000-4000-8000-000000000000\":{\"definition\":{\"name\":\"E\",\"version\":\"1.0.0\"},"
	"\"participantId\":{\"name\":\"p\",\"version\":\"1.0.0\"}}}}";

/* A row of ours, in `arena`. */
static struct str
make_row(struct arena *arena)
{
	struct loop loop;
	struct node *root;
	struct text out;

	assert_int_equal(
		json_read((struct str){given, sizeof(given) - 1}, "", &document_limits_default, arena, &root, NULL), 0);
	assert_int_equal(loop_read_given(root, arena, &loop, NULL), 0);
	text_init(&out, arena);
	loop_write_row(&out, &loop);
	return text_done(&out);
}

static void
what_was_written_is_read(void **state)
{
	struct arena arena;
	struct loop loop;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(loop_read_row(make_row(&arena), &arena, &loop), 0);
	assert_true(str_is(loop.id.name, "L"));
	assert_int_equal(loop.count, 1);
	arena_free(&arena);
}

static void
out_of_memory_is_not_damage(void **state)
{
	struct arena own, small;
	struct loop loop;
	struct str row;
	int r = -1, failures = 0;

	(void)state;
	arena_init(&own, 0);
	row = make_row(&own);
	for (size_t limit = 16; r != 0; limit += 16) {
		arena_init(&small, limit);
		r = loop_read_row(row, &small, &loop);
		arena_free(&small);
		if (r == 0)
			break;
		assert_int_equal(r, -ERROR_MEMORY);
		failures++;
	}
	assert_true(failures > 10);
	arena_free(&own);
}

static void
a_gateway_row_tells_them_apart_too(void **state)
{
	struct gateway gateway;
	struct arena small;

	(void)state;
	arena_init(&small, 64);
	assert_int_equal(gateway_read_row(STR("[]"), &small, &gateway), -ERROR_MEMORY);
	arena_free(&small);
	arena_init(&small, 0);
	assert_int_equal(gateway_read_row(STR("["), &small, &gateway), -ERROR_DAMAGED);
	arena_free(&small);
}

static void
damage_is_damage(void **state)
{
	struct arena arena;
	struct loop loop;
	struct str row;

	(void)state;
	arena_init(&arena, 0);
	row = make_row(&arena);
	for (size_t len = 0; len < row.len; len++)
		assert_int_equal(loop_read_row((struct str){row.ptr, len}, &arena, &loop), -ERROR_DAMAGED);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(out_of_memory_is_not_damage),
		cmocka_unit_test(a_gateway_row_tells_them_apart_too),
		cmocka_unit_test(damage_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
