/* store_cursor - what lies in the tables of the store: found, entered, taken out */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_priv.h"

static MDB_val
val(struct str bytes)
{
	return (MDB_val){bytes.len, (void *)(uintptr_t)bytes.ptr}; /* LMDB does not write to it */
}

static struct str
store_bytes_of(MDB_val value)
{
	return (struct str){value.mv_data, value.mv_size};
}

/* A key as its tree has it; `room` is for those that need a byte before them. */
static MDB_val
key_in(const struct store_txn *txn, unsigned table, struct str key, char room[STORE_KEY_MAX + 1])
{
	if (table != txn->store->nameless)
		return val(key);
	room[0] = NAMELESS_BYTE;
	if (key.len == 16) /* as decisions ask: a copy that needs no call */
		memcpy(room + 1, key.ptr, 16);
	else
		memcpy(room + 1, key.ptr, key.len);
	return (MDB_val){key.len + 1, room};
}

/* Whether the transaction may look for this key in this table; if not, txn->failed is the answer. */
static bool
may_look(struct store_txn *txn, unsigned table, struct str key)
{
	if (txn->failed || txn->store->dbis[table] == TABLE_MISSING)
		return false;
	return key.len <= STORE_KEY_MAX || store_keep(txn, MDB_BAD_VALSIZE) == 0;
}

