/* history_clock - the decision clock, which only goes forward, and what this process learns of others' commits */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_HISTORY_CLOCK_H
#define ENGINE_HISTORY_HISTORY_CLOCK_H

#include "engine/history/write.h"

/* Where history_now has the time from. */
enum time_source {
	TIME_LATEST,  /* the latest stamp: nobody gave a clock */
	TIME_CALLERS, /* the caller's clock */
	TIME_CARRIED, /* the steady clock and offset_ms */
	TIME_ASIDE    /* the same while there is no database: it leaves no stamp behind */
};

/* By the options; before the database is open, without looking at it. */
void clock_start(struct history *history, bool open);

/*
 * Where the carried clock goes on, by what the database says. *ret_new: by something else, which clock_keep enters. A
 * write transaction, or one that is given up. Committer's thread, or while opening, as those below. 0 or negative.
 */
int clock_resume(struct history *history, struct store_txn *txn, bool *ret_new);
int clock_keep(struct history *history, struct store_txn *txn);

/* The carried clock is not kept yet (clock_due): if another process has kept its own since, ours goes on in that. 0 or negative. */
int clock_begin(struct history *history, struct store_txn *txn);

/*
 * An operation that ended at end_ms is entered: the time of its entry, now_ms or a little later. The clock stands between two
 * ticks, and whoever reports has read a finer one: an operation that ended just now has ended, and counts from then on, also in
 * onap mode, which leaves out what is yet to end. Never more than a tick ahead. Committer's thread.
 */
int64_t clock_reach(struct history *history, int64_t end_ms, int64_t now_ms);

/* The machine may have slept, or the wall clock may have been set. */
void clock_look(struct history *history);

/* Takes over the state of the database: times seen, windows, pruning. */
void history_learn(struct history *history, const struct history_state *state);

/* A new database has committed its tables, and nothing else, when its header is written. */
#define COMMITS_BEFORE_HEADER 1

/* The database's secret from its header: 0, 1 when there is no header, -ERROR_DAMAGED. */
int header_read_key(struct store_txn *txn, struct hash_key *ret, struct error *err);

/* Reads again what another process may have changed. Committer's thread. */
void history_refresh(struct history *history);

/* Closes and reopens the store under all readers. Committer's thread. */
int history_reopen(struct history *history, struct error *err);

#endif
