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
	uint64_t bits[2] = {next_random(state), next_random(state)};
	unsigned nibble = 0;

	for (unsigned i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			ret[i] = '-';
			continue;
		}
		ret[i] = digits[bits[nibble / 16] >> (nibble % 16 * 4) & 15];
		nibble++;
	}
	ret[14] = '4';
	ret[19] = digits[8 | (bits[1] >> 60 & 3)];
	ret[36] = '\0';
}
