/* db_backup - a copy of a database while others use it, and a database from a copy */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/database/db_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/store_file.h"
#include "base/store_lock.h"
#include "engine/database/db.h"
#include "engine/history/committer.h"
#include "engine/history/history_priv.h"
#include "engine/history/write.h"

#define DIRECTORY_MODE 0750
#define FILE_MODE 0660
#define PIECE_BYTES 65536

static int
copy_fail(const char *what, const char *path, struct error *err)
{
	enum error_code code = errno == ENOSPC || errno == EDQUOT ? ERROR_FULL : ERROR_IO;

	return error_set(err, code, NULL, "cannot %s '%s': %s", what, path, strerror(errno));
}

/* 1 when the directory has no entries, 0 when it has some, or a negative code. */
static int
is_empty_directory(const char *path, struct error *err)
{
	const struct dirent *entry;
	DIR *directory = opendir(path);
	int empty = 1;

	if (!directory)
		return copy_fail("read directory", path, err);
	while (empty && (entry = readdir(directory)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	(void)closedir(directory); /* only read */
	return empty;
}

/* 0 when a copy can take this name. */
static int
check_destination(const char *destination, struct error *err)
{
	struct stat status;
	int empty;

	if (lstat(destination, &status) != 0)
		return errno == ENOENT ? 0 : copy_fail("look at", destination, err);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ERROR_CONFLICT, NULL, "'%s' exists and is not a directory", destination);
	empty = is_empty_directory(destination, err);
	if (empty < 0)
		return empty;
	return empty ? 0
	             : error_set(err, ERROR_CONFLICT, NULL, "'%s' exists and is not empty: nothing is overwritten",
	                         destination);
}

/* The length of the path without slashes at its end. */
static size_t
bare_length(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

int
db_copy_begin(const char *destination, char ret_partial[DB_PARTIAL_SIZE], struct error *err)
{
	int r = check_destination(destination, err);

	if (r != 0)
		return r;
	if (snprintf(ret_partial, DB_PARTIAL_SIZE, "%.*s.partial", (int)bare_length(destination), destination) >=
	    DB_PARTIAL_SIZE)
		return error_set(err, ERROR_IO, NULL, "the name of directory '%s' is too long", destination);
	db_copy_drop(ret_partial);
	return mkdir(ret_partial, DIRECTORY_MODE) == 0 ? 0 : copy_fail("make directory", ret_partial, err);
}

int
db_copy_live(const char *directory, const char *partial, size_t map_bytes, struct error *err)
{
	const struct store_options options = {
		.directory = directory,
		.map_bytes = map_bytes,
		.existing = true,
		.read_only = true,
		.durable = true,
		.copied = true,
		.tables = history_tables,
		.table_count = TABLES_ALL,
	};
	struct store *store;
	int r = store_open(&options, &store, err);

	if (r != 0)
		return r;
	r = store_copy(store, partial, err);
	store_close(store);
	return r;
}

/* All of one file into the other, and onto the disk. */
static int
copy_bytes(int from, int to, const char *source, const char *target, struct error *err)
{
	static const char read_it[] = "read", write_it[] = "write";
	char piece[PIECE_BYTES];
	ssize_t got;

	while ((got = read(from, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return copy_fail(read_it, source, err);
		for (ssize_t at = 0; at < got;) {
			ssize_t put = write(to, piece + at, (size_t)(got - at));

			if (put < 0 && errno != EINTR)
				return copy_fail(write_it, target, err);
			at += put > 0 ? put : 0;
		}
	}
	return fsync(to) == 0 ? 0 : copy_fail(write_it, target, err);
}

static int
copy_data(const char *directory, const char *partial, struct error *err)
{
	char source[DB_PARTIAL_SIZE], target[DB_PARTIAL_SIZE];
	int from, to, r = store_file_path(directory, source, sizeof(source), err);

	if (r == 0)
		r = store_file_path(partial, target, sizeof(target), err);
	if (r != 0)
		return r;
	from = open(source, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return copy_fail("read", source, err);
	to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	r = to < 0 ? copy_fail("make", target, err) : copy_bytes(from, to, source, target, err);
	(void)close(from); /* only read */
	if (to >= 0 && close(to) != 0 && r == 0)
		r = copy_fail("write", target, err);
	return r;
}

int
db_copy_file(const char *directory, const char *partial, struct error *err)
{
	struct store_lock lock = STORE_LOCK_NONE;
	struct error busy = {0};
	int r;

	/* Without a lock file on a medium that cannot be written nobody can have it open. */
	if (store_lock_take(&lock, directory, true, &busy) == -ERROR_BUSY)
		return error_set(err, ERROR_BUSY, NULL, "%s", busy.text);
	r = copy_data(directory, partial, err);
	store_lock_drop(&lock);
	return r;
}

static int
distrust_run(void *context, struct history_writer *writer)
{
	const int64_t *now_ms = context;

	if (*now_ms > writer->state.clock_ms)
		writer->state.clock_ms = *now_ms;
	return meta_time_write(writer->txn, &writer->history->key, STR("quarantine"), *now_ms);
}

int
db_distrust(const char *directory, int64_t now_ms, size_t map_bytes, struct error *err)
{
	const struct history_options options = {.directory = directory, .map_bytes = map_bytes, .durable = true};
	struct history *history;
	int r = history_open(&options, &history, err);

	if (r != 0)
		return r;
	r = history_transact(history, distrust_run, &now_ms, err);
	history_close(history);
	return r;
}

/* Removes files that a copy leaves beside data.mdb; the lock file stays, as the sign of a database made here. */
static void
remove_traces(const char *partial)
{
	static const char *const names[] = {"lock.mdb", "clguard.turn", "clguard.clean"};
	char path[DB_PARTIAL_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", partial, names[i]) < (int)sizeof(path))
			(void)unlink(path); /* may be missing */
	}
}

/* The directory in which a path stands. */
static void
copy_parent_of(const char *path, char ret[DB_PARTIAL_SIZE])
{
	size_t len = bare_length(path);

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len == 0)
		(void)snprintf(ret, DB_PARTIAL_SIZE, ".");
	else
		(void)snprintf(ret, DB_PARTIAL_SIZE, "%.*s", (int)len, path);
}

int
db_copy_finish(const char *partial, const char *destination, struct error *err)
{
	struct store_lock lock = STORE_LOCK_NONE;
	char parent[DB_PARTIAL_SIZE];
	int r = store_lock_take(&lock, partial, true, err);

	if (r == 0)
		r = store_lock_mark(&lock, err);
	store_lock_drop(&lock);
	if (r != 0)
		return r;
	remove_traces(partial);
	r = store_directory_sync(partial, err);
	if (r != 0)
		return r;
	if (rename(partial, destination) != 0) { /* takes the place of an empty directory only */
		if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
			return error_set(err, ERROR_CONFLICT, NULL,
			                 "'%s' exists and is not empty: nothing is overwritten", destination);
		return copy_fail("make", destination, err);
	}
	copy_parent_of(destination, parent);
	return store_directory_sync(parent, err);
}

void
db_copy_drop(const char *partial)
{
	char path[DB_PARTIAL_SIZE];

	remove_traces(partial);
	if (snprintf(path, sizeof(path), "%s/clguard.lock", partial) < (int)sizeof(path))
		(void)unlink(path); /* may be missing */
	if (store_file_path(partial, path, sizeof(path), NULL) == 0)
		(void)unlink(path); /* the same */
	(void)rmdir(partial);
}
