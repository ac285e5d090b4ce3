/* test_json - JSON texts, good and bad, against jansson */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "tests/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Reads a copy of exactly the text's size, so that a sanitizer sees one byte too far. */
static int
read_exact(struct str text, const struct document_limits *limits, struct arena *arena, struct node **ret,
           struct error *err)
{
	char *copy = malloc(text.len);
	int r;

	if (text.len)
		memcpy(copy, text.ptr, text.len);
	r = json_read((struct str){copy, text.len}, "test.json", limits, arena, ret, err);
	free(copy);
	return r;
}

static const struct str good[] = {
	{"null", 4}, /* sizes of the others are measured */
	{"  true\n", 0},
	{"{}", 0},
	{" [ ] ", 0},
	{"\"\"", 0},
	{"[null,true,false,0,-0,1,-1,1.5,-0.0,1e3,1E-3,2.5e+10,12345678901234567]", 0},
	{"{\"a\":{\"b\":[{\"c\":{}},[[]],\"\"]},\"\":1,\"A\":2}", 0},
	{"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e9\\u20ac\\ud83d\\ude00\\uFFFF\\u0001\"]", 0},
	{"{\"Gr\xc3\xbc\xc3\x9f"
         "e\":\"\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 \\n\xc3\xa9\"}",
         0},
	{"[9223372036854775807,-9223372036854775808]", 0},
	{"[0.1,5e-324,1.7976931348623157e308,123456789012345678901234567890.5]", 0},
	{"\t{\r\n \"actor\" : \"APPC\" ,\n\"vfCount\":3 , \"list\":[1 , 2]}\r\n", 0},
	{"[\"1234567\",\"12345678\",\"123456789\",\"\\n1234567\\\\12345678\",\"1234567\\\"\"]", 0},
	{"[1e-400,\"\x7f\"]", 0},
};

static struct str
sized(struct str text)
{
	return text.len ? text : str_from(text.ptr);
}

/* The tree and jansson's value are the same. */
static void
compare(const struct node *node, json_t *json, const char *text)
{
	size_t i = 0;
	bool same = false;

	if (json_is_object(json) && node->kind == NODE_MAP && node->count == json_object_size(json)) {
		const char *key;
		json_t *value;

		node = node->first;
		json_object_foreach(json, key, value)
		{ /* jansson keeps the order of insertion */
			if (!str_is(node->key, key) || node->index != i++)
				fail_msg("%s: key '%s'", text, key);
			compare(node, value, text);
			node = node->next;
		}
		return;
	}
	if (json_is_array(json) && node->kind == NODE_LIST && node->count == json_array_size(json)) {
		for (node = node->first; node; node = node->next)
			compare(node, json_array_get(json, i++), text);
		return;
	}
	if (json_is_string(json))
		same = node->kind == NODE_TEXT && node->quoted && node->text.len == json_string_length(json) &&
		       strcmp(node->text.ptr, json_string_value(json)) == 0;
	else if (json_is_integer(json))
		same = node->kind == NODE_INT && node->integer == json_integer_value(json);
	else if (json_is_real(json))
		same = node->kind == NODE_FLOAT && node->real == json_real_value(json);
	else if (json_is_boolean(json))
		same = node->kind == NODE_BOOL && node->boolean == json_is_true(json);
	else if (json_is_null(json))
		same = node->kind == NODE_NULL;
	if (!same)
		fail_msg("%s: a %s '%s' differs", text, node_kind_name(node), node->text.ptr);
}

/*
 * Both read the text or both refuse it, and the trees are equal. jansson differs on purpose in this: numbers beyond 64
 * bits or a double are refused (they become floats here), and a NUL byte behind a number is overlooked.
 */
static void
check_against_jansson(struct str text)
{
	struct document_limits limits = document_limits_default;
	struct error err = {0};
	json_error_t json_err;
	struct arena arena;
	struct node *root;
	json_t *json = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &json_err);
	int r;

	limits.depth = 2048; /* jansson's */
	arena_init(&arena, 0);
	r = read_exact(text, &limits, &arena, &root, &err);
	if (r == 0 && json)
		compare(root, json, text.ptr);
	else if (r == 0 && json_error_code(&json_err) != json_error_numeric_overflow)
		fail_msg("only jansson refuses '%.*s': %s", STR_ARG(text), json_err.text);
	else if (r < 0 && json && !memchr(text.ptr, '\0', text.len))
		fail_msg("only we refuse '%.*s': %s", STR_ARG(text), err.text);
	assert_int_equal(r, -(int)err.code);
	json_decref(json);
	arena_free(&arena);
}

