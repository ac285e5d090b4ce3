/* prune - old rows leave the log; and the few times that meta keeps for bad days */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/entry.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/ring.h"
#include "engine/history/write.h"

#define TIME_VALUE_SIZE 16

/* The reservation of a row that goes, and its request if it is still the one that answers for it. */
static int
reserved_remove(struct history_writer *writer, const struct record *record)
{
	const char tag = KEY_REQUEST;
	const struct str parts[3] = {{&tag, 1}, record->row.request_id, record->row.subrequest_id};
	struct hash128 of = hash_parts(&writer->history->key, parts, 3), id;
	int r = store_delete(writer->txn, TABLE_RESERVED,
	                     (struct str){(const char *)&record->reservation, sizeof(record->reservation)});

	if (r < 0 || record->row.request_id.len == 0)
		return r < 0 ? r : 0;
	r = reserved_request_read(writer->txn, &writer->history->key, of, &id);
	if (r == 1 && id.lo == record->reservation.lo && id.hi == record->reservation.hi)
		r = store_delete(writer->txn, TABLE_REQUEST, (struct str){(const char *)&of, sizeof(of)});
	return r < 0 ? r : 0;
}

/* A current row leaves the index, its rings and its identity. The index goes first: rings are compared with it. */
static int
row_remove(struct history_writer *writer, uint64_t number, const struct record *record)
{
	const struct hash_key *key = &writer->history->key;
	struct count_entry entries[KEYS_MAX];
	struct hash128 identity;
	size_t count = record_entries(key, number, record, entries);
	bool identified = record_identity(key, record, &identity);
	int r = 0;

	if (record->flags & RECORD_RESERVED)
		r = reserved_remove(writer, record); /* reads the record's texts: before anything else changes */
	for (size_t i = 0; r == 0 && i < count; i++)
		r = index_remove(writer->txn, key, &entries[i]);
	writer_forget_loops(writer, entries, count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (entries[i].flags & ENTRY_RINGED)
			r = ring_change(writer, entries[i].key, entries[i].order, TIME_NONE);
	}
	if (r == 0 && identified)
		r = store_delete(writer->txn, TABLE_IDENTITY, (struct str){(const char *)&identity, sizeof(identity)});
	if (r < 0)
		return r;
	writer->state.rows--;
	return 0;
}

/* Whether nobody asks for the record any more. */
static int
is_old(struct history_writer *writer, const struct record *record, int64_t before_ms)
{
	struct reserved reserved;
	int r;

	if (record->until_ms >= before_ms)
		return 0;
	if (!(record->flags & RECORD_RESERVED))
		return 1;
	r = reserved_read(writer->txn, &writer->history->key, record->reservation, &reserved);
	return r == 1 ? reserved.state != RESERVATION_LIVE : r == 0 ? 1 : r;
}

static int
prune_one(struct history_writer *writer, uint64_t number, struct str bytes, int64_t before_ms, size_t *removed)
{
	const struct hash_key *key = &writer->history->key;
	char copy[RECORD_MAX];
	unsigned char number_bytes[8];
	struct record record;
	int r;

	if (bytes.len > sizeof(copy))
		return -ERROR_DAMAGED;
	memcpy(copy, bytes.ptr, bytes.len); /* the page may move under the changes below */
	r = record_read(key, number, (struct str){copy, bytes.len}, &record);
	if (r != 0)
		return r;
	r = is_old(writer, &record, before_ms);
	if (r != 1)
		return r;
	r = record_is_current(writer->txn, key, number, &record);
	if (r == 1)
		r = row_remove(writer, number, &record);
	if (r < 0)
		return r;
	store_pack_u64(number_bytes, number);
	r = store_delete(writer->txn, TABLE_LOG, (struct str){(const char *)number_bytes, 8});
	++*removed;
	return r < 0 ? r : 0;
}

int
writer_prune(struct history_writer *writer, int64_t before_ms, size_t most, uint64_t *at, size_t *ret_removed)
{
	*ret_removed = 0;
	for (size_t i = 0; i < most; i++) {
		unsigned char from[8];
		struct store_entry entry;
		uint64_t number;
		int r;

		store_pack_u64(from, *at);
		r = store_above(writer->txn, TABLE_LOG, (struct str){(const char *)from, 8}, 0, &entry);
		if (r != 1) {
			*at = 0;
			return r;
		}
		if (entry.key.len != 8)
			return -ERROR_DAMAGED;
		number = store_unpack_u64(entry.key.ptr);
		r = prune_one(writer, number, entry.value, before_ms, ret_removed);
		if (r != 0)
			return r;
		*at = number + 1;
	}
	return 0;
}

static uint64_t
time_check(const struct hash_key *key, struct str name, int64_t ms)
{
	return hash_mix(hash_str(key, name), (uint64_t)ms);
}

/* The value: i64 time, u64 check. */
int
meta_time_read(struct store_txn *txn, const struct hash_key *key, struct str name, int64_t *ret_ms)
{
	struct str value;
	uint64_t check;
	int r = store_get(txn, TABLE_META, name, &value);

	if (r < 0)
		return r;
	if (r == 0) {
		*ret_ms = TIME_NONE;
		return 0;
	}
	if (value.len != TIME_VALUE_SIZE)
		return -ERROR_DAMAGED;
	memcpy(ret_ms, value.ptr, 8);
	memcpy(&check, value.ptr + 8, 8);
	return check == time_check(key, name, *ret_ms) ? 0 : -ERROR_DAMAGED;
}

int
meta_time_write(struct store_txn *txn, const struct hash_key *key, struct str name, int64_t ms)
{
	char value[TIME_VALUE_SIZE];
	uint64_t check = time_check(key, name, ms);
	int r;

	if (ms == TIME_NONE) {
		r = store_delete(txn, TABLE_META, name);
		return r < 0 ? r : 0;
	}
	memcpy(value, &ms, 8);
	memcpy(value + 8, &check, 8);
	return store_put(txn, TABLE_META, name, (struct str){value, sizeof(value)});
}
