/* test_request - decision requests: the fast path against the long one, and values as Java spells them */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "api/bodies/java.h"
#include "api/bodies/request.h"
#include "api/bodies/request_scan.h"
#include "base/document.h"
#include "tests/cmocka_all.h"

#define USUAL \
	"{\"ONAPName\":\"Policy\",\"ONAPComponent\":\"edge\",\"ONAPInstance\":\"e1\",\"requestId\":\"5a5c3f0e\"," \
	"\"action\":\"guard\"," \
	"\"resource\":{\"guard\":{\"actor\":\"SO\",\"operation\":\"VF Module " \
	"Create\",\"requestId\":\"r-1\",\"clname\":\"loop\"," \
	"\"target\":\"vnf-7\",\"vfCount\":-12,\"generic-vnf.vnf-id\":\"x\"}}}"

#define RENAMED "{\"action\":\"guard\",\"resource\":{\"guard\":{\"operation\":\"VFModuleCreate\"}}}"

/* 1 when both paths read the same, 0 when the short one leaves it to the long one; fails when they differ. */
static int
agree(const char *text, size_t len, enum guard_mode mode)
{
	struct request quick = {0}, slow = {0};
	struct error err = {0};
	struct arena arena;
	struct node *root;
	char *body = malloc(len + REQUEST_SCAN_SLACK); /* exactly, so that a sanitizer sees one byte too far */
	bool scanned;

	assert_non_null(body);
	memset(body, '"', len + REQUEST_SCAN_SLACK); /* what is behind the NUL has no say */
	memcpy(body, text, len);
	body[len] = '\0';
	scanned = request_scan((struct str){body, len}, mode, &quick);
	arena_init(&arena, 0);
	if (scanned) {
		assert_int_equal(json_read((struct str){text, len}, "", &document_limits_default, &arena, &root, &err),
		                 0);
		assert_int_equal(request_read(root, (struct request_form){.mode = mode}, &arena, &slow, &err), 0);
		for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
			assert_true(str_equal(quick.attribute[i], slow.attribute[i]));
			assert_int_equal(!quick.attribute[i].ptr, !slow.attribute[i].ptr);
		}
		assert_true(str_equal(quick.request_id, slow.request_id));
		assert_int_equal(quick.has_vf_count, slow.has_vf_count);
		assert_int_equal(quick.vf_count, slow.vf_count);
		assert_false(slow.has_current_time);
	}
	arena_free(&arena);
	free(body);
	return scanned;
}

static void
usual_requests_take_the_fast_path(void **state)
{
	(void)state;
	assert_int_equal(agree(USUAL, sizeof(USUAL) - 1, GUARD_STRICT), 1);
	assert_int_equal(agree(USUAL, sizeof(USUAL) - 1, GUARD_ONAP), 1);
	assert_int_equal(agree(RENAMED, sizeof(RENAMED) - 1, GUARD_STRICT), 1);
	assert_int_equal(agree(RENAMED, sizeof(RENAMED) - 1, GUARD_ONAP), 1);
	assert_int_equal(agree(" { \"action\" :\t\"guard\"\r\n} ", 24, GUARD_STRICT), 1);
}

static void
all_else_takes_the_slow_path(void **state)
{
	static const char *const bodies[] = {
		"",
		" ",
		"{}",
		"[]",
		"{\"action\":\"guard\"",
		"{\"action\":\"guard\"}}",
		"{\"action\":\"guard\",}",
		"{\"action\":\"Guard\"}",
		"{\"action\":\"guard\",\"action\":\"guard\"}",
		"{\"action\":\"guard\",\"other\":\"x\"}",
		"{\"action\":\"gu\\u0061rd\"}",
		"{\"action\":\"guard\",\"resource\":{}}",
		"{\"action\":\"guard\",\"resource\":null}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":null}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"\xc3\xa4\"}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"a\tb\"}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"abcdefgh\tb\"}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"a\",\"actor\":\"b\"}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"vfCount\":01}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"vfCount\":1.0}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"vfCount\":1e1}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"vfCount\":- 1}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"vfCount\":2147483648}}}",
		"{\"action\":\"guard\",\"currentTime\":\"12:00Z\"}",
		"{\"action\":\"guard\",\"\":\"x\"}",
		"{\"action\":\"guard\",\"resource\":{\"\":{\"actor\":\"a\"}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"\":\"a\"}}}",
		"{\"action\":\"guard\",\"ONAPInstances\":\"x\"}",
		"{\"action\":\"guard\",\"ONAPInstanc\":\"x\"}",
		"{\"action\":\"guard\",\"ONAPInstancf\":\"x\"}",
		"{\"action\":\"guard\",\"actor\":\"a\"}",
		"{\"action\":\"guard\",\"guard\":{\"actor\":\"a\"}}",
		"{\"action\":\"guard\",\"resource\":{\"actor\":\"a\"}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"action\":\"a\"}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"a\"}},\"resource\":{\"guard\":{}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"a",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"a\"",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"a\"}}}}",
		"{\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"a\"}}}\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		if (agree(bodies[i], strlen(bodies[i]), GUARD_STRICT) != 0)
			fail_msg("the fast path took %s", bodies[i]);
}

static void
attributes_of_1024_bytes_are_read_and_no_longer_ones(void **state)
{
	char body[1200];

	(void)state;
	for (int len = 1023; len <= 1025; len++) {
		int n = snprintf(body, sizeof(body),
		                 "{\"action\":\"guard\",\"resource\":{\"guard\":{\"target\":\"%0*d\"}}}", len, 7);

		assert_int_equal(agree(body, (size_t)n, GUARD_STRICT), len <= ATTRIBUTE_SIZE_MAX);
	}
}

