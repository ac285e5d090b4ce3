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

static inline uint64_t
hash(uint64_t k0, uint64_t k1, struct str text)
{
	uint64_t seed = k0 ^ ODD_1, a, b;
	const char *p = text.ptr;
	size_t left = text.len;

	for (; left > 16; p += 16, left -= 16)
		seed = fold(load64(p) ^ k1, load64(p + 8) ^ seed);
	if (left >= 8) {
		a = load64(p);
		b = load64(p + left - 8);
	} else {
		a = load_short(p, left);
		b = ODD_2;
	}
	return fold(fold(a ^ k1, b ^ seed) ^ k0, (uint64_t)text.len ^ ODD_3);
}

uint64_t
hash_str(const struct hash_key *key, struct str text)
{
	return hash(key->k0, key->k1, text);
}

/* Two lanes under different keys; each part goes in whole, so that it matters where one ends. */
struct hash128
hash_parts(const struct hash_key *key, const struct str *parts, size_t count)
{
	const uint64_t k0 = key->k0, k1 = key->k1;
	struct hash128 h = {k0 ^ ODD_3, k1 ^ ODD_2};

	for (size_t i = 0; i < count; i++) {
		h.lo = fold(h.lo ^ hash(k0, k1, parts[i]), k1 ^ ODD_1);
		h.hi = fold(h.hi ^ hash(k1 ^ ODD_3, k0 ^ ODD_2, parts[i]), k0 ^ ODD_3);
	}
	return h;
}
