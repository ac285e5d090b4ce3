/* base64 - bytes of Basic credentials and of JSON Web Tokens */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/base64.h"

#include <stdint.h>
#include <string.h>

#define COMMON "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

int
base64_decode(struct str text, bool url, char *buf, size_t size)
{
	const char *digits = url ? COMMON "-_" : COMMON "+/";
	uint32_t bits = 0;
	size_t len = 0;
	int have = 0;

	while (!url && text.len && text.ptr[text.len - 1] == '=')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		const char *digit = text.ptr[i] ? strchr(digits, text.ptr[i]) : NULL;

		if (!digit || len + 2 > size)
			return -1;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf[len++] = (char)(bits >> have & 0xff);
		}
	}
	if (size == 0 || have == 6 || bits & ((1u << have) - 1)) /* a digit too many, or bits that no encoder leaves */
		return -1;
	buf[len] = '\0';
	return (int)len;
}
