/* test_node - trees, and what plain scalars mean */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/node.h"
#include "tests/cmocka_all.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct node
plain(const char *text)
{
	struct node node = {.kind = NODE_MAP};

	node_set_plain(&node, str_from(text));
	assert_string_equal(node.text.ptr, text);
	return node;
}

static void
words_mean_what_the_core_schema_says(void **state)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	static const char *const trues[] = {"true", "True", "TRUE"}, *const falses[] = {"false", "False", "FALSE"};
	static const char *const texts[] = {
		"no",      "yes", "on",  "off",  "y",     "N",        "nULL",  "tRUE",       "~~",    "nul",
		"-",       "+",   ".",   "..",   "1.0.0", "06:00:00", "1_000", "1e",         "1e+",   "e5",
		"0x",      "0o",  "0xG", "0o8",  "-0x1",  "+0o7",     "0X1F",  "0O17",       "0b1",   ".5.",
		"1.5e3.2", "--1", "+-1", "1 ",   " 1",    "inf",      "nan",   ".iNF",       "+.nan", "-.NaN",
		"0x1.8",   "0x`", "0x@", "1e5x", "12ab",  "=",        "<<",    "2024-01-01",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		assert_int_equal(plain(nulls[i]).kind, NODE_NULL);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(plain(trues[i]).kind, NODE_BOOL);
		assert_true(plain(trues[i]).boolean);
		assert_int_equal(plain(falses[i]).kind, NODE_BOOL);
		assert_false(plain(falses[i]).boolean);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (plain(texts[i]).kind != NODE_TEXT)
			fail_msg("'%s' is no text", texts[i]);
	}
}

static void
integers_are_exact_to_the_ends_of_64_bits(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} integers[] = {
		{"0", 0},
		{"-0", 0},
		{"+0", 0},
		{"7", 7},
		{"010", 10},
		{"+12", 12},
		{"-3", -3},
		{"0o17", 15},
		{"0x1F", 31},
		{"0xaBcDeF", 0xabcdef},
		{"000000000000000000000000000001", 1},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
		{"0x7fffffffffffffff", INT64_MAX},
		{"0o777777777777777777777", INT64_MAX},
	};
	static const struct {
		const char *text;
		double value;
	} reals[] = {
		{"9223372036854775808", 0x1p63},      {"-9223372036854775809", -0x1p63}, {"0x8000000000000000", 0x1p63},
		{"0o1000000000000000000000", 0x1p63}, {"18446744073709551616", 0x1p64},  {"99999999999999999999", 1e20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		struct node node = plain(integers[i].text);

		if (node.kind != NODE_INT || node.integer != integers[i].value)
			fail_msg("'%s' is %s %" PRId64, integers[i].text, node_kind_name(&node), node.integer);
	}
	for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
		struct node node = plain(reals[i].text);

		if (node.kind != NODE_FLOAT || node.real != reals[i].value)
			fail_msg("'%s' is %s %g", reals[i].text, node_kind_name(&node), node.real);
	}
}

static void
infinities_and_nan_have_three_spellings(void **state)
{
	(void)state;
	assert_true(isinf(plain(".inf").real) && plain(".inf").real > 0);
	assert_true(isinf(plain("+.Inf").real) && plain("+.Inf").real > 0);
	assert_true(isinf(plain("-.INF").real) && plain("-.INF").real < 0);
	assert_true(isnan(plain(".nan").real) && isnan(plain(".NaN").real) && isnan(plain(".NAN").real));
	assert_int_equal(plain(".nan").kind, NODE_FLOAT);
}

static void
check_real(const char *text)
{
	struct node node = plain(text);
	double wanted = strtod(text, NULL); /* the tests run in the C locale */

	if (node.kind != NODE_FLOAT || memcmp(&node.real, &wanted, sizeof(wanted)) != 0)
		fail_msg("'%s' is %s %.17g, not %.17g", text, node_kind_name(&node), node.real, wanted);
}

