/* database - verifying a database in a child process, and what a service does when it is damaged */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_DATABASE_H
#define API_DAEMON_DATABASE_H

#include "api/process/settings.h"
#include "engine/database/db.h"

/*
 * db_verify in a child: damage may end it with a signal. lock: held by the caller, and alone when that says so.
 * errors  ERROR_DAMAGED, ERROR_IO, ERROR_MEMORY
 */
int database_verify(const char *directory, bool alone, struct db_report *ret, struct error *err);

/*
 * The way of a service's database from a file that somebody left to one that may be mapped. It is verified, alone when nobody else
 * has it open; but not one that was left by a clean stop, or that a process has open which has verified it. Another process that
 * verifies is waited for. A damaged one is put aside, which is logged; while others have it open it is refused, and they are named.
 * All of it is done in steps, by one thread, so that a service can answer meanwhile.
 */
struct opening;

/* now_ms: from when on a limiter counts as full, if the database is put aside. Touches no file. errors  ERROR_MEMORY */
int database_begin(const struct settings *settings, int64_t now_ms, struct opening **ret, struct error *err);

/*
 * One step. 1: not yet, look again; 0: the caller may open the database, and then calls database_end: until then nobody verifies
 * in between.
 * errors  ERROR_DAMAGED, ERROR_BUSY, ERROR_IO, ERROR_MEMORY
 */
int database_look(struct opening *opening, struct error *err);

/* Looks until it is not 1, for most_ms at most, or until a blocked SIGTERM or SIGINT comes (ERROR_BUSY). The first step of all. */
int database_wait(struct opening *opening, int64_t most_ms, struct error *err);

struct database_progress {
	bool waiting;         /* for another process that verifies it */
	bool plain;           /* it is known that no policies were ever deployed in it */
	uint64_t seen, total; /* entries; total 0: not known yet */
};

void database_progress(const struct opening *opening, struct database_progress *ret);

/* Lets the lock go; ends a verification that goes on. Takes NULL. */
void database_end(struct opening *opening);

#endif
