/* write - one row enters the log: record, identity, index and rings in one step */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/write.h"

#include "engine/history/cache.h"
#include "engine/history/entry.h"
#include "engine/history/history_clock.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/ring.h"

#define STATE_VERSION 1
#define STATE_SIZE 96

static struct str
number_key(uint64_t number, unsigned char out[8])
{
	store_pack_u64(out, number);
	return (struct str){(const char *)out, 8};
}

/* The value of an identity: be64 number, u64 check. */
static uint64_t
identity_check(const struct hash_key *key, struct hash128 identity, uint64_t number)
{
	return hash_mix(hash_mix(key->k0 ^ identity.lo, identity.hi), key->k1 ^ number);
}

static int
identity_write(struct history_writer *writer, struct hash128 identity, uint64_t number)
{
	char value[16];
	uint64_t check = identity_check(&writer->history->key, identity, number);

	store_pack_u64((unsigned char *)value, number);
	memcpy(value + 8, &check, 8);
	return store_put(writer->txn, TABLE_IDENTITY, (struct str){(const char *)&identity, sizeof(identity)},
	                 (struct str){value, sizeof(value)});
}

int
identity_read(struct store_txn *txn, const struct hash_key *key, struct hash128 identity, uint64_t *ret_number)
{
	struct str value;
	uint64_t check;
	int r = store_get(txn, TABLE_IDENTITY, (struct str){(const char *)&identity, sizeof(identity)}, &value);

	if (r != 1)
		return r;
	if (value.len != 16)
		return -ERROR_DAMAGED;
	*ret_number = store_unpack_u64(value.ptr);
	memcpy(&check, value.ptr + 8, 8);
	return check == identity_check(key, identity, *ret_number) ? 1 : -ERROR_DAMAGED;
}

int
log_read(struct store_txn *txn, const struct hash_key *key, uint64_t number, struct record *ret)
{
	unsigned char bytes[8];
	struct str value;
	int r = store_get(txn, TABLE_LOG, number_key(number, bytes), &value);

	if (r != 1)
		return r;
	r = record_read(key, number, value, ret);
	return r == 0 ? 1 : r;
}

int
writer_find(struct history_writer *writer, struct hash128 identity, uint64_t *ret_number, struct record *ret)
{
	int r = identity_read(writer->txn, &writer->history->key, identity, ret_number);

	if (r == 1)
		r = log_read(writer->txn, &writer->history->key, *ret_number, ret);
	return r;
}

void
writer_forget_loops(struct history_writer *writer, const struct count_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!(entries[i].flags & ENTRY_RINGED))
			hot_end(&writer->history->hot, entries[i].key, writer->commit);
	}
}

/* The entries of both records in the index; then each ring once, however many of its ends change. */
static int
entries_change(struct history_writer *writer, struct count_entry *old, size_t old_count, struct count_entry *new,
               size_t new_count)
{
	const struct hash_key *key = &writer->history->key;
	int r = 0;

	for (size_t i = 0; r == 0 && i < old_count; i++)
		r = index_remove(writer->txn, key, &old[i]);
	for (size_t i = 0; r == 0 && i < new_count; i++)
		r = index_add(writer->txn, key, &new[i]);
	writer_forget_loops(writer, old, old_count);
	writer_forget_loops(writer, new, new_count);
	for (size_t i = 0; r == 0 && i < new_count; i++) {
		int64_t leave = TIME_NONE;

		if (!(new[i].flags &ENTRY_RINGED))
			continue;
		for (size_t j = 0; j < old_count; j++) {
			if (old[j].flags & ENTRY_RINGED &&
			    old[j].key.lo == new[i].key.lo &&old[j].key.hi == new[i].key.hi) {
				leave = old[j].order;
				old[j].flags &= ~(unsigned)ENTRY_RINGED; /* done here */
			}
		}
		r = ring_change(writer, new[i].key, leave, new[i].order);
	}
	for (size_t i = 0; r == 0 && i < old_count; i++) {
		if (old[i].flags & ENTRY_RINGED)
			r = ring_change(writer, old[i].key, old[i].order, TIME_NONE);
	}
	return r;
}

