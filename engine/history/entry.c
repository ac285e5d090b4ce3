/* entry - the operation log's index: what each counting key counts, by effective end */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/entry.h"

#include "engine/history/history_priv.h"

/*
 * Key: 16 bytes counting key, be64 order (sign flipped, so that it sorts), be64 number. Value: u8 flags, u8 version,
 * u16 zero, u32 check, keyed, over key and flags.
 */
#define VERSION 1
#define VALUE_SIZE 8

static struct str
key_write(const struct count_entry *entry, char out[INDEX_KEY_SIZE])
{
	memcpy(out, &entry->key.lo, 8);
	memcpy(out + 8, &entry->key.hi, 8);
	store_pack_i64((unsigned char *)out + 16, entry->order);
	store_pack_u64((unsigned char *)out + 24, entry->number);
	return (struct str){out, INDEX_KEY_SIZE};
}

static uint32_t
entry_check_of(const struct hash_key *key, const struct count_entry *entry)
{
	uint64_t check = hash_mix(key->k0 ^ entry->key.lo, entry->key.hi);

	check = hash_mix(hash_mix(check, (uint64_t)entry->order), entry->number);
	return (uint32_t)(hash_mix(check, key->k1 ^ entry->flags) >> 32);
}

int
index_add(struct store_txn *txn, const struct hash_key *key, const struct count_entry *entry)
{
	char bytes[INDEX_KEY_SIZE], value[VALUE_SIZE] = {(char)entry->flags, VERSION};
	uint32_t check = entry_check_of(key, entry);

	memcpy(value + 4, &check, 4);
	return store_put(txn, TABLE_INDEX, key_write(entry, bytes), (struct str){value, VALUE_SIZE});
}

/* An entry that is not there means that log and index disagree. */
int
index_remove(struct store_txn *txn, const struct hash_key *key, const struct count_entry *entry)
{
	char bytes[INDEX_KEY_SIZE];
	int r = store_delete(txn, TABLE_INDEX, key_write(entry, bytes));

	(void)key;
	if (r == 0)
		return -ERROR_DAMAGED;
	return r < 0 ? r : 0;
}

static int
entry_read(const struct hash_key *key, struct hash128 of, const struct store_entry *found, struct count_entry *ret)
{
	uint32_t check;

	if (found->key.len != INDEX_KEY_SIZE || found->value.len != VALUE_SIZE || found->value.ptr[1] != VERSION)
		return -ERROR_DAMAGED;
	*ret = (struct count_entry){
		.key = of,
		.order = store_unpack_i64(found->key.ptr + 16),
		.number = store_unpack_u64(found->key.ptr + 24),
		.flags = (unsigned char)found->value.ptr[0],
	};
	memcpy(&check, found->value.ptr + 4, 4);
	return check == entry_check_of(key, ret) ? 1 : -ERROR_DAMAGED;
}

int
index_first(struct store_txn *txn, const struct hash_key *key, struct hash128 of, int64_t at, struct count_entry *ret)
{
	const struct count_entry last = {.key = of, .order = at, .number = UINT64_MAX};
	char bytes[INDEX_KEY_SIZE];
	struct store_entry found;
	int r = store_below(txn, TABLE_INDEX, key_write(&last, bytes), 16, &found);

	return r == 1 ? entry_read(key, of, &found, ret) : r;
}

int
index_next(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct count_entry *ret)
{
	const struct count_entry any = {.key = of};
	char bytes[INDEX_KEY_SIZE];
	struct store_entry found;
	int r = store_previous(txn, TABLE_INDEX, key_write(&any, bytes), 16, &found);

	return r == 1 ? entry_read(key, of, &found, ret) : r;
}

int
index_find(struct store_txn *txn, const struct hash_key *key, const struct count_entry *wanted, struct count_entry *ret)
{
	char bytes[INDEX_KEY_SIZE];
	struct store_entry found = {.key = key_write(wanted, bytes)};
	int r = store_get(txn, TABLE_INDEX, found.key, &found.value);

	return r == 1 ? entry_read(key, wanted->key, &found, ret) : r;
}

int
index_decode(const struct hash_key *key, const struct store_entry *stored, struct count_entry *ret)
{
	struct hash128 of;

	if (stored->key.len != INDEX_KEY_SIZE)
		return -ERROR_DAMAGED;
	memcpy(&of.lo, stored->key.ptr, 8);
	memcpy(&of.hi, stored->key.ptr + 8, 8);
	return entry_read(key, of, stored, ret);
}
