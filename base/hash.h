/* hash - short keyed hashes, so that nobody outside can choose what collides */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

/* Secret of a table or database. Random, from the caller. */
struct hash_key {
	uint64_t k0, k1;
};

struct hash128 {
	uint64_t lo, hi;
};

/* 64 bits, by folded multiplication; for tables and checksums. Absent text hashes as empty text. The same on every machine. */
uint64_t hash_str(const struct hash_key *key, struct str text);

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
