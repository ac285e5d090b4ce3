/* text - text that grows in an arena, with JSON's escaping */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/words.h"

#define FIRST_SIZE 512

struct str
number_text(int64_t number, char room[NUMBER_SIZE])
{
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char *first = room + NUMBER_SIZE;

	do
		*--first = (char)('0' + left % 10);
	while (left /= 10);
	if (number < 0)
		*--first = '-';
	return (struct str){first, (size_t)(room + NUMBER_SIZE - first)};
}

void
text_init(struct text *text, struct arena *arena)
{
	*text = (struct text){.arena = arena};
}

/* More memory; the old bytes stay in the arena until it is reset. Without any there is no room any more, not even for little. */
bool
text_grow(struct text *text, size_t more)
{
	size_t size = text->size ? text->size : FIRST_SIZE;
	char *ptr;

	while (size - text->len <= more && size <= SIZE_MAX / 2)
		size *= 2;
	ptr = !text->failed && size - text->len > more ? arena_bytes(text->arena, size) : NULL;
	if (!ptr) {
		text->failed = true;
		text->size = text->len;
		return false;
	}
	if (text->len)
		memcpy(ptr, text->ptr, text->len);
	text->ptr = ptr;
	text->size = size;
	return true;
}

void
text_add_number(struct text *text, int64_t number)
{
	char room[NUMBER_SIZE];

	text_add(text, number_text(number, room));
}

void
text_addf(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !text_reserve(text, (size_t)len))
		return;
	va_start(args, format);
	(void)vsnprintf(text->ptr + text->len, (size_t)len + 1, format, args); /* measured above */
	va_end(args);
	text->len += (size_t)len;
}

#define ESCAPED_MOST 6

/* A byte that does not stand for itself. */
static char *
put_escaped(char *at, unsigned char c)
{
	static const char letters[] = "btn\0fr", digits[] = "0123456789abcdef"; /* of 0x08 .. 0x0d; 0x0b has none */

	if (c >= 0x80)
		return put_piece(at, STR("\xef\xbf\xbd"));
	*at++ = '\\';
	if (c == '"' || c == '\\') {
		*at++ = (char)c;
	} else if (c >= 8 && c <= 13 && letters[c - 8]) {
		*at++ = letters[c - 8];
	} else {
		at = put_piece(at, STR("u00"));
		*at++ = digits[c >> 4];
		*at++ = digits[c & 15];
	}
	return at;
}

/* Whether eight bytes are ASCII without control characters, quotes and backslashes: no highest bit is set below. */
static bool
is_plain_word(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

	return ((word | ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
	         ((backslash - ones) & ~backslash)) &
	        ones * 0x80) == 0;
}

/* Copies less than eight bytes, if they all stand for themselves; what follows is written over, up to eight bytes. */
static bool
copy_plain_short(char *to, struct str piece)
{
	/* Filled up with what is plain. */
	uint64_t word = words_load_short(piece.ptr, piece.len) | UINT64_C(0x6161616161616161) << 8 * piece.len;

	if (!is_plain_word(word))
		return false;
	word = htole64(word);
	memcpy(to, &word, sizeof(word));
	return true;
}

/* Copies eight bytes if they all stand for themselves in a JSON string. */
static bool
copy_plain_word(char *to, const char *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	if (!is_plain_word(word))
		return false;
	memcpy(to, &word, sizeof(word));
	return true;
}

/*
 * Copies bytes that stand for themselves in a JSON string, as far as they go, and tells how many there were. There is
 * room for eight more.
 */
static size_t
copy_plain(char *to, struct str piece)
{
	size_t i = 0;

	if (piece.len < 8 && copy_plain_short(to, piece))
		return piece.len;
	while (piece.len - i >= 8 && copy_plain_word(to + i, piece.ptr + i))
		i += 8;
	/* What is left of most texts, with some of what is there already. */
	if (i && piece.len - i < 8 && copy_plain_word(to + piece.len - 8, piece.ptr + piece.len - 8))
		return piece.len;
	while (i < piece.len) {
		unsigned char c = (unsigned char)piece.ptr[i];
		size_t size = c < 0x80 ? 1 : str_utf8((struct str){piece.ptr + i, piece.len - i});

		if (c < 0x20 || c == '"' || c == '\\' || size == 0)
			break;
		for (; size; size--, i++)
			to[i] = piece.ptr[i];
	}
	return i;
}

void
text_add_json(struct text *text, struct str piece)
{
	if (!piece.ptr) {
		text_add(text, STR("null"));
		return;
	}
	text_add(text, STR("\""));
	while (text_reserve(text, piece.len + ESCAPED_MOST + 8)) {
		char *at = text->ptr + text->len;
		size_t plain = copy_plain(at, piece);

		at += plain;
		if (plain == piece.len) {
			*at++ = '"';
			text_close(text, at);
			return;
		}
		text_close(text, put_escaped(at, (unsigned char)piece.ptr[plain]));
		piece = (struct str){piece.ptr + plain + 1, piece.len - plain - 1};
	}
}

