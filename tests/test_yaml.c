/* test_yaml - YAML texts to trees, their places, their limits */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "tests/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * libyaml's own allocators, which the program's definitions replace: the one in `fail_at` calls fails. That its parser
 * frees what it has then is its matter, and seen by the leak check.
 */
static size_t allocations, fail_at;

void *yaml_malloc(size_t size) __attribute__((visibility("default")));
void *yaml_realloc(void *memory, size_t size) __attribute__((visibility("default")));

void *
yaml_malloc(size_t size)
{
	return ++allocations == fail_at ? NULL : malloc(size ? size : 1);
}

void *
yaml_realloc(void *memory, size_t size)
{
	return ++allocations == fail_at ? NULL : realloc(memory, size ? size : 1);
}

/* One tree at a time, in memory that the teardown gives back also when a test fails. */
struct fixture {
	struct arena arena;
	struct error err;
	struct node *root;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	allocations = fail_at = 0;
	return f ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	free(f);
	return 0;
}

static int
read_limited(struct fixture *f, struct str text, const struct document_limits *limits)
{
	char *copy = malloc(text.len); /* of exactly the text's size, so that a sanitizer sees one byte too far */
	int r;

	if (text.len)
		memcpy(copy, text.ptr, text.len);
	arena_reset(&f->arena);
	f->err = (struct error){0};
	f->root = NULL;
	r = yaml_read((struct str){copy, text.len}, "test.yaml", limits, &f->arena, &f->root, &f->err);
	free(copy);
	assert_int_equal(r, -(int)f->err.code);
	assert_int_equal(f->root != NULL, r == 0);
	return r;
}

static int
read_text(struct fixture *f, const char *text)
{
	return read_limited(f, str_from(text), &document_limits_default);
}

static struct node *
read_good(struct fixture *f, const char *text)
{
	if (read_text(f, text) != 0)
		fail_msg("'%s': %" PRIu32 ":%" PRIu32 ": %s", text, f->err.line, f->err.column, f->err.text);
	return f->root;
}

/* The tree on one line: texts in quotes, scalars of other kinds as written. */
static size_t
print(const struct node *node, char *to, size_t size)
{
	size_t n = 0;

	if (node->kind == NODE_TEXT)
		return (size_t)snprintf(to, size, node->quoted ? "\"%s\"" : "'%s'", node->text.ptr);
	if (node_is_scalar(node))
		return (size_t)snprintf(to, size, "%s(%s)", node_kind_name(node), node->text.ptr);
	n += (size_t)snprintf(to, size, node->kind == NODE_MAP ? "{" : "[");
	for (const struct node *child = node->first; child; child = child->next) {
		assert_ptr_equal(child->parent, node);
		if (child != node->first)
			n += (size_t)snprintf(to + n, size - n, " ");
		if (node->kind == NODE_MAP)
			n += (size_t)snprintf(to + n, size - n, "%s:", child->key.ptr);
		n += print(child, to + n, size - n);
	}
	return n + (size_t)snprintf(to + n, size - n, node->kind == NODE_MAP ? "}" : "]");
}

