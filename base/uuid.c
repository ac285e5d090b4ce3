/* uuid - random ids */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <endian.h>
#include <string.h>

static uint64_t
rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* xoshiro256**: ids must differ, nobody needs them to be secret. */
uint64_t
uuid_random(uint64_t state[4])
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

/* Eight hexadecimal digits, all at once: a digit a byte, then to each byte what makes it a character. */
static void
uuid_put_digits(uint32_t number, char to[8])
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word = number, letters;

	word = (word | word << 16) & UINT64_C(0x0000ffff0000ffff);
	word = (word | word << 8) & UINT64_C(0x00ff00ff00ff00ff);
	word = (word | word << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	letters = (word + ones * 6) >> 4 & ones; /* 1 from ten on */
	word = htobe64(word + ones * '0' + letters * ('a' - '0' - 10));
	memcpy(to, &word, 8);
}

void
uuid_make(uint64_t state[4], char ret[UUID_SIZE])
{
	uint64_t high = uuid_random(state), low = uuid_random(state);
	char digits[32];

	high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);   /* version 4, random */
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63; /* the usual variant */
	for (int i = 0; i < 4; i++)
		uuid_put_digits((uint32_t)((i < 2 ? high : low) >> (i & 1 ? 0 : 32)), digits + 8 * i);
	memcpy(ret, digits, 8);
	ret[8] = '-';
	memcpy(ret + 9, digits + 8, 4);
	ret[13] = '-';
	memcpy(ret + 14, digits + 12, 4);
	ret[18] = '-';
	memcpy(ret + 19, digits + 16, 4);
	ret[23] = '-';
	memcpy(ret + 24, digits + 20, 12);
	ret[36] = '\0';
}
