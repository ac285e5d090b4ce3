/* document - bytes to tree, YAML or JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DOCUMENT_H
#define BASE_DOCUMENT_H

#include "base/node.h"

/*
 * Reads one YAML document (libyaml; scalars by the YAML 1.2 core schema).
 * file: a name for messages, copied. ret_root: in `arena`; an empty document is a NODE_NULL.
 * errors  ERROR_SYNTAX   not YAML, invalid UTF-8, a second document, a merge key, an undefined alias or tag we do not know
 *         ERROR_LIMIT    one of the limits, named in the text     ERROR_DUPLICATE  a key twice in one map
 *         ERROR_MEMORY
 * Each with line and column. Time and memory are bounded by the limits, whatever the bytes.
 */
int yaml_read(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
              struct node **ret_root, struct error *err);

/*
 * Reads one JSON text (RFC 8259, strict: no comments, no trailing commas, no duplicate keys, valid UTF-8, no lone surrogates,
 * nothing after the value). Same results and errors as yaml_read. Text without escapes is copied once; nothing is
 * allocated but from `arena`. Integers beyond 64 bits become NODE_FLOAT.
 */
int json_read(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
              struct node **ret_root, struct error *err);

/*
 * json_read when `file` ends in .json. Else yaml_read, but what begins with '{' or '[' behind white space is tried as JSON
 * first, which is faster; when neither reads it, the error is that of the reader which came further, JSON's of two equal.
 */
int document_read(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
                  struct node **ret_root, struct error *err);

#endif