static void
texts_become_trees(void **state)
{
	static const struct {
		const char *text, *tree;
	} cases[] = {
		{"a: 010\nb: no\nc: 1.0.0\nd: 06:00:00\ne: 0o17\n",
	         "{a:integer(010) b:'no' c:'1.0.0' d:'06:00:00' e:integer(0o17)}"},
		{"a: ~\nb:\nc: True\nd: -.inf\ne: 1e3",
	         "{a:null(~) b:null() c:boolean(True) d:number(-.inf) e:number(1e3)}"},
		{"a: '12'\nb: \"tr\\x75e\"\nc: |\n  1\nd: >-\n  x\n  y\n", "{a:\"12\" b:\"true\" c:\"1\n\" d:\"x y\"}"},
		{"- [1, {x: y}]\n- - - z\n- {}\n- []\n", "[[integer(1) {x:'y'}] [['z']] {} []]"},
		{"1: a\n010: b\nno: c\n'q r': d\n~: e\n1.5: f", "{1:'a' 010:'b' no:'c' q r:'d' ~:'e' 1.5:'f'}"},
		{"? a\n: 1\n? b\n", "{a:integer(1) b:null()}"},
		{"a: &x 1\nb: *x\nc: &y [*x, {k: v}]\nd: *y\ne: [*y, *x]",
	         "{a:integer(1) b:integer(1) c:[integer(1) {k:'v'}] d:[integer(1) {k:'v'}] e:[[integer(1) {k:'v'}] "
	         "integer(1)]}"},
		{"- &a 1\n- &a 2.5\n- *a\n- &a {x: [[z]], y: w}\n- *a\n- after",
	         "[integer(1) number(2.5) number(2.5) {x:[['z']] y:'w'} {x:[['z']] y:'w'} 'after']"},
		{"&k name: 1\nother: *k\n*k : 2", NULL}, /* the key 'name' twice */
		{"- &k name\n- *k : 2\n- &q !!str 7: *q", "['name' {name:integer(2)} {7:\"7\"}]"},
		{"- !!str 12\n- !!int '12'\n- !!float 3\n- !!bool true\n- !!null ~\n- !!map {}\n- !!seq []",
	         "[\"12\" integer(12) number(3) boolean(true) null(~) {} []]"},
		{"%YAML 1.1\n%TAG !y! tag:yaml.org,2002:\n--- !y!str 1\n...\n", "\"1\""},
		{"!<tag:yaml.org,2002:int> 7", "integer(7)"},
		{"\xef\xbb\xbf"
	         "a: \xc3\xa9",
	         "{a:'\xc3\xa9'}"},
		{"\"<<\": 1", "{<<:integer(1)}"},
		{"a: <<", "{a:'<<'}"},
		{"", "null()"},
		{"# nothing\n", "null()"},
		{"---\n...\n", "null()"},
		{"{\"a\": [1, 2.5, null, true], \"b\": \"\\u00e9\"}",
	         "{a:[integer(1) number(2.5) null(null) boolean(true)] b:\"\xc3\xa9\"}"},
		{"a: 1\r\nb: 2\rc: 3", "{a:integer(1) b:integer(2) c:integer(3)}"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char tree[500];

		if (!cases[i].tree) {
			assert_int_not_equal(read_text(*state, cases[i].text), 0);
			continue;
		}
		(void)print(read_good(*state, cases[i].text), tree, sizeof(tree));
		assert_string_equal(tree, cases[i].tree);
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
		{"a: 1\nb: 2\n'a': 3\n", 3, 1, ERROR_DUPLICATE, "duplicate key 'a', first at line 1"},
		{"x:\n  - {1: a,\n     1: b}\n", 3, 6, ERROR_DUPLICATE, "duplicate key '1', first at line 2"},
		{"&k a: 1\n*k : 2", 2, 1, ERROR_DUPLICATE, "duplicate key 'a', first at line 1"},
		{"a: 1\n---\nb: 2\n", 2, 1, ERROR_SYNTAX, "a second document"},
		{"---\n---\n", 2, 1, ERROR_SYNTAX, "a second document"},
		{"b: &a {}\nc:\n  <<: *a\n", 3, 3, ERROR_SYNTAX, "merge keys '<<' are not supported"},
		{"&x << : 1", 1, 1, ERROR_SYNTAX, "merge keys"},
		{"? [a]\n: b\n", 1, 3, ERROR_SYNTAX, "a key must be a scalar"},
		{"{{a: b}: c}", 1, 2, ERROR_SYNTAX, "a key must be a scalar"},
		{"a:\n\tb: 1\n", 2, 1, ERROR_SYNTAX, "not YAML: a tab where YAML wants spaces"},
		{"a: '\xc3\xa9'\nb:\n  \t- x\n", 3, 3, ERROR_SYNTAX, "not YAML: a tab where YAML wants spaces"},
		{"- &a [x]\n- *a : b\n", 2, 3, ERROR_SYNTAX, "a key must be a scalar, not a list"},
		{"a: *nope\n", 1, 4, ERROR_SYNTAX, "alias 'nope' without anchor"},
		{"- *a\n- &a 1\n", 1, 3, ERROR_SYNTAX, "alias 'a' without anchor"},
		{"a: &x [1, *x]\n", 1, 11, ERROR_SYNTAX, "alias 'x' inside its own anchor"},
		{"&x\na:\n  b: *x\n", 3, 6, ERROR_SYNTAX, "inside its own anchor"},
		{"a: !foo x\n", 1, 4, ERROR_SYNTAX, "unknown tag '!foo'"},
		{"- !!binary x\n", 1, 3, ERROR_SYNTAX, "unknown tag 'tag:yaml.org,2002:binary'"},
		{"- !!set {}\n", 1, 3, ERROR_SYNTAX, "unknown tag"},
		{"- !x! []\n", 1, 6, ERROR_SYNTAX, "not YAML: did not find expected tag URI"},
		{"- ! x\n", 1, 3, ERROR_SYNTAX, "unknown tag '!'"},
		{"- !!int abc\n", 1, 3, ERROR_SYNTAX, "tag 'tag:yaml.org,2002:int' does not fit 'abc'"},
		{"- !!bool yes\n", 1, 3, ERROR_SYNTAX, "does not fit 'yes'"},
		{"- !!null x\n", 1, 3, ERROR_SYNTAX, "does not fit"},
		{"- !!seq {}\n", 1, 3, ERROR_SYNTAX, "does not fit a map"},
		{"- !!map x\n", 1, 3, ERROR_SYNTAX, "does not fit 'x'"},
		{"!!str []\n", 1, 1, ERROR_SYNTAX, "does not fit a list"},
		{"a: b\n c: d\n", 2, 3, ERROR_SYNTAX, "not YAML: mapping values are not allowed"},
		{"a: @b\n", 1, 4, ERROR_SYNTAX, "not YAML: found character that cannot start any token"},
		{"a: [1, 2\n", 2, 1, ERROR_SYNTAX, "while parsing a flow sequence that begins at line 1"},
		{"a: [1,\n\xff]", 2, 1, ERROR_SYNTAX, "not YAML: invalid leading UTF-8 octet"},
		{"\xc3\xa9: \xe2\x82", 1, 4, ERROR_SYNTAX, "not YAML: incomplete UTF-8"},
		{"a: \"\xed\xa0\x80\"", 1, 5, ERROR_SYNTAX, "not YAML: invalid Unicode character"},
		{"a: \x01", 1, 4, ERROR_SYNTAX, "not YAML: control characters are not allowed"},
		{"\r\rb: 1\r\n\x7f", 4, 1, ERROR_SYNTAX, "not YAML: control characters are not allowed"},
		{"\xff\xfe"
	         "a",
	         1, 1, ERROR_SYNTAX, "not YAML: invalid leading UTF-8 octet"}, /* UTF-16 */
		{"a: \"x\\0y\"", 1, 4, ERROR_SYNTAX, "a text cannot hold a NUL character"},
		{"\"\\0\": 1", 1, 1, ERROR_SYNTAX, "a text cannot hold a NUL character"},
		{"%YAML 2.0\n---\n", 1, 1, ERROR_SYNTAX, "not YAML: found incompatible YAML document"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		int r = read_text(f, cases[i].text);

		if (r != -(int)cases[i].code || f->err.line != cases[i].line || f->err.column != cases[i].column ||
		    !strstr(f->err.text, cases[i].says))
			fail_msg("'%s': %" PRIu32 ":%" PRIu32 ": %s: %s", cases[i].text, f->err.line, f->err.column,
			         error_name(f->err.code), f->err.text);
	}
}

static void
places_are_those_of_values_and_keys(void **state)
{
	struct node *root = read_good(*state, "# c\ntop:\n  - \xc3\xa9: x\n    k:   [1,\n      \"q\"]\n"), *k;

	assert_string_equal(node_file(root->first->first), "test.yaml");
	assert_int_equal(root->line, 2);
	assert_int_equal(root->first->line, 3);
	assert_int_equal(root->first->column, 3);
	assert_int_equal(root->first->first->column, 5);
	assert_int_equal(root->first->first->first->column, 8);
	k = root->first->first->last;
	assert_int_equal(k->key_line, 4);
	assert_int_equal(k->key_column, 5);
	assert_int_equal(k->column, 10);
	assert_int_equal(k->last->line, 5);
	assert_int_equal(k->last->column, 7);
}

static void
a_copy_stands_where_the_alias_does_and_its_inside_where_it_is_written(void **state)
{
	struct node *root = read_good(*state, "a: &x\n  b: 1\nc:  *x\n"), *copy = node_get(root, "c");

	assert_int_equal(copy->line, 3);
	assert_int_equal(copy->column, 5);
	assert_int_equal(copy->key_line, 3);
	assert_int_equal(copy->first->line, 2);
	assert_int_equal(copy->first->column, 6);
	assert_int_equal(copy->first->key_column, 3);
	assert_ptr_equal(copy->first->parent, copy);
	assert_ptr_not_equal(copy->first, root->first->first);
	assert_int_equal(copy->first->integer, 1);
}

static void
errors_carry_the_path_of_the_open_list_or_map(void **state)
{
	struct fixture *f = *state;

	(void)read_text(f, "a:\n  - 1\n  - b: {c: !x 1}\n");
	assert_string_equal(f->err.path, "a[1].b");
	(void)read_text(f, "a:\n  - b: 1\n    b: 2\n");
	assert_string_equal(f->err.path, "a[0].b");
}

/* `fits` is exactly at the limit, `over` is one more and fails at 1:column with `says`. */
static void
check_limit(struct fixture *f, const struct document_limits *limits, const char *fits, const char *over,
            uint32_t column, const char *says)
{
	if (read_limited(f, str_from(fits), limits) != 0)
		fail_msg("'%s': %s", fits, f->err.text);
	assert_int_equal(read_limited(f, str_from(over), limits), -ERROR_LIMIT);
	assert_int_equal(f->err.line, 1);
	assert_int_equal(f->err.column, column);
	if (!strstr(f->err.text, says))
		fail_msg("'%s': %s", over, f->err.text);
}

static void
limits_hold_at_n_and_fail_at_one_more(void **state)
{
	struct document_limits limits = document_limits_default;

	limits.bytes = 4;
	check_limit(*state, &limits, "a: b", "a: bc", 1, "more than 4 bytes");
	limits = document_limits_default;
	limits.depth = 2;
	check_limit(*state, &limits, "[{},[]]", "[{},[[]]]", 6, "nested deeper than 2");
	check_limit(*state, &limits, "[&a [], *a]", "[&a [], [*a]]", 10, "nested deeper than 2, aliases expanded");
	check_limit(*state, &limits, "[&a 1, [*a]]", "{a: &a [], b: {c: *a}}", 19,
	            "nested deeper than 2, aliases expanded");
	limits.depth = 3;
	check_limit(*state, &limits, "[&a [[x]], *a]", "[&a [[x]], [*a]]", 13,
	            "nested deeper than 3, aliases expanded");
	limits = document_limits_default;
	limits.nodes = 3;
	check_limit(*state, &limits, "[1, {}]", "{a: 1, b: [2]}", 12, "more than 3 values");
	limits.nodes = 5;
	check_limit(*state, &limits, "[&a [1], *a]", "[&a [1], *a, 2]", 14, "more than 5 values, aliases expanded");
	check_limit(*state, &limits, "[&a 1, *a, *a, 2]", "[&a [1], 3, *a]", 13,
	            "more than 5 values, aliases expanded");
	limits = document_limits_default;
	limits.aliases = 2;
	check_limit(*state, &limits, "[&a 1, *a, *a]", "[&a 1, *a, *a, *a]", 16, "more than 2 aliases");
	check_limit(*state, &limits, "[&a 1, &b 2]", "[&a 1, &b 2, &c 3]", 14, "more than 2 anchors");
	check_limit(*state, &limits, "[&a a, *a, {*a : 2}]", "[&a a, *a, {*a : 2, *a : 3}]", 21, "more than 2 aliases");
	limits = document_limits_default;
	limits.scalar = 3;
	check_limit(*state, &limits, "{abc: 'd\xc3\xa9', x: -12}", "[abcd]", 2, "more than 3 bytes");
	check_limit(*state, &limits, "{abc: 1}", "{ abcd: 1}", 3, "more than 3 bytes");
}

static void
an_alias_bomb_ends_at_the_alias_that_is_too_many(void **state)
{
	char text[2000];
	size_t len = (size_t)snprintf(text, sizeof(text), "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	struct document_limits limits = document_limits_default;
	struct fixture *f = *state;

	for (int i = 1; i < 10; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "*a%d,", i - 1);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "]\n");
	}
	limits.nodes = 2000; /* a0: 11, a1: 111, a2: 1111, each and the root; a3's first alias is too many */
	assert_int_equal(read_limited(f, str_from(text), &limits), -ERROR_LIMIT);
	assert_int_equal(f->err.line, 4);
	assert_int_equal(f->err.column, 10);
	assert_string_equal(f->err.path, "a3");
}

static void
directives_are_limited_since_libyaml_compares_each_with_all(void **state)
{
	struct fixture *f = *state;
	char text[1000];

	for (int count = 16; count <= 17; count++) {
		size_t len = 0;

		for (int i = 0; i < count; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%%TAG !a%d! tag:x%s", i,
			                        i % 2 ? "\r" : "\xc2\x85");
		(void)snprintf(text + len, sizeof(text) - len, "--- 1 %%\n");
		assert_int_equal(read_text(f, text), count == 16 ? 0 : -ERROR_LIMIT);
	}
	assert_non_null(strstr(f->err.text, "more than 16 lines that begin with '%'"));
}

/* `unit` over and over, a quarter of a megabyte of it. */
static char *
repeated(const char *unit, size_t *ret_len)
{
	size_t len = strlen(unit), count = ((size_t)1 << 18) / len;
	char *text = malloc(count * len);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, unit, len);
	*ret_len = count * len;
	return text;
}