/* The texts are the caller's or the transaction's, so they are copied. */
static bool
change_keep(struct arena *arena, struct operation *row)
{
	return arena_copy(arena, &row->actor) && arena_copy(arena, &row->operation) &&
	       arena_copy(arena, &row->target) && arena_copy(arena, &row->clname) &&
	       arena_copy(arena, &row->request_id) && arena_copy(arena, &row->subrequest_id) &&
	       arena_copy(arena, &row->outcome) && arena_copy(arena, &row->message);
}

/* Counts a change, and keeps it for whoever is told after the commit. */
static int
note_change(struct history_writer *writer, const struct record *record, uint64_t number)
{
	struct arena *arena = &writer->history->lapsed_arena;
	struct history_change *change;

	writer->steps++;
	if (!writer->history->options.changed)
		return 0;
	change = arena_alloc(arena, sizeof(*change));
	if (!change)
		return -ERROR_MEMORY;
	*change = (struct history_change){
		.position = {writer->commit, writer->steps, true},
		.number = number,
		.replaces = record->replaces,
		.row = record->row,
		.until_ms = record->until_ms,
		.recorded_ms = record->recorded_ms,
		.gone = (record->flags & RECORD_GONE) != 0,
		.undone = (record->flags & RECORD_UNDONE) != 0,
		.reserved = (record->flags & RECORD_RESERVED) != 0,
		.reservation = record->reservation,
	};
	if (!change_keep(arena, &change->row))
		return -ERROR_MEMORY;
	*writer->changes_tail = change;
	writer->changes_tail = &change->next;
	return 0;
}

int
writer_put(struct history_writer *writer, struct record *record, uint64_t old)
{
	const struct hash_key *key = &writer->history->key;
	struct count_entry old_entries[KEYS_MAX], entries[KEYS_MAX];
	size_t old_count = 0, count, len;
	uint64_t number = writer->state.next_number;
	unsigned char bytes[8];
	struct hash128 identity;
	bool identified = record_identity(key, record, &identity);
	int r = 0;

	if (old) {
		struct record before;

		r = log_read(writer->txn, key, old, &before);
		if (r != 1)
			return r < 0 ? r : -ERROR_DAMAGED;
		old_count = record_entries(key, old, &before, old_entries);
	}
	record->replaces = old;
	count = record_entries(key, number, record, entries);
	if (note_change(writer, record, number) != 0)
		return -ERROR_MEMORY;
	len = record_write(key, number, record, writer->scratch); /* the texts may borrow from the map until here */
	r = store_append(writer->txn, TABLE_LOG, number_key(number, bytes), (struct str){writer->scratch, len});
	if (r == 0 && identified)
		r = identity_write(writer, identity, number);
	if (r == 0)
		r = entries_change(writer, old_entries, old_count, entries, count);
	if (r != 0)
		return r;
	if (record->recorded_ms > writer->state.clock_ms)
		writer->state.clock_ms = record->recorded_ms;
	writer->state.next_number++;
	writer->state.rows += old ? 0 : 1;
	return 0;
}

int
writer_rewrite(struct history_writer *writer, struct record *record, uint64_t number)
{
	const struct hash_key *key = &writer->history->key;
	struct count_entry old_entries[KEYS_MAX], entries[KEYS_MAX];
	size_t old_count, count, len;
	unsigned char bytes[8];
	struct record before;
	int r = log_read(writer->txn, key, number, &before);

	if (r != 1)
		return r < 0 ? r : -ERROR_DAMAGED;
	old_count = record_entries(key, number, &before, old_entries);
	count = record_entries(key, number, record, entries);
	if (note_change(writer, record, number) != 0)
		return -ERROR_MEMORY;
	len = record_write(key, number, record, writer->scratch); /* the texts may borrow from the map until here */
	r = store_put(writer->txn, TABLE_LOG, number_key(number, bytes), (struct str){writer->scratch, len});
	if (r == 0)
		r = entries_change(writer, old_entries, old_count, entries, count);
	return r;
}