static uint32_t
next(uint32_t *seed)
{
	return *seed = *seed * 1664525u + 1013904223u;
}

/* Most changed bodies are bad; those that stay good must read alike. */
static void
both_paths_agree_on_changed_requests(void **state)
{
	static const char *const pieces[] = {"\"",
	                                     "\\",
	                                     "{",
	                                     "}",
	                                     ",",
	                                     ":",
	                                     " ",
	                                     "0",
	                                     "-",
	                                     "9",
	                                     "null",
	                                     "\"actor\":\"A\",",
	                                     "\"x\":1,",
	                                     "\t",
	                                     "\xc3\xa4",
	                                     "\"vfCount\":3,",
	                                     "\"requestId\":\"q\",",
	                                     "1",
	                                     "a"};
	uint32_t seed = 20261122;
	int taken = 0;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		char body[1024] = USUAL;
		size_t len = sizeof(USUAL) - 1;

		for (uint32_t changes = next(&seed) >> 16 & 3; changes; changes--) {
			const char *piece = pieces[(next(&seed) >> 8) % (sizeof(pieces) / sizeof(*pieces))];
			size_t at = (next(&seed) >> 8) % (len + 1), cut = (next(&seed) >> 8) % 3, add = strlen(piece);

			cut = cut > len - at ? len - at : cut;
			memmove(body + at + add, body + at + cut, len - at - cut);
			memcpy(body + at, piece, add);
			len += add - cut;
		}
		taken += agree(body, len, round % 2 ? GUARD_ONAP : GUARD_STRICT);
	}
	assert_in_range(taken, 15000, 50000); /* a quarter is not changed at all */
}

static void
numbers_are_spelled_as_java_spells_them(void **state)
{
	static const char *const cases[][2] = {
		{"3", "3"},
		{"3.0", "3"},
		{"-0", "0"},
		{"2.5", "2.5"},
		{"1e20", "1.0E20"},
		{"0.001", "0.001"},
		{"0.0001", "1.0E-4"},
		{"123456.75", "123456.75"},
		{"12345678.5", "1.23456785E7"},
		{"1e6", "1000000"},
		{"-2.5e-10", "-2.5E-10"},
		{"0.1", "0.1"},
		{"0.05", "0.05"},
		{"true", "true"},
		{"[1,\"a\",null]", "[1, a, null]"},
		{"{\"a\":{\"b\":[]}}", "{a={b=[]}}"},
		{"9007199254740993", "9007199254740992"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = {0};
		struct arena arena;
		struct node *root;

		arena_init(&arena, 0);
		if (json_read(str_from(cases[i][0]), "", &document_limits_default, &arena, &root, &err) == 0)
			assert_string_equal(java_text(root, &arena).ptr, cases[i][1]);
		arena_free(&arena);
	}
}

static void
zone_offsets_and_dates_have_their_form(void **state)
{
	static const char *const good[] = {"Z",         "+1",      "+01", "+01:30", "-0130",
	                                   "+01:30:15", "+013015", "+18", "-18:00"};
	static const char *const bad[] = {"",        "z",      "+",       "01",  "+001",     "+1:30",
	                                  "+01:3",   "+01:60", "+18:01",  "+19", "+01:3015", "Europe/Paris",
	                                  "+01:30:", "+01 30", "+0130:15"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!java_is_zone_offset(str_from(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (java_is_zone_offset(str_from(bad[i])))
			fail_msg("%s", bad[i]);
	assert_true(java_is_date(STR("2028-02-29")));
	assert_true(java_is_date(STR("2000-02-29")));
	assert_false(java_is_date(STR("2100-02-29")));
	assert_false(java_is_date(STR("2026-04-31")));
	assert_false(java_is_date(STR("2026-00-01")));
	assert_false(java_is_date(STR("2026-1-01x")));
}

static void
integers_are_decoded_as_java_decodes_them(void **state)
{
	static const struct {
		const char *text;
		int64_t value; /* INT64_MAX: refused */
	} cases[] = {{"0", 0},
	             {"-0", 0},
	             {"+7", 7},
	             {"010", 8},
	             {"-010", -8},
	             {"0x1F", 31},
	             {"0X1f", 31},
	             {"#ff", 255},
	             {"-#1", -1},
	             {"2147483647", INT32_MAX},
	             {"2147483648", INT64_MAX},
	             {"-2147483648", INT32_MIN},
	             {"-2147483649", INT64_MAX},
	             {"08", INT64_MAX},
	             {"", INT64_MAX},
	             {"-", INT64_MAX},
	             {"0x", INT64_MAX},
	             {"1 ", INT64_MAX},
	             {"--1", INT64_MAX},
	             {"1.0", INT64_MAX},
	             {"99999999999999999999", INT64_MAX}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int32_t value = 0;
		bool good = java_decode(str_from(cases[i].text), &value);

		if (good != (cases[i].value != INT64_MAX) || (good && value != cases[i].value))
			fail_msg("'%s' gives %d %d", cases[i].text, good, value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_requests_take_the_fast_path),
		cmocka_unit_test(all_else_takes_the_slow_path),
		cmocka_unit_test(attributes_of_1024_bytes_are_read_and_no_longer_ones),
		cmocka_unit_test(both_paths_agree_on_changed_requests),
		cmocka_unit_test(numbers_are_spelled_as_java_spells_them),
		cmocka_unit_test(zone_offsets_and_dates_have_their_form),
		cmocka_unit_test(integers_are_decoded_as_java_decodes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
