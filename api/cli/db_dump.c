/* db_dump - the operation counters and what they count, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/db_dump.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/bodies/operation_rows.h"
#include "base/hash.h"
#include "engine/decide/reserve.h"
#include "engine/database/db.h"
#include "engine/database/carry.h"

/* Rows that are counted together: those of one actor, operation, target and loop. Texts in the dump's arena. */
struct counter {
	struct str actor, operation, target, clname;
	uint64_t ended, live;
	int64_t latest_ms; /* end of the newest that has ended */
};

/* Open addressing; at most half full. */
struct dump {
	FILE *out;
	int64_t now_ms;
	struct arena arena, row_arena;
	struct counter *counters;
	size_t room, count;
	bool first;
	struct error *err;
};

static const struct hash_key key = {1, 2}; /* of a table that lives for one dump of our own data */

const char *const dump_not_carried[] = {
	"deployed policies, groups, control loops, instances and messages",
	"what an operation was before it was updated",
	"operations that were undone, and reservations that were aborted",
	"when each row was entered, and a quarantine",
	"of a reservation's request what is not in its row, such as vfCount",
	NULL,
};

static bool
same_counter(const struct counter *a, const struct operation *row)
{
	return str_equal(a->actor, row->actor) && str_equal(a->operation, row->operation) &&
	       str_equal(a->target, row->target) && str_equal(a->clname, row->clname);
}

static struct counter *
dump_place_of(struct counter *counters, size_t room, const struct operation *row)
{
	const struct str parts[4] = {row->actor, row->operation, row->target, row->clname};
	size_t at = (size_t)hash_parts(&key, parts, 4).lo & (room - 1);

	while (counters[at].ended + counters[at].live && !same_counter(&counters[at], row))
		at = (at + 1) & (room - 1);
	return &counters[at];
}

static int
dump_grow(struct dump *dump)
{
	size_t room = dump->room ? dump->room * 2 : 1024;
	struct counter *counters = calloc(room, sizeof(*counters));

	if (!counters)
		return error_set(dump->err, ERROR_MEMORY, NULL, "out of memory");
	for (size_t i = 0; i < dump->room; i++) {
		const struct counter *old = &dump->counters[i];
		const struct operation row = {
			.actor = old->actor, .operation = old->operation, .target = old->target, .clname = old->clname};

		if (old->ended + old->live)
			*dump_place_of(counters, room, &row) = *old;
	}
	free(dump->counters);
	dump->counters = counters;
	dump->room = room;
	return 0;
}

static int
count_row(void *context, const struct operation *row)
{
	struct dump *dump = context;
	struct counter *counter;

	if (str_is(row->outcome, "Failure_Guard"))
		return 0;
	if (dump->count * 2 >= dump->room && dump_grow(dump) != 0)
		return -ERROR_MEMORY;
	counter = dump_place_of(dump->counters, dump->room, row);
	if (counter->ended + counter->live == 0) {
		*counter = (struct counter){
			.actor = arena_str(&dump->arena, row->actor),
			.operation = arena_str(&dump->arena, row->operation),
			.target = arena_str(&dump->arena, row->target),
			.clname = arena_str(&dump->arena, row->clname),
			.latest_ms = TIME_NONE,
		};
		dump->count++;
	}
	if (row->end_ms == TIME_NONE || row->end_ms > dump->now_ms)
		counter->live++;
	else
		counter->ended++;
	if (row->end_ms != TIME_NONE && row->end_ms <= dump->now_ms && row->end_ms > counter->latest_ms)
		counter->latest_ms = row->end_ms;
	return 0;
}

/* One element of a list, on a line of its own. */
static int
write_element(struct dump *dump, struct text *text)
{
	struct str bytes = text_done(text);

	if (!bytes.ptr)
		return error_set(dump->err, ERROR_MEMORY, NULL, "out of memory");
	if (fprintf(dump->out, "%s\n  %s", dump->first ? "" : ",", bytes.ptr) < 0)
		return error_set(dump->err, ERROR_IO, NULL, "cannot write the dump");
	dump->first = false;
	arena_reset(&dump->row_arena);
	return 0;
}

static void
add_member(struct text *text, const char *name, struct str value)
{
	if (!value.ptr)
		return;
	text_addf(text, "%s\"%s\":", text->len > 1 ? "," : "", name);
	text_add_json(text, value);
}

static int
write_counter(struct dump *dump, const struct counter *counter)
{
	char latest[TIME_TEXT_SIZE];
	struct text text;

	text_init(&text, &dump->row_arena);
	text_add(&text, STR("{"));
	add_member(&text, "actor", counter->actor);
	add_member(&text, "operation", counter->operation);
	add_member(&text, "target", counter->target);
	add_member(&text, "closedLoopName", counter->clname);
	text_addf(&text, "%s\"ended\":%" PRIu64 ",\"live\":%" PRIu64, text.len > 1 ? "," : "", counter->ended,
	          counter->live);
	if (counter->latest_ms != TIME_NONE) {
		time_format_instant(counter->latest_ms, latest);
		add_member(&text, "latest", str_from(latest));
	}
	text_add(&text, STR("}"));
	return write_element(dump, &text);
}

