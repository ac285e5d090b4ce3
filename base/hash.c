/* hash - short keyed hashes, so that nobody outside can choose what collides */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <endian.h>
#include <string.h>

/*
 * SipHash of Aumasson and Bernstein: four words are stirred with each 8 bytes of the message, the last of which carry
 * the message's length in their top byte. 2-4 is how many rounds follow each word, and how many the end.
 */
struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline struct sip
sip_start(const struct hash_key *key)
{
	return (struct sip){
	        .v0 = key->k0 ^ UINT64_C(0x736f6d6570736575),
	        .v1 = key->k1 ^ UINT64_C(0x646f72616e646f6d),
	        .v2 = key->k0 ^ UINT64_C(0x6c7967656e657261),
	        .v3 = key->k1 ^ UINT64_C(0x7465646279746573),
	};
}

static inline void
sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

static inline uint64_t
sip_finish(struct sip *s)
{
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

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

/*
 * Folded multiplication, as in wyhash and its kin: 16 bytes a multiplication. Whoever does not know the key cannot aim at
 * a factor of zero nor at a collision; SipHash, which promises more, costs four times as much on the texts of a decision.
 */
uint64_t
hash_str(const struct hash_key *key, struct str text)
{
	uint64_t seed = key->k0 ^ UINT64_C(0x9e3779b97f4a7c15), a, b;
	const char *p = text.ptr;
	size_t left = text.len;

	for (; left > 16; p += 16, left -= 16)
		seed = fold(load64(p) ^ key->k1, load64(p + 8) ^ seed);
	if (left >= 8) {
		a = load64(p);
		b = load64(p + left - 8);
	} else {
		a = load_short(p, left);
		b = UINT64_C(0xd6e8feb86659fd93);
	}
	return fold(fold(a ^ key->k1, b ^ seed) ^ key->k0, (uint64_t)text.len ^ UINT64_C(0xa0761d6478bd642f));
}

/* A message that comes in pieces: the bytes that do not fill a word yet. */
struct stream {
	struct sip sip;
	uint64_t pending; /* low bytes first */
	size_t len;       /* of the message so far; len % 8 bytes are pending */
};

static void
stream_add(struct stream *stream, const char *p, size_t len)
{
	unsigned shift = 8 * (unsigned)(stream->len % 8);

	stream->len += len;
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word = load64(p);

		sip_word(&stream->sip, stream->pending | word << shift);
		stream->pending = shift ? word >> (64 - shift) : 0;
	}
	for (; len > 0; p++, len--) {
		stream->pending |= (uint64_t)(unsigned char)*p << shift;
		shift += 8;
		if (shift == 64) {
			sip_word(&stream->sip, stream->pending);
			stream->pending = 0;
			shift = 0;
		}
	}
}

struct hash128
hash_parts(const struct hash_key *key, const struct str *parts, size_t count)
{
	struct stream stream = {.sip = sip_start(key)};
	struct sip *s = &stream.sip;
	struct hash128 hash;

	s->v1 ^= 0xee; /* what sets the 128-bit form apart */
	for (size_t i = 0; i < count; i++) {
		uint64_t len = htole64((uint64_t)parts[i].len);

		stream_add(&stream, (const char *)&len, sizeof(len));
		stream_add(&stream, parts[i].ptr, parts[i].len);
	}
	sip_word(s, (uint64_t)stream.len << 56 | stream.pending);
	s->v2 ^= 0xee;
	hash.lo = sip_finish(s);
	s->v1 ^= 0xdd;
	hash.hi = sip_finish(s);
	return hash;
}
