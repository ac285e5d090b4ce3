/* store - ordered tables of bytes in one database file, shared by threads and processes: the one wrapper of LMDB */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/store_claim.h"
#include "base/store_clean.h"
#include "base/store_file.h"
#include "base/store_lock.h"
#include "base/store_pages.h"
#include "base/store_turn.h"

#define ROOM_LEAST \
	((uint64_t)1 << 20) /* a file system with less has no room for a commit, and nor has a limit of the file */

#define READERS_DEFAULT 1024
#define MAP_SMALLEST ((size_t)64 << 20)
#define FILE_MODE 0660
#define DIRECTORY_MODE 0750
#define TABLE_MISSING 0 /* LMDB's number of its free list, which is never a table of ours */

/*
 * LMDB keeps each named table in a tree of its own, and where that tree begins as an entry of one tree that has no
 * name. A snapshot that is just begun looks there first, so a look-up is two searches. The table that decisions read is
 * therefore kept in the nameless tree itself, its keys behind a zero byte and so before all names.
 */
#define NAMELESS_BYTE '\0'

struct store_txn {
	struct store *store;
	MDB_txn *txn; /* of a reader: reset between store_end and store_begin; NULL: suspended */
	MDB_cursor *cursors[STORE_TABLES_MAX]; /* of a reader: opened once; of the writer: when first needed */
	uint32_t renewed;                      /* bit a table: the cursor belongs to the present snapshot */
	int failed;                            /* the first failure, negative */
	size_t changes;
	bool writer;
};

struct store {
	MDB_env *env; /* NULL after a failed reopen */
	struct store_lock lock;
	struct store_claim claim;
	struct stat file; /* data.mdb as it was opened; of a private one nothing */
	bool trusted;     /* verified, by whom it may be, or new: its clean stop is worth remembering */
	char *directory;  /* NULL: private, without a name by now */
	int spare;        /* private: the file once more, for when it must be opened again; else -1 */
	const char *tables[STORE_TABLES_MAX];
	MDB_dbi dbis[STORE_TABLES_MAX], names; /* names: the nameless tree */
	size_t table_count;
	unsigned nameless; /* the table in the tree of the names, STORE_TABLES_MAX when there is none */
	size_t map_bytes;
	size_t page_bytes;
	unsigned env_flags, readers;
	atomic_bool broken;      /* any thread sets it; store_reopen clears it */
	struct store_txn writer; /* belongs to who holds LMDB's writer lock */
	struct store_turn turn;  /* before any of LMDB's locks: to write, or to change the table of readers */
};

/* One LMDB or system error as ours. */
static int
code_of(struct store *store, int rc)
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

static int
store_fail(struct store *store, int rc, const char *what, struct error *err)
{
	return error_set(err, error_from(code_of(store, rc)), NULL, "cannot %s the database%s%s: %s", what,
	                 store->directory ? " in " : "", store->directory ? store->directory : "", mdb_strerror(rc));
}

/* The first failure of a transaction stays. */
static int
store_keep(struct store_txn *txn, int rc)
{
	int r = code_of(txn->store, rc);

	if (r != 0 && txn->failed == 0)
		txn->failed = r;
	return r;
}

/*
 * The number of the transaction, as the last entry of the nameless tree: the one sign of a meta page that is damaged.
 * See base/store_pages.h.
 */
static int
seal_put(MDB_txn *txn, MDB_dbi names)
{
	uint64_t number = mdb_txn_id(txn);
	char key[] = STORE_SEAL_KEY;
	MDB_val k = {1, key}, v = {STORE_SEAL_SIZE, &number};

	return mdb_put(txn, names, &k, &v, 0);
}

/* Whether a snapshot is the one that was committed with this number. An empty database has none. */
static int
seal_check(MDB_txn *txn, MDB_dbi names, uint64_t number)
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

static int
begin_writing(struct store *store, MDB_txn **ret)
{
	int rc = store_turn_take(&store->turn);

	if (rc != 0)
		return rc;
	rc = mdb_txn_begin(store->env, NULL, 0, ret);
	if (rc != 0)
		store_turn_give(&store->turn);
	return rc;
}

/* rc: when there was an error before, nothing is kept. */
static int
end_writing(struct store *store, MDB_txn *txn, int rc)
{
	if (rc == 0)
		rc = mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);
	store_turn_give(&store->turn);
	return rc;
}

/* A read transaction that takes a slot in the table of readers. */
static int
begin_reading(struct store *store, MDB_txn **ret)
{
	int rc = store_turn_take(&store->turn);

	if (rc != 0)
		return rc;
	rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, ret);
	store_turn_give(&store->turn);
	return rc;
}

