/* base64 - bytes of Basic credentials and of JSON Web Tokens */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_BASE64_H
#define API_IDENTITY_BASE64_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Decodes into buf, NUL-terminated; the length. -1 for a character that is not of the alphabet, bits that no encoder
 * leaves, or bytes that do not fit. url: the alphabet with - and _, without padding; else + and /, with or without.
 * source  RFC 4648
 */
int base64_decode(struct str text, bool url, char *buf, size_t size);

#endif