static void
much_of_anything_ends_soon(void **state)
{
	static const char *const units[] = {
		"[",          "{",    "- ",       "? ",    ": ",      "a: ",      "[a, ",   "{a: ",   "{? ",
		"[\n",        "[[],", "- - \n",   "a",     " ",       "\t",       "\n",     "#",      "'",
		"\"",         "\\",   "|\n",      ">\n",   "- |\n",   "&a ",      "*a ",    "!!str ", "! ",
		"%TAG ! !\n", "%a\n", "---\n",    "...\n", "--- a\n", "- &a b\n", "- *a\n", ",",      "]",
		"}",          "\xff", "\xc2\x85", "a\n",   "a:\n",    "'a' ",     "\"\\",   "a: 'b",  "[?",
		"[:",         "]: [", "@",        "\r",    "x\n\n ",  "-\n",      "!<a> ",
	};

	for (size_t i = 0; i < COUNT(units); i++) {
		size_t len;
		char *text = repeated(units[i], &len);

		(void)read_limited(*state, (struct str){text, len}, &document_limits_default);
		free(text);
	}
}

static void
many_open_brackets_end_at_the_depth_limit(void **state)
{
	struct fixture *f = *state;
	size_t len;
	char *text = repeated("[", &len);

	assert_int_equal(read_limited(f, (struct str){text, len}, &document_limits_default), -ERROR_LIMIT);
	assert_int_equal(f->err.column, document_limits_default.depth + 1);
	free(text);
}

