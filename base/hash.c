/* hash - short keyed hashes, so that nobody outside can choose what collides */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

/*
 * Two lanes under different keys over the same words. A part's length goes in times a secret, so that it matters where one ends
 * and nobody can make up for a length with bytes.
 */
struct hash128
hash_parts(const struct hash_key *key, const struct str *parts, size_t count)
{
	const uint64_t lo_key = key->k1, lo_length = key->k0 | 1;
	const uint64_t hi_key = key->k0 ^ HASH_ODD_2, hi_length = (key->k1 ^ HASH_ODD_3) | 1;
	uint64_t lo = key->k0 ^ HASH_ODD_3, hi = key->k1 ^ HASH_ODD_1;

	for (size_t i = 0; i < count; i++) {
		const char *p = parts[i].ptr;
		size_t left = parts[i].len;
		struct hash_tail tail;

		for (; left > 16; p += 16, left -= 16) {
			uint64_t a = words_load(p), b = words_load(p + 8);

			lo = hash_fold(a ^ lo_key, b ^ lo);
			hi = hash_fold(a ^ hi_key, b ^ hi);
		}
		tail = hash_load_tail(p, left);
		lo = hash_fold(tail.a ^ lo_key, tail.b ^ lo ^ parts[i].len * lo_length);
		hi = hash_fold(tail.a ^ hi_key, tail.b ^ hi ^ parts[i].len * hi_length);
	}
	return (struct hash128){hash_fold(lo ^ HASH_ODD_1, lo_length), hash_fold(hi ^ HASH_ODD_1, hi_length)};
}
