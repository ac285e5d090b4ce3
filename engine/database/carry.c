/* carry - rows and reservations from one database into another */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/database/carry.h"

#include "engine/history/committer.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/write.h"

static bool
carry_is_set(struct hash128 hash)
{
	return hash.lo || hash.hi;
}

static bool
carry_is_same(struct hash128 a, struct hash128 b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

/* The name of a row of this database that has no ids. */
static struct hash128
origin_of(const struct hash_key *key, uint64_t number)
{
	const char tag = KEY_ORIGIN;
	const struct str parts[2] = {{&tag, 1}, {(const char *)&number, sizeof(number)}};

	return hash_parts(key, parts, 2);
}

/* --- out of a database --- */

static int
carried_read(struct history_reader *reader, const struct record *record, struct carried *ret)
{
	const struct hash_key *key = &reader->history->key;
	struct reserved reserved;
	struct hash128 identity;
	int r;

	*ret = (struct carried){
		.row = record->row, .until_ms = TIME_NONE, .undone = (record->flags & RECORD_UNDONE) != 0};
	if (record->row.end_ms == TIME_NONE)
		ret->until_ms = record->until_ms;
	if (!(record->flags & RECORD_RESERVED)) {
		if (record->flags & RECORD_APART)
			ret->origin = record->reservation;
		else if (!record_identity(key, record, &identity))
			ret->origin = origin_of(key, record->row.number);
		return 0;
	}
	r = reserved_read(reader->txn, key, record->reservation, &reserved);
	if (r != 1)
		return r < 0 ? r : -ERROR_DAMAGED;
	ret->reservation = reserved.id;
	ret->state = reserved.state;
	ret->reason = reserved.reason;
	ret->expires_ms = reserved.expires_ms;
	ret->apart = record->flags & RECORD_APART;
	return 0;
}

int
history_each_carried(struct history_reader *reader, uint64_t since,
                     int (*visit)(void *context, const struct carried *row), void *context)
{
	const struct hash_key *key = &reader->history->key;
	const bool later = since != CARRY_ALL;
	unsigned char from[8];
	struct store_entry entry;
	struct record record;
	struct carried carried;
	int r;

	store_pack_u64(from, later ? since + 1 : 0);
	r = store_above(reader->txn, TABLE_LOG, (struct str){(const char *)from, sizeof(from)}, 0, &entry);
	for (; r == 1; r = store_next(reader->txn, TABLE_LOG, STR_NONE, 0, &entry)) {
		uint64_t number = entry.key.len == 8 ? store_unpack_u64(entry.key.ptr) : 0;
		int current;

		if (record_read(key, number, entry.value, &record) != 0)
			return -ERROR_DAMAGED;
		if (record.flags & RECORD_GONE && !later)
			continue;
		current = record_is_current(reader->txn, key, number, &record);
		if (current < 0)
			return current;
		if (!current)
			continue;
		record.row.number = number;
		r = carried_read(reader, &record, &carried);
		carried.later = later;
		if (r == 0)
			r = visit(context, &carried);
		if (r != 0)
			return r;
	}
	return r < 0 ? r : 0;
}

/* --- into a database --- */

/* Whether the row had no other name than its number, which it keeps. */
static bool
is_of_number(const struct history_writer *writer, const struct carried *carried)
{
	return carried->later && carry_is_same(carried->origin, origin_of(&writer->history->key, carried->row.number));
}

/* The record of a carried row, as it would be entered. */
static struct record
carried_record(const struct history_writer *writer, const struct carried *carried, int64_t now_ms)
{
	const struct operation *row = &carried->row;
	struct record record = {.row = *row, .recorded_ms = now_ms, .until_ms = row->end_ms};

	if (carry_is_set(carried->reservation)) {
		record.flags = RECORD_RESERVED | (carried->apart ? RECORD_APART : 0);
		record.reservation = carried->reservation;
	} else if (row->request_id.len == 0 && carry_is_set(carried->origin) && !is_of_number(writer, carried)) {
		record.flags = RECORD_APART;
		record.reservation = carried->origin;
	}
	if (row->end_ms == TIME_NONE)
		record.until_ms = carried->until_ms;
	if (record.until_ms == TIME_NONE)
		record.until_ms =
			later(row->start_ms == TIME_NONE ? now_ms : row->start_ms, writer->history->options.lease_ms);
	return record;
}

/* Whether the row was entered here under its number, and no id was needed to know it again: 1, 0, or negative. */
static int
carry_is_own(struct history_writer *writer, const struct carried *carried)
{
	struct record record;

	if (!carried->row.number || !carry_is_set(carried->origin) ||
	    !carry_is_same(carried->origin, origin_of(&writer->history->key, carried->row.number)))
		return 0;
	return log_read(writer->txn, &writer->history->key, carried->row.number, &record);
}

static bool
has_same_content(const struct operation *a, const struct operation *b)
{
	return str_equal(a->outcome, b->outcome) && str_equal(a->message, b->message) && a->start_ms == b->start_ms &&
	       a->end_ms == b->end_ms;
}

/* A row of these ids that is here: whether what comes is newer. */
static bool
is_newer(const struct record *here, const struct record *coming)
{
	if (here->flags & RECORD_UNDONE)
		return false;
	if (here->flags & RECORD_GONE)
		return true;
	return here->row.end_ms == TIME_NONE && !has_same_content(&here->row, &coming->row);
}

/*
 * A later row in the place of the one here, which keeps what it is named by. 1 when it is another, 0 when it is the same, or
 * negative.
 */
static int
carry_replace(struct history_writer *writer, const struct carried *carried, const struct record *here, uint64_t number,
              int64_t now_ms)
{
	struct record record = carried_record(writer, carried, now_ms);
	int r;

	record.flags = here->flags & (RECORD_RESERVED | RECORD_APART);
	record.reservation = here->reservation;
	if (carried->undone)
		record.flags |= RECORD_GONE | RECORD_UNDONE;
	if (record.flags == here->flags && record.until_ms == here->until_ms &&
	    has_same_content(&record.row, &here->row))
		return 0;
	r = writer_put(writer, &record, number);
	return r == 0 ? 1 : r;
}

/* 1 when something was entered, 0 when all of it was here, or negative. */
static int
carry_plain(struct history_writer *writer, const struct carried *carried, int64_t now_ms)
{
	struct record record = carried_record(writer, carried, now_ms), here;
	struct hash128 identity;
	uint64_t old = 0;
	int r = carry_is_own(writer, carried);

	if (r != 0)
		return r < 0 ? r : 0;
	if (record_identity(&writer->history->key, &record, &identity))
		r = writer_find(writer, identity, &old, &here);
	if (r < 0)
		return r;
	if (carried->later && r == 1)
		return carry_replace(writer, carried, &here, old, now_ms);
	if (carried->undone || (r == 1 && !is_newer(&here, &record)))
		return 0;
	if (r == 1 && !(here.flags & RECORD_GONE) && here.flags & RECORD_RESERVED) {
		record.flags = here.flags & (RECORD_RESERVED | RECORD_APART);
		record.reservation = here.reservation;
	}
	r = writer_put(writer, &record, old);
	return r == 0 ? 1 : r;
}

/* A reservation that is here: it ends as it ended there. */
static int
carry_end(struct history_writer *writer, const struct carried *carried, struct reserved *here, int64_t now_ms)
{
	struct record record;
	uint64_t number;
	int r;

	if (here->state != RESERVATION_LIVE || carried->state == RESERVATION_LIVE)
		return 0;
	r = writer_find(writer, here->identity, &number, &record);
	if (r != 1)
		return r < 0 ? r : -ERROR_DAMAGED;
	if (record.row.end_ms == TIME_NONE && carried->row.end_ms != TIME_NONE) {
		record.row.outcome = carried->row.outcome;
		record.row.message = carried->row.message;
		record.row.end_ms = record.until_ms = carried->row.end_ms;
		record.recorded_ms = now_ms;
		r = writer_put(writer, &record, number);
		if (r != 0)
			return r;
	}
	r = reserved_end(writer, here, carried->state);
	return r == 0 ? 1 : r;
}

/* A reservation that is here, as it was later. A lease that has ended meanwhile was not over then. */
static int
carry_later(struct history_writer *writer, const struct carried *carried, struct reserved *here, int64_t now_ms)
{
	int64_t then_ms = now_ms < here->expires_ms ? now_ms : here->expires_ms - 1;
	struct record record;
	uint64_t number;
	int r, entered = 0;

	if (here->state == RESERVATION_LIVE && carried->state == RESERVATION_ABORTED) {
		r = writer_abort(writer, here->id, then_ms, here);
		return r == 0 ? 1 : r;
	}
	if (here->state == RESERVATION_LIVE && carried->state == RESERVATION_LIVE &&
	    carried->expires_ms != here->expires_ms) {
		r = writer_renew(writer, here->id, carried->expires_ms - then_ms, then_ms, here);
		return r == 0 ? 1 : r;
	}
	if (carried->state != RESERVATION_ABORTED) {
		r = writer_find(writer, here->identity, &number, &record);
		if (r != 1)
			return r < 0 ? r : -ERROR_DAMAGED;
		entered = carry_replace(writer, carried, &record, number, now_ms);
	}
	if (entered < 0 || here->state != RESERVATION_LIVE || carried->state == RESERVATION_LIVE)
		return entered;
	r = reserved_end(writer, here, carried->state);
	return r == 0 ? 1 : r;
}

static int
carry_reserved(struct history_writer *writer, const struct carried *carried, int64_t now_ms)
{
	struct record record = carried_record(writer, carried, now_ms);
	struct reserved here;
	uint64_t gone;
	int r = reserved_read(writer->txn, &writer->history->key, carried->reservation, &here);

	if (r < 0)
		return r;
	if (r == 1)
		return carried->later ? carry_later(writer, carried, &here, now_ms)
		                      : carry_end(writer, carried, &here, now_ms);
	if (carried->state == RESERVATION_ABORTED || carried->undone)
		return 0; /* it counts no more, and never did here */
	if (!carried->apart) {
		r = identity_is_free(writer, &record, &gone);
		if (r < 0)
			return r;
		if (r == 0)
			record.flags |= RECORD_APART;
	}
	here = (struct reserved){.id = carried->reservation,
	                         .state = carried->state,
	                         .reason = carried->reason,
	                         .expires_ms = carried->expires_ms};
	r = writer_put(writer, &record, record.flags & RECORD_APART ? 0 : gone);
	if (r == 0)
		r = reserved_carry(writer, &record, &here);
	return r == 0 ? 1 : r;
}

struct carry {
	const struct carried *rows;
	size_t count, entered;
	int64_t now_ms;
};

static int
carry_run(void *context, struct history_writer *writer)
{
	struct carry *carry = context;

	carry->entered = 0; /* of an attempt that was given up */
	for (size_t i = 0; i < carry->count; i++) {
		const struct carried *row = &carry->rows[i];
		int r;

		/* A later row keeps its number, by which others know it. */
		if (row->later && writer->state.next_number < row->row.number)
			writer->state.next_number = row->row.number;
		r = carry_is_set(row->reservation) ? carry_reserved(writer, row, carry->now_ms)
		                                   : carry_plain(writer, row, carry->now_ms);

		if (r < 0)
			return r;
		carry->entered += (size_t)r;
	}
	return 0;
}

int
history_carry(struct history *history, const struct carried *rows, size_t count, int64_t now_ms, size_t *ret_entered,
              struct error *err)
{
	struct carry carry = {.rows = rows, .count = count, .now_ms = now_ms};
	int r = count ? history_transact(history, carry_run, &carry, err) : 0;

	if (r == 0)
		*ret_entered = carry.entered;
	return r;
}
