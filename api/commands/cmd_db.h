/* cmd_db - clguard db: what its parts share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_COMMANDS_CMD_DB_H
#define API_COMMANDS_CMD_DB_H

#include "api/process/arguments.h"
#include "engine/history/history.h"

struct cmd_db_task {
	const char *directory, *before, *max_future_s, *since, *until;
	int64_t future_ms; /* 0: as engine_options_default has it */
	bool quarantine, accept;
	struct words files;
};

/* Prints the error, about `file` unless that is NULL. Returns the exit code. */
int cmd_db_complain(const struct error *err, const char *file);

/* Opens the task's database: one that exists, or, unless `existing`, one that is made. */
int cmd_db_open(const struct cmd_db_task *task, bool existing, struct history **ret, struct error *err);

/* The commands that copy. Each returns the exit code. */
int cmd_db_dump(const struct cmd_db_task *task);
int cmd_db_backup(const struct cmd_db_task *task);
int cmd_db_restore(const struct cmd_db_task *task);

#endif