int
store_get(struct store_txn *txn, unsigned table, struct str key, struct str *ret_value)
{
	char room[STORE_KEY_MAX + 1];
	MDB_val k, v;
	int rc;

	if (!may_look(txn, table, key))
		return txn->failed;
	k = key_in(txn, table, key, room);
	rc = mdb_get(txn->txn, txn->store->dbis[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return store_keep(txn, rc);
	*ret_value = store_bytes_of(v);
	return 1;
}

static int
store_enter(struct store_txn *txn, unsigned table, struct str key, struct str value, unsigned flags)
{
	char room[STORE_KEY_MAX + 1];
	MDB_val k, v = val(value);

	if (!may_look(txn, table, key))
		return txn->failed;
	k = key_in(txn, table, key, room);
	txn->changes++;
	return store_keep(txn, mdb_put(txn->txn, txn->store->dbis[table], &k, &v, flags));
}

int
store_put(struct store_txn *txn, unsigned table, struct str key, struct str value)
{
	return store_enter(txn, table, key, value, 0);
}

int
store_append(struct store_txn *txn, unsigned table, struct str key, struct str value)
{
	return store_enter(txn, table, key, value, table == txn->store->nameless ? 0 : MDB_APPEND);
}

int
store_delete(struct store_txn *txn, unsigned table, struct str key)
{
	char room[STORE_KEY_MAX + 1];
	MDB_val k;
	int rc;

	if (!may_look(txn, table, key))
		return txn->failed;
	k = key_in(txn, table, key, room);
	rc = mdb_del(txn->txn, txn->store->dbis[table], &k, NULL);
	if (rc == MDB_NOTFOUND)
		return 0;
	txn->changes++;
	return rc == 0 ? 1 : store_keep(txn, rc);
}

/* Entries of the nameless tree that are none of its table: the names of the others, and the seal. */
static int
count_names(struct store_txn *txn, size_t *ret)
{
	char first = NAMELESS_BYTE + 1;
	MDB_val k = {1, &first}, v;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(txn->txn, txn->store->names, &cursor);

	*ret = 0;
	if (rc != 0)
		return rc;
	for (rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE); rc == 0; rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT))
		++*ret;
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int64_t
store_count(struct store_txn *txn, unsigned table)
{
	size_t names = 0;
	MDB_stat stat;

	if (txn->failed || txn->store->dbis[table] == TABLE_MISSING)
		return txn->failed;
	if (store_keep(txn, mdb_stat(txn->txn, txn->store->dbis[table], &stat)) != 0 ||
	    (table == txn->store->nameless && store_keep(txn, count_names(txn, &names)) != 0))
		return txn->failed;
	return (int64_t)(stat.ms_entries - names);
}

/* The table's cursor, of the present snapshot. */
static MDB_cursor *
cursor_of(struct store_txn *txn, unsigned table)
{
	uint32_t bit = UINT32_C(1) << table;

	if (txn->failed || txn->store->dbis[table] == TABLE_MISSING)
		return NULL;
	if (!(txn->renewed & bit)) {
		int rc = txn->writer ? mdb_cursor_open(txn->txn, txn->store->dbis[table], &txn->cursors[table])
		                     : mdb_cursor_renew(txn->txn, txn->cursors[table]);

		if (store_keep(txn, rc) != 0)
			return NULL;
		txn->renewed |= bit;
	}
	return txn->cursors[table];
}

/* The result of a cursor operation, if it belongs to the table and has the prefix. */
static int
found(struct store_txn *txn, unsigned table, int rc, MDB_val k, MDB_val v, struct str key, size_t prefix_len,
      struct store_entry *ret)
{
	struct str at = store_bytes_of(k);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return store_keep(txn, rc);
	if (table == txn->store->nameless) {
		if (at.len == 0 || at.ptr[0] != NAMELESS_BYTE)
			return 0;
		at = (struct str){at.ptr + 1, at.len - 1};
	}
	if (at.len < prefix_len || (prefix_len && memcmp(at.ptr, key.ptr, prefix_len) != 0))
		return 0;
	*ret = (struct store_entry){at, store_bytes_of(v)};
	return 1;
}

/* The greatest entry of the tree that is not greater than `wanted`. */
static int
seek_below(MDB_cursor *cursor, MDB_val wanted, MDB_val *k, MDB_val *v)
{
	int rc;

	*k = wanted;
	rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		return mdb_cursor_get(cursor, k, v, MDB_LAST);
	if (rc == 0 && (k->mv_size != wanted.mv_size || memcmp(k->mv_data, wanted.mv_data, wanted.mv_size) != 0))
		return mdb_cursor_get(cursor, k, v, MDB_PREV);
	return rc;
}

int
store_below(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret)
{
	MDB_cursor *cursor = may_look(txn, table, key) ? cursor_of(txn, table) : NULL;
	char room[STORE_KEY_MAX + 1];
	MDB_val k, v;
	int rc;

	if (!cursor)
		return txn->failed;
	rc = seek_below(cursor, key_in(txn, table, key, room), &k, &v);
	return found(txn, table, rc, k, v, key, prefix_len, ret);
}

int
store_above(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret)
{
	MDB_cursor *cursor = may_look(txn, table, key) ? cursor_of(txn, table) : NULL;
	char room[STORE_KEY_MAX + 1];
	MDB_val k, v;
	int rc;

	if (!cursor)
		return txn->failed;
	k = key_in(txn, table, key, room);
	rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	return found(txn, table, rc, k, v, key, prefix_len, ret);
}

static int
move(struct store_txn *txn, unsigned table, MDB_cursor_op op, struct str key, size_t prefix_len,
     struct store_entry *ret)
{
	MDB_cursor *cursor = cursor_of(txn, table);
	MDB_val k = {0}, v;
	int rc;

	if (!cursor)
		return txn->failed;
	rc = mdb_cursor_get(cursor, &k, &v, op);
	return found(txn, table, rc, k, v, key, prefix_len, ret);
}

int
store_previous(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret)
{
	return move(txn, table, MDB_PREV, key, prefix_len, ret);
}

int
store_next(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret)
{
	return move(txn, table, MDB_NEXT, key, prefix_len, ret);
}

int
store_last(struct store_txn *txn, unsigned table, struct store_entry *ret)
{
	MDB_cursor *cursor = cursor_of(txn, table);
	char beyond = NAMELESS_BYTE + 1;
	MDB_val k = {0}, v;
	int rc;

	if (!cursor)
		return txn->failed;
	if (table == txn->store->nameless)
		rc = seek_below(cursor, (MDB_val){1, &beyond}, &k, &v);
	else
		rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
	return found(txn, table, rc, k, v, STR_NONE, 0, ret);
}
