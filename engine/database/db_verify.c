/* db_verify - does everything in a database agree with everything else? */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <limits.h>

#include "base/store_file.h"
#include "base/store_pages.h"
#include "engine/database/db.h"
#include "engine/history/entry.h"
#include "engine/history/history_clock.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/ring.h"
#include "engine/history/write.h"

/*
 * The log is the truth. Its current records say which entries the index must hold, and the index says which stamps each
 * ring must hold; identities and reservations point at records. The counts in the state record, committed with every
 * change, tell of records that are gone altogether.
 *
 * Looking for each record's entries in the index would read its pages in no order, which takes most of the time that a
 * start has. Both sides are summed up instead, each entry as a hash under the database's secret: equal sums of as many
 * entries are equal entries. Only when they differ is each looked for, to name the record.
 */
struct verifier {
	struct store_txn *txn, *walk; /* of one state: what looks things up, and what goes through a table */
	struct hash_key key;
	struct history_state state;
	struct db_report report;
	uint64_t identified, wanted_entries, live, commits;
	struct hash128 wanted, found; /* sums of index entries: by the log, in the index */
	struct hash128 last;          /* key of the index entry before */
	struct db_progress *progress; /* NULL: nobody asks */
	struct error *err;
};

static int
verify_damaged(struct verifier *v, const char *what, uint64_t number)
{
	return error_set(v->err, ERROR_DAMAGED, NULL, "%s (%" PRIu64 ")", what, number);
}

/* The cause of a failed read: damage, or lack of memory, which says nothing about the database. */
static int
verify_failed(struct verifier *v, int r, const char *what, uint64_t number)
{
	return r == -ERROR_MEMORY ? error_set(v->err, ERROR_MEMORY, NULL, "out of memory")
	                          : verify_damaged(v, what, number);
}

/*
 * Every entry of a table in key order; the order itself is checked, and that a search finds the key. (Each ring is
 * searched for from the index, check_ring_of.)
 */
static int
each_entry(struct verifier *v, unsigned table, int (*check)(struct verifier *v, const struct store_entry *entry))
{
	struct str last = STR_NONE, value;
	struct store_entry entry;
	int64_t seen = 0, count = store_count(v->txn, table);
	int r, got = 1;

	if (count < 0)
		return verify_failed(v, (int)count, "the entries cannot be counted of table", table);
	r = store_above(v->walk, table, STR("\0"), 0, &entry);
	for (; r == 1; r = store_next(v->walk, table, STR_NONE, 0, &entry)) {
		if (entry.key.len == 0 || entry.key.len > STORE_KEY_MAX ||
		    (seen > 0 && str_compare(last, entry.key) >= 0))
			return verify_damaged(v, "keys are out of order in table", table);
		if (table != TABLE_RING)
			got = store_get(v->txn, table, entry.key, &value);
		if (got != 1)
			return verify_failed(v, got, "a key cannot be found again in table", table);
		last = entry.key; /* borrowed until the snapshot ends */
		seen++;
		if (v->progress)
			atomic_fetch_add_explicit(&v->progress->seen, 1, memory_order_relaxed);
		r = check(v, &entry);
		if (r != 0)
			return r;
	}
	if (r < 0)
		return verify_failed(v, r, "a page cannot be read of table", table);
	return seen == count ? 0 : verify_damaged(v, "entries are missing in table", table);
}

static void
sum_add(const struct hash_key *key, struct hash128 *sum, const struct count_entry *entry)
{
	uint64_t rest = hash_fold((uint64_t)entry->order ^ key->k0, entry->number ^ key->k1) ^ entry->flags;

	sum->lo += hash_fold(entry->key.lo ^ key->k1, rest ^ key->k0);
	sum->hi += hash_fold(entry->key.hi ^ key->k0, rest ^ HASH_ODD_1);
}

static int
check_current(struct verifier *v, uint64_t number, const struct record *record)
{
	struct count_entry entries[KEYS_MAX];
	size_t count = record_entries(&v->key, number, record, entries);
	struct hash128 identity;

	v->report.rows++;
	v->identified += record_identity(&v->key, record, &identity);
	v->wanted_entries += count;
	for (size_t i = 0; i < count; i++)
		sum_add(&v->key, &v->wanted, &entries[i]);
	return 0;
}

/* The sums differ: which record? */
static int
find_current(struct verifier *v, uint64_t number, const struct record *record)
{
	struct count_entry entries[KEYS_MAX], found;
	size_t count = record_entries(&v->key, number, record, entries);

	for (size_t i = 0; i < count; i++) {
		int r = index_find(v->txn, &v->key, &entries[i], &found);

		if (r < 0)
			return verify_failed(v, r, "the index is damaged at record", number);
		if (r == 0 || found.flags != entries[i].flags)
			return verify_damaged(v, "the index does not count record", number);
	}
	return 0;
}

