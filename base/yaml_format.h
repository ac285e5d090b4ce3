/* yaml_format - YAML text laid out anew: indentation and blank lines change, comments and everything else stay */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_YAML_FORMAT_H
#define BASE_YAML_FORMAT_H

#include "base/document.h"

/*
 * Two spaces a level, lists indented below their key, comments in line with what follows them, no space at the ends of lines, at
 * most one blank line, none at the ends; lines end in \n. Within a line nothing changes, and block scalars keep their text.
 * The result is read again: it is the same tree, and formatting it changes nothing. ret: in `arena`.
 * errors  those of yaml_read; ERROR_INTERNAL when the result would not be the same tree: the text is better left as it is
 */
int yaml_format(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
                struct str *ret, struct error *err);

#endif