static void
decimals_are_rounded_as_strtod_does(void **state)
{
	static const char *const texts[] = {
		"1.0",
		"-1.5",
		"+.5",
		"5.",
		"1e3",
		"1E-3",
		"2.5e+10",
		"0.0",
		"-0.0",
		"0e0",
		"0.1",
		"1e23",
		"8.98846567431158e307",
		"1.7976931348623157e308",
		"1.7976931348623159e308",
		"4.9406564584124654e-324",
		"2.4703282292062327e-324",
		"2.2250738585072011e-308",
		"1e400",
		"-1e400",
		"1e-400",
		"1e99999999999999999999",
		"1e-99999999999999999999",
		"0.000000000000000000000000000000000000001e39",
		"9007199254740993.0",
		"9007199254740992.99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_real(texts[i]);
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
decimals_of_any_length_are_rounded_as_strtod_does(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		static const size_t lengths[] = {3, 20, 100, 799, 801, 1200};
		size_t len = 1 + next_random(&seed) % lengths[next_random(&seed) % 6],
		       point = next_random(&seed) % (len + 1);
		char text[1300], *p = text;

		for (size_t i = 0; i < len; i++) {
			if (i == point)
				*p++ = '.';
			*p++ = round % 3 ? (char)('0' + next_random(&seed) % 10) : '0';
		}
		(void)snprintf(p, 20, "e%d", (int)(next_random(&seed) % 700) - 350);
		check_real(text);
	}
}

static void
a_digit_far_behind_still_breaks_a_tie(void **state)
{
	char text[1100] = "9007199254740993."; /* half way between two doubles: to even, unless anything follows */

	(void)state;
	memset(text + 17, '0', 1000);
	text[1017] = '\0';
	assert_true(plain(text).real == 9007199254740992.0);
	text[1016] = '1';
	assert_true(plain(text).real == 9007199254740994.0);
}

static void
children_keep_their_order_and_are_found_by_key(void **state)
{
	struct node map = {.kind = NODE_MAP}, list = {.kind = NODE_LIST};
	struct node a = {.key = STR("a")}, b = {.key = STR("b")}, item = {.kind = NODE_INT};

	(void)state;
	node_append(&map, &a);
	node_append(&map, &b);
	node_append(&list, &item);
	assert_int_equal(map.count, 2);
	assert_ptr_equal(map.first, &a);
	assert_ptr_equal(map.last, &b);
	assert_ptr_equal(a.next, &b);
	assert_int_equal(b.index, 1);
	assert_ptr_equal(node_get(&map, "b"), &b);
	assert_ptr_equal(node_get_str(&map, (struct str){"ax", 1}), &a);
	assert_null(node_get(&map, "c"));
	assert_null(node_get(&map, ""));
	assert_null(node_get(NULL, "a"));
	assert_null(node_get(&list, "a"));
	assert_null(node_get(&a, "a"));
}

static void
kinds_have_names(void **state)
{
	static const char *const names[] = {"null", "boolean", "integer", "number", "text", "list", "map"};
	static const char *const phrases[] = {"null", "a boolean", "an integer", "a number", "text", "a list", "a map"};

	(void)state;
	for (int kind = NODE_NULL; kind <= NODE_MAP; kind++) {
		struct node node = {.kind = (enum node_kind)kind};

		assert_string_equal(node_kind_name(&node), names[kind]);
		assert_string_equal(node_kind_phrase(&node), phrases[kind]);
		assert_int_equal(node_is_scalar(&node), kind < NODE_LIST);
		assert_int_equal(node_is_null(&node), kind == NODE_NULL);
	}
	assert_false(node_is_scalar(NULL));
	assert_true(node_is_null(NULL));
	assert_string_equal(node_kind_name(NULL), "null");
}

static void
integers_may_have_any_number_of_digits(void **state)
{
	static const struct {
		const char *text;
		bool integer;
	} cases[] = {
		{"0", true},
		{"-7", true},
		{"9223372036854775808", true},
		{"-123456789012345678901234567890", true},
		{"+99999999999999999999", true},
		{"1.0", false},
		{"1e30", false},
		{".5", false},
		{".inf", false},
		{"-.inf", false},
		{"true", false},
		{"text", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node node = {.kind = NODE_NULL};

		node_set_plain(&node, str_from(cases[i].text));
		assert_int_equal(node_is_integer(&node), cases[i].integer);
	}
	assert_false(node_is_integer(NULL));
}

static void
the_path_leads_from_the_root(void **state)
{
	struct node root = {.kind = NODE_MAP, .file = "x.yaml"}, list = {.kind = NODE_LIST, .key = STR("a.b")};
	struct node map = {.kind = NODE_MAP}, leaf = {.key = STR("c\n\xc3\xa9")}, second = {.kind = NODE_INT};
	char path[64];

	(void)state;
	node_append(&root, &list);
	node_append(&list, &second);
	node_append(&list, &map);
	node_append(&map, &leaf);
	node_path(&leaf, path, sizeof(path));
	assert_string_equal(path, "a.b[1].c?\xc3\xa9");
	node_path(&second, path, sizeof(path));
	assert_string_equal(path, "a.b[0]");
	node_path(&root, path, sizeof(path));
	assert_string_equal(path, "");
	node_path(NULL, path, sizeof(path));
	assert_string_equal(path, "");
	assert_string_equal(node_file(&leaf), "x.yaml");
	root.file = NULL;
	assert_string_equal(node_file(&leaf), "");
	assert_string_equal(node_file(NULL), "");
}

static void
a_list_at_the_top_has_paths_without_a_name(void **state)
{
	struct node root = {.kind = NODE_LIST}, map = {.kind = NODE_MAP}, leaf = {.key = STR("k")};
	char path[64];

	(void)state;
	node_append(&root, &map);
	node_append(&map, &leaf);
	node_path(&leaf, path, sizeof(path));
	assert_string_equal(path, "[0].k");
}

static void
long_paths_lose_their_front(void **state)
{
	struct node root = {.kind = NODE_MAP}, map = {.kind = NODE_MAP, .key = STR("caf\xc3\xa9")};
	struct node leaf = {.key = STR("limit")};
	char path[64];

	(void)state;
	node_append(&root, &map);
	node_append(&map, &leaf);
	node_path(&leaf, path, 15); /* 11 characters and room for the dots */
	assert_string_equal(path, "caf\xc3\xa9.limit");
	node_path(&leaf, path, 14);
	assert_string_equal(path, "...af\xc3\xa9.limit");
	node_path(&leaf, path, 11); /* would begin inside the last letter */
	assert_string_equal(path, "....limit");
	node_path(&leaf, path, 4);
	assert_string_equal(path, "...");
	path[0] = 'x';
	node_path(&leaf, path, 0);
	assert_int_equal(path[0], 'x');
	node_path(&leaf, path, 1);
	assert_string_equal(path, "");
}

/* A map of `count` different keys on lines 1, 2, ... */
static struct node *
make_map(struct arena *arena, uint32_t count)
{
	struct node *map = node_new(arena, NODE_MAP, 1, 1);

	for (uint32_t i = 0; i < count; i++) {
		struct node *child = node_new(arena, NODE_NULL, i + 1, 10);

		child->key = str_from(arena_printf(arena, "key%" PRIu32, i));
		child->key_line = i + 1;
		child->key_column = 3;
		node_append(map, child);
	}
	return map;
}

static struct node *
child_at(struct node *map, uint32_t index)
{
	struct node *child = map->first;

	while (index-- > 0)
		child = child->next;
	return child;
}

static void
duplicate_keys_are_found_in_maps_of_any_size(void **state)
{
	static const uint32_t counts[] = {2, 3, 16, 17, 18, 33, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint32_t count = counts[i];
		struct error err = {0};
		struct arena arena;
		struct node *map;

		arena_init(&arena, 0);
		map = make_map(&arena, count);
		assert_int_equal(node_check_keys(map, &arena, &err), 0);
		child_at(map, count - 1)->key = STR("key0");
		assert_int_equal(node_check_keys(map, &arena, &err), -ERROR_DUPLICATE);
		assert_int_equal(err.line, count);
		assert_int_equal(err.column, 3);
		assert_string_equal(err.path, "key0");
		assert_string_equal(err.text, "duplicate key 'key0', first at line 1");
		arena_free(&arena);
	}
}

static void
of_several_duplicates_the_first_in_the_document_is_told(void **state)
{
	static const uint32_t counts[] = {12, 40};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct error err = {0};
		struct arena arena;
		struct node *map;

		arena_init(&arena, 0);
		map = make_map(&arena, counts[i]);
		for (uint32_t j = 6; j < 10; j++)
			child_at(map, j)->key = child_at(map, 5 - j % 2)->key; /* 6: key5, 7: key4, 8: key5, 9: key4 */
		assert_int_equal(node_check_keys(map, &arena, &err), -ERROR_DUPLICATE);
		assert_int_equal(err.line, 7);
		assert_string_equal(err.text, "duplicate key 'key5', first at line 6");
		arena_free(&arena);
	}
}

static void
a_long_key_is_cut_in_the_message_and_an_earlier_error_stays(void **state)
{
	char key[200];
	struct node map = {.kind = NODE_MAP}, a, b;
	struct error err = {0}, earlier = {.code = ERROR_IO, .line = 77};
	struct arena arena;

	(void)state;
	memset(key, 'k', sizeof(key));
	memcpy(key + 79, "\xc3\xa9", 2); /* a character across the cut */
	a = b = (struct node){.key = {key, sizeof(key)}, .key_line = 2};
	node_append(&map, &a);
	node_append(&map, &b);
	arena_init(&arena, 0);
	(void)node_check_keys(&map, &arena, &err);
	assert_non_null(strstr(err.text, "'kkkk"));
	assert_non_null(strstr(err.text, "kkkk...', first at line 2"));
	assert_int_equal(node_check_keys(&map, &arena, &earlier), -ERROR_DUPLICATE);
	assert_int_equal(node_check_keys(&map, &arena, NULL), -ERROR_DUPLICATE);
	assert_int_equal(earlier.code, ERROR_IO);
	assert_int_equal(earlier.line, 77);
	arena_free(&arena);
}

static void
checking_a_large_map_without_memory_is_an_error(void **state)
{
	struct error err = {0};
	struct arena arena, small;

	(void)state;
	arena_init(&arena, 0);
	arena_init(&small, 17 * 16 - 1);
	assert_int_equal(node_check_keys(make_map(&arena, 17), &small, &err), -ERROR_MEMORY);
	arena_free(&arena);
	arena_free(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_mean_what_the_core_schema_says),
		cmocka_unit_test(integers_are_exact_to_the_ends_of_64_bits),
		cmocka_unit_test(infinities_and_nan_have_three_spellings),
		cmocka_unit_test(decimals_are_rounded_as_strtod_does),
		cmocka_unit_test(decimals_of_any_length_are_rounded_as_strtod_does),
		cmocka_unit_test(a_digit_far_behind_still_breaks_a_tie),
		cmocka_unit_test(children_keep_their_order_and_are_found_by_key),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(integers_may_have_any_number_of_digits),
		cmocka_unit_test(the_path_leads_from_the_root),
		cmocka_unit_test(a_list_at_the_top_has_paths_without_a_name),
		cmocka_unit_test(long_paths_lose_their_front),
		cmocka_unit_test(duplicate_keys_are_found_in_maps_of_any_size),
		cmocka_unit_test(of_several_duplicates_the_first_in_the_document_is_told),
		cmocka_unit_test(a_long_key_is_cut_in_the_message_and_an_earlier_error_stays),
		cmocka_unit_test(checking_a_large_map_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
