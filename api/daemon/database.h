/* database - verifying a database in a child process, and what a service does when it is damaged */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_DATABASE_H
#define API_DAEMON_DATABASE_H

#include "api/process/settings.h"
#include "engine/history/db.h"

/*
 * db_verify in a child: damage may end it with a signal. lock: held by the caller, and alone when that says so.
 * errors  ERROR_DAMAGED, ERROR_IO, ERROR_MEMORY
 */
int database_verify(const char *directory, bool alone, struct db_report *ret, struct error *err);

/*
 * What a service does before it opens its database: verifies it, alone when nobody else has it open; but not one that was left
 * by a clean stop, or that a process has open which has verified it. Another process that verifies is waited for. A damaged one is
 * put aside then, and ret_note says so (else it is empty); while others have it open it is refused, and they are named.
 * ret_lock: the caller drops it when it has opened the database, or has given up; until then nobody verifies in between.
 * errors  ERROR_DAMAGED, ERROR_BUSY, ERROR_IO, ERROR_MEMORY
 */
int database_prepare(const struct settings *settings, int64_t now_ms, struct store_lock *ret_lock, char *ret_note,
                     size_t note_size, struct error *err);

#endif
