/* undo - an operation that should never have been entered leaves the counts, and stays for the audit */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "engine/history/cache.h"
#include "engine/history/committer.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/write.h"

struct undo_job {
	struct history_job job;
	uint64_t number;
	struct str note; /* who, a line end, why */
	int64_t now_ms;
	void (*done)(void *context, const struct error *err);
	void *context;
	struct arena arena; /* holds it all */
};

/* Whether the row may be undone: 1, 0 when it is already, or negative. */
static int
undo_check(struct history_writer *writer, uint64_t number, const struct record *record, struct error *err)
{
	const struct hash_key *key = &writer->history->key;
	struct reserved reserved;
	struct hash128 identity;
	uint64_t current;
	int r;

	if (record->flags & RECORD_UNDONE)
		return 0;
	if (record->flags & RECORD_GONE)
		return error_set(err, ERROR_CONFLICT, NULL,
		                 "operation %" PRIu64 " is an aborted reservation, which does not count", number);
	if (record_identity(key, record, &identity)) {
		r = identity_read(writer->txn, key, identity, &current);
		if (r != 1)
			return r < 0 ? r : -ERROR_DAMAGED;
		if (current != number)
			return error_set(err, ERROR_CONFLICT, NULL,
			                 "operation %" PRIu64 " was updated since it was listed: it is %" PRIu64 " now",
			                 number, current);
	}
	if (!(record->flags & RECORD_RESERVED))
		return 1;
	r = reserved_read(writer->txn, key, record->reservation, &reserved);
	if (r == 1 && reserved.state == RESERVATION_LIVE)
		return error_set(err, ERROR_CONFLICT, NULL,
		                 "operation %" PRIu64 " is a live reservation: abort that instead", number);
	return r < 0 ? r : 1;
}

static int
undo_run(struct history_job *base, struct history_writer *writer)
{
	struct undo_job *job = (struct undo_job *)base;
	struct hash128 identity;
	struct record record;
	int r = log_read(writer->txn, &writer->history->key, job->number, &record);

	if (r == 0)
		return error_set(&base->err, ERROR_UNKNOWN, NULL, "there is no operation %" PRIu64, job->number);
	if (r == 1)
		r = undo_check(writer, job->number, &record, &base->err);
	if (r != 1)
		return r;
	record.flags |= RECORD_GONE | RECORD_UNDONE;
	record.row.message = job->note;
	record.recorded_ms = record.until_ms = job->now_ms;
	return record_identity(&writer->history->key, &record, &identity)
	               ? writer_put(writer, &record, job->number)
	               : writer_rewrite(writer, &record, job->number);
}

static void
undo_done(struct history_job *base)
{
	struct undo_job *job = (struct undo_job *)base;
	struct arena arena = job->arena;

	job->done(job->context, &base->err);
	arena_free(&arena);
}

int
history_undo_async(struct history *history, uint64_t number, struct str by, struct str why,
                   void (*done)(void *context, const struct error *err), void *context, struct error *err)
{
	struct undo_job *job;
	struct arena arena;
	const char *note;
	int r;

	if (by.len + 1 + why.len > MESSAGE_MAX)
		return error_set(err, ERROR_LIMIT, NULL, "who and why are too long: expected at most %d bytes, got %zu",
		                 MESSAGE_MAX, by.len + 1 + why.len);
	arena_init(&arena, 0);
	job = arena_alloc(&arena, sizeof(*job));
	note = arena_printf(&arena, "%.*s\n%.*s", STR_ARG(by), STR_ARG(why));
	if (!job || !note) {
		arena_free(&arena);
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	*job = (struct undo_job){
		.job = {.run = undo_run, .done = undo_done, .ends = true},
		.number = number,
		.note = str_from(note),
		.now_ms = history_now(history),
		.done = done,
		.context = context,
		.arena = arena,
	};
	r = history_submit(history, &job->job, err);
	if (r != 0)
		arena_free(&arena);
	return r;
}

void
operation_undone(const struct operation *row, struct str *ret_by, struct str *ret_why)
{
	const char *end = row->message.len ? memchr(row->message.ptr, '\n', row->message.len) : NULL;
	size_t len = end ? (size_t)(end - row->message.ptr) : row->message.len;

	*ret_by = (struct str){row->message.ptr, len};
	*ret_why = end ? (struct str){end + 1, row->message.len - len - 1} : STR_NONE;
}
