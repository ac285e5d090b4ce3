/* audit_log - who changed what, who was refused and whose credentials were wrong: a line of JSON each */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_AUDIT_LOG_H
#define API_PROCESS_AUDIT_LOG_H

#include "api/process/settings.h"

/* Absent texts and zero are left out. */
struct audit_entry {
	const char *event;            /* "administration", "operation", "login", "reload" and so on; static */
	struct str identity, address; /* who, and from where */
	struct str id;                /* of the request */
	const char *method;
	struct str path;
	unsigned status;     /* HTTP's */
	const char *outcome; /* "done", "refused", "failed" */
	struct str why;
};

/* Lines are put into memory and written by a thread of the log's own, in the order of their coming. */
struct audit_log;

/*
 * settings->audit_log: a file, which is made when missing and appended to, or "stderr". settings outlive it.
 * errors  ERROR_IO, ERROR_MEMORY
 */
int audit_log_open(const struct settings *settings, struct audit_log **ret, struct error *err);

/* After the last line: writes what is left. Takes NULL. */
void audit_log_close(struct audit_log *log);

/*
 * Any thread. Takes NULL for the log. A line that finds no room, because the disk is too slow, is dropped and counted.
 * shapes  {"time","event","identity"?,"address"?,"requestId"?,"method"?,"path"?,"status"?,"outcome","why"?}
 */
void audit_log_add(struct audit_log *log, const struct audit_entry *entry);

/* The file was moved away: goes on in a new one of the same name. Any thread. Takes NULL. */
void audit_log_reopen(struct audit_log *log);

/* Lines written and lines dropped so far. Any thread. Takes NULL. */
struct audit_count {
	uint64_t written, dropped;
};

struct audit_count audit_log_count(struct audit_log *log);

#endif
