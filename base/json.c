/* json - JSON text to tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"

#include "base/json_priv.h"
#include "base/tree_priv.h"

/*
 * The text is copied once and read in place: strings are unescaped where they stand, which never makes them longer, and
 * end with a NUL where their quote was. The copy ends with NULs, which are part of no token, so that nobody has to look
 * for the end.
 */

struct json_reader {
	struct tree_reading tree;
	char *at;               /* next character */
	const char *end;        /* of the text, where the padding begins */
	const char *line_start; /* where the column is 1 */
	size_t hidden;          /* bytes of this line that begin no character */
	uint32_t line;
};

static uint32_t
column(const struct json_reader *reader)
{
	return (uint32_t)((size_t)(reader->at - reader->line_start) - reader->hidden) + 1;
}

static int
json_fail(struct json_reader *reader, const char *text)
{
	return error_set_at(reader->tree.err, ERROR_SYNTAX, reader->line, column(reader), "%s", text);
}

/* wanted: what should stand here. */
static int
fail_found(struct json_reader *reader, const char *wanted)
{
	struct str rest = {reader->at, (size_t)(reader->end - reader->at)};
	size_t len = str_utf8(rest);

	if (rest.len > 0 && len == 0)
		return json_fail(reader, "invalid UTF-8");
	if (rest.len > 0 && rest.ptr[0] == '\0')
		return json_fail(reader, "a NUL character outside a string");
	return error_set_at(reader->tree.err, ERROR_SYNTAX, reader->line, column(reader), "expected %s, found %s%.*s%s",
	                    wanted, len ? "'" : "the end of the text", (int)len, rest.ptr, len ? "'" : "");
}

static void
json_skip_space(struct json_reader *reader)
{
	for (;; reader->at++) {
		char c = *reader->at;

		if (c == '\n') {
			reader->line++;
			reader->line_start = reader->at + 1;
			reader->hidden = 0;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			return;
		}
	}
}

/* The string whose opening quote stands at reader->at. */
static int
read_string(struct json_reader *reader, struct str *ret)
{
	uint32_t start = column(reader);
	const char *problem = json_string_read(&reader->at, reader->end, ret, &reader->hidden);

	return problem ? json_fail(reader, problem) : tree_check_scalar(&reader->tree, ret->len, reader->line, start);
}

static char *
skip_digits(char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

/* A number's text is copied on its own: the NUL behind it would fall on the comma. */
static int
read_number(struct json_reader *reader, struct node *node)
{
	char *start = reader->at, *p = start + (*start == '-'), *digits = p;
	struct str text;
	int r;

	reader->at = p = skip_digits(p);
	if (p == digits)
		return fail_found(reader, "a digit");
	if (*digits == '0' && p > digits + 1) {
		reader->at = digits;
		return json_fail(reader, "a number that begins with 0");
	}
	if (*p == '.') {
		reader->at = p = skip_digits(digits = p + 1);
		if (p == digits)
			return fail_found(reader, "a digit");
	}
	if (*p == 'e' || *p == 'E') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		reader->at = p = skip_digits(digits = p);
		if (p == digits)
			return fail_found(reader, "a digit");
	}
	text = (struct str){start, (size_t)(p - start)};
	r = tree_check_scalar(&reader->tree, text.len, node->line, node->column);
	if (r < 0)
		return r;
	text = arena_str(reader->tree.arena, text);
	if (!text.ptr)
		return tree_fail_memory(&reader->tree, node->line, node->column);
	node_set_plain(node, text);
	return 0;
}

static int
read_literal(struct json_reader *reader, struct node *node)
{
	static const struct str words[] = {{"true", 4}, {"false", 5}, {"null", 4}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (memcmp(reader->at, words[i].ptr, words[i].len) == 0) {
			reader->at += words[i].len;
			node_set_plain(node, words[i]);
			return 0;
		}
	}
	return fail_found(reader, "a value");
}

/* The key at reader->at and its colon. */
static int
read_key(struct json_reader *reader)
{
	int r;

	json_skip_space(reader);
	if (*reader->at != '"')
		return fail_found(reader, "a key in double quotes");
	reader->tree.key_line = reader->line;
	reader->tree.key_column = column(reader);
	r = read_string(reader, &reader->tree.key);
	if (r < 0)
		return r;
	json_skip_space(reader);
	if (*reader->at != ':')
		return fail_found(reader, "':'");
	reader->at++;
	return 0;
}

/* Into the list or map that begins at reader->at. 1 when a value must follow, 0 when it is empty and done. */
static int
enter(struct json_reader *reader, struct node *node)
{
	int r = tree_enter(&reader->tree, node);

	if (r < 0)
		return r;
	reader->at++;
	json_skip_space(reader);
	if (*reader->at == (node->kind == NODE_MAP ? '}' : ']')) {
		reader->at++;
		return tree_leave(&reader->tree);
	}
	r = node->kind == NODE_MAP ? read_key(reader) : 0;
	return r < 0 ? r : 1;
}

/* One value, or the start of one: 1 when the first value in it must follow. */
static int
read_value(struct json_reader *reader)
{
	enum node_kind kind;
	struct node *node;
	char c;
	int r;

	json_skip_space(reader);
	c = *reader->at;
	kind = c == '"' ? NODE_TEXT : c == '{' ? NODE_MAP : c == '[' ? NODE_LIST : NODE_NULL;
	r = tree_add(&reader->tree, kind, reader->line, column(reader), &node);
	if (r < 0)
		return r;
	if (kind == NODE_TEXT) {
		node->quoted = true;
		return read_string(reader, &node->text);
	}
	if (kind != NODE_NULL)
		return enter(reader, node);
	return c == '-' || (c >= '0' && c <= '9') ? read_number(reader, node) : read_literal(reader, node);
}

/* Reads the text behind a value: ends of lists and maps, then a comma and the next key. 1 when a value must follow. */
static int
read_after(struct json_reader *reader)
{
	while (reader->tree.parent) {
		bool map = reader->tree.parent->kind == NODE_MAP;
		int r;

		json_skip_space(reader);
		if (*reader->at == ',') {
			reader->at++;
			r = map ? read_key(reader) : 0;
			return r < 0 ? r : 1;
		}
		if (*reader->at != (map ? '}' : ']'))
			return fail_found(reader, map ? "',' or '}'" : "',' or ']'");
		reader->at++;
		r = tree_leave(&reader->tree);
		if (r < 0)
			return r;
	}
	json_skip_space(reader);
	return reader->at == reader->end ? 0 : json_fail(reader, "text after the value");
}

int
json_read(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
          struct node **ret_root, struct error *err)
{
	struct json_reader reader = {.line = 1};
	int r;

	if (bytes.len > limits->bytes)
		return error_set_at(err, ERROR_LIMIT, 1, 1, "a document of more than %zu bytes", limits->bytes);
	tree_init(&reader.tree, limits, arena, err);
	reader.at = bytes.len > SIZE_MAX - JSON_PADDING ? NULL : arena_bytes(arena, bytes.len + JSON_PADDING);
	if (!reader.at)
		return tree_fail_memory(&reader.tree, 1, 1);
	if (bytes.len)
		memcpy(reader.at, bytes.ptr, bytes.len);
	memset(reader.at + bytes.len, 0, JSON_PADDING);
	reader.line_start = reader.at;
	reader.end = reader.at + bytes.len;
	do {
		do
			r = read_value(&reader);
		while (r > 0);
		if (r == 0)
			r = read_after(&reader);
	} while (r > 0);
	return tree_finish(&reader.tree, r, file, ret_root);
}
