/* pattern - regular expressions by PCRE2, compiled once, matched with bounded work */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct pattern;         /* shared, const after compiling */
struct pattern_scratch; /* one a thread */

/* The characters that a dot matches: any, or any but those that end a line, as in ONAP. */
enum pattern_dot { PATTERN_DOT_IN_LINE, PATTERN_DOT_ALL };

/*
 * Compiles a UTF-8 pattern that must match the whole value, whatever stands in it. JIT where the machine has it. The pattern
 * is freed with the arena.
 * errors  ERROR_SYNTAX with PCRE2's message and the offset, placed at `where` (may be NULL); ERROR_MEMORY
 */
int pattern_compile(struct str text, enum pattern_dot dot, const struct node *where, struct arena *arena,
                    const struct pattern **ret_pattern, struct error *err);

/* 1 match, 0 none, -ERROR_LIMIT when the match limit was reached or the subject is no UTF-8. Allocates nothing. */
int pattern_match(const struct pattern *pattern, struct pattern_scratch *scratch, struct str subject);

/* Whether patterns are compiled to machine code: not where memory that was written may not be executed. Any thread. */
bool pattern_jit_works(void);

/* The pattern as written, for messages. Borrowed from the pattern. */
struct str pattern_text(const struct pattern *pattern);

struct pattern_scratch *pattern_scratch_new(void); /* NULL when out of memory */
void pattern_scratch_free(struct pattern_scratch *scratch);

#endif
