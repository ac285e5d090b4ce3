/* operation_rows - operations as JSON: history files and the body of POST operations */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_OPERATION_ROWS_H
#define API_BODIES_OPERATION_ROWS_H

#include "base/node.h"
#include "base/text.h"
#include "engine/history/history.h"

/*
 * One row {actor, operation, target?, closedLoopName?, requestId?, subrequestId?, outcome?, message?, starttime?,
 * endtime?} or a list of them. Times are RFC 3339; null is the same as absent. As POST takes them (`posted`), a row
 * must have actor and operation, and a Started one its requestId, for without it nothing could ever end it.
 * No time may be after latest_ms; INT64_MAX: any may be. ret_rows: in `arena`, texts borrowed from the tree.
 * errors  ERROR_TYPE, ERROR_RANGE, ERROR_MISSING, ERROR_UNKNOWN for a member of another name, each with its place; ERROR_MEMORY
 */
int rows_read(const struct node *root, bool posted, int64_t latest_ms, struct arena *arena, struct operation **ret_rows,
              size_t *ret_count, struct error *err);

/* The row as one JSON object, members that are unknown left out. */
void rows_write(struct text *out, const struct operation *row);

/* The same behind members of the caller's: from a comma on, with the closing brace. */
void rows_write_members(struct text *out, const struct operation *row);

#endif
