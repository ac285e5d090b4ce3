/* scan - steps of the readers that go through a usual body in one pass, without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_SCAN_H
#define API_BODIES_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/words.h"

/*
 * No step reports an error: whatever is not plainly good is left to the readers that keep places, so each only has to be
 * sure of what it accepts. The NUL behind a body is neither white space nor a character that is looked for, so every
 * step stops at it by itself.
 */

/* White space skipped; for a place that does not end a token. */
const char *scan_space(const char *at);

/* Where the character stands, after white space. Mostly it stands right there. */
static inline const char *
scan_to(const char *at, char c)
{
	return *at == c ? at : scan_space(at);
}

/* A string of printable ASCII without escapes: where it ends, NULL when it is none. */
const char *scan_text(const char *at, struct str *ret);

/* An integer of at most nine digits. A byte that may not follow a number is neither a comma nor a brace. */
static inline const char *
scan_integer(const char *at, int32_t *ret)
{
	bool negative = *(at = scan_to(at, '-')) == '-';
	const char *start = at += negative;
	int32_t value = 0;

	for (; *at >= '0' && *at <= '9' && at - start < 9; at++)
		value = value * 10 + (*at - '0');
	if (at == start || (*start == '0' && at - start > 1))
		return NULL;
	*ret = negative ? -value : value;
	return at;
}

/*
 * The keys of a question of a list, in the order in which they stand. The next question most likely has the same ones, with
 * not a blank more: then a key is recognized as a whole, and where it ends is known before it has been read.
 */
#define SCAN_KEYS 32
#define SCAN_KEY_BYTES 16 /* of a key with its quotes and colon: a longer one is read anew each time */

struct scan_key {
	uint64_t text[2], mask[2];
	uint8_t len;
	uint8_t map, member; /* the reader's own numbers: which map it is a key of, what its value is for */
};

struct scan_keys {
	unsigned count;
	unsigned number; /* of the next key of this question; the reader sets it to 0 at each */
	struct scan_key key[SCAN_KEYS];
};

static inline void
scan_keys_init(struct scan_keys *keys)
{
	keys->count = keys->number = 0;
}

/* The next key, if it stands at `at` as in the question before; else NULL. 16 bytes from there can be read. */
static inline const struct scan_key *
scan_key_again(struct scan_keys *keys, const char *at)
{
	unsigned number = keys->number++;
	const struct scan_key *key = number < keys->count ? &keys->key[number] : NULL;

	if (!key ||
	    (((words_load(at) ^ key->text[0]) & key->mask[0]) | ((words_load(at + 8) ^ key->text[1]) & key->mask[1])))
		return NULL;
	return key;
}

/* Behind scan_key_again, when that key was another: keeps this one instead, and forgets those behind it. */
void scan_key_keep(struct scan_keys *keys, struct str text, unsigned map, unsigned member);

#endif