static void
good_texts_give_the_tree_that_jansson_gives(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct str text = sized(good[i]);
		json_error_t err;
		json_t *json = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &err);

		if (!json)
			fail_msg("jansson refuses '%s': %s", text.ptr, err.text);
		json_decref(json);
		check_against_jansson(text);
	}
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
mutated_texts_are_accepted_or_refused_as_by_jansson(void **state)
{
	static const char bytes[] = "{}[],:\"\\u0d8e1-+.E \n\t\x01\x80\xc3\xa9\xed\xa0tfn";
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct str from = sized(good[next_random(&seed) % COUNT(good)]);
		char text[256];
		size_t len = from.len;

		memcpy(text, from.ptr, len);
		for (uint32_t n = 1 + next_random(&seed) % 3; n > 0 && len > 0; n--) {
			size_t at = next_random(&seed) % len;
			char byte = bytes[next_random(&seed) % sizeof(bytes)]; /* the NUL too */

			switch (next_random(&seed) % 4) {
			case 0:
				text[at] = byte;
				break;
			case 1:
				memmove(text + at, text + at + 1, --len - at);
				break;
			case 2:
				memmove(text + at + 1, text + at, len++ - at);
				text[at] = byte;
				break;
			default:
				len = at;
			}
		}
		check_against_jansson((struct str){text, len});
	}
}

