/* key - which keys count a row, and which rows are one */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/key.h"

#include "engine/history/entry.h"
#include "engine/history/record.h"

/* The kind is hashed with the texts, so that no key of one kind is a key of another. */
static struct hash128
hash_of(const struct hash_key *key, enum key_kind kind, struct str a, struct str b, struct str c, struct str d)
{
	const char tag = (char)kind;
	const struct str parts[5] = {{&tag, 1}, a, b, c, d};

	return hash_parts(key, parts, 5);
}

struct hash128
count_key(const struct hash_key *key, const struct count_query *query)
{
	static const enum key_kind kinds[2][2] = {{KEY_OPERATION, KEY_LOOP}, {KEY_TARGET, KEY_TARGET_LOOP}};
	enum key_kind kind = kinds[query->target.ptr != NULL][query->clname.ptr != NULL];

	return hash_of(key, kind, query->actor, query->operation, query->target, query->clname);
}

struct hash128
loop_key(const struct hash_key *key, enum key_kind kind, struct str clname)
{
	return hash_of(key, kind, clname, STR_NONE, STR_NONE, STR_NONE);
}

size_t
record_entries(const struct hash_key *key, uint64_t number, const struct record *record,
               struct count_entry entries[KEYS_MAX])
{
	const struct operation *row = &record->row;
	struct count_entry entry = {.order = record->until_ms, .number = number};
	size_t count = 0;

	if (row->end_ms != TIME_NONE)
		entry.flags |= ENTRY_ENDED;
	if (row->outcome.ptr)
		entry.flags |= ENTRY_OUTCOME;
	if (row->outcome.ptr && str_equal_nocase(row->outcome, STR("Started")))
		entry.flags |= ENTRY_STARTED;
	if (record_counts(record) && row->actor.ptr && row->operation.ptr) {
		for (int i = 0; i < 4; i++) {
			struct str target = i & 1 ? row->target : STR_NONE, clname = i & 2 ? row->clname : STR_NONE;
			struct count_query query = {
				.actor = row->actor, .operation = row->operation, .target = target, .clname = clname};

			if ((i & 1 && !target.ptr) || (i & 2 && !clname.ptr))
				continue;
			entries[count] = entry;
			entries[count].key = count_key(key, &query);
			entries[count++].flags |= ENTRY_RINGED;
		}
	}
	if (record_counts(record) && row->clname.ptr) {
		entries[count] = entry;
		entries[count++].key = loop_key(key, KEY_LIVE, row->clname);
	}
	if (row->clname.ptr && !(record->flags & RECORD_GONE)) {
		entries[count] = entry;
		entries[count].order = row->start_ms == TIME_NONE ? INT64_MAX : row->start_ms;
		entries[count++].key = loop_key(key, KEY_STARTS, row->clname);
	}
	return count;
}

bool
record_identity(const struct hash_key *key, const struct record *record, struct hash128 *ret)
{
	const struct operation *row = &record->row;
	const char tag = KEY_IDENTITY, reservation_tag = KEY_RESERVATION;
	const struct str parts[7] = {{&tag, 1},  row->clname,    row->request_id, row->subrequest_id,
	                             row->actor, row->operation, row->target};
	const struct str id[2] = {{&reservation_tag, 1},
	                          {(const char *)&record->reservation, sizeof(record->reservation)}};

	if (record->flags & RECORD_APART) {
		*ret = hash_parts(key, id, 2);
		return true;
	}
	if (row->request_id.len == 0)
		return false;
	*ret = hash_parts(key, parts, 7);
	return true;
}
