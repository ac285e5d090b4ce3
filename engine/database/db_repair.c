/* db_repair - a new file in the place of the old one: after damage, or to give free pages back */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/database/db.h"
#include "engine/database/db_backup.h"
#include "engine/history/committer.h"
#include "engine/history/history_priv.h"
#include "engine/history/reservation.h"
#include "engine/history/write.h"

#define PATH_SIZE 4096
#define DIRECTORY_MODE 0750
#define QUARANTINED_MAP_BYTES ((size_t)1 << 30)

static int
repair_fail(const char *what, const char *path, struct error *err)
{
	return error_set(err, ERROR_IO, NULL, "cannot %s '%s': %s", what, path, strerror(errno));
}

/* "directory/name" */
static int
path_of(const char *directory, const char *name, char ret[PATH_SIZE], struct error *err)
{
	if (snprintf(ret, PATH_SIZE, "%s/%s", directory, name) >= PATH_SIZE)
		return error_set(err, ERROR_IO, NULL, "the name of directory '%s' is too long", directory);
	return 0;
}

/* Removes a database, and the directory of its own that it is in. */
static void
remove_database(const char *directory)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "clguard.lock", "clguard.turn", "clguard.clean"};
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (path_of(directory, names[i], path, NULL) == 0)
			(void)unlink(path); /* may be missing */
	}
	(void)rmdir(directory); /* the same; what is left is removed the next time */
}

static int
sync_path(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd >= 0 && fsync(fd) == 0 ? 0 : repair_fail("sync", path, err);

	if (fd >= 0)
		(void)close(fd); /* only read */
	return r;
}

/* The file made in `made` becomes the directory's data.mdb, and both are on the disk. Slots of readers begin anew. */
static int
put_in_place(const char *directory, const char *made, struct error *err)
{
	char from[PATH_SIZE], to[PATH_SIZE], slots[PATH_SIZE];
	int r = path_of(made, "data.mdb", from, err);

	if (r == 0)
		r = path_of(directory, "data.mdb", to, err);
	if (r == 0)
		r = path_of(directory, "lock.mdb", slots, err);
	if (r == 0)
		r = sync_path(from, err);
	if (r != 0)
		return r;
	(void)unlink(slots); /* may be missing */
	if (rename(from, to) != 0)
		return repair_fail("replace", to, err);
	return sync_path(directory, err);
}

int
db_quarantine(const char *directory, int64_t now_ms, char *ret_name, size_t name_size, struct error *err)
{
	char made[PATH_SIZE], old[PATH_SIZE], aside[PATH_SIZE], name[64];
	int r = path_of(directory, "quarantine.tmp", made, err);

	(void)snprintf(name, sizeof(name), "damaged-%" PRId64 ".mdb", now_ms);
	if (r == 0)
		r = path_of(directory, "data.mdb", old, err);
	if (r == 0)
		r = path_of(directory, name, aside, err);
	if (r != 0)
		return r;
	remove_database(made);
	r = db_distrust(made, now_ms, QUARANTINED_MAP_BYTES,
	                err); /* an empty one, which knows when the one before was lost */
	if (r == 0 && rename(old, aside) != 0 && errno != ENOENT)
		r = repair_fail("put aside", old, err);
	if (r == 0)
		r = put_in_place(directory, made, err);
	remove_database(made);
	if (r == 0)
		(void)snprintf(ret_name, name_size, "%s", aside);
	return r;
}

int
db_compact(const char *directory, size_t map_bytes, struct error *err)
{
	const struct store_options options = {
		.directory = directory,
		.map_bytes = map_bytes,
		.existing = true,
		.locked = true,
		.durable = true,
		.tables = history_tables,
		.table_count = TABLES_ALL,
	};
	char made[PATH_SIZE];
	struct store *store;
	int r = path_of(directory, "compact.tmp", made, err);

	if (r != 0)
		return r;
	remove_database(made);
	if (mkdir(made, DIRECTORY_MODE) != 0)
		return repair_fail("make directory", made, err);
	r = store_open(&options, &store, err);
	if (r == 0) {
		r = store_copy(store, made, err);
		store_close(store);
	}
	if (r == 0)
		r = put_in_place(directory, made, err);
	remove_database(made);
	return r;
}

/* --- in an open history --- */

struct prune {
	int64_t before_ms;
	uint64_t at;
	size_t removed;
};

static int
prune_run(void *context, struct history_writer *writer)
{
	struct prune *prune = context;
	struct history *history = writer->history;
	int64_t now_ms = history_now(history);
	int64_t latest_ms = later(now_ms, -atomic_load(&history->window_ms));
	int64_t before_ms = prune->before_ms < latest_ms ? prune->before_ms : latest_ms;
	uint64_t at = prune->at;
	int r = writer_prune(writer, before_ms, 1024, &at, &prune->removed);

	if (r != 0)
		return r;
	if (prune->removed && before_ms - 1 > writer->state.pruned_ms)
		writer->state.pruned_ms = before_ms - 1;
	prune->at = at;
	return 0;
}

int
db_prune(struct history *history, int64_t before_ms, uint64_t *ret_removed, struct error *err)
{
	struct prune prune = {.before_ms = before_ms};

	*ret_removed = 0;
	do {
		int r = history_run(history, prune_run, &prune, true, err);

		if (r != 0)
			return r;
		*ret_removed += prune.removed;
	} while (prune.at != 0);
	return 0;
}

int
db_each_reservation(struct history_reader *reader,
                    int (*visit)(void *context, const struct db_reservation *reservation), void *context)
{
	struct store_entry entry;
	int r = store_above(reader->txn, TABLE_RESERVED, STR("\0"), 0, &entry);

	for (; r == 1; r = store_next(reader->txn, TABLE_RESERVED, STR_NONE, 0, &entry)) {
		struct db_reservation told;
		struct reserved reserved;
		struct hash128 id;

		if (entry.key.len != sizeof(id))
			return -ERROR_DAMAGED;
		memcpy(&id, entry.key.ptr, sizeof(id));
		r = reserved_read(reader->txn, &reader->history->key, id, &reserved);
		if (r != 1)
			return r < 0 ? r : -ERROR_DAMAGED;
		(void)snprintf(told.id, sizeof(told.id), "%016" PRIx64 "%016" PRIx64, id.hi, id.lo);
		told.state = reserved.state;
		told.expires_ms = reserved.expires_ms;
		r = visit(context, &told);
		if (r != 0)
			return r;
	}
	return r;
}