static void
bad_texts_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		enum error_code code;
		const char *says;
	} cases[] = {
		{"", 1, 1, ERROR_SYNTAX, "expected a value, found the end of the text"},
		{" \n ", 2, 2, ERROR_SYNTAX, "found the end of the text"},
		{"tru", 1, 1, ERROR_SYNTAX, "expected a value, found 't'"},
		{"nullx", 1, 5, ERROR_SYNTAX, "text after the value"},
		{"1 2", 1, 3, ERROR_SYNTAX, "text after the value"},
		{"{} //", 1, 4, ERROR_SYNTAX, "text after the value"},
		{"[1,]", 1, 4, ERROR_SYNTAX, "expected a value, found ']'"},
		{"[,1]", 1, 2, ERROR_SYNTAX, "expected a value, found ','"},
		{"[1 2]", 1, 4, ERROR_SYNTAX, "expected ',' or ']', found '2'"},
		{"[1", 1, 3, ERROR_SYNTAX, "expected ',' or ']', found the end of the text"},
		{"[1}", 1, 3, ERROR_SYNTAX, "expected ',' or ']', found '}'"},
		{"{\"a\":1,}", 1, 8, ERROR_SYNTAX, "expected a key in double quotes, found '}'"},
		{"{\n\"a\":1,\n\"b\" 2}", 3, 5, ERROR_SYNTAX, "expected ':', found '2'"},
		{"{a:1}", 1, 2, ERROR_SYNTAX, "expected a key in double quotes, found 'a'"},
		{"{'a':1}", 1, 2, ERROR_SYNTAX, "expected a key"},
		{"{\"a\":}", 1, 6, ERROR_SYNTAX, "expected a value"},
		{"{\"a\":1]", 1, 7, ERROR_SYNTAX, "expected ',' or '}', found ']'"},
		{"[-01]", 1, 3, ERROR_SYNTAX, "begins with 0"},
		{"[-]", 1, 3, ERROR_SYNTAX, "expected a digit, found ']'"},
		{"[1.]", 1, 4, ERROR_SYNTAX, "expected a digit"},
		{"[1e]", 1, 4, ERROR_SYNTAX, "expected a digit"},
		{"[1e+]", 1, 5, ERROR_SYNTAX, "expected a digit"},
		{"[+1]", 1, 2, ERROR_SYNTAX, "expected a value, found '+'"},
		{"[.5]", 1, 2, ERROR_SYNTAX, "expected a value, found '.'"},
		{"[0x1]", 1, 3, ERROR_SYNTAX, "found 'x'"},
		{"[NaN]", 1, 2, ERROR_SYNTAX, "found 'N'"},
		{"[\xc3\xa9]", 1, 2, ERROR_SYNTAX, "found '\xc3\xa9'"},
		{"[\x80]", 1, 2, ERROR_SYNTAX, "invalid UTF-8"},
		{"\xef\xbb\xbf{}", 1, 1, ERROR_SYNTAX, "expected a value"},
		{"\"abc", 1, 5, ERROR_SYNTAX, "a string without end"},
		{"\"abc\\", 1, 5, ERROR_SYNTAX, "begins no escape"},
		{"[\"a\nb\"]", 1, 4, ERROR_SYNTAX, "control character"},
		{"[\"a\x1f\"]", 1, 4, ERROR_SYNTAX, "control character"},
		{"[\"\xc3\xa9\\x41\"]", 1, 4, ERROR_SYNTAX, "begins no escape"},
		{"[\"\\u12g4\"]", 1, 3, ERROR_SYNTAX, "four hex digits"},
		{"[\"\\u12", 1, 3, ERROR_SYNTAX, "four hex digits"},
		{"[\"\\u000000\"]", 1, 3, ERROR_SYNTAX, "NUL character"},
		{"[\"\\ud800\"]", 1, 3, ERROR_SYNTAX, "half of a surrogate pair"},
		{"[\"\\ud800x\"]", 1, 3, ERROR_SYNTAX, "half of a surrogate pair"},
		{"[\"\\udc00\\ud800\"]", 1, 3, ERROR_SYNTAX, "half of a surrogate pair"},
		{"[\"\\ud800\\ud800\"]", 1, 3, ERROR_SYNTAX, "half of a surrogate pair"},
		{"[\"\\ud800\\ue000\"]", 1, 3, ERROR_SYNTAX, "half of a surrogate pair"},
		{"[\"\xed\xa0\x80\"]", 1, 3, ERROR_SYNTAX, "invalid UTF-8"},
		{"[\"\xc0\xaf\"]", 1, 3, ERROR_SYNTAX, "invalid UTF-8"},
		{"[\"abcdefghijk\xe2\x82\"]", 1, 14, ERROR_SYNTAX, "invalid UTF-8"},
		{"{\"a\":1,\n \"b\":2, \"a\":3}", 2, 9, ERROR_DUPLICATE, "duplicate key 'a', first at line 1"},
		{"{\"a\":1,\"\\u0061\":2}", 1, 8, ERROR_DUPLICATE, "duplicate key 'a', first at line 1"},
		{"{\"\":1,\"\":2}", 1, 7, ERROR_DUPLICATE, "duplicate key ''"},
		{"[{\"k\\n\":1,\"k\\n\":2}]", 1, 11, ERROR_DUPLICATE, "duplicate key 'k\\n'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct node *root = NULL;
		struct error err = {0};
		struct arena arena;
		int r;

		arena_init(&arena, 0);
		r = read_exact(str_from(cases[i].text), &document_limits_default, &arena, &root, &err);
		if (r != -(int)cases[i].code || err.code != cases[i].code || err.line != cases[i].line ||
		    err.column != cases[i].column || !strstr(err.text, cases[i].says))
			fail_msg("'%s': %" PRIu32 ":%" PRIu32 ": %s: %s", cases[i].text, err.line, err.column,
			         error_name(err.code), err.text);
		assert_null(root);
		arena_free(&arena);
		check_against_jansson(str_from(cases[i].text));
	}
}