static int
each_record(struct verifier *v, const struct store_entry *entry,
            int (*check)(struct verifier *v, uint64_t number, const struct record *record))
{
	uint64_t number = entry->key.len == 8 ? store_unpack_u64(entry->key.ptr) : 0;
	struct record record;
	int r;

	if (number == 0 || number >= v->state.next_number)
		return verify_damaged(v, "the log has a record of a number that was never given", number);
	if (record_read(&v->key, number, entry->value, &record) != 0)
		return verify_damaged(v, "the check fails of record", number);
	r = record_is_current(v->txn, &v->key, number, &record);
	if (r < 0)
		return verify_failed(v, r, "the identity is damaged of record", number);
	return r == 1 ? check(v, number, &record) : 0;
}

static int
check_record(struct verifier *v, const struct store_entry *entry)
{
	v->report.records++;
	return each_record(v, entry, check_current);
}

static int
find_record(struct verifier *v, const struct store_entry *entry)
{
	return each_record(v, entry, find_current);
}

/* The ring of the key that begins here, if it has one. */
static int
check_ring_of(struct verifier *v, const struct store_entry *entry)
{
	struct hash128 of;
	struct str ring;
	int r;

	if (!((unsigned char)entry->value.ptr[0] & ENTRY_RINGED))
		return 0;
	memcpy(&of, entry->key.ptr, 16);
	r = store_get(v->txn, TABLE_RING, (struct str){(const char *)&of, 16}, &ring);
	if (r != 1)
		return verify_failed(v, r, "a ring is missing; rings so far", v->report.rings);
	v->report.rings++;
	r = ring_verify(v->txn, &v->key, of, ring);
	return r == 0 ? 0 : verify_failed(v, r, "a ring is not what the index says", v->report.rings);
}

static int
check_entry(struct verifier *v, const struct store_entry *entry)
{
	struct count_entry decoded;
	bool first;

	if (index_decode(&v->key, entry, &decoded) != 1)
		return verify_damaged(v, "the check fails of index entry", v->report.entries + 1);
	/* Of its key: the one before it has another. */
	first = v->report.entries == 0 || decoded.key.lo != v->last.lo || decoded.key.hi != v->last.hi;
	v->last = decoded.key;
	v->report.entries++;
	sum_add(&v->key, &v->found, &decoded);
	return first ? check_ring_of(v, entry) : 0;
}

static int
check_identity(struct verifier *v, const struct store_entry *entry)
{
	struct hash128 identity;
	struct record record;
	uint64_t number;
	int r;

	if (entry->key.len != 16)
		return verify_damaged(v, "an identity has a wrong key", entry->key.len);
	memcpy(&identity, entry->key.ptr, 16);
	r = identity_read(v->txn, &v->key, identity, &number);
	if (r != 1)
		return verify_failed(v, r, "the check fails of an identity; identities", v->identified);
	r = log_read(v->txn, &v->key, number, &record);
	return r == 1 ? 0 : verify_failed(v, r, "an identity points to no record", number);
}

static int
check_reserved(struct verifier *v, const struct store_entry *entry)
{
	struct reserved reserved;
	struct str lease;
	struct hash128 id;
	uint64_t number;
	char key[24];
	int r;

	v->report.reservations++;
	if (entry->key.len != 16)
		return verify_damaged(v, "a reservation has a wrong key", entry->key.len);
	memcpy(&id, entry->key.ptr, 16);
	r = reserved_read(v->txn, &v->key, id, &reserved);
	if (r != 1)
		return verify_failed(v, r, "the check fails of reservation", v->report.reservations);
	if (reserved.state != RESERVATION_LIVE)
		return 0;
	v->live++;
	store_pack_i64((unsigned char *)key, reserved.expires_ms);
	memcpy(key + 8, &id, 16);
	r = store_get(v->txn, TABLE_LEASE, (struct str){key, 24}, &lease);
	if (r != 1)
		return verify_failed(v, r, "a live reservation has no lease", v->report.reservations);
	r = identity_read(v->txn, &v->key, reserved.identity, &number);
	if (r != 1)
		return verify_failed(v, r, "a live reservation has no row", v->report.reservations);
	return 0;
}

static int
check_request(struct verifier *v, const struct store_entry *entry)
{
	struct reserved reserved;
	struct hash128 of, id;
	int r;

	if (entry->key.len != 16)
		return verify_damaged(v, "a request has a wrong key", entry->key.len);
	memcpy(&of, entry->key.ptr, 16);
	r = reserved_request_read(v->txn, &v->key, of, &id);
	if (r == 1)
		r = reserved_read(v->txn, &v->key, id, &reserved);
	return r == 1 ? 0
	              : verify_failed(v, r, "a request points to no reservation; reservations", v->report.reservations);
}

static int
check_any(struct verifier *v, const struct store_entry *entry)
{
	uint64_t sum = 0;

	(void)v;
	for (size_t i = 0; i < entry->value.len; i++)
		sum += (unsigned char)entry->value.ptr[i]; /* reads the pages that it stands on */
	return sum == UINT64_MAX;
}

/* Whether a table has as many entries as others say. */
static int
check_count(struct verifier *v, unsigned table, uint64_t wanted, const char *what)
{
	int64_t count = store_count(v->txn, table);

	return count == (int64_t)wanted ? 0 : verify_failed(v, count < 0 ? (int)count : 0, what, wanted);
}

