/* store_txn - transactions of the store: readers with their snapshots, the writer */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "base/store_file.h"
#include "base/store_pages.h"

#define ROOM_LEAST \
	((uint64_t)1 << 20) /* a file system with less has no room for a commit, and nor has a limit of the file */

int
store_code(struct store *store, int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return 0;
	case MDB_PANIC:
		atomic_store(&store->broken, true);
		return -ERROR_IO;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG: /* ulimit -f */
		return -ERROR_FULL;
	case MDB_PAGE_NOTFOUND:
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
	case MDB_NOTFOUND:
	case MDB_PAGE_FULL:
	case MDB_CURSOR_FULL:
	case EINVAL: /* we give no wrong arguments; the file's header did */
		return -ERROR_DAMAGED;
	case MDB_READERS_FULL:
	case EBUSY:
	case EAGAIN:
		return -ERROR_BUSY;
	case MDB_BAD_VALSIZE:
	case MDB_KEYEXIST:
		return -ERROR_LIMIT;
	case ENOMEM:
		return -ERROR_MEMORY;
	default:
		return -ERROR_IO;
	}
}

int
store_fail(struct store *store, int rc, const char *what, struct error *err)
{
	return error_set(err, error_from(store_code(store, rc)), NULL, "cannot %s the database%s%s: %s", what,
	                 store->directory ? " in " : "", store->directory ? store->directory : "", mdb_strerror(rc));
}

int
store_keep_failure(struct store_txn *txn, int rc)
{
	int r = store_code(txn->store, rc);

	if (r != 0 && txn->failed == 0)
		txn->failed = r;
	return r;
}

int
store_seal_put(MDB_txn *txn, MDB_dbi names)
{
	uint64_t number = mdb_txn_id(txn);
	char key[] = STORE_SEAL_KEY;
	MDB_val k = {1, key}, v = {STORE_SEAL_SIZE, &number};

	return mdb_put(txn, names, &k, &v, 0);
}

int
store_seal_check(MDB_txn *txn, MDB_dbi names, uint64_t number)
{
	char key[] = STORE_SEAL_KEY;
	MDB_val k = {1, key}, v;
	int rc = mdb_get(txn, names, &k, &v);

	if (rc == MDB_NOTFOUND)
		return number == 0 ? 0 : MDB_CORRUPTED;
	if (rc != 0)
		return rc;
	return v.mv_size == STORE_SEAL_SIZE && memcmp(v.mv_data, &number, STORE_SEAL_SIZE) == 0 ? 0 : MDB_CORRUPTED;
}

int
store_begin_writing(struct store *store, MDB_txn **ret)
{
	int rc = store_turn_take(&store->turn);

	if (rc != 0)
		return rc;
	rc = mdb_txn_begin(store->env, NULL, 0, ret);
	if (rc != 0)
		store_turn_give(&store->turn);
	return rc;
}

int
store_end_writing(struct store *store, MDB_txn *txn, int rc)
{
	if (rc == 0)
		rc = mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);
	store_turn_give(&store->turn);
	return rc;
}

int
store_begin_reading(struct store *store, MDB_txn **ret)
{
	int rc = store_turn_take(&store->turn);

	if (rc != 0)
		return rc;
	rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, ret);
	store_turn_give(&store->turn);
	return rc;
}

int
store_check_slots(struct store *store, int *ret_dead)
{
	int rc = store_turn_take(&store->turn);

	if (rc != 0)
		return rc;
	rc = mdb_reader_check(store->env, ret_dead);
	store_turn_give(&store->turn);
	return rc;
}

/* --- readers --- */

void
store_reader_suspend(struct store_txn *txn)
{
	for (size_t i = 0; i < txn->store->table_count; i++) {
		if (txn->cursors[i])
			mdb_cursor_close(txn->cursors[i]);
		txn->cursors[i] = NULL;
	}
	if (txn->txn)
		mdb_txn_abort(txn->txn);
	txn->txn = NULL;
}

int
store_reader_resume(struct store_txn *txn)
{
	struct store *store = txn->store;
	int rc = store->env ? store_begin_reading(store, &txn->txn) : MDB_PANIC;

	if (rc != 0)
		txn->txn = NULL;
	for (size_t i = 0; rc == 0 && i < store->table_count; i++) {
		if (store->dbis[i] != TABLE_MISSING)
			rc = mdb_cursor_open(txn->txn, store->dbis[i], &txn->cursors[i]);
	}
	if (rc != 0) {
		store_reader_suspend(txn);
		return store_code(store, rc);
	}
	mdb_txn_reset(txn->txn);
	return 0;
}

