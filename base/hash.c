/* hash - short keyed hashes, so that nobody outside can choose what collides */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <endian.h>
#include <string.h>

/*
 * Folded multiplication, as in wyhash and its kin: 16 bytes a multiplication. Whoever does not know the key cannot aim at
 * a factor of zero nor at a collision; SipHash, which promises more, cost four times as much on the texts of a decision.
 * The constants are odd numbers without pattern (fractions of the golden ratio and of square roots).
 */
#define ODD_1 UINT64_C(0x9e3779b97f4a7c15)
#define ODD_2 UINT64_C(0xd6e8feb86659fd93)
#define ODD_3 UINT64_C(0xa0761d6478bd642f)

static inline uint64_t
load64(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

static inline uint64_t
load32(const char *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return le32toh(word);
}

/* `len` bytes, 0 to 7, as a little-endian number. Loads that overlap read the same bytes into the same places. */
static inline uint64_t
load_short(const char *p, size_t len)
{
	if (len >= 4)
		return load32(p) | load32(p + len - 4) << (8 * (len - 4));
	if (len == 0)
		return 0;
	return (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[len / 2] << (8 * (len / 2)) |
	       (uint64_t)(unsigned char)p[len - 1] << (8 * (len - 1));
}

/* Both halves of the 128-bit product: every bit of a and b has a say in most bits of it. */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last 0 to 16 bytes of a text, as two numbers. */
static inline void
load_tail(const char *p, size_t len, uint64_t *a, uint64_t *b)
{
	if (len >= 8) {
		*a = load64(p);
		*b = load64(p + len - 8);
	} else {
		*a = load_short(p, len);
		*b = ODD_2;
	}
}

uint64_t
hash_str(const struct hash_key *key, struct str text)
{
	const uint64_t k0 = key->k0, k1 = key->k1;
	uint64_t seed = k0 ^ ODD_1, a, b;
	const char *p = text.ptr;
	size_t left = text.len;

	for (; left > 16; p += 16, left -= 16)
		seed = fold(load64(p) ^ k1, load64(p + 8) ^ seed);
	load_tail(p, left, &a, &b);
	return fold(fold(a ^ k1, b ^ seed) ^ k0, (uint64_t)text.len ^ ODD_3);
}

/*
 * Two lanes under different keys over the same words. A part's length goes in times a secret, so that it matters where one ends
 * and nobody can make up for a length with bytes.
 */
struct hash128
hash_parts(const struct hash_key *key, const struct str *parts, size_t count)
{
	const uint64_t lo_key = key->k1, lo_length = key->k0 | 1;
	const uint64_t hi_key = key->k0 ^ ODD_2, hi_length = (key->k1 ^ ODD_3) | 1;
	uint64_t lo = key->k0 ^ ODD_3, hi = key->k1 ^ ODD_1;

	for (size_t i = 0; i < count; i++) {
		const char *p = parts[i].ptr;
		size_t left = parts[i].len;
		uint64_t a, b;

		for (; left > 16; p += 16, left -= 16) {
			a = load64(p);
			b = load64(p + 8);
			lo = fold(a ^ lo_key, b ^ lo);
			hi = fold(a ^ hi_key, b ^ hi);
		}
		load_tail(p, left, &a, &b);
		lo = fold(a ^ lo_key, b ^ lo ^ parts[i].len * lo_length);
		hi = fold(a ^ hi_key, b ^ hi ^ parts[i].len * hi_length);
	}
	return (struct hash128){fold(lo ^ ODD_1, lo_length), fold(hi ^ ODD_1, hi_length)};
}
