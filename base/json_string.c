/* json_string - strings of JSON, unescaped where they stand */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_priv.h"

#include <endian.h>
#include <stdint.h>

/* The four hex digits at `p`, or -1. */
static int
hex4(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + ((c | 0x20) - 'a') + 10;
		else
			return -1;
	}
	return value;
}

static char *
put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* The \u escape at *at, both halves of a pair, to *to. */
static const char *
read_unicode(char **at, char **to)
{
	const char *p = *at;
	int high = hex4(p + 2), low;
	unsigned c = (unsigned)high;

	if (high < 0)
		return "\\u without four hex digits";
	if (high == 0)
		return "\\u0000: a text cannot hold a NUL character";
	if (high >= 0xd800 && high <= 0xdfff) {
		low = p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : -1;
		if (high >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
			return "half of a surrogate pair";
		c = 0x10000 + ((unsigned)(high & 0x3ff) << 10) + (unsigned)(low & 0x3ff);
		*at += 6;
	}
	*at += 6;
	*to = put_utf8(*to, c);
	return NULL;
}

static const char *
read_escape(char **at, char **to)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char c = (*at)[1];
	const char *found;

	if (c == 'u')
		return read_unicode(at, to);
	found = c ? strchr(letters, c) : NULL;
	if (!found)
		return "a backslash that begins no escape";
	*(*to)++ = meanings[found - letters];
	*at += 2;
	return NULL;
}

/*
 * The top bits of those of eight bytes that end a run: a quote, a backslash, a control character, or what is not ASCII.
 * Only the lowest bit is sure: a borrow may set those above it.
 */
static uint64_t
run_ends(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t word, quote, backslash;

	memcpy(&word, p, sizeof(word));
	word = le64toh(word); /* the first byte lowest */
	quote = word ^ ones * '"';
	backslash = word ^ ones * '\\';
	return (word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops;
}

static char *
skip_run(char *p)
{
	uint64_t ends;

	while (!(ends = run_ends(p)))
		p += sizeof(ends);
	return p + __builtin_ctzll(ends) / 8;
}

/* Reads the character that ended a run, no quote, to *to. */
static const char *
read_special(char **at, const char *end, char **to, size_t *hidden)
{
	unsigned char c = (unsigned char)**at;
	size_t len;

	if (c == '\\')
		return read_escape(at, to);
	if (*at == end)
		return "a string without end";
	if (c < 0x20)
		return "a control character in a string, which must be escaped";
	len = str_utf8((struct str){*at, (size_t)(end - *at)});
	if (len == 0)
		return "invalid UTF-8";
	memmove(*to, *at, len);
	*to += len;
	*at += len;
	*hidden += len - 1;
	return NULL;
}

const char *
json_string_read(char **at, const char *end, struct str *ret, size_t *hidden)
{
	char *start = *at + 1, *to;

	*at = to = skip_run(start);
	while (**at != '"') {
		const char *problem = read_special(at, end, &to, hidden);
		char *run = *at;

		if (problem)
			return problem;
		*at = skip_run(run);
		memmove(to, run, (size_t)(*at - run));
		to += *at - run;
	}
	*to = '\0';
	++*at;
	*ret = (struct str){start, (size_t)(to - start)};
	return NULL;
}
