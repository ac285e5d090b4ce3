/* table - columns of texts that fit a terminal of 80 columns */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_TABLE_H
#define API_CLI_TABLE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"

#define TABLE_COLUMNS_MAX 8
#define TABLE_WIDTH 80

struct table_row {
	struct table_row *next;
	struct str cells[TABLE_COLUMNS_MAX];
};

struct table {
	struct arena *arena;
	struct table_row *first, **link;
	size_t columns;
	bool failed; /* out of memory: some rows are missing */
};

void table_init(struct table *table, size_t columns, struct arena *arena);

/* One row; its texts are borrowed until the table is printed. */
void table_add(struct table *table, const struct str *cells);

/*
 * Each column as wide as its widest text, two blanks between. When that is too much the widest ones get less: a text that does
 * not fit its column stands whole, and the row goes on below it; the last column is broken between words. Nothing is cut.
 * indent: in front of each line.
 */
void table_print(const struct table *table, const char *indent, FILE *out);

#endif
