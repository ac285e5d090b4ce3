/* str - text as pointer and length */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool
str_equal_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	}
	return true;
}

struct str
str_behind(struct str text, struct str piece)
{
	const char *found = text.len ? memmem(text.ptr, text.len, piece.ptr, piece.len) : NULL;

	if (!found)
		return STR_NONE;
	found += piece.len;
	return (struct str){found, (size_t)(text.ptr + text.len - found)};
}

int
str_compare(struct str a, struct str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int r = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;

	if (r != 0)
		return r;
	return (a.len > b.len) - (a.len < b.len);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str
str_trim(struct str a)
{
	while (a.len && is_space(a.ptr[0])) {
		a.ptr++;
		a.len--;
	}
	while (a.len && is_space(a.ptr[a.len - 1]))
		a.len--;
	return a;
}

size_t
str_utf8(struct str text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte: no overlong form, no surrogate */
	size_t len;

	if (text.len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (text.len < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}
