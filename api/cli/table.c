/* table - columns of texts that fit a terminal of 80 columns */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/table.h"

#include <string.h>

#define GAP 2
#define COLUMN_LEAST 8 /* a column is not made narrower to make room for others */

void
table_init(struct table *table, size_t columns, struct arena *arena)
{
	*table = (struct table){.arena = arena, .columns = columns};
	table->link = &table->first;
}

void
table_add(struct table *table, const struct str *cells)
{
	struct table_row *row = arena_alloc(table->arena, sizeof(*row));

	if (!row) {
		table->failed = true;
		return;
	}
	memcpy(row->cells, cells, table->columns * sizeof(*cells));
	*table->link = row;
	table->link = &row->next;
}

/* Characters of UTF-8: bytes that do not continue one. */
static size_t
cell_width(struct str cell)
{
	size_t width = 0;

	for (size_t i = 0; i < cell.len; i++)
		width += ((unsigned char)cell.ptr[i] & 0xC0) != 0x80;
	return width;
}

/* The columns' widths, so that the line fits; the last one has what is left. */
static void
table_fit(const struct table *table, size_t room, size_t widths[TABLE_COLUMNS_MAX])
{
	size_t total = GAP * (table->columns - 1);

	memset(widths, 0, TABLE_COLUMNS_MAX * sizeof(*widths));
	for (const struct table_row *row = table->first; row; row = row->next)
		for (size_t i = 0; i < table->columns; i++)
			if (cell_width(row->cells[i]) > widths[i])
				widths[i] = cell_width(row->cells[i]);
	for (size_t i = 0; i < table->columns; i++)
		total += widths[i];
	while (total > room) {
		size_t widest = 0;

		for (size_t i = 1; i < table->columns; i++)
			if (widths[i] >= widths[widest])
				widest = i;
		if (widths[widest] <= COLUMN_LEAST)
			break;
		widths[widest]--;
		total--;
	}
}

/* The last cell, broken between words. */
static void
print_words(struct str text, size_t column, size_t width, const char *indent, FILE *out)
{
	size_t at = 0;

	while (text.len) {
		const char *blank = memchr(text.ptr, ' ', text.len);
		struct str word = {text.ptr, blank ? (size_t)(blank - text.ptr) : text.len};
		size_t len = cell_width(word);

		if (at && at + 1 + len > width) {
			fprintf(out, "\n%s%*s", indent, (int)column, "");
			at = 0;
		} else if (at) {
			fputc(' ', out);
			at++;
		}
		fwrite(word.ptr, 1, word.len, out);
		at += len;
		text.ptr += word.len + (blank != NULL);
		text.len -= word.len + (blank != NULL);
	}
}

static void
print_row(const struct table *table, const struct table_row *row, const size_t widths[TABLE_COLUMNS_MAX],
          const char *indent, FILE *out)
{
	size_t at = 0, column = 0, last = table->columns;

	while (last > 1 && !row->cells[last - 1].len)
		last--; /* no blanks at the end of a line */
	fputs(indent, out);
	for (size_t i = 0; i < last; i++) {
		if (at > column) {
			fprintf(out, "\n%s", indent);
			at = 0;
		}
		fprintf(out, "%*s", (int)(column - at), "");
		if (i + 1 == table->columns) {
			print_words(row->cells[i], column, widths[i], indent, out);
		} else {
			fwrite(row->cells[i].ptr, 1, row->cells[i].len, out);
		}
		at = column + cell_width(row->cells[i]) + (cell_width(row->cells[i]) > widths[i] ? GAP : 0);
		column += widths[i] + GAP;
	}
	fputc('\n', out);
}

void
table_print(const struct table *table, const char *indent, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX];

	table_fit(table, TABLE_WIDTH - strlen(indent), widths);
	for (const struct table_row *row = table->first; row; row = row->next)
		print_row(table, row, widths, indent, out);
}