static void
depth_costs_no_stack(void **state)
{
	struct document_limits limits = document_limits_default;
	struct fixture *f = *state;
	size_t depth = 10000, len = 0;
	char *text = malloc(5 * depth);

	limits.depth = depth;
	for (size_t i = 0; i < depth; i++, len += 2)
		memcpy(text + len, "[\n", 2);
	for (size_t i = 0; i < depth; i++, len += 2)
		memcpy(text + len, "]\n", 2);
	assert_int_equal(read_limited(f, (struct str){text, len}, &limits), 0);
	limits.depth--;
	assert_int_equal(read_limited(f, (struct str){text, len}, &limits), -ERROR_LIMIT);
	assert_int_equal(f->err.line, depth);
	free(text);
}

static void
ten_thousand_keys_are_compared(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(200000);
	size_t len = 0;

	for (int i = 0; i < 10000; i++)
		len += (size_t)sprintf(text + len, "key%d: x\n", i);
	assert_int_equal(read_limited(f, (struct str){text, len}, &document_limits_default), 0);
	len += (size_t)sprintf(text + len, "\"key5\": y\n");
	assert_int_equal(read_limited(f, (struct str){text, len}, &document_limits_default), -ERROR_DUPLICATE);
	assert_int_equal(f->err.line, 10001);
	assert_string_equal(f->err.text, "duplicate key 'key5', first at line 6");
	free(text);
}

