/* test_yaml_write - what is written reads back as the same tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_write.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/document.h"
#include "tests/cmocka_all.h"

static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct node *
read_yaml(struct str text)
{
	struct node *root;
	struct error err = {0};

	if (yaml_read(text, "test", &document_limits_default, &arena, &root, &err) != 0)
		fail_msg("%u:%u: %s\nin: %s", err.line, err.column, err.text, text.ptr);
	return root;
}

static struct str
written(const struct node *root)
{
	struct str text;
	struct error err = {0};

	if (yaml_write(root, &arena, &text, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(strlen(text.ptr), text.len);
	return text;
}

static struct node *
text_node(struct str text)
{
	struct node *node = node_new(&arena, NODE_TEXT, 0, 0);

	node->text = text;
	node->quoted = true;
	return node;
}

static bool
is_same(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->count != b->count || !str_equal(a->key, b->key))
		return false;
	if (a->kind == NODE_TEXT && !str_equal(a->text, b->text))
		return false;
	if (a->kind == NODE_BOOL && a->boolean != b->boolean)
		return false;
	if (a->kind == NODE_INT && a->integer != b->integer)
		return false;
	if (a->kind == NODE_FLOAT && memcmp(&a->real, &b->real, sizeof(a->real)) != 0)
		return false;
	for (a = a->first, b = b->first; a; a = a->next, b = b->next) {
		if (!is_same(a, b))
			return false;
	}
	return true;
}

/* Small numbers, the same every time. */
static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

