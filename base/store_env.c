/* store_env - the environment of the store: the file mapped, its tables opened */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_priv.h"

#include <errno.h>

#include "base/store_file.h"

#define MAP_SMALLEST ((size_t)64 << 20)
#define FILE_MODE 0660

int
store_seal_again(struct store *store)
{
	MDB_txn *txn;
	MDB_dbi names;
	int rc = store_begin_writing(store, &txn);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &names);
	if (rc == 0)
		rc = store_seal_put(txn, names);
	return store_end_writing(store, txn, rc);
}

/* One table; *ret_made: it was not there and is now. */
static int
open_table(struct store *store, MDB_txn *txn, size_t i, bool *ret_made)
{
	int rc = mdb_dbi_open(txn, store->tables[i], 0, &store->dbis[i]);

	if (rc != MDB_NOTFOUND)
		return rc;
	if (store->env_flags & MDB_RDONLY) {
		store->dbis[i] = TABLE_MISSING;
		return 0;
	}
	*ret_made = true;
	return mdb_dbi_open(txn, store->tables[i], MDB_CREATE, &store->dbis[i]);
}

/* Opens every table, made when missing and possible. */
static int
open_tables(struct store *store)
{
	bool read_only = store->env_flags & MDB_RDONLY, made = false;
	MDB_txn *txn;
	int rc = read_only ? store_begin_reading(store, &txn) : store_begin_writing(store, &txn);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &store->names);
	if (rc == 0) /* a write transaction has the number that it will give */
		rc = store_seal_check(txn, store->names, mdb_txn_id(txn) - (read_only ? 0 : 1));
	for (size_t i = 0; rc == 0 && i < store->table_count; i++) {
		if (i == store->nameless)
			store->dbis[i] = store->names;
		else
			rc = open_table(store, txn, i, &made);
	}
	if (rc == 0 && made)
		rc = store_seal_put(txn, store->names);
	if (!read_only)
		return store_end_writing(store, txn, rc);
	if (rc == 0)
		return mdb_txn_commit(txn); /* keeps the tables' numbers */
	mdb_txn_abort(txn);
	return rc;
}

int
store_env_try(struct store *store, const char *directory, size_t map_bytes)
{
	MDB_env *env;
	MDB_envinfo info;
	MDB_stat stat;
	int rc = mdb_env_create(&env);

	if (rc != 0)
		return rc;
	rc = mdb_env_set_mapsize(env, map_bytes);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(env, store->readers);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env, STORE_TABLES_MAX);
	if (rc == 0)
		rc = mdb_env_open(env, directory, store->env_flags, FILE_MODE);
	if (rc == 0)
		rc = mdb_env_info(env, &info);
	if (rc == 0)
		rc = mdb_env_stat(env, &stat);
	if (rc != 0) {
		mdb_env_close(env);
		return rc;
	}
	store->env = env;
	store->map_bytes = info.me_mapsize;
	store->page_bytes = stat.ms_psize;
	return 0;
}

/* A process whose address space is limited gets what it can have: half as much until it fits. */
static int
env_open_fitting(struct store *store, const char *directory, size_t map_bytes, struct error *err)
{
	int rc = store_env_try(store, directory, map_bytes);

	/* Valgrind refuses what it has no room for with EINVAL; a damaged header still ends with that at the smallest size. */
	while ((rc == ENOMEM || rc == EINVAL) && map_bytes / 2 >= MAP_SMALLEST) {
		map_bytes /= 2;
		rc = store_env_try(store, directory, map_bytes);
	}
	if (rc == ENOMEM && store_file_claims_too_much(directory))
		return error_set(err, ERROR_DAMAGED, NULL,
		                 "the header of the database in '%s' refers to pages outside the file", directory);
	if (rc == ENOMEM)
		return error_set(err, ERROR_MEMORY, NULL,
		                 "cannot map %zu MiB for the database: the address space is limited", map_bytes >> 20);
	return rc == 0 ? 0 : store_fail(store, rc, "open", err);
}

static int
check_length(const struct store *store, const char *directory, struct error *err)
{
	enum { SLACK = 64 };
	MDB_envinfo info;
	struct stat status;
	int fd;

	if (mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &status) != 0 || mdb_env_info(store->env, &info) != 0)
		return error_set(err, ERROR_IO, NULL, "cannot read the size of the database in '%s'", directory);
	if ((size_t)status.st_size / store->page_bytes + SLACK < info.me_last_pgno)
		return error_set(err, ERROR_DAMAGED, NULL, "the database in '%s' is cut short: %zu pages, not %zu",
		                 directory, (size_t)status.st_size / store->page_bytes, info.me_last_pgno + 1);
	return 0;
}

/* The environment, when the file looks sound, and its tables. */
int
store_env_open(struct store *store, const char *directory, size_t map_bytes, struct error *err)
{
	int dead, rc, r = env_open_fitting(store, directory, map_bytes, err);

	if (r == 0)
		r = check_length(store, directory, err);
	if (r != 0)
		return r;
	rc = store_check_slots(store, &dead);
	if (rc == 0)
		rc = open_tables(store);
	return rc == 0 ? 0 : store_fail(store, rc, "open", err);
}
