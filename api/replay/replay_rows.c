/* replay_rows - the operations that counted at an instant, by the lines of a log */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "api/replay/replay_run.h"

/* A record that counts so far. Texts in the table's arena. */
struct counted {
	struct operation row;
	bool in;
};

struct counted_table {
	struct counted *rows; /* in the order in which they were entered */
	size_t count, room;
	struct arena arena;
};

static struct counted *
table_find(const struct counted_table *table, uint64_t number)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->rows[middle].row.number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->count && table->rows[low].row.number == number ? &table->rows[low] : NULL;
}

static void
row_keep(struct arena *arena, struct operation *row)
{
	struct str *const texts[] = {&row->actor,      &row->operation,     &row->target,  &row->clname,
	                             &row->request_id, &row->subrequest_id, &row->outcome, &row->message};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		*texts[i] = arena_str(arena, *texts[i]);
}

/* Records of one epoch come by ascending numbers, but for those that are written over. */
static int
table_change(struct counted_table *table, const struct history_change *change)
{
	struct counted *old = table_find(table, change->replaces), *at = table_find(table, change->number);

	if (old)
		old->in = false;
	if (!at && table->count && table->rows[table->count - 1].row.number > change->number)
		return 0; /* of a record that the log has no line about */
	if (!at && table->count == table->room) {
		size_t room = table->room ? table->room * 2 : 1024;
		struct counted *larger = realloc(table->rows, room * sizeof(*larger));

		if (!larger)
			return -ERROR_MEMORY;
		table->rows = larger;
		table->room = room;
	}
	if (!at)
		at = &table->rows[table->count++];
	*at = (struct counted){change->row, !change->gone};
	row_keep(&table->arena, &at->row);
	return table->arena.exhausted ? -ERROR_MEMORY : 0;
}

static void
table_cut(struct counted_table *table, const struct log_epoch *epoch)
{
	while (table->count && table->rows[table->count - 1].row.number > (epoch->restored ? epoch->record : 0))
		table->count--;
}

int
replay_rows_at(const struct log_lines *lines, int64_t at_ms, int (*visit)(void *context, const struct operation *row),
               void *context, struct error *err)
{
	struct counted_table table = {0};
	struct arena arena;
	int r = 0;

	arena_init(&table.arena, 0);
	arena_init(&arena, 0);
	for (size_t i = 0; r == 0 && i < lines->count; i++) {
		const struct log_line *line = &lines->lines[i];
		struct log_event event;
		struct error local = {0};

		if (i > 0 && line->epoch != lines->lines[i - 1].epoch)
			table_cut(&table, &lines->epochs[line->epoch]);
		if (line->asks)
			continue;
		r = log_event_read(line->text, &arena, &event, &local);
		if (r != 0)
			r = error_set(err, local.code, NULL, "%s:%" PRIu32 ": %s", lines->paths[line->file], line->line,
			              local.text);
		else if (event.change.recorded_ms <= at_ms)
			r = table_change(&table, &event.change);
		arena_reset(&arena);
	}
	for (size_t i = 0; r == 0 && i < table.count; i++) {
		if (table.rows[i].in)
			r = visit(context, &table.rows[i].row);
	}
	free(table.rows);
	arena_free(&table.arena);
	arena_free(&arena);
	if (r == -ERROR_MEMORY && !err->code)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	return r;
}
