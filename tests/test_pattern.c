/* test_pattern - whole-value matching with bounded work and no allocation */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include <stdlib.h>

#include "base/error.h"
#include "tests/cmocka_all.h"

/*
 * Every allocation of the program goes through here and is counted, also those of PCRE2. A sanitizer brings its own
 * malloc; the counting is then left to the plain build.
 */
static size_t allocations;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define COUNTS_ALLOCATIONS 0
#else
#define COUNTS_ALLOCATIONS 1
#endif
#else
#define COUNTS_ALLOCATIONS 1
#endif

#if COUNTS_ALLOCATIONS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *
malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *
realloc(void *memory, size_t size)
{
	allocations++;
	return __libc_realloc(memory, size);
}
#endif

struct fixture {
	struct arena arena;
	struct pattern_scratch *scratch;
};

static int
setup(void **state)
{
	static struct fixture fixture;

	arena_init(&fixture.arena, 0);
	fixture.scratch = pattern_scratch_new();
	*state = &fixture;
	return fixture.scratch ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	pattern_scratch_free(fixture->scratch);
	arena_free(&fixture->arena);
	return 0;
}

static const struct pattern *
compiled(struct fixture *fixture, const char *text)
{
	const struct pattern *pattern = NULL;
	struct error err = {0};

	if (pattern_compile(str_from(text), PATTERN_DOT_IN_LINE, NULL, &fixture->arena, &pattern, &err) != 0)
		fail_msg("%s", err.text);
	return pattern;
}

static int
matches(struct fixture *fixture, const char *pattern, const char *value)
{
	return pattern_match(compiled(fixture, pattern), fixture->scratch, str_from(value));
}

static void
a_pattern_matches_the_whole_value(void **state)
{
	assert_int_equal(matches(*state, "vFWCL.*", "vFWCL-17"), 1);
	assert_int_equal(matches(*state, "vFWCL", "vFWCL-17"), 0);
	assert_int_equal(matches(*state, "17", "vFWCL-17"), 0);
	assert_int_equal(matches(*state, "a|ab", "ab"), 1); /* the first branch alone is too short */
	assert_int_equal(matches(*state, "a*?", "aaa"), 1);
	assert_int_equal(matches(*state, "a$", "a\n"), 0);
	assert_int_equal(matches(*state, "", ""), 1);
	assert_int_equal(matches(*state, "", "a"), 0);
	assert_int_equal(matches(*state, "(?=.*7)v[a-z]+[0-9]", "vnf7"), 1);
	assert_int_equal(matches(*state, "(v)(n)(f)\\1", "vnfv"), 1);
}

static void
an_absent_value_matches_as_an_empty_one(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(pattern_match(compiled(fixture, "a?"), fixture->scratch, STR_NONE), 1);
	assert_int_equal(pattern_match(compiled(fixture, "a"), fixture->scratch, STR_NONE), 0);
}

static void
a_dot_takes_a_line_end_where_it_is_asked_to(void **state)
{
	static const char *const values[] = {"a\nb", "a\rb", "a\r\nb", "a\xe2\x80\xa8_b"};
	struct fixture *fixture = *state;
	const struct pattern *pattern = NULL, *end = NULL;
	struct error err = {0};

	assert_int_equal(pattern_compile(STR("a.*b"), PATTERN_DOT_ALL, NULL, &fixture->arena, &pattern, &err), 0);
	assert_int_equal(pattern_compile(STR("a$.?"), PATTERN_DOT_ALL, NULL, &fixture->arena, &end, &err), 0);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		assert_int_equal(pattern_match(pattern, fixture->scratch, str_from(values[i])), 1);
		assert_int_equal(matches(*state, "a.*b", values[i]), 0);
	}
	assert_int_equal(pattern_match(end, fixture->scratch, STR("a")), 1);
	assert_int_equal(pattern_match(end, fixture->scratch, STR("a\n")), 0); /* the dollar is the end of the value */
}

static void
a_dot_takes_one_character_but_no_line_end(void **state)
{
	assert_int_equal(matches(*state, ".", "\xc3\xa4"), 1);
	assert_int_equal(matches(*state, "..", "\xc3\xa4"), 0);
	assert_int_equal(matches(*state, "[\xc3\xa4\xc3\xb6]", "\xc3\xb6"), 1);
	assert_int_equal(matches(*state, "a.b", "a\nb"), 0);
	assert_int_equal(matches(*state, "a.b", "a\rb"), 0);
	assert_int_equal(matches(*state, "a.b",
	                         "a\xe2\x80\xa8"
	                         "b"),
	                 0);
	assert_int_equal(matches(*state, "(?s)a.b", "a\nb"), 1);
}