static int
check_slots(struct store *store, int *ret_dead)
{
	int rc = store_turn_take(&store->turn);

	if (rc != 0)
		return rc;
	rc = mdb_reader_check(store->env, ret_dead);
	store_turn_give(&store->turn);
	return rc;
}

/* A transaction that does nothing but be the newest. */
static int
seal_again(struct store *store)
{
	MDB_txn *txn;
	MDB_dbi names;
	int rc = begin_writing(store, &txn);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &names);
	if (rc == 0)
		rc = seal_put(txn, names);
	return end_writing(store, txn, rc);
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
	int rc = read_only ? begin_reading(store, &txn) : begin_writing(store, &txn);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &store->names);
	if (rc == 0) /* a write transaction has the number that it will give */
		rc = seal_check(txn, store->names, mdb_txn_id(txn) - (read_only ? 0 : 1));
	for (size_t i = 0; rc == 0 && i < store->table_count; i++) {
		if (i == store->nameless)
			store->dbis[i] = store->names;
		else
			rc = open_table(store, txn, i, &made);
	}
	if (rc == 0 && made)
		rc = seal_put(txn, store->names);
	if (!read_only)
		return end_writing(store, txn, rc);
	if (rc == 0)
		return mdb_txn_commit(txn); /* keeps the tables' numbers */
	mdb_txn_abort(txn);
	return rc;
}

