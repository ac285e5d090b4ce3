/* test_hash - both hashes against known answers */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "tests/cmocka_all.h"

#include <stdlib.h>

/* The key is the bytes 00 to 0f. Answers were made by an independent implementation in Python, with its unbounded integers. */
static const struct hash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static void
texts_hash_the_same_everywhere(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{0, UINT64_C(0x253c705b8820b079)},  {1, UINT64_C(0xb70b065a8863b4b9)},
		{2, UINT64_C(0xb4bb0d4bc0ee9aaf)},  {3, UINT64_C(0x5095c0f637cfb333)},
		{4, UINT64_C(0xf7ffb757f6845d4f)},  {7, UINT64_C(0x614d2c1f1c2d96b8)},
		{8, UINT64_C(0x34637d77fe1ce6da)},  {9, UINT64_C(0x3a88b049f9a42f05)},
		{15, UINT64_C(0x025919c8c1719f3f)}, {16, UINT64_C(0x748b815ead5a235c)},
		{17, UINT64_C(0x15349d1bb96f315a)}, {40, UINT64_C(0x7907a678b9d44eab)},
		{63, UINT64_C(0xff25106b6114a6c9)},
	};
	char message[64];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (char)i;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(hash_str(&key, (struct str){message, cases[i].len}) == cases[i].hash);
}

static void
a_text_may_start_and_end_anywhere(void **state)
{
	const struct hash_key none = {0, 0};
	uint64_t seen[24];

	(void)state;
	assert_true(hash_str(&none, STR("a")) == UINT64_C(0xe859896e02ad45b5));
	assert_true(hash_str(&none, STR("onap.policies")) == UINT64_C(0x5577e8370e57d004));
	for (size_t len = 0; len < 24; len++) {
		seen[len] = hash_str(&key, (struct str){"ABCDEFGHIJKLMNOPQRSTUVWXYZ", len});
		for (size_t shift = 0; shift < 8; shift++) { /* exact heap blocks: a sanitizer sees a byte too far */
			char *block = malloc(shift + len + (shift + len == 0));

			assert_non_null(block);
			memcpy(block + shift, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", len);
			assert_true(hash_str(&key, (struct str){block + shift, len}) == seen[len]);
			free(block);
		}
		for (size_t shorter = 0; shorter < len; shorter++)
			assert_true(seen[shorter] != seen[len]);
	}
}

static void
absent_text_hashes_as_empty_text(void **state)
{
	const struct str absent = STR_NONE, empty = STR("");

	(void)state;
	assert_true(hash_str(&key, absent) == hash_str(&key, empty));
	assert_true(hash_parts(&key, &absent, 1).lo == hash_parts(&key, &empty, 1).lo);
}

static void
parts_hash_the_same_everywhere(void **state)
{
	const struct str parts[] = {STR("SO"), STR("VF Module Create"), STR("vnf-17")};
	const struct str longer[] = {STR("onap.policies.controlloop.guard"), STR("x")};
	struct hash128 none = hash_parts(&key, NULL, 0), three = hash_parts(&key, parts, 3),
		       two = hash_parts(&key, longer, 2);

	(void)state;
	assert_true(none.lo == UINT64_C(0xdb8ae6835e698de3) && none.hi == UINT64_C(0xd9f6057c5f92e7f0));
	assert_true(three.lo == UINT64_C(0xfbe7d7bdb27b5b96) && three.hi == UINT64_C(0xd1ebdf328a4ff653));
	assert_true(two.lo == UINT64_C(0xde546b86660d94d5) && two.hi == UINT64_C(0x99d1f45a5bd343fb));
}

static void
where_one_part_ends_matters(void **state)
{
	const struct str left[] = {STR("ab"), STR("c")}, reservation[] = {STR("a"), STR("bc")}, one[] = {STR("abc")};
	const struct str padded[] = {STR("abc"), STR("")};

	(void)state;
	assert_true(hash_parts(&key, left, 2).lo != hash_parts(&key, reservation, 2).lo);
	assert_true(hash_parts(&key, left, 2).hi != hash_parts(&key, reservation, 2).hi);
	assert_true(hash_parts(&key, left, 2).lo != hash_parts(&key, one, 1).lo);
	assert_true(hash_parts(&key, padded, 2).lo != hash_parts(&key, one, 1).lo);
}

static void
another_key_gives_another_hash(void **state)
{
	const struct hash_key other = {key.k0, key.k1 ^ 1};
	const struct str text = STR("Restart");

	(void)state;
	assert_true(hash_str(&key, text) != hash_str(&other, text));
	assert_true(hash_parts(&key, &text, 1).hi != hash_parts(&other, &text, 1).hi);
}

static void
mixing_depends_on_order(void **state)
{
	uint64_t a = hash_str(&key, STR("SO")), b = hash_str(&key, STR("Restart"));

	(void)state;
	assert_true(hash_mix(a, b) != hash_mix(b, a));
	assert_true(hash_mix(a, b) != hash_mix(a, b + 1));
}

static void
words_are_equal_where_all_bytes_are(void **state)
{
	char left[40], reservation[40];

	(void)state;
	for (size_t len = 0; len <= sizeof(left); len++) {
		for (size_t i = 0; i < sizeof(left); i++)
			left[i] = reservation[i] = (char)(i * 7);
		for (size_t i = 0; i < sizeof(left); i++) {
			reservation[i] ^= 1;
			assert_true(words_equal(left, reservation, len) == (i >= len));
			reservation[i] ^= 1;
		}
		assert_true(words_equal(left, reservation, len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_hash_the_same_everywhere),
		cmocka_unit_test(a_text_may_start_and_end_anywhere),
		cmocka_unit_test(absent_text_hashes_as_empty_text),
		cmocka_unit_test(parts_hash_the_same_everywhere),
		cmocka_unit_test(where_one_part_ends_matters),
		cmocka_unit_test(another_key_gives_another_hash),
		cmocka_unit_test(mixing_depends_on_order),
		cmocka_unit_test(words_are_equal_where_all_bytes_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
