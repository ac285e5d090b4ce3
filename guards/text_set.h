/* text_set - a large set of texts that is asked at every decision */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_TEXT_SET_H
#define GUARDS_TEXT_SET_H

#include "base/arena.h"
#include "base/hash.h"

/* Built once, in an arena; const and for any thread afterwards. */
struct text_set;

/*
 * An empty set with room for `count` texts of `bytes` bytes in all. key: copied; NULL for the zero key. NULL when memory is
 * out.
 */
struct text_set *text_set_new(size_t count, size_t bytes, const struct hash_key *key, struct arena *arena);

/* Adds a text of at most 65,535 bytes, unless it is in; line: where it was written. Room must be left for it. */
void text_set_add(struct text_set *set, struct str text, uint32_t line);

/* Whether the text is in the set. ret_line (may be NULL): of its first mention. */
bool text_set_has(const struct text_set *set, struct str text, uint32_t *ret_line);

#endif
