/* scan - steps of the readers that go through a usual body in one pass, without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

__attribute__((noinline)) const char *
scan_space(const char *at)
{
	while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

/* Where the run of plain bytes at `at` ends: printable ASCII but for quote and backslash. As signed bytes, others are below 0. */
static inline const char *
skip_plain(const char *at)
{
#ifdef __SSE2__
	for (;; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
		                           _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
		                                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
		unsigned found = (unsigned)_mm_movemask_epi8(odd);

		if (found)
			return at + __builtin_ctz(found);
	}
#else
	while ((signed char)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return at;
#endif
}

/* One copy of it: code that is used again and again is fetched once. */
__attribute__((noinline)) const char *
scan_text(const char *at, struct str *ret)
{
	const char *end;

	at = scan_to(at, '"');
	if (*at++ != '"')
		return NULL;
	end = skip_plain(at);
	*ret = (struct str){at, (size_t)(end - at)};
	return *end == '"' ? end + 1 : NULL;
}

void
scan_key_keep(struct scan_keys *keys, struct str text, unsigned map, unsigned member)
{
	char bytes[SCAN_KEY_BYTES] = {0}, mask[SCAN_KEY_BYTES] = {0};
	unsigned number = keys->number - 1; /* scan_key_again has looked at it */

	if (number > keys->count || number >= SCAN_KEYS)
		return;
	keys->count = number;
	if (text.len > SCAN_KEY_BYTES)
		return;
	memcpy(bytes, text.ptr, text.len);
	memset(mask, 0xff, text.len);
	keys->key[number] = (struct scan_key){.text = {words_load(bytes), words_load(bytes + 8)},
	                                      .mask = {words_load(mask), words_load(mask + 8)},
	                                      .len = (uint8_t)text.len,
	                                      .map = (uint8_t)map,
	                                      .member = (uint8_t)member};
	keys->count++;
}
