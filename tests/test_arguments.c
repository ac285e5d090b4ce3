/* test_arguments - options and words of the command line, in any order */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/arguments.h"
#include "tests/cmocka_all.h"

#include <string.h>

struct parsed {
	bool flag;
	const char *value;
	struct words first, second, rest;
};

static int
parse(struct parsed *p, int argc, const char **argv)
{
	const struct argument table[] = {
		{"--flag", .flag = &p->flag},
		{"--value", .value = &p->value},
		{"--first", .list = &p->first},
		{"--second", .list = &p->second},
		{0},
	};

	memset(p, 0, sizeof(*p));
	return arguments_parse("test", argc, (char **)argv, table, &p->rest); /* rearranged, not written to */
}

static void
expect(const struct words *words, const char *texts)
{
	char joined[256] = "";

	for (size_t i = 0; i < words->count; i++) {
		strcat(joined, words->words[i]);
		strcat(joined, ",");
	}
	assert_string_equal(joined, texts);
}

#define PARSE(p, ...) \
	const char *argv[] = {"test", __VA_ARGS__, NULL}; \
	int r = parse(p, (int)(sizeof(argv) / sizeof(argv[0])) - 1, argv)

static void
lists_take_the_words_up_to_the_next_option_and_may_repeat(void **state)
{
	struct parsed p;
	PARSE(&p, "a", "--second", "s1", "--first", "f1", "f2", "--flag", "b", "--second", "s2", "s3", "--value", "v",
	      "c", "--first", "f3", "--second=s4", "d");

	(void)state;
	assert_int_equal(r, 0);
	assert_true(p.flag);
	assert_string_equal(p.value, "v");
	expect(&p.first, "f1,f2,f3,");
	expect(&p.second, "s1,s2,s3,s4,");
	expect(&p.rest, "a,b,c,d,");
}

static void
a_dash_is_a_word_and_two_end_the_options(void **state)
{
	struct parsed p;
	PARSE(&p, "--first", "-", "--", "--flag", "-x");

	(void)state;
	assert_int_equal(r, 0);
	assert_false(p.flag);
	expect(&p.first, "-,");
	expect(&p.rest, "--flag,-x,");
}

static void
wrong_options_are_refused(void **state)
{
	struct parsed p;

	(void)state;
	{
		PARSE(&p, "--unknown");
		assert_int_equal(r, -1);
	}
	{
		PARSE(&p, "--value");
		assert_int_equal(r, -1);
	}
	{
		PARSE(&p, "--value", "a", "--value", "b");
		assert_int_equal(r, -1);
	}
	{
		PARSE(&p, "--first", "--flag");
		assert_int_equal(r, -1);
	}
	{
		PARSE(&p, "--flag=x");
		assert_int_equal(r, -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_take_the_words_up_to_the_next_option_and_may_repeat),
		cmocka_unit_test(a_dash_is_a_word_and_two_end_the_options),
		cmocka_unit_test(wrong_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
