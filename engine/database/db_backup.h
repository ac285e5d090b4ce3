/* db_backup - a copy of a database while others use it, and a database from a copy */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DATABASE_DB_BACKUP_H
#define ENGINE_DATABASE_DB_BACKUP_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

/*
 * A copy is made beside its destination, as DESTINATION.partial, and gets its name when it is verified and on the disk: a
 * destination that exists is whole. Each function below does one step, because verifying is the caller's (it needs a
 * process of its own, see api/daemon/database.h). A step that fails leaves nothing behind.
 */
#define DB_PARTIAL_SIZE 4096

/*
 * Fills ret_partial with the place where the copy is made, and clears away what an earlier attempt left there.
 * errors  ERROR_CONFLICT: the destination exists and is not an empty directory; ERROR_IO
 */
int db_copy_begin(const char *destination, char ret_partial[DB_PARTIAL_SIZE], struct error *err);

/*
 * Copies the database as its newest commit left it, compacted. Readers and writers of all processes go on meanwhile; what they
 * free is not used again until the copy is done, so the file may grow.
 * errors  ERROR_IO, ERROR_BUSY: someone verifies it; ERROR_DAMAGED, ERROR_FULL, ERROR_MEMORY
 */
int db_copy_live(const char *directory, const char *partial, size_t map_bytes, struct error *err);

/*
 * Copies the file of a database that nobody has open, such as a backup.
 * errors  ERROR_BUSY: it is open; ERROR_IO, ERROR_FULL
 */
int db_copy_file(const char *directory, const char *partial, struct error *err);

/*
 * Notes in a database, which is made when there is none, that operations are missing which were done before now_ms: a limiter
 * counts as full until its own window has passed since then, a loop as busy until the lease. errors  those of history_open
 */
int db_distrust(const char *directory, int64_t now_ms, size_t map_bytes, struct error *err);

/* Gives the copy its name. errors  ERROR_CONFLICT: something has come to be there meanwhile; ERROR_IO */
int db_copy_finish(const char *partial, const char *destination, struct error *err);

/* Removes a copy that will not be finished. */
void db_copy_drop(const char *partial);

#endif