static void
dump_add_id(struct text *text, const char *name, struct hash128 id)
{
	char digits[RESERVATION_ID_SIZE];

	reservation_id_write(id, digits);
	add_member(text, name, str_from(digits));
}

static void
dump_add_time(struct text *text, const char *name, int64_t ms)
{
	char time[TIME_TEXT_SIZE];

	time_format_instant(ms, time);
	add_member(text, name, str_from(time));
}

/* A row as GET operations gives it, behind what an import needs to know it again and to count it alike. */
static int
dump_write_row(void *context, const struct carried *carried)
{
	struct dump *dump = context;
	char id[RESERVATION_ID_SIZE];
	struct text text;

	text_init(&text, &dump->row_arena);
	text_addf(&text, "{\"number\":%" PRIu64, carried->row.number);
	if (carried->undone)
		text_add(&text, STR(",\"undone\":true"));
	if (carried->origin.lo || carried->origin.hi)
		dump_add_id(&text, "origin", carried->origin);
	if (carried->until_ms != TIME_NONE)
		dump_add_time(&text, "until", carried->until_ms);
	if (carried->reservation.lo || carried->reservation.hi) {
		reservation_id_write(carried->reservation, id);
		text_addf(&text, ",\"reservation\":{\"id\":\"%s\"", id);
		add_member(&text, "state", str_from(reservation_state_name[carried->state]));
		add_member(&text, "reason", str_from(reason_name[carried->reason]));
		dump_add_time(&text, "expires", carried->expires_ms);
		text_addf(&text, ",\"apart\":%s}", carried->apart ? "true" : "false");
	}
	rows_write_members(&text, &carried->row);
	return write_element(dump, &text);
}

static int
write_reservation(void *context, const struct db_reservation *reservation)
{
	struct dump *dump = context;
	char expires[TIME_TEXT_SIZE];
	struct text text;

	time_format_instant(reservation->expires_ms, expires);
	text_init(&text, &dump->row_arena);
	text_addf(&text, "{\"reservation\":\"%s\",\"state\":\"%s\",\"expires\":\"%s\"}", reservation->id,
	          reservation_state_name[reservation->state], expires);
	return write_element(dump, &text);
}

/* Rows behind `since`, and the end of the document. */
static int
write_rows(struct dump *dump, struct history_reader *reader, uint64_t since)
{
	int r;

	fputs("\"operations\":[", dump->out);
	dump->first = true;
	r = history_each_carried(reader, since, dump_write_row, dump);
	fputs("],\n\"not_carried\":[", dump->out);
	for (size_t i = 0; dump_not_carried[i]; i++)
		fprintf(dump->out, "%s\n  \"%s\"", i ? "," : "", dump_not_carried[i]);
	if (r == 0 && (fputs("]}\n", dump->out) < 0 || fflush(dump->out) != 0))
		r = error_set(dump->err, ERROR_IO, NULL, "cannot write the dump");
	return r;
}

static int
write_lists(struct dump *dump, struct history_reader *reader)
{
	int r = 0;

	fputs("{\"operation_counters\":[", dump->out);
	dump->first = true;
	for (size_t i = 0; r == 0 && i < dump->room; i++) {
		if (dump->counters[i].ended + dump->counters[i].live)
			r = write_counter(dump, &dump->counters[i]);
	}
	fputs("],\n\"reservations\":[", dump->out);
	dump->first = true;
	if (r == 0)
		r = db_each_reservation(reader, write_reservation, dump);
	fputs("],\n", dump->out);
	return r == 0 ? write_rows(dump, reader, CARRY_ALL) : r;
}

int
dump_write(struct history_reader *reader, int64_t now_ms, FILE *out, struct error *err)
{
	const struct operation_filter all = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .limit = SIZE_MAX};
	struct dump dump = {.out = out, .now_ms = now_ms, .err = err};
	int r;

	arena_init(&dump.arena, 0);
	arena_init(&dump.row_arena, 0);
	r = history_each(reader, &all, count_row, &dump);
	if (r == 0)
		r = write_lists(&dump, reader);
	arena_free(&dump.row_arena);
	arena_free(&dump.arena);
	free(dump.counters);
	return r == 0 ? 0 : error_set(err, error_from(r), NULL, "the database cannot be read");
}

int
increment_write(struct history_reader *reader, const struct increment *head, FILE *out, struct error *err)
{
	struct dump dump = {.out = out, .err = err};
	char id[RESERVATION_ID_SIZE], time[TIME_TEXT_SIZE];
	int r;

	reservation_id_write(head->database, id);
	time_format_instant(head->time_ms, time);
	fprintf(out,
	        "{\"increment\":{\"database\":\"%s\",\"since\":%" PRIu64 ",\"newest\":%" PRIu64 ",\"time\":\"%s\"},\n",
	        id, head->since, head->newest, time);
	arena_init(&dump.row_arena, 0);
	r = write_rows(&dump, reader, head->since);
	arena_free(&dump.row_arena);
	return r == 0 ? 0 : error_set(err, error_from(r), NULL, "the database cannot be read");
}