static const char *const pieces[] = {
	"a",
	"Z",
	"0",
	"7",
	"-",
	"_",
	".",
	":",
	" ",
	"#",
	"'",
	"\"",
	"\\",
	"/",
	"?",
	"!",
	"&",
	"*",
	"|",
	">",
	"%",
	"@",
	"`",
	"{",
	"}",
	"[",
	"]",
	",",
	"=",
	"~",
	"<<",
	"---",
	"...",
	"\n",
	"\r",
	"\t",
	"\x01",
	"\x7f",
	"\xc2\x85",
	"\xc2\xa0",
	"\xc3\xa9",
	"\xe2\x80\xa8",
	"\xe2\x80\xa9",
	"\xef\xbb\xbf",
	"\xef\xbf\xbe",
	"\xf0\x9f\x98\x80",
	"null",
	"true",
	"no",
	"1e5",
	"0x1F",
	": ",
	" #",
	"- ",
	"PT5M",
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static struct str
random_text(uint64_t *seed)
{
	char buf[512];
	size_t len = 0;

	for (uint32_t n = draw(seed, 6); n > 0; n--) {
		const char *piece = pieces[draw(seed, PIECES)];

		memcpy(buf + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return arena_str(&arena, (struct str){buf, len});
}

static struct node *
random_tree(uint64_t *seed, int depth)
{
	struct node *node = node_new(&arena, (enum node_kind)draw(seed, depth > 0 ? 7 : 5), 0, 0);
	uint64_t bits = (uint64_t)draw(seed, UINT32_MAX) << 32 | draw(seed, UINT32_MAX);

	switch (node->kind) {
	case NODE_NULL:
		break;
	case NODE_BOOL:
		node->boolean = bits & 1;
		break;
	case NODE_INT:
		node->integer = (int64_t)bits >> draw(seed, 64);
		break;
	case NODE_FLOAT:
		node->real = (double)(int64_t)bits / (1 + draw(seed, 1000000));
		break;
	case NODE_TEXT:
		node->text = random_text(seed);
		break;
	case NODE_LIST:
	case NODE_MAP:
		for (uint32_t n = draw(seed, 4); n > 0; n--) {
			struct node *child = random_tree(seed, depth - 1);

			if (node->kind == NODE_MAP) {
				child->key = random_text(seed);
				if (node_get_str(node, child->key))
					continue;
			}
			node_append(node, child);
		}
	}
	return node;
}

static void
random_trees_read_back_the_same(void **state)
{
	uint64_t seed = 20260414;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct node *tree = random_tree(&seed, 4);
		struct str text = written(tree);

		if (!is_same(tree, read_yaml(text)))
			fail_msg("tree %d changed:\n%s", i, text.ptr);
		arena_reset(&arena);
	}
}

static void
every_character_reads_back(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x110000; c += c < 0x3000 || (c > 0xd000 && c < 0x10010) ? 1 : 997) {
		char buf[8] = "x";
		struct str text = {buf, 0};
		struct node *node;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		if (c < 0x80)
			text.len = (size_t)snprintf(buf, sizeof(buf), "%c", (int)c);
		else if (c < 0x800)
			text.len = (size_t)snprintf(buf, sizeof(buf), "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
		else if (c < 0x10000)
			text.len = (size_t)snprintf(buf, sizeof(buf), "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f),
			                            0x80 | (c & 0x3f));
		else
			text.len = (size_t)snprintf(buf, sizeof(buf), "%c%c%c%c", 0xf0 | c >> 18,
			                            0x80 | (c >> 12 & 0x3f), 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
		node = read_yaml(written(text_node(text)));
		if (node->kind != NODE_TEXT || !str_equal(node->text, text))
			fail_msg("U+%04X changed", c);
		arena_reset(&arena);
	}
}

static void
is_written(const char *text, const char *expected)
{
	assert_string_equal(written(text_node(str_from(text))).ptr, expected);
}

static void
text_is_plain_where_no_reader_mistakes_it(void **state)
{
	(void)state;
	is_written("APPC", "APPC\n");
	is_written("VF Module Create", "VF Module Create\n");
	is_written("2.0.0", "2.0.0\n");
	is_written("PT15M", "PT15M\n");
	is_written("5min", "5min\n");
	is_written("/Restart|Rebuild/", "/Restart|Rebuild/\n");
	is_written("a:b", "a:b\n");
	is_written("a#b", "a#b\n");
}

static void
text_that_looks_like_something_else_is_quoted(void **state)
{
	static const char *const texts[] = {
		"",     "true",  "False", "no",   "Off", "y",        "null",       "~",    "12",  "010",
		"1.5",  "1_000", "0b101", "0x1F", "1e5", "12:30:00", "2026-04-14", "2.0",  "0o7", ".inf",
		"a: b", "a:",    "a #b",  " a",   "a ",  "- a",      "-",          "?",    "[a]", "{a}",
		"*a",   "&a",    "!a",    "%a",   "@a",  "`a",       "'a'",        ".*",   "<<",  "=",
		"---",  "...",   "| a",   "> a",  "#a",  ", a",      "12h:",       "1-2h",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str text = written(text_node(str_from(texts[i])));

		if (text.ptr[0] != '"')
			fail_msg("'%s' stands without quotes", texts[i]);
		assert_true(str_equal(read_yaml(text)->text, str_from(texts[i])));
	}
	is_written("a\nb", "\"a\\nb\"\n");
	is_written("\"\\", "\"\\\"\\\\\"\n");
	is_written("\x01", "\"\\x01\"\n");
	is_written("\xe2\x80\xa8", "\"\\u2028\"\n");
	is_written("\xef\xbb\xbf", "\"\\uFEFF\"\n");
	is_written("\xc3\xa9", "\"\xc3\xa9\"\n");
}

static void
blocks_are_indented_by_two(void **state)
{
	const char *text = "guard:\n  version: 2.0.0\nguards:\n  - id: a\n    limits:\n      - num: 5\n        list:\n"
			   "          - x\n          - z\n  - id: b\n    none: null\n    empty: []\n    map: {}\n"
			   "    deep:\n      - - 1\n        - 2.5\n      - true\n";

	(void)state;
	assert_string_equal(written(read_yaml(str_from(text))).ptr, text);
}

static void
numbers_keep_how_they_were_written(void **state)
{
	const char *text = "- 010\n- 0x1F\n- 1e3\n- 1.50\n- -.inf\n- 99999999999999999999\n";
	struct node *node = node_new(&arena, NODE_FLOAT, 0, 0);

	(void)state;
	assert_string_equal(written(read_yaml(str_from(text))).ptr, text);
	node->real = 3;
	assert_string_equal(written(node).ptr, "3.0\n");
	assert_string_equal(written(read_yaml(STR("!!float 3"))).ptr, "3.0\n");
}

static void
a_long_key_reads_back(void **state)
{
	char key[3001];

	(void)state;
	memset(key, 'k', sizeof(key));
	for (size_t len = 990; len <= 3000; len += len < 1010 ? 1 : 199) {
		struct node *map = node_new(&arena, NODE_MAP, 0, 0);
		struct node *list = node_new(&arena, NODE_LIST, 0, 0);

		list->key = (struct str){key, len};
		node_append(map, list);
		node_append(list, text_node(STR("x")));
		assert_true(is_same(map, read_yaml(written(map))));
	}
}

static void
what_no_yaml_can_hold_is_refused(void **state)
{
	static const struct str texts[] = {STR("a\xff"), STR("\xc3"), STR("a\0b"), STR("\xed\xa0\x80")};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct node *map = node_new(&arena, NODE_MAP, 7, 9), *child = text_node(texts[i]);
		struct str text = STR("untouched");
		struct error err = {0};

		child->key = STR("k");
		child->line = 3;
		node_append(map, child);
		assert_int_equal(yaml_write(map, &arena, &text, &err), -ERROR_SYNTAX);
		assert_int_equal(err.line, 3);
		assert_string_equal(text.ptr, "untouched");
		child->key = texts[i];
		child->text = STR("v");
		assert_int_equal(yaml_write(map, &arena, &text, NULL), -ERROR_SYNTAX);
	}
}

static void
no_memory_is_an_error(void **state)
{
	struct arena small;
	struct str text;
	struct error err = {0};

	(void)state;
	arena_init(&small, 4);
	assert_int_equal(yaml_write(text_node(STR("more than four")), &small, &text, &err), -ERROR_MEMORY);
	arena_free(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_trees_read_back_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(every_character_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(text_is_plain_where_no_reader_mistakes_it, setup, teardown),
		cmocka_unit_test_setup_teardown(text_that_looks_like_something_else_is_quoted, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_are_indented_by_two, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_keep_how_they_were_written, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_key_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(what_no_yaml_can_hold_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory_is_an_error, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
