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

/* Little-endian whatever the machine. */
static inline uint64_t
word_at(const unsigned char *p, size_t count)
{
	uint64_t word = 0;

	for (size_t i = 0; i < count; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

struct hash128
mac_chain(const struct hash_key *key, struct hash128 previous, struct str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.ptr;
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
		sip_take(&s, word_at(p, 8));
	sip_take(&s, (uint64_t)(bytes.len + 16) << 56 | word_at(p, left));
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

void
mac_write(struct hash128 mac, char out[MAC_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	const uint64_t halves[2] = {mac.lo, mac.hi};

	for (int i = 0; i < 32; i++)
		out[i] = digits[halves[i / 16] >> (60 - 4 * (i % 16)) & 15];
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
