/* db_import - rows of ONAP's operationshistory table, as JSON or CSV */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_DB_IMPORT_H
#define API_CLI_DB_IMPORT_H

#include "base/document.h"
#include "engine/database/carry.h"

/*
 * Reads an export of the table operationshistory, or what `clguard db dump` wrote: a JSON list of objects, or such a
 * list under "operations"; or CSV with a line of column names (RFC 4180; empty fields and NULL are absent). Names in
 * any letter case: closedLoopName, requestId, subrequestId, actor, operation, target, starttime, outcome, message,
 * endtime; id is ignored; in JSON also number, origin, until and reservation, as a dump has them. Times are RFC 3339, or
 * SQL's "2026-04-14 12:00:00.5", which is UTC. ret_rows: in `arena`. No time may be after latest_ms.
 * errors  ERROR_SYNTAX, ERROR_TYPE, ERROR_RANGE, ERROR_UNKNOWN for another name, ERROR_MEMORY, with line and column
 */
int import_read(struct str bytes, const char *file, const struct document_limits *limits, int64_t latest_ms,
                struct arena *arena, struct carried **ret_rows, size_t *ret_count, struct error *err);

/*
 * The same of JSON that was read. later: the rows are an increment's (see db_dump.h), which may be of aborted reservations, or
 * undone.
 */
int import_rows(const struct node *root, bool later, int64_t latest_ms, struct arena *arena, struct carried **ret_rows,
                size_t *ret_count, struct error *err);

/* 32 hexadecimal digits. */
int import_read_id(const struct node *node, struct hash128 *ret, struct error *err);

#endif
