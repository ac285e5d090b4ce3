/* text_test - the functions by which a filter tests a text */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_TEXT_TEST_H
#define GUARDS_TEXT_TEST_H

#include "base/node.h"
#include "base/pattern.h"

#define TEXT_FUNCTIONS(X) \
	X(EQUAL, "string-equal") \
	X(EQUAL_IGNORE_CASE, "string-equal-ignore-case") \
	X(REGEXP_MATCH, "string-regexp-match") \
	X(CONTAINS, "string-contains") \
	X(GREATER_THAN, "string-greater-than") \
	X(GREATER_THAN_OR_EQUAL, "string-greater-than-or-equal") \
	X(LESS_THAN, "string-less-than") \
	X(LESS_THAN_OR_EQUAL, "string-less-than-or-equal") \
	X(STARTS_WITH, "string-starts-with") \
	X(ENDS_WITH, "string-ends-with")

enum text_function {
#define X(name, text) TEXT_FUNCTION_##name,
	TEXT_FUNCTIONS(X)
#undef X
		TEXT_FUNCTION_COUNT
};

extern const char *const text_function_name[TEXT_FUNCTION_COUNT];

/* The function of this name, or -1. */
int text_function_find(struct str name);

struct text_test {
	enum text_function function;
	enum pattern_dot dot; /* of a regular expression; set before it is compiled */
	struct str text;
	const struct pattern *pattern; /* of the regular expression, and of the text in any letter case */
};

/* text: copied. False with a finding at `where`: a bad regular expression, no memory. */
bool text_test_compile(struct text_test *test, enum text_function function, struct str text, const struct node *where,
                       struct arena *arena, struct diags *diags);

/*
 * 1 when function(value, text) holds, 0 if not, negative when the pattern cannot be decided. Regular expressions match
 * the whole value; greater and less go by UTF-16 code units. reversed: greater and less have their operands the other
 * way round.
 */
int text_test_match(const struct text_test *test, struct str value, bool reversed, struct pattern_scratch *scratch);

#endif
