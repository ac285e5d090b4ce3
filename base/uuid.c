/* uuid - random ids */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

static uint64_t
rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* xoshiro256**: ids must differ, nobody needs them to be secret. */
static uint64_t
next_random(uint64_t state[4])
{
	uint64_t result = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= t;
	state[3] = rotate(state[3], 45);
	return result;
}

void
uuid_make(uint64_t state[4], char ret[UUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	static const unsigned char dash_before[16] = {[4] = 1, [6] = 1, [8] = 1, [10] = 1};
	union {
		uint64_t words[2];
		unsigned char bytes[16];
	} random = {{next_random(state), next_random(state)}};
	char *at = ret;

	random.bytes[6] = (random.bytes[6] & 0x0f) | 0x40; /* version 4, random */
	random.bytes[8] = (random.bytes[8] & 0x3f) | 0x80; /* the usual variant */
	for (unsigned i = 0; i < 16; i++) {
		if (dash_before[i])
			*at++ = '-';
		*at++ = digits[random.bytes[i] >> 4];
		*at++ = digits[random.bytes[i] & 15];
	}
	*at = '\0';
}