int
store_reader_open(struct store *store, struct store_txn **ret, struct error *err)
{
	struct store_txn *txn = calloc(1, sizeof(*txn));
	int r;

	if (!txn)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	txn->store = store;
	r = store_reader_resume(txn);
	if (r != 0) {
		free(txn);
		return error_set(err, error_from(r), NULL, "cannot begin reading the database: %s",
		                 r == -ERROR_BUSY ? "too many readers" : error_name(error_from(r)));
	}
	*ret = txn;
	return 0;
}

void
store_reader_close(struct store_txn *txn)
{
	if (!txn)
		return;
	store_reader_suspend(txn);
	free(txn);
}

/*
 * LMDB reads the newest number, and then the meta page that should belong to it: a thread that loses the processor in
 * between while two commits are made has the number of the older one and the trees of the newer one. While there is no
 * newer one, the number is right; else the seal tells.
 */
static int
snapshot_check(struct store_txn *txn)
{
	MDB_envinfo info;
	int rc = mdb_env_info(txn->store->env, &info);

	if (rc != 0 || info.me_last_txnid == mdb_txn_id(txn->txn))
		return rc;
	return store_seal_check(txn->txn, txn->store->names, mdb_txn_id(txn->txn));
}

int
store_begin(struct store_txn *txn)
{
	enum { TRIES = 8 };
	int rc = txn->txn ? 0 : MDB_PANIC;

	txn->renewed = 0;
	txn->failed = 0;
	for (int i = 0; rc == 0 && i < TRIES; i++) {
		rc = mdb_txn_renew(txn->txn);
		if (rc != 0)
			break;
		rc = snapshot_check(txn);
		if (rc == 0)
			return 0;
		mdb_txn_reset(txn->txn);
		if (rc == MDB_CORRUPTED && i < TRIES - 1)
			rc = 0; /* once more */
	}
	return store_keep(txn, rc);
}

void
store_end(struct store_txn *txn)
{
	mdb_txn_reset(txn->txn);
}

int
store_write(struct store *store, struct store_txn **ret, struct error *err)
{
	MDB_txn *txn;
	int rc = store->env ? store_begin_writing(store, &txn) : MDB_PANIC;

	if (rc != 0)
		return store_fail(store, rc, "write", err);
	store->writer = (struct store_txn){.store = store, .txn = txn, .writer = true};
	*ret = &store->writer;
	return 0;
}

/*
 * Whether the file cannot grow: LMDB writes several pages with one call, and takes one that wrote only the first of them, for
 * want of room for the others, for a failure of the disk.
 */
static bool
store_lacks_room(const struct store *store)
{
	struct statvfs system;
	struct rlimit limit;
	struct stat status;
	char path[PATH_MAX];

	if (store_file_path(store->directory, path, sizeof(path), NULL) != 0 || stat(path, &status) != 0)
		return false;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    (rlim_t)status.st_size + ROOM_LEAST > limit.rlim_cur)
		return true;
	return statvfs(path, &system) == 0 && (uint64_t)system.f_bavail * system.f_frsize < ROOM_LEAST;
}

/* The writer lock goes with the end of the transaction: nothing of `txn` may be touched after it. */
int
store_commit(struct store_txn *txn, struct error *err)
{
	struct store *store = txn->store;
	int rc;

	if (txn->failed) {
		int failed = txn->failed;

		store_abort(txn);
		return error_set(err, error_from(failed), NULL, "cannot write the database: %s",
		                 error_name(error_from(failed)));
	}
	rc = txn->changes ? store_seal_put(txn->txn, store->names) : 0;
	if (rc != 0) {
		store_abort(txn);
		return store_fail(store, rc, "write", err);
	}
	rc = store_end_writing(store, txn->txn, 0); /* closes its cursors */
	if (rc == EIO && store_lacks_room(store))
		rc = ENOSPC;
	return rc == 0 ? 0 : store_fail(store, rc, "commit to", err);
}

void
store_abort(struct store_txn *txn)
{
	if (txn)
		(void)store_end_writing(txn->store, txn->txn, -1); /* closes its cursors */
}

uint64_t
store_state(const struct store_txn *txn)
{
	return mdb_txn_id(txn->txn);
}

int
store_newest(struct store *store, uint64_t *ret)
{
	MDB_envinfo info;

	if (!store->env || store_is_broken(store) || mdb_env_info(store->env, &info) != 0)
		return -ERROR_IO;
	*ret = info.me_last_txnid;
	return 0;
}

int
store_failed(const struct store_txn *txn)
{
	return txn->failed;
}

size_t
store_changes(const struct store_txn *txn)
{
	return txn->changes;
}
