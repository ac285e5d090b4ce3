/* text_set - a large set of texts that is asked at every decision */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_TEXT_SET_H
#define GUARDS_TEXT_SET_H

#include "base/arena.h"
#include "base/hash.h"

/* Built once, in an arena; const and for any thread afterwards. */
struct text_set;

#define TEXT_SET_TEXT_MAX 65534 /* bytes of one text */

/*
 * Building takes two rounds over the same texts: text_set_announce for each, text_set_layout, text_set_add for each.
 * count: at least how many there are. key: copied; NULL for the zero key. NULL when out of memory.
 */
struct text_set *text_set_new(size_t count, const struct hash_key *key, struct arena *arena);
void text_set_announce(struct text_set *set, struct str text);

/* 0, or -1 when out of memory. */
int text_set_layout(struct text_set *set, struct arena *arena);

/* Adds an announced text, unless it is in. written: at which line of the policy. */
void text_set_add(struct text_set *set, struct str text, uint32_t written);

/* Whether the text is in the set. ret_line (may be NULL): of its first mention. */
bool text_set_has(const struct text_set *set, struct str text, uint32_t *ret_line);

/* The texts one by one, in no order; `at` begins at 0. False after the last. ret is borrowed from the set. */
bool text_set_next(const struct text_set *set, size_t *at, struct str *ret);

#endif
