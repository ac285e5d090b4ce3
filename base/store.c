/* store - ordered tables of bytes in one database file, shared by threads and processes: the one wrapper of LMDB */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/store_clean.h"
#include "base/store_file.h"

#define DIRECTORY_MODE 0750

/* Looks at the path of data.mdb; false when nothing can be seen there. */
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
		r = store_env_open(store, directory, options->map_bytes, err);
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
	r = store_env_open(store, directory, map_bytes, err);
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
		r = store_env_open(store, store->directory, store->map_bytes, err);
	if (r != 0 || store->env_flags & MDB_RDONLY)
		return r;
	/* The meta page that could not be written is that of no transaction: it must not be seen at the next start. */
	rc = store_seal_again(store);
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
	int rc = store->env ? store_check_slots(store, &dead) : MDB_PANIC;

	return rc == 0 ? dead : store_code(store, rc);
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
		return store_code(store, rc);
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
	int rc = store_env_try(&copy, directory, store->map_bytes);

	store_turn_init(&copy.turn);
	for (int i = 0; rc == 0 && i < 2; i++)
		rc = store_seal_again(&copy);
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
