/* json_priv - strings of the JSON reader */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_PRIV_H
#define BASE_JSON_PRIV_H

#include "base/str.h"

/* So many NULs must stand behind a text that is read: strings are searched a word at a time. */
#define JSON_PADDING 8

/*
 * Reads the string whose opening quote stands at *at, unescapes it where it stands and ends it with a NUL. `end` is
 * where the padding begins. NULL, and *at is behind the closing quote; or what is wrong (static text), and *at is
 * there. Adds to *hidden the bytes passed that begin no character, for counting columns.
 */
const char *json_string_read(char **at, const char *end, struct str *ret, size_t *hidden);

#endif