static void
a_value_may_hold_a_nul(void **state)
{
	struct fixture *fixture = *state;
	const struct str value = {"a\0b", 3};

	assert_int_equal(pattern_match(compiled(fixture, "a.b"), fixture->scratch, value), 1);
	assert_int_equal(pattern_match(compiled(fixture, "a"), fixture->scratch, value), 0);
}

static void
a_value_that_is_no_utf8_is_an_error(void **state)
{
	assert_int_equal(matches(*state, ".*", "a\xff"), -ERROR_LIMIT);
	assert_int_equal(matches(*state, ".*", "\xc3"), -ERROR_LIMIT);
	assert_int_equal(matches(*state, ".*", "\xed\xa0\x80"), -ERROR_LIMIT);
}

static void
refuses(struct fixture *fixture, const char *text, const char *told)
{
	const struct pattern *pattern = (const void *)fixture;
	struct error err = {0};

	assert_int_equal(pattern_compile(str_from(text), PATTERN_DOT_IN_LINE, NULL, &fixture->arena, &pattern, &err),
	                 -ERROR_SYNTAX);
	assert_int_equal(err.code, ERROR_SYNTAX);
	assert_ptr_equal(pattern, fixture); /* nothing written */
	if (!strstr(err.text, told))
		fail_msg("'%s' does not say '%s'", err.text, told);
}

static void
a_bad_pattern_is_refused_with_its_place(void **state)
{
	static char long_one[4098], deep[200];

	refuses(*state, "a(b", "bad pattern 'a(b'");
	refuses(*state, "a(b", "at offset 3");
	refuses(*state, "[z-a]", "offset");
	refuses(*state, "*", "offset 0");
	refuses(*state, "(*F", "offset");
	refuses(*state, "a\\Cb", "\\C");
	refuses(*state, "\xff", "UTF-8");
	memset(long_one, 'a', sizeof(long_one) - 1);
	refuses(*state, long_one, "longer");
	long_one[4096] = '\0';
	(void)compiled(*state, long_one);
	memset(deep, '(', 65);
	memset(deep + 65, ')', 65);
	refuses(*state, deep, "nested");
	memset(deep, 0, sizeof(deep));
	memset(deep, '(', 64);
	memset(deep + 64, ')', 64);
	(void)compiled(*state, deep);
	refuses(*state, "(((a{1,500}){1,500}){1,500}){1,500}", "too large");
}

static void
a_quoted_pattern_is_cut_between_characters(void **state)
{
	char text[128] = "(";

	for (int i = 0; i < 40; i++)
		strcat(text, "\xc3\xa4");
	refuses(*state, text, "\xc3\xa4': ");
}

static void
a_catastrophic_pattern_ends_with_the_limit(void **state)
{
	static const char *const bad[] = {"(a+)+$",
	                                  "(a|a)*$",
	                                  "(a|aa)+$",
	                                  "(a*)*b",
	                                  "(?i).*.*.*.*K",
	                                  "(?:a?){60}a{60}",
	                                  "^(([a-z])+.)+[A-Z]([a-z])+$",
	                                  "(*NO_JIT)(a+)+$",
	                                  "(*NO_JIT)(a|aa)+b",
	                                  "(*NO_JIT)(a(?1)?b?)*!!",
	                                  "(?:(?:(?:.*c|a)*+c|a)*+c|a)*!",
	                                  "(?:a(?!(?>(?:a(?!.*c)|a)*)c)|a)*!"};
	char value[1025];

	/* The last two repeat in one another without ever turning back where PCRE2 would count it. */
	memset(value, 'a', sizeof(value));
	memcpy(value + 1000, "bKa!", 5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (matches(*state, bad[i], value) != -ERROR_LIMIT)
			fail_msg("'%s' did not reach the limit", bad[i]);
	}
}