int
writer_record(struct history_writer *writer, const struct operation *row, int64_t now_ms)
{
	struct record record = {.row = *row, .recorded_ms = now_ms}, before;
	struct hash128 identity;
	uint64_t old = 0;
	int r = 0;

	if (record_identity(&writer->history->key, &record, &identity))
		r = writer_find(writer, identity, &old, &before);
	if (r < 0)
		return r;
	if (r == 1 && !(before.flags & RECORD_GONE)) {
		/* An update that does not say when the operation started does not unsay it. */
		if (row->start_ms == TIME_NONE)
			record.row.start_ms = before.row.start_ms;
		record.flags = before.flags & RECORD_RESERVED;
		record.reservation = before.reservation;
	}
	if (row->end_ms != TIME_NONE) {
		record.until_ms = row->end_ms;
		record.recorded_ms = clock_reach(writer->history, row->end_ms, now_ms);
	} else if (record.flags & RECORD_RESERVED && before.row.end_ms == TIME_NONE) {
		record.until_ms = before.until_ms; /* the reservation's lease holds */
	} else {
		record.until_ms = later(record.row.start_ms == TIME_NONE ? now_ms : record.row.start_ms,
		                        writer->history->options.lease_ms);
	}
	return writer_put(writer, &record, old);
}

static uint64_t
state_check(const struct hash_key *key, const char bytes[STATE_SIZE])
{
	return hash_str(key, (struct str){bytes + 8, STATE_SIZE - 8});
}

/*
 * u64 check, u32 version, u32 zero, i64 clock, u64 next number, u64 rows, u64[5] reservations, i64 window, i64
 * pruned.
 */
int
state_read(struct store_txn *txn, const struct hash_key *key, struct history_state *ret)
{
	struct str value;
	uint32_t version;
	uint64_t check, numbers[5];
	int r = store_get(txn, TABLE_META, STR("state"), &value);

	if (r < 0)
		return r;
	if (r == 0) {
		*ret = (struct history_state){.clock_ms = TIME_NONE, .next_number = 1, .pruned_ms = TIME_NONE};
		return 0;
	}
	if (value.len != STATE_SIZE)
		return -ERROR_DAMAGED;
	memcpy(&check, value.ptr, 8);
	memcpy(&version, value.ptr + 8, 4);
	if (version != STATE_VERSION || check != state_check(key, value.ptr))
		return -ERROR_DAMAGED;
	memcpy(&ret->clock_ms, value.ptr + 16, 8);
	memcpy(&ret->next_number, value.ptr + 24, 8);
	memcpy(&ret->rows, value.ptr + 32, 8);
	memcpy(numbers, value.ptr + 40, sizeof(numbers));
	ret->admitted = numbers[0];
	ret->settled = numbers[1];
	ret->aborted = numbers[2];
	ret->expired = numbers[3];
	ret->live = numbers[4];
	memcpy(&ret->window_ms, value.ptr + 80, 8);
	memcpy(&ret->pruned_ms, value.ptr + 88, 8);
	return 0;
}

int
state_write(struct store_txn *txn, const struct hash_key *key, const struct history_state *state)
{
	char bytes[STATE_SIZE] = {0};
	const uint64_t numbers[5] = {state->admitted, state->settled, state->aborted, state->expired, state->live};
	const uint32_t version = STATE_VERSION;
	uint64_t check;

	memcpy(bytes + 8, &version, 4);
	memcpy(bytes + 16, &state->clock_ms, 8);
	memcpy(bytes + 24, &state->next_number, 8);
	memcpy(bytes + 32, &state->rows, 8);
	memcpy(bytes + 40, numbers, sizeof(numbers));
	memcpy(bytes + 80, &state->window_ms, 8);
	memcpy(bytes + 88, &state->pruned_ms, 8);
	check = state_check(key, bytes);
	memcpy(bytes, &check, 8);
	return store_put(txn, TABLE_META, STR("state"), (struct str){bytes, STATE_SIZE});
}