static int
check_counts(struct verifier *v)
{
	const struct history_state *s = &v->state;
	int r;

	if (v->report.rows != s->rows)
		return verify_damaged(v, "rows are missing or too many; found", v->report.rows);
	if (v->report.entries != v->wanted_entries || v->found.lo != v->wanted.lo || v->found.hi != v->wanted.hi) {
		r = each_entry(v, TABLE_LOG, find_record);
		return r != 0 ? r
		              : verify_damaged(v, "the index holds entries of no record; wanted", v->wanted_entries);
	}
	r = check_count(v, TABLE_RING, v->report.rings, "there are rings of no entry; wanted");
	if (r == 0)
		r = check_count(v, TABLE_IDENTITY, v->identified, "identities are missing or too many; wanted");
	if (r == 0)
		r = check_count(v, TABLE_LEASE, v->live, "leases are missing or too many; live reservations");
	if (r != 0)
		return r;
	if (v->live != s->live)
		return verify_damaged(v, "leases are missing or too many; live reservations", v->live);
	if (s->admitted != s->settled + s->aborted + s->expired + s->live)
		return verify_damaged(v, "the reservations do not add up; admitted", s->admitted);
	return 0;
}

static int
verify_tables(struct verifier *v)
{
	static int (*const checks[TABLES_ALL])(struct verifier * v, const struct store_entry *entry) = {
		[TABLE_META] = check_any,        [TABLE_LOG] = check_record, [TABLE_IDENTITY] = check_identity,
		[TABLE_INDEX] = check_entry,     [TABLE_RING] = check_any,   [TABLE_RESERVED] = check_reserved,
		[TABLE_REQUEST] = check_request, [TABLE_LEASE] = check_any,
	};
	int64_t time_ms;
	int r = header_read_key(v->txn, &v->key, v->err);

	if (r == 1) /* a database that nothing was ever written to; or what looks like one */
		return v->commits > COMMITS_BEFORE_HEADER
		               ? verify_damaged(v, "the header is missing; commits", v->commits)
		               : 0;
	if (r != 0)
		return r;
	r = state_read(v->txn, &v->key, &v->state);
	v->report.newest = r == 0 ? v->state.next_number - 1 : 0;
	if (r == 0)
		r = meta_time_read(v->txn, &v->key, STR("quarantine"), &time_ms);
	if (r == 0)
		r = meta_time_read(v->txn, &v->key, STR("accepted"), &time_ms);
	if (r != 0)
		return verify_failed(v, r, "the check fails of the state record", 0);
	for (unsigned table = 0; table < TABLES_ALL; table++) {
		r = each_entry(v, table, checks[table] ? checks[table] : check_any);
		if (r != 0)
			return r;
	}
	return check_counts(v);
}

/* The report before the tables have been read. */
static void
tell_total(struct verifier *v)
{
	struct str value;
	uint64_t total = 0;
	int r = store_get(v->txn, history_shared_table(HISTORY_RUNTIME), HISTORY_DEPLOYED, &value);

	for (unsigned table = 0; table < TABLES_ALL; table++) {
		int64_t count = store_count(v->txn, table);

		total += count > 0 ? (uint64_t)count : 0;
	}
	atomic_store_explicit(&v->progress->total, total, memory_order_relaxed);
	atomic_store_explicit(&v->progress->deployed, r == 0 ? DB_NOTHING_DEPLOYED : DB_DEPLOYED, memory_order_relaxed);
}

/* Others may be committing: until both snapshots are of one state. */
static int
begin_both(struct verifier *v)
{
	int r = store_begin(v->txn);

	while (r == 0) {
		r = store_begin(v->walk);
		if (r != 0 || store_state(v->txn) == store_state(v->walk))
			break;
		store_end(v->txn);
		r = store_begin(v->txn);
		store_end(v->walk);
	}
	return r;
}

int
db_verify(const char *directory, bool alone, struct db_progress *progress, struct db_report *ret, struct error *err)
{
	const struct store_options options = {
		.directory = directory,
		.map_bytes = (size_t)1 << 36,
		.read_only = true,
		.locked = true,
		.tables = history_tables,
		.table_count = TABLES_ALL,
	};
	struct verifier v = {.err = err, .progress = progress};
	struct store_info info;
	struct store *store;
	char path[PATH_MAX];
	int r = store_file_path(directory, path, sizeof(path), err);

	if (r == 0 && alone)
		r = store_check_file(path, err);
	if (r == 0)
		r = store_open(&options, &store, err);
	if (r != 0)
		return r;
	if (store_info(store, NULL, &info) == 0)
		v.commits = info.commits;
	r = store_reader_open(store, &v.txn, err);
	if (r == 0)
		r = store_reader_open(store, &v.walk, err);
	if (r == 0)
		r = begin_both(&v);
	if (r == 0 && progress)
		tell_total(&v);
	if (r == 0)
		r = verify_tables(&v);
	store_reader_close(v.walk);
	store_reader_close(v.txn);
	store_close(store);
	if (r == -ERROR_MEMORY)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (r != 0)
		return error_set(err, ERROR_DAMAGED, NULL, "the database cannot be read");
	*ret = v.report;
	return 0;
}
