/* text_test - the functions by which a filter tests a text */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/text_test.h"

#include "guards/guard.h"

const char *const text_function_name[TEXT_FUNCTION_COUNT] = {
#define X(name, text) [TEXT_FUNCTION_##name] = text,
	TEXT_FUNCTIONS(X)
#undef X
};

int
text_function_find(struct str name)
{
	for (int i = 0; i < TEXT_FUNCTION_COUNT; i++) {
		if (str_is(name, text_function_name[i]))
			return i;
	}
	return -1;
}

/* A pattern of the text in any letter case; absent without memory. Escaped, what is no letter or digit is literal. */
static struct str
caseless_pattern(struct str text, struct arena *arena)
{
	static const char prefix[] = "(?i)";
	char *pattern = arena_alloc(arena, sizeof(prefix) + 2 * text.len);
	size_t n = sizeof(prefix) - 1;

	if (!pattern)
		return STR_NONE;
	memcpy(pattern, prefix, sizeof(prefix));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool plain = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!plain)
			pattern[n++] = '\\';
		pattern[n++] = (char)c;
	}
	return (struct str){pattern, n};
}

bool
text_test_compile(struct text_test *test, enum text_function function, struct str text, const struct node *where,
                  struct arena *arena, struct diags *diags)
{
	bool caseless = function == TEXT_FUNCTION_EQUAL_IGNORE_CASE;
	struct error err = {0};
	struct str expression;

	*test = (struct text_test){.function = function, .dot = test->dot, .text = arena_str(arena, text)};
	expression = test->text;
	if (caseless && text.len > ATTRIBUTE_SIZE_MAX)
		return true; /* without a pattern: no value of a request is so long, and few patterns may be */
	if (caseless && test->text.ptr)
		expression = caseless_pattern(test->text, arena);
	if (!expression.ptr) {
		diags_error(diags, where, "no memory for a filter");
		return false;
	}
	if (!caseless && function != TEXT_FUNCTION_REGEXP_MATCH)
		return true;
	if (pattern_compile(expression, test->dot, where, arena, &test->pattern, &err) == 0)
		return true;
	diags_error(diags, where, "%s", err.text);
	return false;
}

/*
 * A byte's place in the order of UTF-16 code units, which is that of UTF-8 but for one thing: the four-byte characters
 * (F0..F4) are surrogates there, and come before U+E000..U+FFFF (EE, EF).
 */
static int
utf16_rank(unsigned char c)
{
	if (c < 0xee)
		return c;
	return c < 0xf0 ? c + 0x10 : c - 2;
}

/* As Java's String.compareTo: below, at or above 0. */
static int
utf16_compare(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < len; i++) {
		if (a.ptr[i] != b.ptr[i])
			return utf16_rank((unsigned char)a.ptr[i]) - utf16_rank((unsigned char)b.ptr[i]);
	}
	return (a.len > b.len) - (a.len < b.len);
}

int
text_test_match(const struct text_test *test, struct str value, bool reversed, struct pattern_scratch *scratch)
{
	struct str left = reversed ? test->text : value, right = reversed ? value : test->text;

	switch (test->function) {
	case TEXT_FUNCTION_EQUAL:
		return str_equal(value, test->text);
	case TEXT_FUNCTION_EQUAL_IGNORE_CASE:
	case TEXT_FUNCTION_REGEXP_MATCH:
		return test->pattern ? pattern_match(test->pattern, scratch, value) : 0;
	case TEXT_FUNCTION_CONTAINS:
		return memmem(value.ptr, value.len, test->text.ptr, test->text.len) != NULL;
	case TEXT_FUNCTION_GREATER_THAN:
		return utf16_compare(left, right) > 0;
	case TEXT_FUNCTION_GREATER_THAN_OR_EQUAL:
		return utf16_compare(left, right) >= 0;
	case TEXT_FUNCTION_LESS_THAN:
		return utf16_compare(left, right) < 0;
	case TEXT_FUNCTION_LESS_THAN_OR_EQUAL:
		return utf16_compare(left, right) <= 0;
	case TEXT_FUNCTION_STARTS_WITH:
		return str_starts_with(value, test->text);
	case TEXT_FUNCTION_ENDS_WITH:
		return str_ends_with(value, test->text);
	case TEXT_FUNCTION_COUNT:
		break;
	}
	return 0;
}
