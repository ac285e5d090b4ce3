/* decision_log - every answer about a reservation or a permission, and every change of the counters, as a line of JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_DECISION_LOG_H
#define API_DECISION_LOG_DECISION_LOG_H

#include "api/decision_log/log_entry.h"

/*
 * Threads put lines into memory, each into a lane of its own (lanes.h); a thread of the log's own numbers, chains and writes
 * them (chain.h), at the latest a moment later, and in the order in which they were put. What cannot be written stays in memory
 * and is tried again; what finds no room there is dealt with as decision_log_overflow says.
 */
struct decision_log;

/* The file is made when missing, and gone on with when it is not. settings outlive it. errors  ERROR_IO, ERROR_BUSY, ERROR_SYNTAX, ERROR_MEMORY */
int decision_log_open(const struct settings *settings, unsigned lanes, struct decision_log **ret, struct error *err);

/* After the last line: writes what is left. Takes NULL. */
void decision_log_close(struct decision_log *log);

/* How the service stands, for lines of the log's own. */
struct log_state {
	uint64_t generation, digest; /* of the policies in force */
	size_t policies, guards;
	enum guard_mode mode;
	bool on_error_permit, no_guard_deny, require_policies;
	int64_t lease_ms;
	struct hash128 database;
	struct history_position position; /* of the counters now */
	uint64_t record;                  /* number of the newest record */
};

/*
 * Puts the line that a service has started, and from here on one for each generation of policies that is seen. look: with `full`,
 * which asks for what concerns the database too, before this returns; else on the writer's thread. look NULL: no more, and none is under way when it returns. Takes NULL for the log.
 */
void decision_log_follow(struct decision_log *log, void (*look)(void *context, bool full, struct log_state *ret),
                         void *context);

/* One thread a lane. False when the line is lost. True for NULL. */
bool decision_log_add(struct decision_log *log, unsigned lane, const struct log_entry *entry, struct arena *arena);

/* The changes of one transaction. As decision_log_add. */
bool decision_log_changes(struct decision_log *log, unsigned lane, const struct history_change *changes,
                          struct arena *arena);

/*
 * Whether a line would surely find room now and be written, or it does not matter: false only with decision_log_overflow deny. For those who must
 * know before they act. Any thread.
 */
bool decision_log_takes(struct decision_log *log, unsigned lane);

/* Whether a line is to be kept at all: one in so many Permits that change no counter is. One thread a lane. */
bool decision_log_samples(struct decision_log *log, unsigned lane);

/* The file was moved away: goes on in a new one of the same name. Any thread. Takes NULL. */
void decision_log_reopen(struct decision_log *log);

struct log_figures {
	uint64_t written, bytes, dropped, left_out; /* left out: Permits that were not kept, by decision_log_permits */
	uint64_t recovered;                         /* lines of an earlier process that were written at start */
	uint64_t files;                             /* begun */
	uint64_t waiting;                           /* numbered and not yet written */
	bool failing;                               /* the last write did not succeed */
	bool lasting;                               /* what waits outlives the process */
};

/* Any thread. */
void decision_log_figures(const struct decision_log *log, struct log_figures *ret);

#endif
