/* decision_log - every answer about a reservation or a permission, as a line of JSON in a file */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_DECISION_LOG_H
#define API_PROCESS_DECISION_LOG_H

#include "api/process/settings.h"

#include "engine/decide/engine.h"

/* Where an answer was given. */
#define LOG_DOORS(X) \
	X(DECISION, "decision")       /* POST decision, action guard */ \
	X(ACCESS, "access")           /* POST decision, action access */ \
	X(AUTHZEN, "authzen")         /* AuthZEN's evaluation and evaluations */ \
	X(RESERVATION, "reservation") /* reservations over HTTP, and leases that ended */ \
	X(RUNTIME, "runtime")         /* elements of control loops */ \
	X(OPERATIONAL, "operational") /* operational policies */

enum log_door {
#define X(name, text) LOG_DOOR_##name,
	LOG_DOORS(X)
#undef X
		LOG_DOOR_COUNT
};

extern const char *const log_door_name[LOG_DOOR_COUNT];

struct log_member {
	const char *name; /* static; needs no escaping */
	struct str value; /* absent: left out */
};

#define LOG_MEMBERS 8

/* What a line tells. Absent texts, NULL and zero are left out. */
struct log_entry {
	enum log_door door;
	const char *event; /* of a reservation: "reserved" and so on */
	int64_t at_ms;
	struct str id, trace, user, client; /* who asked, and by which request */
	const struct request *request;
	const struct decision *decision; /* status, reason, generation; a Deny's guard */
	struct log_member members[LOG_MEMBERS];
	struct str file; /* the place of what denied, where that is not a guard */
	uint32_t line;
	bool reported; /* denied, and carried out all the same */
};

/*
 * Threads put lines into memory, each into a lane of its own; a thread of the log's own writes them, at the latest a moment later: in order for each
 * of them, not over all. A decision never waits for the disk: lines that find no room because the disk is too slow, and
 * lines that cannot be written, are dropped and counted.
 */
struct decision_log;

/* The file is made when missing, and appended to. settings outlive it. errors  ERROR_IO, ERROR_MEMORY */
int decision_log_open(const struct settings *settings, unsigned lanes, struct decision_log **ret, struct error *err);

/* After the last decision: writes what is left. Takes NULL. */
void decision_log_close(struct decision_log *log);

/*
 * One thread a lane. Takes NULL for the log.
 * shapes  {"time","id"?,"trace"?,"door","event"?,"user"?,"client"?,"generation"?, the request's attributes, "requestId"?,
 *         "subrequestId"?,"vfCount"?,"fields": [["resource.properties.status","archived"]...]?,"fields_left_out"?, members, "status"?,"reason"?,"missing"?,"policy"?,"version"?,"file"?,"line"?,
 *         "enforced": false?}; the policy is the one that denied
 */
void decision_log_add(struct decision_log *log, unsigned lane, const struct log_entry *entry, struct arena *arena);

/* The file was moved away: goes on in a new one of the same name. Any thread. Takes NULL. */
void decision_log_reopen(struct decision_log *log);

/* Lines dropped so far. Any thread. */
uint64_t decision_log_dropped(const struct decision_log *log);

#endif
