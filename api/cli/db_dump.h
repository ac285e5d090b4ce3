/* db_dump - the operation counters and what they count, as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_DB_DUMP_H
#define API_CLI_DB_DUMP_H

#include <stdio.h>

#include "engine/database/carry.h"

/* Parts of a database that a dump does not carry, in words; ended by NULL. */
extern const char *const dump_not_carried[];

/*
 * {"operation_counters": [{actor, operation, target?, closedLoopName?, ended, live, latest}], "reservations": [...],
 * "operations": [rows as GET operations gives them, with number, origin?, until?, reservation?], "not_carried": [...]} as of
 * now_ms. The reader is between begin and end.
 * errors  ERROR_IO, ERROR_DAMAGED, ERROR_MEMORY
 */
int dump_write(struct history_reader *reader, int64_t now_ms, FILE *out, struct error *err);

/* The head of an increment: what was entered or changed in a database behind record `since` and up to `newest`. */
struct increment {
	struct hash128 database; /* see history_identity */
	uint64_t since, newest;
	int64_t time_ms;
};

/*
 * {"increment": {"database", "since", "newest", "time"}, "operations": [as above, those of aborted reservations and those that were undone
 * among them], "not_carried": [...]}. errors  as above
 */
int increment_write(struct history_reader *reader, const struct increment *head, FILE *out, struct error *err);

#endif