/* All that a document can make us allocate: texts, anchors, copies, keys enough for sorting. */
static const char everything[] =
	"%TAG !y! tag:yaml.org,2002:\n---\na: &a [1, 2.5, 'q', &b !y!str x, {k: v}]\nc: *a\n&d e: *b\n"
	"map: {k0: 0, k1: 1, k2: 2, k3: 3, k4: 4, k5: 5, k6: 6, k7: 7, k8: 8, k9: 9, k10: 0, k11: 1, k12: 2, k13: 3, "
	"k14: 4,"
	" k15: 5, k16: 6, k17: 7}\ntext: |\n  some lines\n  of text\n";

static void
the_arena_may_end_anywhere(void **state)
{
	struct fixture *f = *state;

	for (size_t limit = 16;; limit += 16) {
		arena_free(&f->arena);
		arena_init(&f->arena, limit);
		if (read_text(f, everything) == 0)
			break;
		assert_int_equal(f->err.code, ERROR_MEMORY);
		assert_true(f->err.line > 0);
	}
	assert_int_equal(f->root->count, 5);
}

static void
libyaml_may_run_out_of_memory_anywhere(void **state)
{
	struct fixture *f = *state;

	for (fail_at = 1;; fail_at++) {
		allocations = 0;
		if (read_text(f, everything) == 0 && allocations < fail_at)
			break;
		assert_int_equal(f->err.code, ERROR_MEMORY);
		assert_true(f->err.line > 0);
	}
	assert_true(fail_at > 50); /* else the definitions above replace nothing */
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(texts_become_trees),
		TEST(bad_texts_are_refused_with_their_place),
		TEST(places_are_those_of_values_and_keys),
		TEST(a_copy_stands_where_the_alias_does_and_its_inside_where_it_is_written),
		TEST(errors_carry_the_path_of_the_open_list_or_map),
		TEST(limits_hold_at_n_and_fail_at_one_more),
		TEST(an_alias_bomb_ends_at_the_alias_that_is_too_many),
		TEST(directives_are_limited_since_libyaml_compares_each_with_all),
		TEST(much_of_anything_ends_soon),
		TEST(many_open_brackets_end_at_the_depth_limit),
		TEST(depth_costs_no_stack),
		TEST(ten_thousand_keys_are_compared),
		TEST(the_arena_may_end_anywhere),
		TEST(libyaml_may_run_out_of_memory_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
