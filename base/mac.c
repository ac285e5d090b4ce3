/* mac - SipHash-2-4 with 128 bits of output, chained: a message authentication code for lines of a log */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mac.h"

#include <string.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
mac_rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = mac_rotate(s->v1, 13) ^ s->v0;
	s->v0 = mac_rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = mac_rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = mac_rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = mac_rotate(s->v1, 17) ^ s->v2;
	s->v2 = mac_rotate(s->v2, 32);
}

static inline void
sip_take(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

struct hash128
mac_chain(const struct hash_key *key, struct hash128 previous, struct str bytes)
{
	const char *p = bytes.ptr;
	struct sip s = {
		key->k0 ^ UINT64_C(0x736f6d6570736575),
		key->k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
		key->k0 ^ UINT64_C(0x6c7967656e657261),
		key->k1 ^ UINT64_C(0x7465646279746573),
	};
	struct hash128 mac;
	size_t left = bytes.len;

	sip_take(&s, previous.lo);
	sip_take(&s, previous.hi);
	for (; left >= 8; p += 8, left -= 8)
		sip_take(&s, words_load(p));
	sip_take(&s, (uint64_t)(bytes.len + 16) << 56 | words_load_short(p, left));
	s.v2 ^= 0xee;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	mac.lo = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
	s.v1 ^= 0xdd;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	mac.hi = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
	return mac;
}

/* Eight hex digits of 32 bits, the highest first, as the bytes of a word. */
static uint64_t
mac_digits(uint32_t half)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word = half, letters;

	/* Each of the eight nibbles to a byte of its own, then '0' or, from ten on, 'a' - 10 is added to each. */
	word = (word | word << 16) & UINT64_C(0x0000ffff0000ffff);
	word = (word | word << 8) & UINT64_C(0x00ff00ff00ff00ff);
	word = (word | word << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	letters = (word + ones * 6) >> 4 & ones;
	return htobe64(word + ones * '0' + letters * ('a' - 10 - '0'));
}

void
mac_write(struct hash128 mac, char out[MAC_TEXT_SIZE])
{
	const uint64_t words[4] = {mac_digits((uint32_t)(mac.lo >> 32)), mac_digits((uint32_t)mac.lo),
	                           mac_digits((uint32_t)(mac.hi >> 32)), mac_digits((uint32_t)mac.hi)};

	memcpy(out, words, sizeof(words));
	out[32] = '\0';
}

bool
mac_read(struct str text, struct hash128 *ret)
{
	uint64_t halves[2] = {0, 0};

	if (text.len != 32)
		return false;
	for (size_t i = 0; i < 32; i++) {
		char c = text.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		halves[i / 16] = halves[i / 16] << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*ret = (struct hash128){.lo = halves[0], .hi = halves[1]};
	return true;
}
