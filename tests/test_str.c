/* test_str - text as pointer and length */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "tests/cmocka_all.h"

static void
absent_is_not_empty(void **state)
{
	(void)state;
	assert_null(str_from(NULL).ptr);
	assert_non_null(str_from("").ptr);
	assert_true(str_equal(STR_NONE, STR("")));
	assert_false(str_is(STR_NONE, ""));
	assert_true(str_is(STR(""), ""));
}

static void
equal_means_length_and_bytes(void **state)
{
	(void)state;
	assert_true(str_equal(STR("abc"), STR("abc")));
	assert_false(str_equal(STR("abc"), STR("abd")));
	assert_false(str_equal(STR("abc"), STR("ab")));
	assert_false(str_equal(STR("a\0b"), STR("a\0c")));
	assert_true(str_equal_nocase(STR("aBcZ[1"), STR("AbCz[1")));
	assert_false(str_equal_nocase(STR("["), STR("{")));
	assert_false(str_equal_nocase(STR("\xe9"), STR("\xc9")));
	assert_false(str_equal_nocase(STR("a"), STR("ab")));
}

static void
prefix_and_suffix_may_be_the_whole_or_nothing(void **state)
{
	(void)state;
	assert_true(str_starts_with(STR("abc"), STR("ab")));
	assert_true(str_starts_with(STR("abc"), STR("abc")));
	assert_true(str_starts_with(STR_NONE, STR("")));
	assert_false(str_starts_with(STR("abc"), STR("abcd")));
	assert_false(str_starts_with(STR("abc"), STR("bc")));
	assert_true(str_ends_with(STR("abc"), STR("bc")));
	assert_true(str_ends_with(STR("abc"), STR("")));
	assert_false(str_ends_with(STR("abc"), STR("ab")));
	assert_false(str_ends_with(STR("c"), STR("bc")));
}

static void
comparison_is_by_unsigned_bytes_then_length(void **state)
{
	(void)state;
	assert_true(str_compare(STR("a"), STR("b")) < 0);
	assert_true(str_compare(STR("a"), STR("ab")) < 0);
	assert_true(str_compare(STR("b"), STR("ab")) > 0);
	assert_true(str_compare(STR("a"), STR("\xc3\xa9")) < 0);
	assert_int_equal(str_compare(STR("ab"), STR("ab")), 0);
	assert_int_equal(str_compare(STR_NONE, STR("")), 0);
	assert_true(str_compare(STR_NONE, STR("a")) < 0);
}

static void
trimming_takes_white_space_at_both_ends_only(void **state)
{
	(void)state;
	assert_true(str_is(str_trim(STR(" \t\r\na b\n ")), "a b"));
	assert_true(str_is(str_trim(STR("a")), "a"));
	assert_int_equal(str_trim(STR(" \n ")).len, 0);
	assert_int_equal(str_trim(STR_NONE).len, 0);
}

static void
utf8_is_measured_and_checked(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{"a", 1},
		{"\x7f", 1},
		{"\xc2\x80", 2},
		{"\xdf\xbf", 2},
		{"\xe0\xa0\x80", 3},
		{"\xed\x9f\xbf", 3},
		{"\xee\x80\x80", 3},
		{"\xef\xbf\xbf", 3},
		{"\xf0\x90\x80\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\xc3\xa9"
	         "abc",
	         2},
		{"", 0},
		{"\x80", 0},             /* a continuation first */
		{"\xc1\xbf", 0},         /* overlong */
		{"\xe0\x9f\xbf", 0},     /* overlong */
		{"\xf0\x8f\xbf\xbf", 0}, /* overlong */
		{"\xed\xa0\x80", 0},     /* a surrogate */
		{"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
		{"\xf5\x80\x80\x80", 0},
		{"\xff", 0},
		{"\xc3", 0}, /* cut off */
		{"\xe2\x82", 0},
		{"\xf0\x9f\x98", 0},
		{"\xc3"
	         "a",
	         0},
		{"\xe2\x82"
	         "a",
	         0},
		{"\xf0\x9f\x98"
	         "a",
	         0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(str_utf8(str_from(cases[i].text)), cases[i].len);
}

/* The definition once more, by decoding: every pair and triple of bytes that could matter. */
static size_t
utf8_by_decoding(const unsigned char *p, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t need = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
	uint32_t c = need == 1 ? p[0] : need ? p[0] & (0xffu >> (need + 1)) : 0;

	if (need == 0 || need > len)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c < least[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : need;
}

static void
utf8_agrees_with_decoding_for_all_first_and_second_bytes(void **state)
{
	static const unsigned char ends[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		for (size_t j = 0; j < sizeof(ends) * sizeof(ends); j++) {
			unsigned char text[4] = {(unsigned char)(i >> 8), (unsigned char)i, ends[j / sizeof(ends)],
			                         ends[j % sizeof(ends)]};

			if (str_utf8((struct str){(const char *)text, 4}) != utf8_by_decoding(text, 4))
				fail_msg("%02x %02x %02x %02x", text[0], text[1], text[2], text[3]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_is_not_empty),
		cmocka_unit_test(equal_means_length_and_bytes),
		cmocka_unit_test(prefix_and_suffix_may_be_the_whole_or_nothing),
		cmocka_unit_test(comparison_is_by_unsigned_bytes_then_length),
		cmocka_unit_test(trimming_takes_white_space_at_both_ends_only),
		cmocka_unit_test(utf8_is_measured_and_checked),
		cmocka_unit_test(utf8_agrees_with_decoding_for_all_first_and_second_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
