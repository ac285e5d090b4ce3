/* words - the bytes of a short text as numbers, so that hashing and comparing it on the decision path takes no call */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Eight bytes as a little-endian number, on every machine. */
static inline uint64_t
words_load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* `len` bytes, 0 to 7, as a little-endian number. Loads that overlap read the same bytes into the same places. */
static inline uint64_t
words_load_short(const char *p, size_t len)
{
	if (len >= 4) {
		uint32_t first, last;

		memcpy(&first, p, sizeof(first));
		memcpy(&last, p + len - 4, sizeof(last));
		return le32toh(first) | (uint64_t)le32toh(last) << (8 * (len - 4));
	}
	if (len == 0)
		return 0;
	return (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[len / 2] << (8 * (len / 2)) |
	       (uint64_t)(unsigned char)p[len - 1] << (8 * (len - 1));
}

/* As memcmp() == 0. */
static inline bool
words_equal(const char *a, const char *b, size_t len)
{
	if (len > 16)
		return memcmp(a, b, len) == 0;
	if (len < 8)
		return words_load_short(a, len) == words_load_short(b, len);
	return words_load(a) == words_load(b) && words_load(a + len - 8) == words_load(b + len - 8);
}

#endif