static void
nul_bytes_are_refused_wherever_they_stand(void **state)
{
	static const struct {
		struct str text;
		const char *says;
	} cases[] = {
		{{"[\"a\0\"]", 6}, "control character"},
		{{"[1\0]", 4}, "NUL"},
		{{"1\0", 2}, "text after the value"},
		{{"\0", 1}, "NUL"},
		{{"{\"a\"\0:1}", 8}, "NUL"},
		{{"[\"\\\0\"]", 6}, "begins no escape"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct node *root;
		struct error err = {0};
		struct arena arena;

		arena_init(&arena, 0);
		assert_int_equal(read_exact(cases[i].text, &document_limits_default, &arena, &root, &err),
		                 -ERROR_SYNTAX);
		if (!strstr(err.text, cases[i].says))
			fail_msg("case %zu: %s", i, err.text);
		arena_free(&arena);
	}
}

static void
errors_carry_the_path_of_the_open_list_or_map(void **state)
{
	struct node *root;
	struct error err = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	(void)read_exact(STR("{\"a\": [1, {\"b\": {\"c\": tru}}]}"), &document_limits_default, &arena, &root, &err);
	assert_string_equal(err.path, "a[1].b");
	arena_free(&arena);
}

static void
places_count_characters_from_one(void **state)
{
	struct node *root, *b;
	struct error err = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(read_exact(STR("{\"\xc3\xa9\": 1,\r\n  \"b\": [true,\n\"\xf0\x9f\x98\x80\\u0041\", 5]}"),
	                            &document_limits_default, &arena, &root, &err),
	                 0);
	assert_string_equal(node_file(root), "test.json");
	assert_int_equal(root->line, 1);
	assert_int_equal(root->column, 1);
	assert_int_equal(root->first->key_column, 2);
	assert_int_equal(root->first->column, 7);
	b = node_get(root, "b");
	assert_int_equal(b->key_line, 2);
	assert_int_equal(b->key_column, 3);
	assert_int_equal(b->column, 8);
	assert_int_equal(b->last->line, 3);
	assert_int_equal(b->last->column, 12);
	assert_string_equal(b->first->next->text.ptr, "\xf0\x9f\x98\x80"
	                                              "A");
	assert_string_equal(b->last->text.ptr, "5");
	arena_free(&arena);
}

static void
numbers_keep_their_text(void **state)
{
	struct node *root;
	struct error err = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(read_exact(STR("[1.50,-0,1E2,9223372036854775808,1e999,true]"), &document_limits_default,
	                            &arena, &root, &err),
	                 0);
	assert_string_equal(root->first->text.ptr, "1.50");
	assert_string_equal(root->first->next->text.ptr, "-0");
	assert_int_equal(root->first->next->kind, NODE_INT);
	assert_string_equal(root->first->next->next->text.ptr, "1E2");
	assert_int_equal(root->first->next->next->next->kind, NODE_FLOAT);
	assert_true(root->first->next->next->next->real == 0x1p63);
	assert_string_equal(root->last->text.ptr, "true");
	arena_free(&arena);
}

static int
read_with(const char *text, const struct document_limits *limits, struct error *err)
{
	struct node *root;
	struct arena arena;
	int r;

	*err = (struct error){0};
	arena_init(&arena, 0);
	r = read_exact(str_from(text), limits, &arena, &root, err);
	arena_free(&arena);
	return r;
}

/* `fits` is exactly at the limit, `over` is one more and fails at line:column with `says`. */
static void
check_limit(const struct document_limits *limits, const char *fits, const char *over, uint32_t column, const char *says)
{
	struct error err;

	if (read_with(fits, limits, &err) != 0)
		fail_msg("'%s': %s", fits, err.text);
	assert_int_equal(read_with(over, limits, &err), -ERROR_LIMIT);
	assert_int_equal(err.line, 1);
	assert_int_equal(err.column, column);
	if (!strstr(err.text, says))
		fail_msg("'%s': %s", over, err.text);
}

static void
limits_hold_at_n_and_fail_at_one_more(void **state)
{
	struct document_limits limits = document_limits_default;

	(void)state;
	limits.bytes = 4;
	check_limit(&limits, "[12]", "[123]", 1, "more than 4 bytes");
	limits = document_limits_default;
	limits.depth = 2;
	check_limit(&limits, "[{},[]]", "[{},[[]]]", 6, "nested deeper than 2");
	limits = document_limits_default;
	limits.nodes = 3;
	check_limit(&limits, "[1,{}]", "{\"a\":1,\"b\":[2]}", 13, "more than 3 values");
	limits = document_limits_default;
	limits.scalar = 3;
	check_limit(&limits, "{\"abc\":\"\\n\\u00e9\",\"x\":-12}", "[\"abcd\"]", 2, "more than 3 bytes");
	check_limit(&limits, "[123]", "[1234]", 2, "more than 3 bytes");
	check_limit(&limits, "{\"abc\":1}", "{ \"abcd\":1}", 3, "more than 3 bytes");
}

static void
deep_nesting_ends_at_once(void **state)
{
	size_t size = 1000000;
	char *text = malloc(size + 1);
	struct error err;

	(void)state;
	memset(text, '[', size);
	text[size] = '\0';
	assert_int_equal(read_with(text, &document_limits_default, &err), -ERROR_LIMIT);
	assert_int_equal(err.column, document_limits_default.depth + 1);
	free(text);
}

static void
depth_costs_no_stack(void **state)
{
	struct document_limits limits = document_limits_default;
	size_t depth = 1000000;
	char *text = malloc(2 * depth + 1);
	struct error err;

	(void)state;
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	limits.depth = depth;
	assert_int_equal(read_with(text, &limits, &err), 0);
	limits.depth--;
	assert_int_equal(read_with(text, &limits, &err), -ERROR_LIMIT);
	free(text);
}

static void
memory_may_run_out_anywhere(void **state)
{
	char text[1000] = "{\"list\": [1, 2.5, \"x\\u00e9\", true, {}], \"map\": {";
	size_t len = strlen(text);
	int r;

	(void)state;
	for (int i = 0; i < 20; i++) /* enough keys for sorting */
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\"key%d\": %d", i ? "," : "", i, i);
	memcpy(text + len, "}}", 3);
	for (size_t limit = 16;; limit += 16) {
		struct node *root = NULL;
		struct error err = {0};
		struct arena arena;

		arena_init(&arena, limit);
		r = read_exact(str_from(text), &document_limits_default, &arena, &root, &err);
		arena_free(&arena);
		if (r == 0)
			break;
		assert_int_equal(r, -ERROR_MEMORY);
		assert_int_equal(err.code, ERROR_MEMORY);
		assert_true(err.line > 0);
		assert_null(root);
	}
}

