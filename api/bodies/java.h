/* java - values as ONAP's PDP spells them, which is Java's way */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_JAVA_H
#define API_BODIES_JAVA_H

#include "base/node.h"

/*
 * toString() of a value read by Gson: 3.0 is "3", 2.5 is "2.5", 1e20 is "1.0E20", a list "[a, b]", a map "{a=1}", null
 * inside them "null". Absent when out of memory. Text is borrowed from the node, the rest is made in `arena`.
 */
struct str java_text(const struct node *node, struct arena *arena);

/* Integer.decode(): sign, then decimal, 0x or # hexadecimal, or 0 octal. False when it is none or not of 32 bits. */
bool java_decode(struct str text, int32_t *ret);

/* ZoneOffset.of(): Z, +h, +hh, +hh:mm, +hhmm, +hh:mm:ss, +hhmmss, or with -; at most 18 hours. */
bool java_is_zone_offset(struct str text);

/* LocalDate in ISO form, yyyy-mm-dd, a day that exists. */
bool java_is_date(struct str text);

#endif
