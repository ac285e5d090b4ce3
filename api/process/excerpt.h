/* excerpt - the line of a document that a finding is about, with a caret under its column */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_EXCERPT_H
#define API_PROCESS_EXCERPT_H

#include <stdio.h>

#include "base/error.h"

/* How findings are printed on a stream: plainly, or for a person at a terminal. */
struct excerpt_style {
	bool excerpts; /* lines of the documents below the findings */
	bool colours;
};

/* Excerpts on a terminal; colours too, unless NO_COLOR is set (no-color.org) or TERM is dumb. */
struct excerpt_style excerpt_style_of(FILE *out);

/* "error" and the like, coloured where the style wants that. */
void excerpt_severity(FILE *out, struct excerpt_style style, enum severity severity);

/* The line of the file, and a caret. Nothing for what is not a file, such as a document within another. */
void excerpt_print(FILE *out, struct excerpt_style style, const char *file, unsigned line, unsigned column);

/* Prints findings as "file:line:col: severity: text [code]", the place left out where there is none, at and above `least`. */
void print_findings(FILE *out, const struct diags *diags, enum severity least);

#endif
