/* yaml_write - a tree as YAML text */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* A key longer than this, as written, is announced by "?": YAML readers look 1024 characters ahead at most. */
#define SIMPLE_KEY_MAX 1000

/* The text is written twice: first only counted (at is NULL), then into memory of that size. */
struct out {
	char *at;
	size_t len;
	const struct node *bad; /* the first text that no YAML can hold */
};

static void
yaml_put(struct out *out, struct str text)
{
	if (out->at && text.len > 0)
		memcpy(out->at + out->len, text.ptr, text.len);
	out->len += text.len;
}

static void
yaml_put_spaces(struct out *out, size_t count)
{
	for (; count > 0; count--)
		yaml_put(out, STR(" "));
}

static bool
yaml_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Words that YAML 1.1 takes for booleans and 1.2 for text. */
static bool
is_old_boolean(struct str text)
{
	static const char *const words[] = {"y", "n", "yes", "no", "on", "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal_nocase(text, str_from(words[i])))
			return true;
	}
	return false;
}

/*
 * Whether text that begins with a digit is at most a number of YAML 1.2: versions ("2.0.0"), and digits followed by
 * a word ("5min"). YAML 1.1 has numbers, times and dates such as 1_000, 0b1, 12:30:00, 2026-04-14.
 */
static bool
is_harmless_after_digit(struct str text)
{
	size_t i = 0;

	while (i < text.len && (yaml_is_digit(text.ptr[i]) || text.ptr[i] == '.'))
		i++;
	if (i == text.len)
		return true;
	if (text.ptr[0] == '0')
		return false;
	while (i < text.len && (is_letter(text.ptr[i]) || yaml_is_digit(text.ptr[i])))
		i++;
	return i == text.len;
}

/* Whether the text may stand without quotes. Says no when in doubt: quotes are never wrong. */
static bool
is_plain(struct str text)
{
	struct node as_read = {0};
	char first = text.len ? text.ptr[0] : ' ';

	if (!is_letter(first) && !yaml_is_digit(first) && first != '_' && first != '/')
		return false;
	if (yaml_is_digit(first) && !is_harmless_after_digit(text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		char next = i + 1 < text.len ? text.ptr[i + 1] : ' ';

		if (c < 0x20 || c > 0x7e || (c == ':' && next == ' ') || (c == ' ' && next == '#'))
			return false;
	}
	if (text.ptr[text.len - 1] == ' ' || is_old_boolean(text))
		return false;
	node_set_plain(&as_read, text);
	return as_read.kind == NODE_TEXT;
}

/* The code point of a valid UTF-8 character of `len` bytes. */
static uint32_t
code_point(const char *ptr, size_t len)
{
	static const unsigned char first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = (unsigned char)ptr[0] & first_mask[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)ptr[i] & 0x3f);
	return c;
}