static void
the_name_or_the_first_character_says_which_language_it_is(void **state)
{
	static const struct {
		const char *file, *text;
		uint32_t line, column; /* of the error, 0 for none */
	} cases[] = {
		{"a.json", "a: 1", 1, 1},
		{"a.json", "{a: 1}", 1, 2},
		{"a.yaml", "a: 1", 0, 0},
		{NULL, "a: 1", 0, 0},
		{"json", "- {a: 1}", 0, 0},
		{"a.yaml", " \n{a: 1}", 0, 0},
		{"", "[x]", 0, 0},
		{"a.yaml", "{\"a\": 1}", 0, 0},
		{"a.yaml", "{\"a\": tru]", 1, 10},
		{"a.yaml", "{a: 1,\n]", 2, 1},
		{"a.yaml", "{\"a\": 1, \"a\": 2}", 1, 10},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct node *root;
		struct error err = {0};
		struct arena arena;

		arena_init(&arena, 0);
		assert_int_equal(document_read(str_from(cases[i].text), cases[i].file, &document_limits_default, &arena,
		                               &root, &err) == 0,
		                 !cases[i].line);
		assert_int_equal(err.line, cases[i].line);
		assert_int_equal(err.column, cases[i].column);
		if (!cases[i].line)
			assert_string_equal(node_file(root), cases[i].file ? cases[i].file : "");
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_give_the_tree_that_jansson_gives),
		cmocka_unit_test(mutated_texts_are_accepted_or_refused_as_by_jansson),
		cmocka_unit_test(bad_texts_are_refused_with_their_place),
		cmocka_unit_test(nul_bytes_are_refused_wherever_they_stand),
		cmocka_unit_test(errors_carry_the_path_of_the_open_list_or_map),
		cmocka_unit_test(places_count_characters_from_one),
		cmocka_unit_test(numbers_keep_their_text),
		cmocka_unit_test(limits_hold_at_n_and_fail_at_one_more),
		cmocka_unit_test(deep_nesting_ends_at_once),
		cmocka_unit_test(depth_costs_no_stack),
		cmocka_unit_test(memory_may_run_out_anywhere),
		cmocka_unit_test(the_name_or_the_first_character_says_which_language_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
