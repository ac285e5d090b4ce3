/* db - looking after a database as a whole: verify, put aside, compact, prune */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DATABASE_DB_H
#define ENGINE_DATABASE_DB_H

#include <stdatomic.h>

#include "base/store_lock.h"
#include "engine/history/history.h"

/* The findings of a verification. */
struct db_report {
	uint64_t records, rows, entries, rings, reservations;
	uint64_t newest; /* the number that was given last */
};

/* How far a verification is. Relaxed: nothing else is read by it. */
struct db_progress {
	atomic_uint_fast64_t seen, total; /* entries of all tables; total 0: not known yet */
	/* Whether policies were ever deployed in this database: their guards are not in the policy files. */
	atomic_int deployed; /* 0: not known yet; else enum db_deployed */
};

enum db_deployed { DB_NOTHING_DEPLOYED = 1, DB_DEPLOYED };

/*
 * Reads every page and compares everything with everything: records with their checks, rows with identities, index
 * and rings, reservations with their leases, all with the counts that were committed with them. Damage can end the
 * process (LMDB asserts, pages behind the end of a cut file raise SIGBUS): run it in a child. alone: nobody else has
 * it open. progress: NULL, or where it is told while it goes on, in zeroed memory that others may read.
 * errors  ERROR_DAMAGED, with what was found; ERROR_IO, ERROR_MEMORY
 */
int db_verify(const char *directory, bool alone, struct db_progress *progress, struct db_report *ret,
              struct error *err);

/*
 * Moves a damaged database aside, as damaged-<time>.mdb in its directory, and puts an empty one in its place that
 * knows of it: a limiter counts as full until its own window has passed since now_ms, a loop as busy until the lease.
 * The caller holds the directory's lock alone. Every step may be the last one before a crash: the directory is then
 * still refused, or whole.
 */
int db_quarantine(const char *directory, int64_t now_ms, char *ret_name, size_t name_size, struct error *err);

/* Writes the database anew, without its free pages. The caller holds the lock alone. */
int db_compact(const char *directory, size_t map_bytes, struct error *err);

/* Takes out everything that ended before `before_ms` and is needed by nobody. ret_removed: records. */
int db_prune(struct history *history, int64_t before_ms, uint64_t *ret_removed, struct error *err);

/* A reservation, for listings. */
struct db_reservation {
	char id[33];
	enum reservation_state state;
	int64_t expires_ms;
};

/* Visits all reservations, in no order; a non-zero answer stops and is returned. */
int db_each_reservation(struct history_reader *reader,
                        int (*visit)(void *context, const struct db_reservation *reservation), void *context);

#endif
