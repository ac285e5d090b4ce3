/* committer - one thread that takes all that waits into one transaction */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_COMMITTER_H
#define ENGINE_HISTORY_COMMITTER_H

#include "engine/history/write.h"

/*
 * One request of the committer: run in a transaction shared with others, done after the commit. Owned by the caller
 * until done.
 */
struct history_job {
	struct history_job *next;
	/* Inside the write transaction; may be called again when the transaction is given up because of another job. */
	int (*run)(struct history_job *job, struct history_writer *writer);
	/* On the committer's thread, after the commit or the failure: job->err tells. The job may be freed here. */
	void (*done)(struct history_job *job);
	bool ends; /* it ends what was begun: done even when the database is at its limit */
	struct error err;
};

/* Hands a job over. Fails, without taking it, with ERROR_BUSY when too many wait. */
int history_submit(struct history *history, struct history_job *job, struct error *err);

/*
 * Committer's thread: jobs off the queue, as many as one transaction takes; waits for the first. NULL: nothing came for
 * a while, or the end (*ret_stop).
 */
struct history_job *queue_take(struct history *history, bool *ret_stop);

/* Where nothing new is entered any more: max_bytes, or what leaves room in the map for what must still end. */
size_t history_limit(const struct history *history, size_t map_bytes);

/* history_transact; ends: it makes room or ends what was begun, and runs at the limit too. */
int history_run(struct history *history, int (*run)(void *context, struct history_writer *writer), void *context,
                bool ends, struct error *err);

int committer_start(struct history *history, struct error *err);
void committer_stop(struct history *history); /* finishes what waits */

#endif