/* One attempt with this much address space. Looks at nothing but the file's header. */
static int
env_open(struct store *store, const char *directory, size_t map_bytes)
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
	int rc = env_open(store, directory, map_bytes);

	/* Valgrind refuses what it has no room for with EINVAL; a damaged header still ends with that at the smallest size. */
	while ((rc == ENOMEM || rc == EINVAL) && map_bytes / 2 >= MAP_SMALLEST) {
		map_bytes /= 2;
		rc = env_open(store, directory, map_bytes);
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
static int
open_env(struct store *store, const char *directory, size_t map_bytes, struct error *err)
{
	int dead, rc, r = env_open_fitting(store, directory, map_bytes, err);

	if (r == 0)
		r = check_length(store, directory, err);
	if (r != 0)
		return r;
	rc = check_slots(store, &dead);
	if (rc == 0)
		rc = open_tables(store);
	return rc == 0 ? 0 : store_fail(store, rc, "open", err);
}

/* What stands at the path of data.mdb; false when nothing can be seen there. */
static bool
file_at_path(const struct store *store, struct stat *ret)
{
	char path[PATH_MAX];

	return store_file_path(store->directory, path, sizeof(path), NULL) == 0 && stat(path, ret) == 0;
}

/* Whether there is nothing yet that could be damaged. */
static bool
is_new(const struct store *store)
{
	struct stat found;

	return !file_at_path(store, &found) || found.st_size == 0;
}

static int
remember_file(struct store *store, struct error *err)
{
	int fd, rc = mdb_env_get_fd(store->env, &fd);

	if (rc == 0 && fstat(fd, &store->file) != 0)
		rc = errno;
	return rc == 0 ? 0 : store_fail(store, rc, "look at", err);
}

bool
store_has_moved(const struct store *store)
{
	struct stat found;

	if (!store->directory)
		return false;
	return !file_at_path(store, &found) || found.st_dev != store->file.st_dev || found.st_ino != store->file.st_ino;
}

static int
open_named(struct store *store, const char *directory, const struct store_options *options, struct error *err)
{
	bool existing = options->existing || options->read_only;
	int r = 0;

	if (!existing && mkdir(directory, DIRECTORY_MODE) != 0 && errno != EEXIST)
		return error_set(err, ERROR_IO, NULL, "cannot make directory '%s': %s", directory, strerror(errno));
	if (existing && access(directory, X_OK) != 0)
		return error_set(err, ERROR_IO, NULL, "cannot enter directory '%s': %s", directory, strerror(errno));
	if (!options->locked)
		r = store_lock_take(&store->lock, directory, false, err);
	if (r == 0 && options->read_only)
		(void)store_turn_open(&store->turn, directory, NULL); /* where it cannot be opened nobody writes */
	else if (r == 0)
		r = store_turn_open(&store->turn, directory, err);
	if (r == 0)
		r = store_file_check(directory, existing, err);
	if (r == 0 && !options->locked)
		r = store_claim_check(&store->claim, directory, file_at_path(store, &store->file) ? &store->file : NULL,
		                      err);
	if (r == 0 && !options->read_only) {
		store->trusted = options->verified || is_new(store) || store_clean_agrees(directory) ||
		                 (store->lock.fd >= 0 && store_lock_is_verified(&store->lock));
		store_clean_forget(directory); /* before anything is written */
	}
	if (r == 0)
		r = open_env(store, directory, options->map_bytes, err);
	if (r == 0)
		r = remember_file(store, err);
	if (r == 0 && !options->locked)
		store_claim_take(&store->claim, &store->file);
	if (r == 0 && options->verified && !options->locked)
		store_lock_note_verified(&store->lock);
	if (r == 0 && !options->locked && !store_lock_is_marked(directory)) {
		if (options->durable)
			r = store_directory_sync(directory, err);
		if (r == 0)
			r = store_lock_mark(&store->lock, err);
	}
	return r;
}

/*
 * Without a directory: files that lose their names as soon as they are open, so that nothing can leave them behind. To
 * be opened again they are copied, for LMDB opens what has a name.
 */
static int
open_private(struct store *store, size_t map_bytes, struct error *err)
{
	char directory[32];
	int fd, rc, r = store_private_make(directory, store->spare, err);

	if (r != 0)
		return r;
	r = open_env(store, directory, map_bytes, err);
	store_private_forget(directory);
	if (r != 0)
		return r;
	rc = mdb_env_get_fd(store->env, &fd);
	fd = rc == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (fd < 0)
		return store_fail(store, rc ? rc : errno, "open", err);
	if (store->spare >= 0)
		(void)close(store->spare); /* the copy has taken its place */
	store->spare = fd;
	return 0;
}

int
store_open(const struct store_options *options, struct store **ret, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	int r = 0;

	if (!store)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	store->lock = STORE_LOCK_NONE;
	store->claim = STORE_CLAIM_NONE;
	store_turn_init(&store->turn);
	store->spare = -1;
	store->table_count = options->table_count;
	store->nameless = STORE_TABLES_MAX;
	for (unsigned i = 0; i < options->table_count; i++) {
		store->tables[i] = options->tables[i];
		if (!store->tables[i][0])
			store->nameless = i;
	}
	store->readers = options->readers ? options->readers : READERS_DEFAULT;
	store->env_flags = (options->copied ? 0 : MDB_NOTLS) | MDB_NORDAHEAD |
	                   (options->durable && options->directory ? 0 : MDB_NOSYNC) |
	                   (options->read_only ? MDB_RDONLY : 0);
	if (options->directory) {
		store->directory = strdup(options->directory);
		if (!store->directory)
			r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
		else
			r = open_named(store, store->directory, options, err);
	} else {
		r = open_private(store, options->map_bytes, err);
	}
	if (r != 0) {
		store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

/* The last one that has the database open remembers that it was left whole. */
static void
close_env(struct store *store)
{
	bool whole = store->env && store->trusted && store->lock.fd >= 0 && !(store->env_flags & MDB_RDONLY) &&
	             !store_is_broken(store) && !store_has_moved(store);

	if (whole && (store->env_flags & MDB_NOSYNC))
		whole = mdb_env_sync(store->env, 1) == 0;
	if (store->env)
		mdb_env_close(store->env);
	if (whole && store->directory && store_lock_alone(&store->lock))
		store_clean_write(store->directory);
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	close_env(store);
	if (store->spare >= 0)
		(void)close(store->spare); /* nobody wants it any more */
	store_claim_drop(&store->claim);
	store_lock_drop(&store->lock);
	store_turn_close(&store->turn);
	free(store->directory);
	free(store);
}

static int
reopen(struct store *store, struct error *err)
{
	int r, rc;

	if (!store->directory)
		return open_private(store, store->map_bytes, err);
	r = store_file_check(store->directory, true, err);
	if (r == 0 && store_has_moved(store))
		r = error_set(err, ERROR_IO, NULL, "the database that was open in '%s' is not there any more",
		              store->directory);
	if (r == 0)
		r = open_env(store, store->directory, store->map_bytes, err);
	if (r != 0 || store->env_flags & MDB_RDONLY)
		return r;
	/* The meta page that could not be written is that of no transaction: it must not be seen at the next start. */
	rc = seal_again(store);
	return rc == 0 ? 0 : store_fail(store, rc, "write", err);
}

int
store_reopen(struct store *store, struct error *err)
{
	int r;

	atomic_store(&store->broken, true);
	if (store->env)
		mdb_env_close(store->env);
	store->env = NULL;
	r = reopen(store, err);
	if (r == 0) {
		atomic_store(&store->broken, false);
		return 0;
	}
	if (store->env)
		mdb_env_close(store->env);
	store->env = NULL;
	return r;
}

bool
store_is_broken(const struct store *store)
{
	return atomic_load(&store->broken);
}

int
store_check_readers(struct store *store)
{
	int dead = 0;
	int rc = store->env ? check_slots(store, &dead) : MDB_PANIC;

	return rc == 0 ? dead : code_of(store, rc);
}

/* Pages that the file holds and nobody uses: the free list's own table, whose values begin with how many they list. */
static int
free_pages(MDB_txn *txn, size_t *ret)
{
	MDB_cursor *cursor = NULL;
	MDB_val key, value;
	size_t pages = 0;
	int rc = mdb_cursor_open(txn, 0, &cursor);

	while (rc == 0 && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		size_t listed;

		memcpy(&listed, value.mv_data, sizeof(listed));
		pages += listed;
	}
	if (cursor)
		mdb_cursor_close(cursor);
	*ret = pages;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
store_info(struct store *store, const struct store_txn *reader, struct store_info *ret)
{
	MDB_envinfo info;
	size_t unused = 0;
	int rc = store->env ? mdb_env_info(store->env, &info) : MDB_PANIC;

	if (rc == 0 && reader)
		rc = free_pages(reader->txn, &unused);
	if (rc != 0)
		return code_of(store, rc);
	*ret = (struct store_info){
		.map_bytes = info.me_mapsize,
		.used_bytes = (info.me_last_pgno + 1 - unused) * store->page_bytes,
		.file_bytes = (info.me_last_pgno + 1) * store->page_bytes,
		.page_bytes = store->page_bytes,
		.readers = info.me_numreaders,
		.commits = info.me_last_txnid,
	};
	return 0;
}

/* The copy has one transaction, with a number of its own: two that are sealed take its place. */
static int
seal_copy(const struct store *store, const char *directory, struct error *err)
{
	struct store copy = {.readers = READERS_DEFAULT, .env_flags = store->env_flags & ~(unsigned)MDB_RDONLY};
	int rc = env_open(&copy, directory, store->map_bytes);

	store_turn_init(&copy.turn);
	for (int i = 0; rc == 0 && i < 2; i++)
		rc = seal_again(&copy);
	if (copy.env)
		mdb_env_close(copy.env);
	store_turn_close(&copy.turn);
	return rc == 0 ? 0 : store_fail(&copy, rc, "copy", err);
}

/*
 * LMDB's copy begins a read transaction of its own. Without MDB_NOTLS it takes the slot that this thread was given when the
 * tables were opened, in its turn, and so needs none of LMDB's locks (see base/store_turn.h).
 */
int
store_copy(struct store *store, const char *directory, struct error *err)
{
	int rc = mdb_env_copy2(store->env, directory, MDB_CP_COMPACT);

	return rc == 0 ? seal_copy(store, directory, err) : store_fail(store, rc, "copy", err);
}

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
	int rc = store->env ? begin_reading(store, &txn->txn) : MDB_PANIC;

	if (rc != 0)
		txn->txn = NULL;
	for (size_t i = 0; rc == 0 && i < store->table_count; i++) {
		if (store->dbis[i] != TABLE_MISSING)
			rc = mdb_cursor_open(txn->txn, store->dbis[i], &txn->cursors[i]);
	}
	if (rc != 0) {
		store_reader_suspend(txn);
		return code_of(store, rc);
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
	return seal_check(txn->txn, txn->store->names, mdb_txn_id(txn->txn));
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
	int rc = store->env ? begin_writing(store, &txn) : MDB_PANIC;

	if (rc != 0)
		return store_fail(store, rc, "write", err);
	store->writer = (struct store_txn){.store = store, .txn = txn, .writer = true};
	*ret = &store->writer;
	return 0;
}

/* The writer lock goes with the end of the transaction: nothing of `txn` may be touched after it. */
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
	rc = txn->changes ? seal_put(txn->txn, store->names) : 0;
	if (rc != 0) {
		store_abort(txn);
		return store_fail(store, rc, "write", err);
	}
	rc = end_writing(store, txn->txn, 0); /* closes its cursors */
	if (rc == EIO && store_lacks_room(store))
		rc = ENOSPC;
	return rc == 0 ? 0 : store_fail(store, rc, "commit to", err);
}

void
store_abort(struct store_txn *txn)
{
	if (txn)
		(void)end_writing(txn->store, txn->txn, -1); /* closes its cursors */
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

/* What an operation of the cursor found, if it is the table's and has the prefix. */
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
