/* rows_busy - instances at which a scan must look, and since when */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/rows.h"

#include "runtime/supervision/restore.h"
#include "runtime/supervision/tick.h"

#define BUSY_SIZE 24 /* be64 when it was written, be64 when it is due, be64 the limit */

static bool
needs_scan(const struct loop *loop)
{
	return loop && (loop_busy(loop) || loop->renew_ms || loop_restores(loop));
}

void
busy_follow(struct txn *txn, const struct loop *before, const struct loop *after)
{
	const struct supervision_limits *limits = &txn->runtime->limits;
	const struct loop *loop = after ? after : before;
	struct str key = txn_key(txn, ROW_BUSY, loop->id.name, loop->id.version);
	unsigned char row[BUSY_SIZE];

	if (needs_scan(after)) {
		store_pack_i64(row, txn->now_ms);
		store_pack_i64(row + 8, loop_due_ms(limits, after));
		store_pack_i64(row + 16, limits->wait_ms);
		txn_put(txn, key, (struct str){(const char *)row, sizeof(row)});
	} else if (needs_scan(before)) {
		txn_delete(txn, key);
	}
}

struct busy_walk {
	struct txn *txn;
	void (*visit)(void *context, struct concept loop);
	void *context;
	bool again;
};

/* INT64_MIN when the row does not tell. */
static int64_t
row_due_ms(const struct txn *txn, struct str row)
{
	return row.len == BUSY_SIZE && store_unpack_i64(row.ptr) <= txn->now_ms &&
	                       store_unpack_i64(row.ptr + 16) == txn->runtime->limits.wait_ms
	               ? store_unpack_i64(row.ptr + 8)
	               : INT64_MIN;
}

static bool
busy_visit_row(void *context, struct str key, struct str row)
{
	struct busy_walk *walk = context;
	int64_t due_ms = row_due_ms(walk->txn, row);
	const char *name = key.ptr + 1;

	if (due_ms <= walk->txn->now_ms) /* the key is NUL-terminated */
		walk->visit(walk->context, (struct concept){str_from(name), str_from(name + strlen(name) + 1)});
	else
		walk->again |= due_ms != INT64_MAX;
	return true;
}

bool
busy_each(struct txn *txn, void (*visit)(void *context, struct concept loop), void *context)
{
	struct busy_walk walk = {.txn = txn, .visit = visit, .context = context};

	txn_each(txn, txn_key(txn, ROW_BUSY, STR(""), STR_NONE), busy_visit_row, &walk);
	return walk.again;
}
