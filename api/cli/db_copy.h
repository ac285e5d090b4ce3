/* db_copy - clguard db backup and restore: copies that are verified before they get their name */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_DB_COPY_H
#define API_CLI_DB_COPY_H

#include <stdbool.h>

#include "engine/database/db.h"

/*
 * Copies the database in `directory`, which may be in use, into `destination`, which must not exist or be empty. The copy is
 * verified in a child process; it has its name when it is whole, or there is none. ret: what is in it.
 * errors  ERROR_CONFLICT: the destination is taken; ERROR_DAMAGED, ERROR_IO, ERROR_BUSY, ERROR_FULL, ERROR_MEMORY
 */
int db_backup(const char *directory, const char *destination, struct db_report *ret, struct error *err);

/*
 * Makes a database of a backup, verified as above. Unless `accept` says that nothing was done since the backup, limiters count
 * as full until their windows have passed since now_ms.
 */
int db_restore(const char *backup, const char *destination, bool accept, int64_t now_ms, struct db_report *ret,
               struct error *err);

#endif
