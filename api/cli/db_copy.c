/* db_copy - clguard db backup and restore: copies that are verified before they get their name */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/db_copy.h"

#include <unistd.h>

#include "api/daemon/database.h"
#include "engine/decide/engine.h"
#include "engine/database/db_backup.h"

static int
check_source(const char *directory, struct error *err)
{
	return access(directory, F_OK) == 0 ? 0
	                                    : error_set(err, ERROR_IO, NULL, "there is no database in '%s'", directory);
}

/* The copy is whole: it gets its name, or goes. */
static int
finish_or_drop(int r, const char *partial, const char *destination, struct error *err)
{
	if (r == 0)
		r = db_copy_finish(partial, destination, err);
	if (r != 0)
		db_copy_drop(partial);
	return r;
}

int
db_backup(const char *directory, const char *destination, struct db_report *ret, struct error *err)
{
	char partial[DB_PARTIAL_SIZE];
	int r = check_source(directory, err);

	if (r == 0)
		r = db_copy_begin(destination, partial, err);
	if (r != 0)
		return r;
	r = db_copy_live(directory, partial, engine_options_default.history.map_bytes, err);
	if (r == 0)
		r = database_verify(partial, true, ret, err);
	return finish_or_drop(r, partial, destination, err);
}

int
db_restore(const char *backup, const char *destination, bool accept, int64_t now_ms, struct db_report *ret,
           struct error *err)
{
	char partial[DB_PARTIAL_SIZE];
	int r = check_source(backup, err);

	if (r == 0)
		r = db_copy_begin(destination, partial, err);
	if (r != 0)
		return r;
	r = db_copy_file(backup, partial, err);
	if (r == 0)
		r = database_verify(partial, true, ret, err);
	if (r == 0 && !accept)
		r = db_distrust(partial, now_ms, engine_options_default.history.map_bytes, err);
	return finish_or_drop(r, partial, destination, err);
}
