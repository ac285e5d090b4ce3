/* str - text as pointer and length */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Borrowed bytes, not NUL-terminated unless the giver says so. ptr is NULL for "absent", which is not "empty". */
struct str {
	const char *ptr;
	size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})

/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str
str_from(const char *text)
{
	return text ? (struct str){text, strlen(text)} : STR_NONE;
}

static inline bool
str_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
str_is(struct str a, const char *text)
{
	return a.ptr && str_equal(a, str_from(text));
}

static inline bool
str_starts_with(struct str a, struct str prefix)
{
	return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool
str_ends_with(struct str a, struct str suffix)
{
	return a.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(a.ptr + a.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* Both letter cases of ASCII are the same; other bytes compare as they are. */
bool str_equal_nocase(struct str a, struct str b);

/* The text behind the first `piece`; absent when that is not in it. */
struct str str_behind(struct str text, struct str piece);

/* Compares byte by byte, the shorter first; as strcmp. */
int str_compare(struct str a, struct str b);

/* Without the spaces, tabs and line ends at both ends. */
struct str str_trim(struct str a);

/* Bytes of the UTF-8 character that `text` begins with (1 to 4), 0 when it is empty or begins with no valid one. */
size_t str_utf8(struct str text);

#endif
