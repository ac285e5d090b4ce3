/* hash - short keyed hashes, so that nobody outside can choose what collides */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/str.h"
#include "base/words.h"

/* Secret of a table or database. Random, from the caller. */
struct hash_key {
	uint64_t k0, k1;
};

struct hash128 {
	uint64_t lo, hi;
};

/*
 * Folded multiplication, as in wyhash and its kin: 16 bytes a multiplication. Whoever does not know the key cannot aim at
 * a factor of zero nor at a collision; SipHash, which promises more, cost four times as much on the texts of a decision.
 * The constants are odd numbers without pattern (fractions of the golden ratio and of square roots).
 */
#define HASH_ODD_1 UINT64_C(0x9e3779b97f4a7c15)
#define HASH_ODD_2 UINT64_C(0xd6e8feb86659fd93)
#define HASH_ODD_3 UINT64_C(0xa0761d6478bd642f)

/* Both halves of the 128-bit product: every bit of a and b has a say in most bits of it. */
static inline uint64_t
hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last 0 to 16 bytes of a text, as two numbers; the same two only for the same bytes, where their count is the same. */
struct hash_tail {
	uint64_t a, b;
};

static inline struct hash_tail
hash_load_tail(const char *p, size_t len)
{
	if (len >= 8)
		return (struct hash_tail){words_load(p), words_load(p + len - 8)};
	return (struct hash_tail){words_load_short(p, len), HASH_ODD_2};
}

/* hash_str, and the tail on the way: for who compares the text afterwards. */
static inline uint64_t
hash_str_tail(const struct hash_key *key, struct str text, struct hash_tail *ret)
{
	const uint64_t k0 = key->k0, k1 = key->k1;
	uint64_t seed = k0 ^ HASH_ODD_1;
	const char *p = text.ptr;
	size_t left = text.len;

	for (; left > 16; p += 16, left -= 16)
		seed = hash_fold(words_load(p) ^ k1, words_load(p + 8) ^ seed);
	*ret = hash_load_tail(p, left);
	return hash_fold(hash_fold(ret->a ^ k1, ret->b ^ seed) ^ k0, (uint64_t)text.len ^ HASH_ODD_3);
}

/* 64 bits, by folded multiplication; for tables and checksums. Absent text hashes as empty text. The same on every machine. */
static inline uint64_t
hash_str(const struct hash_key *key, struct str text)
{
	struct hash_tail tail;

	return hash_str_tail(key, text, &tail);
}

/*
 * 128 bits over the parts: ("ab","c") and ("a","bc") differ. Stands for the parts themselves in keys of the database, where
 * two of a billion would meet with a chance of 10^-21. The same on every machine.
 */
struct hash128 hash_parts(const struct hash_key *key, const struct str *parts, size_t count);

/* Folds b into a: order matters. For combining hashes made by hash_str. */
static inline uint64_t
hash_mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ (b + UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xd6e8feb86659fd93);

	x ^= x >> 32;
	return x * UINT64_C(0xd6e8feb86659fd93) ^ (b >> 29);
}

#endif
