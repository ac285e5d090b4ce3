/* fuzz_import - whatever a history file holds, JSON or CSV, it is rows whose texts are in it, or an error with its place */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/cli/db_import.h"
#include "api/bodies/operation_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct document_limits limits = {.bytes = 65536, .depth = 32, .nodes = 20000, .scalar = 8192};

/* A row as JSON, read again: the same. */
static void
check_row(const struct operation *row, struct arena *arena)
{
	struct operation *again;
	struct error err = {0};
	struct node *root;
	struct text out;
	size_t count;

	text_init(&out, arena);
	rows_write(&out, row);
	if (json_read(text_done(&out), "again", &limits, arena, &root, &err) != 0)
		return; /* a text that was not UTF-8 was repaired, perhaps beyond the limits */
	if (rows_read(root, false, INT64_MAX, arena, &again, &count, &err) != 0 || count != 1 ||
	    again->start_ms != row->start_ms || again->end_ms != row->end_ms || !again->actor.ptr != !row->actor.ptr ||
	    !again->outcome.ptr != !row->outcome.ptr)
		abort();
}

static void
import(struct str bytes, const char *file)
{
	struct carried *rows = NULL;
	struct error err = {0};
	struct arena arena;
	size_t count = 0;
	int r;

	arena_init(&arena, (size_t)32 << 20);
	r = import_read(bytes, file, &limits, INT64_MAX, &arena, &rows, &count, &err);
	if (r != -(int)err.code || (r < 0 && !err.text[0]))
		abort();
	for (size_t i = 0; r == 0 && i < count; i++)
		check_row(&rows[i].row, &arena);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	import((struct str){(const char *)data, size}, "fuzz.json");
	import((struct str){(const char *)data, size}, "fuzz.csv");
	return 0;
}
