/* test_text - text that grows: numbers, JSON's escapes, bytes that are no characters */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "base/uuid.h"
#include "tests/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static void
numbers_are_written_to_the_last_of_64_bits(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} cases[] = {
		{0, "0"},
		{7, "7"},
		{-1, "-1"},
		{1000, "1000"},
		{INT64_MAX, "9223372036854775807"},
		{INT64_MIN, "-9223372036854775808"},
	};
	char room[NUMBER_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(str_is(number_text(cases[i].number, room), cases[i].text));
}

/* As JSON text, and what another reader makes of it. */
static void
expect_json(struct str piece, const char *json, struct str value)
{
	struct arena arena;
	struct text text;
	struct str whole;
	json_t *read;
	char *room;

	arena_init(&arena, 0);
	text_init(&text, &arena);
	text_add_json(&text, piece);
	whole = text_done(&text);
	assert_string_equal(whole.ptr, json);
	room = malloc(PUT_JSON_MOST(piece.len)); /* the sanitizer looks after its end */
	assert_non_null(room);
	assert_true(str_equal((struct str){room, (size_t)(put_json(room, piece) - room)}, whole));
	free(room);
	read = json_loadb(whole.ptr, whole.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	assert_non_null(read);
	assert_true(str_equal((struct str){json_string_value(read), json_string_length(read)}, value));
	json_decref(read);
	arena_free(&arena);
}

static void
a_string_is_escaped_as_json_wants_and_no_more(void **state)
{
	const struct str hard = STR("a\"b\\c\b\f\n\r\t\v\x01\x1f\x7f/\0z"),
			 wide = STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");

	(void)state;
	expect_json(STR(""), "\"\"", STR(""));
	expect_json(hard, "\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u000b\\u0001\\u001f\x7f/\\u0000z\"", hard);
	expect_json(wide, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", wide);
}

/* Eight bytes are looked at a time: wherever one that does not stand for itself stands in a text of any size. */
static void
every_place_of_a_text_is_looked_at(void **state)
{
	char text[27], json[40];

	(void)state;
	for (size_t len = 1; len < sizeof(text) - 1; len++) {
		for (size_t i = 0; i < len; i++) {
			memset(text, 'x', sizeof(text));
			text[i] = '"';
			snprintf(json, sizeof(json), "\"%.*s\\%.*s\"", (int)i, text, (int)(len - i), text + i);
			expect_json((struct str){text, len}, json, (struct str){text, len});
		}
	}
}

static void
a_byte_that_is_no_utf8_becomes_the_replacement_character(void **state)
{
	(void)state;
	expect_json(STR("a\xff"
	                "b"),
	            "\"a\xef\xbf\xbd"
	            "b\"",
	            STR("a\xef\xbf\xbd"
	                "b"));
	expect_json(STR("\xc3"), "\"\xef\xbf\xbd\"", STR("\xef\xbf\xbd"));
	expect_json(STR("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
	            STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
}

static void
what_grows_past_its_room_is_whole_and_what_has_none_is_absent(void **state)
{
	struct arena arena;
	struct text text;

	(void)state;
	for (size_t limit = 256; limit <= 1 << 20; limit *= 64) {
		struct str whole;

		arena_init(&arena, limit);
		text_init(&text, &arena);
		for (int i = 0; i < 1000; i++) {
			text_add_number(&text, i % 10);
			text_add(&text, STR("-"));
		}
		whole = text_done(&text);
		if (limit < 2000)
			assert_null(whole.ptr);
		else
			assert_true(whole.len == 2000 && whole.ptr[1998] == '9');
		arena_free(&arena);
	}
}

/* 8-4-4-4-12 digits, version 4, the usual variant; each other digit takes all of its values. */
static void
an_id_is_a_random_uuid(void **state)
{
	static const char pattern[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx", digits[] = "0123456789abcdef";
	uint64_t random[4] = {1, 2, 3, 4};
	uint32_t seen[UUID_SIZE] = {0};
	char id[UUID_SIZE];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uuid_make(random, id);
		assert_int_equal(strlen(id), UUID_SIZE - 1);
		for (size_t j = 0; pattern[j]; j++) {
			const char *digit = strchr(digits, id[j]);

			if (pattern[j] == '-' || pattern[j] == '4')
				assert_int_equal(id[j], pattern[j]);
			else
				assert_non_null(digit);
			if (digit)
				seen[j] |= UINT32_C(1) << (digit - digits);
		}
	}
	for (size_t j = 0; pattern[j]; j++) {
		if (pattern[j] == 'x')
			assert_int_equal(seen[j], 0xffff);
		else if (pattern[j] == 'v')
			assert_int_equal(seen[j], 0x0f00);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_to_the_last_of_64_bits),
		cmocka_unit_test(a_string_is_escaped_as_json_wants_and_no_more),
		cmocka_unit_test(every_place_of_a_text_is_looked_at),
		cmocka_unit_test(a_byte_that_is_no_utf8_becomes_the_replacement_character),
		cmocka_unit_test(an_id_is_a_random_uuid),
		cmocka_unit_test(what_grows_past_its_room_is_whole_and_what_has_none_is_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
