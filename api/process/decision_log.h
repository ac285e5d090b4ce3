/* decision_log - every decision that was answered, as a line of JSON in a file */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_DECISION_LOG_H
#define API_PROCESS_DECISION_LOG_H

#include "api/process/settings.h"

/*
 * Workers put lines into memory; a thread of the log's own writes them, at the latest a moment later: in order for each
 * worker, not over all. A decision never waits for the disk: lines that find no room because the disk is too slow, and
 * lines that cannot be written, are dropped and counted.
 */
struct decision_log;

/* The file is made when missing, and appended to. settings outlive it. errors  ERROR_IO, ERROR_MEMORY */
int decision_log_open(const struct settings *settings, unsigned workers, struct decision_log **ret, struct error *err);

/* After the last decision: writes what is left. Takes NULL. */
void decision_log_close(struct decision_log *log);

/*
 * The worker with this number. request_id: of the answer, "" for none. Takes NULL for the log.
 * shapes  {"time","id"?,"generation", the request's attributes, "requestId"?, "subrequestId"?, "vfCount"?, "status",
 *         "reason", "missing"?, "policy"?, "version"?}; the policy is the one that denied
 */
void decision_log_add(struct decision_log *log, unsigned worker, const struct request *request,
                      const struct decision *decision, const char *request_id, struct arena *arena);

/* The file was moved away: goes on in a new one of the same name. Any thread. Takes NULL. */
void decision_log_reopen(struct decision_log *log);

/* Lines dropped so far. Any thread. */
uint64_t decision_log_dropped(const struct decision_log *log);

#endif
