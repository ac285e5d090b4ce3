/* mac - SipHash-2-4 with 128 bits of output, chained: a message authentication code for lines of a log */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stdbool.h>

#include "base/hash.h"

#define MAC_TEXT_SIZE 33 /* 32 hex digits and the NUL */

/* The code of `previous` and the bytes behind it, as 16 bytes little-endian and the bytes: who lacks the key cannot make one. */
struct hash128 mac_chain(const struct hash_key *key, struct hash128 previous, struct str bytes);

/* 32 lower-case hex digits, lo first, each half with its highest digit first; and back. False when the text is not of that form. */
void mac_write(struct hash128 mac, char out[MAC_TEXT_SIZE]);
bool mac_read(struct str text, struct hash128 *ret);

#endif
