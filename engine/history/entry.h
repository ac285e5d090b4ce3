/* entry - entries of the index: counting key, effective end, number of the record */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_ENTRY_H
#define ENGINE_HISTORY_ENTRY_H

#include "base/store.h"
#include "engine/history/key.h"

#define KEYS_MAX 6 /* of one row, in the index */
#define INDEX_KEY_SIZE 32

/* One entry of the index. */
struct count_entry {
	struct hash128 key;
	int64_t order;   /* effective end; KEY_STARTS: start, INT64_MAX for none */
	uint64_t number; /* of the record */
	unsigned flags;  /* ENTRY_ bits */
};

enum entry_flag { ENTRY_ENDED = 1, ENTRY_OUTCOME = 2, ENTRY_STARTED = 4, ENTRY_RINGED = 8 };

/* The entries of a record: their number, at most KEYS_MAX. */
size_t record_entries(const struct hash_key *key, uint64_t number, const struct record *record,
                      struct count_entry entries[KEYS_MAX]);

int index_add(struct store_txn *txn, const struct hash_key *key, const struct count_entry *entry);
int index_remove(struct store_txn *txn, const struct hash_key *key, const struct count_entry *entry);

/*
 * A walk over one key's entries, from the greatest order <= at downwards. 1 and the entry, 0 at the end, or negative.
 */
int index_first(struct store_txn *txn, const struct hash_key *key, struct hash128 of, int64_t at,
                struct count_entry *ret);
int index_next(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct count_entry *ret);

/* One entry by key and order: 1 with its flags, 0, or negative. And one as it stands in the table: 1 or negative. */
int index_find(struct store_txn *txn, const struct hash_key *key, const struct count_entry *wanted,
               struct count_entry *ret);
int index_decode(const struct hash_key *key, const struct store_entry *stored, struct count_entry *ret);

#endif