static void
a_long_value_gets_fewer_steps(void **state)
{
	struct fixture *fixture = *state;
	struct str value = {malloc(1 << 20), 1 << 20};

	assert_non_null(value.ptr);
	memset((char *)value.ptr, 'a', value.len);
	/* Each round reads a megabyte: a million of them would last minutes. */
	assert_int_equal(pattern_match(compiled(fixture, "(?:a(?!.*b)|a)*c?d?"), fixture->scratch, value),
	                 -ERROR_LIMIT);
	assert_int_equal(pattern_match(compiled(fixture, "a*"), fixture->scratch, value), 1);
	free((char *)value.ptr);
}

static void
what_a_real_pattern_needs_is_well_below_the_limits(void **state)
{
	char value[1025];

	for (size_t i = 0; i < 1024; i++)
		value[i] = "vnf-"[i % 4];
	value[1024] = '\0';
	assert_int_equal(matches(*state, "(v|n|f|-)*", value), 1);
	assert_int_equal(matches(*state, "(*NO_JIT)(v|n|f|-)*", value), 1);
	assert_int_equal(matches(*state, "([a-z]+-)+", value), 1);
	assert_int_equal(matches(*state, "(*NO_JIT)([a-z]+-)+", value), 1);
}

static void
matching_allocates_nothing(void **state)
{
	static const char *const texts[] = {"vnf-[0-9]+",
	                                    "(*NO_JIT)vnf-([0-9]+)",
	                                    "(*NO_JIT)(a|aa)+b",
	                                    "(*NO_JIT)(a+)+$",
	                                    "(a+)+$",
	                                    "(?i)VNF.*",
	                                    "(*NO_JIT)((((((((((((a))))))))))))*b"};
	struct fixture *fixture = *state;
	const struct pattern *patterns[sizeof(texts) / sizeof(texts[0])];
	char value[1025];
	size_t before;

	if (!COUNTS_ALLOCATIONS)
		skip();
	memset(value, 'a', sizeof(value));
	memcpy(value + 1000, "b!", 3);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		patterns[i] = compiled(fixture, texts[i]);
	before = allocations;
	assert_true(before > 0); /* the counting works */
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			(void)pattern_match(patterns[i], fixture->scratch, STR("vnf-17"));
			(void)pattern_match(patterns[i], fixture->scratch, str_from(value));
		}
	}
	assert_int_equal(allocations, before);
}

static void
a_pattern_keeps_its_text(void **state)
{
	char text[] = "vnf-.*";
	const struct pattern *pattern = compiled(*state, text);

	text[0] = 'x';
	assert_true(str_equal(pattern_text(pattern), STR("vnf-.*")));
	assert_int_equal(pattern_text(pattern).ptr[6], '\0');
}

static void
an_arena_without_room_is_an_error(void **state)
{
	const struct pattern *pattern;

	(void)state;
	for (size_t limit = 1; limit < 512; limit += 16) {
		struct arena small;
		struct error err = {0};
		int r;

		arena_init(&small, limit);
		r = pattern_compile(STR("vnf-.*"), PATTERN_DOT_IN_LINE, NULL, &small, &pattern, &err);
		assert_true(r == 0 || r == -ERROR_MEMORY);
		assert_true(r == 0 || limit < 256);
		arena_free(&small);
	}
}

static void
freeing_no_scratch_is_allowed(void **state)
{
	(void)state;
	pattern_scratch_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_matches_the_whole_value),
		cmocka_unit_test(an_absent_value_matches_as_an_empty_one),
		cmocka_unit_test(a_dot_takes_a_line_end_where_it_is_asked_to),
		cmocka_unit_test(a_dot_takes_one_character_but_no_line_end),
		cmocka_unit_test(a_value_may_hold_a_nul),
		cmocka_unit_test(a_value_that_is_no_utf8_is_an_error),
		cmocka_unit_test(a_bad_pattern_is_refused_with_its_place),
		cmocka_unit_test(a_quoted_pattern_is_cut_between_characters),
		cmocka_unit_test(a_catastrophic_pattern_ends_with_the_limit),
		cmocka_unit_test(a_long_value_gets_fewer_steps),
		cmocka_unit_test(what_a_real_pattern_needs_is_well_below_the_limits),
		cmocka_unit_test(matching_allocates_nothing),
		cmocka_unit_test(a_pattern_keeps_its_text),
		cmocka_unit_test(an_arena_without_room_is_an_error),
		cmocka_unit_test(freeing_no_scratch_is_allowed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
