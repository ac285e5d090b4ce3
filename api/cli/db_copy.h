/* db_copy - clguard db backup and restore: copies that are verified before they get their name */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_DB_COPY_H
#define API_CLI_DB_COPY_H

#include <stdbool.h>

#include "base/document.h"
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
struct db_restoring {
	const char *backup, *destination;
	bool accept;
	int64_t now_ms;
	/*
	 * Increments of the backup's database (see db_dump.h), the oldest first: each must begin where what is restored so far ends, or
	 * before.
	 */
	const char *const *increments;
	size_t increment_count;
	/* Increments made after this instant, or that go beyond this number, are left out with those behind them. */
	int64_t until_ms;
	uint64_t until_number;
	/* What was restored: up to which number, as of when (TIME_NONE: as the backup), and how many increments were left out. */
	uint64_t newest;
	int64_t time_ms;
	size_t left_out;
	const char *wrong; /* the increment that an error is about; NULL: none */
};

int db_restore(struct db_restoring *restore, struct db_report *ret, struct error *err);

#endif
