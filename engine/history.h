/* history - operations done, under way and reserved: the operation counters */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include "base/error.h"
#include "guards/guard.h"

/* One row of the operation history, as ONAP's table has it. Texts absent (ptr NULL) when unknown; times TIME_NONE. */
struct operation {
	struct str actor, operation, target, clname; /* JSON: closedLoopName */
	struct str request_id, subrequest_id;
	struct str outcome; /* Started, Success, Failure, Failure_Retries, Failure_Timeout, Failure_Exception, Failure_Guard, ... */
	struct str message;
	int64_t start_ms, end_ms;
};

struct history_options {
	const char *directory; /* of the database; NULL: a private temporary one, removed at once */
	size_t map_bytes;      /* address space, never changes while open */
	int64_t lease_ms;      /* how long a Started operation without an end stays live */
	bool durable;          /* commits survive power loss (durability: group) */
};

/* The database of a process. One writer thread inside (the committer); any thread may call. */
struct history;

/* errors  ERROR_IO, ERROR_BUSY (a second open of one path in this process), ERROR_DAMAGED, ERROR_MEMORY */
int history_open(const struct history_options *options, struct history **ret, struct error *err);
void history_close(struct history *history); /* after its readers; takes NULL */

/* A read transaction of one thread, for many decisions. Opening locks and allocates; renewing and reading do neither. */
struct history_reader;
int history_reader_open(struct history *history, struct history_reader **ret, struct error *err);
void history_reader_close(struct history_reader *reader);

/* A fresh snapshot, and dropping it after the decision so that pages are not kept. 0 or a negative code. */
int history_reader_begin(struct history_reader *reader);
void history_reader_end(struct history_reader *reader);

/* The three questions of guards; context is the reader, between begin and end. */
extern const struct history_view history_reader_view; /* copy it and set context */

/*
 * Enters operations in one transaction, all or none; returns after the commit (group commit with other callers).
 * A row whose (closedLoopName, requestId, subrequestId, actor, operation, target) is known replaces it; a row without
 * requestId is always new. now_ms: for rows that have neither start nor end.
 * errors  ERROR_FULL, ERROR_IO, ERROR_LIMIT (a text over 1 KiB, message over 4 KiB), ERROR_MEMORY
 */
int history_record(struct history *history, const struct operation *rows, size_t count, int64_t now_ms, struct error *err);

/* As history_record, without waiting: done(context, error) is called on the committer's thread after the commit; err->code tells. Rows are copied. */
int history_record_async(struct history *history, const struct operation *rows, size_t count, int64_t now_ms,
                         void (*done)(void *context, const struct error *err), void *context, struct error *err);

/* Which rows to list; absent texts match all; from, to: by end, or by start where there is none; inclusive; TIME_NONE open. */
struct operation_filter {
	struct str actor, operation, target, clname;
	int64_t from_ms, to_ms;
	size_t limit;
};

/* Visits current rows, newest entered first; texts are borrowed until visit returns; a non-zero answer stops and is returned. */
int history_each(struct history_reader *reader, const struct operation_filter *filter,
                 int (*visit)(void *context, const struct operation *row), void *context);

#endif