/* From the first byte on that may not stand for itself, and the closing quote. */
static __attribute__((noinline)) char *
put_json_slowly(char *at, struct str piece)
{
	for (;;) {
		size_t plain = copy_plain(at, piece);

		at += plain;
		if (plain == piece.len)
			break;
		at = put_escaped(at, (unsigned char)piece.ptr[plain]);
		piece = (struct str){piece.ptr + plain + 1, piece.len - plain - 1};
	}
	*at++ = '"';
	return at;
}

/* Most texts are a few words without anything to escape: no call, no saved register. */
char *
put_json(char *at, struct str piece)
{
	size_t i = 0;

	*at++ = '"';
	if (piece.len < 8) {
		if (!copy_plain_short(at, piece))
			return put_json_slowly(at, piece);
	} else {
		for (; piece.len - i > 8; i += 8)
			if (!copy_plain_word(at + i, piece.ptr + i))
				return put_json_slowly(at + i, (struct str){piece.ptr + i, piece.len - i});
		/* The last word, mostly with some of what is there already. */
		if (!copy_plain_word(at + piece.len - 8, piece.ptr + piece.len - 8))
			return put_json_slowly(at + i, (struct str){piece.ptr + i, piece.len - i});
	}
	at[piece.len] = '"';
	return at + piece.len + 1;
}

char *
put_number(char *at, int64_t number)
{
	char room[NUMBER_SIZE];

	return put_piece(at, number_text(number, room));
}

/* Whether the digits of a plain number are JSON's too: YAML also takes 0x1f, 010, .5, 1. and more. */
static bool
is_json_number(struct str text)
{
	size_t i = text.len && text.ptr[0] == '-', digits = i;

	while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
		i++;
	if (i == digits || (text.ptr[digits] == '0' && i - digits > 1))
		return false;
	if (i < text.len && text.ptr[i] == '.') {
		digits = ++i;
		while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
			i++;
		if (i == digits)
			return false;
	}
	if (i < text.len && (text.ptr[i] == 'e' || text.ptr[i] == 'E')) {
		i++;
		if (i < text.len && (text.ptr[i] == '+' || text.ptr[i] == '-'))
			i++;
		digits = i;
		while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
			i++;
		if (i == digits)
			return false;
	}
	return i == text.len;
}

static void
text_put_decimal(struct text *text, const struct node *node)
{
	if (is_json_number(node->text))
		text_add(text, node->text);
	else if (node->kind == NODE_INT)
		text_addf(text, "%" PRId64, node->integer);
	else if (isfinite(node->real))
		text_addf(text, "%.17g", node->real);
	else
		text_add_json(text, node->text); /* JSON has no infinity */
}

void
text_add_node(struct text *text, const struct node *node, bool nulls)
{
	bool map = node && node->kind == NODE_MAP, first = true;

	if (node_is_null(node)) {
		text_add(text, STR("null"));
	} else if (node->kind == NODE_TEXT) {
		text_add_json(text, node->text);
	} else if (node->kind == NODE_BOOL) {
		text_add(text, node->boolean ? STR("true") : STR("false"));
	} else if (node_is_scalar(node)) {
		text_put_decimal(text, node);
	} else {
		text_add(text, map ? STR("{") : STR("["));
		for (const struct node *child = node->first; child; child = child->next) {
			if (map && !nulls && child->kind == NODE_NULL)
				continue;
			if (!first)
				text_add(text, STR(","));
			first = false;
			if (map) {
				text_add_json(text, child->key);
				text_add(text, STR(":"));
			}
			text_add_node(text, child, nulls);
		}
		text_add(text, map ? STR("}") : STR("]"));
	}
}

void
text_add_finding(struct text *text, const struct diag *finding)
{
	text_addf(text, "{\"severity\":\"%s\",\"id\":", severity_name(finding->severity));
	text_add_json(text, str_from(finding->code));
	text_add(text, STR(",\"file\":"));
	text_add_json(text, str_from(finding->file));
	text_addf(text, ",\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",\"path\":", finding->line, finding->column);
	text_add_json(text, str_from(finding->path));
	text_add(text, STR(",\"text\":"));
	text_add_json(text, str_from(finding->text));
	text_add(text, STR("}"));
}

struct str
text_done(struct text *text)
{
	if (!text_reserve(text, 0))
		return STR_NONE;
	text->ptr[text->len] = '\0';
	return (struct str){text->ptr, text->len};
}
