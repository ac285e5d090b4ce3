/* text - text that grows in an arena, with JSON's escaping */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/node.h"

/* Appending never fails by itself: once out of memory everything is ignored, and text_done tells. */
struct text {
	struct arena *arena;
	char *ptr;
	size_t len, size;
	bool failed;
};

#define NUMBER_SIZE 20 /* bytes of the longest number, its sign included */

/* The decimal digits of a number, at the end of `room`. */
struct str number_text(int64_t number, char room[NUMBER_SIZE]);

void text_init(struct text *text, struct arena *arena);

/* More memory, for text_reserve; false when it is out. */
bool text_grow(struct text *text, size_t more);

/* Room for `more` bytes and a NUL. */
static inline bool
text_reserve(struct text *text, size_t more)
{
	return text->size - text->len > more || text_grow(text, more);
}

static inline void
text_add(struct text *text, struct str piece)
{
	if (piece.len == 0 || !text_reserve(text, piece.len))
		return;
	memcpy(text->ptr + text->len, piece.ptr, piece.len);
	text->len += piece.len;
}

void text_add_number(struct text *text, int64_t number);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The piece as a JSON string, quotes included. Absent text is null. A byte that is not UTF-8 becomes U+FFFD. */
void text_add_json(struct text *text, struct str piece);

/* The tree as JSON on one line. Null members of maps are left out, unless `nulls`. Numbers keep the digits they were written with. */
void text_add_node(struct text *text, const struct node *node, bool nulls);

/* A finding as a JSON object: severity, id, file, line, column, path, text. Id and path are null when it has none. */
void text_add_finding(struct text *text, const struct diag *finding);

/* The appended text, NUL-terminated; absent on allocation failure. */
struct str text_done(struct text *text);

/*
 * Many small pieces, with one look for room: text_open gives a place for `most` bytes, NULL when out of memory; each
 * put writes at a place and gives the next one; text_close takes what was written.
 */
static inline char *
text_open(struct text *text, size_t most)
{
	return text_reserve(text, most) ? text->ptr + text->len : NULL;
}

static inline char *
put_piece(char *at, struct str piece)
{
	memcpy(at, piece.ptr, piece.len);
	return at + piece.len;
}

/* As text_add_json, for a text that is there. */
#define PUT_JSON_MOST(len) (6 * (len) + 10)
char *put_json(char *at, struct str piece);

/* Decimal digits, at most NUMBER_SIZE. */
char *put_number(char *at, int64_t number);

static inline void
text_close(struct text *text, const char *at)
{
	text->len = (size_t)(at - text->ptr);
}

#endif