/* Whether YAML lets the character stand for itself in quotes on one line, and people can see it. */
static bool
is_visible(uint32_t c)
{
	if (c < 0xa0)
		return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
	return c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

static void
put_escape(struct out *out, uint32_t c)
{
	char buf[16];

	if (c == '"' || c == '\\')
		(void)snprintf(buf, sizeof(buf), "\\%c", (char)c); /* 2 */
	else if (c == '\n' || c == '\t')
		(void)snprintf(buf, sizeof(buf), "\\%c", c == '\n' ? 'n' : 't'); /* 2 */
	else if (c < 0x100)
		(void)snprintf(buf, sizeof(buf), "\\x%02" PRIX32, c); /* 4 */
	else
		(void)snprintf(buf, sizeof(buf), "\\u%04" PRIX32, c); /* 6: what is beyond is visible */
	yaml_put(out, str_from(buf));
}

static void
put_quoted(struct out *out, struct str text, const struct node *where)
{
	yaml_put(out, STR("\""));
	while (text.len > 0) {
		size_t len = str_utf8(text);
		uint32_t c = len ? code_point(text.ptr, len) : 0;

		if (c == 0) {
			if (!out->bad)
				out->bad = where;
			return;
		}
		if (is_visible(c))
			yaml_put(out, (struct str){text.ptr, len});
		else
			put_escape(out, c);
		text.ptr += len;
		text.len -= len;
	}
	yaml_put(out, STR("\""));
}

static void
yaml_put_text(struct out *out, struct str text, const struct node *where)
{
	if (is_plain(text))
		yaml_put(out, text);
	else
		put_quoted(out, text, where);
}

/* Finite or not, so that it reads back as the same float, whatever the program's locale takes for a decimal point. */
static void
put_float(struct out *out, double value)
{
	char buf[40];
	bool is_float = false;

	if (isnan(value)) {
		yaml_put(out, STR(".nan"));
		return;
	}
	if (isinf(value)) {
		yaml_put(out, value < 0 ? STR("-.inf") : STR(".inf"));
		return;
	}
	(void)snprintf(buf, sizeof(buf), "%.17g", value); /* 24 at most, a locale's point may take 4 */
	for (const char *c = buf; *c; c++) {
		bool odd = !yaml_is_digit(*c) && !strchr("+-e", *c);

		is_float = is_float || odd || *c == 'e';
		if (!odd)
			yaml_put(out, (struct str){c, 1});
		else if (yaml_is_digit(c[1]))
			yaml_put(out, STR(".")); /* the last byte of the point */
	}
	if (!is_float)
		yaml_put(out, STR(".0"));
}

/* A number as its author wrote it where that still means the same. */
static void
yaml_put_number(struct out *out, const struct node *node)
{
	struct node as_read = {0};
	char buf[24];

	if (node->text.ptr)
		node_set_plain(&as_read, node->text);
	if (node->text.ptr && as_read.kind == node->kind) {
		yaml_put(out, node->text);
	} else if (node->kind == NODE_FLOAT) {
		put_float(out, node->real);
	} else {
		(void)snprintf(buf, sizeof(buf), "%" PRId64, node->integer); /* 20 at most */
		yaml_put(out, str_from(buf));
	}
}

/* Scalars, and lists and maps without children. */
static void
put_leaf(struct out *out, const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		yaml_put(out, STR("null"));
		break;
	case NODE_BOOL:
		yaml_put(out, node->boolean ? STR("true") : STR("false"));
		break;
	case NODE_INT:
	case NODE_FLOAT:
		yaml_put_number(out, node);
		break;
	case NODE_TEXT:
		yaml_put_text(out, node->text, node);
		break;
	case NODE_LIST:
		yaml_put(out, STR("[]"));
		break;
	case NODE_MAP:
		yaml_put(out, STR("{}"));
		break;
	}
}

/* A child's key with its colon, or its dash. */
static void
put_mark(struct out *out, const struct node *child, size_t indent)
{
	struct out counted = {0};

	if (child->parent->kind == NODE_LIST) {
		yaml_put(out, STR("-"));
		return;
	}
	yaml_put_text(&counted, child->key, child);
	if (counted.len > SIMPLE_KEY_MAX)
		yaml_put(out, STR("? "));
	yaml_put_text(out, child->key, child);
	if (counted.len > SIMPLE_KEY_MAX) {
		yaml_put(out, STR("\n"));
		yaml_put_spaces(out, indent);
	}
	yaml_put(out, STR(":"));
}

/* The children of a list or map, a line or block each. begun: the first one's line has its indent already. */
static void
put_children(struct out *out, const struct node *node, size_t indent, bool begun)
{
	for (const struct node *child = node->first; child; child = child->next) {
		bool item = node->kind == NODE_LIST;

		if (!begun || child != node->first)
			yaml_put_spaces(out, indent);
		put_mark(out, child, indent);
		if (!child->first) {
			yaml_put(out, STR(" "));
			put_leaf(out, child);
			yaml_put(out, STR("\n"));
			continue;
		}
		yaml_put(out, item ? STR(" ") : STR("\n"));
		put_children(out, child, indent + 2, item);
	}
}

static void
put_document(struct out *out, const struct node *root)
{
	if (root->first) {
		put_children(out, root, 0, false);
		return;
	}
	put_leaf(out, root);
	yaml_put(out, STR("\n"));
}

int
yaml_write(const struct node *root, struct arena *arena, struct str *ret_text, struct error *err)
{
	struct out out = {0};

	put_document(&out, root);
	if (out.bad)
		return error_set(err, ERROR_SYNTAX, out.bad,
		                 "a text that is no UTF-8 or holds a NUL cannot be written as YAML");
	out.at = arena_alloc(arena, out.len + 1);
	if (!out.at)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	out.len = 0;
	put_document(&out, root);
	*ret_text = (struct str){out.at, out.len};
	return 0;
}
