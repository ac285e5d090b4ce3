/* log_entry - what a line of the decision log tells, and its JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_LOG_ENTRY_H
#define API_DECISION_LOG_LOG_ENTRY_H

#include "api/process/settings.h"
#include "base/mac.h"
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

/* The contents of a line. Absent texts, NULL and zero are left out. */
struct log_entry {
	enum log_door door;
	const char *event; /* of a reservation: "reserved" and so on */
	int64_t at_ms;
	/* Which state of the counters the answer is about: see struct history_position. */
	struct history_position position;
	bool undone;                        /* the transaction was given up */
	uint32_t order;                     /* undone: which of its transaction's answers */
	struct str id, trace, user, client; /* who asked, and by which request */
	const struct request *request;
	const struct decision *decision; /* status, reason, generation; a Deny's guard */
	struct log_member members[LOG_MEMBERS];
	struct str file; /* the place of what denied, where that is not a guard */
	uint32_t line;
	bool reported; /* denied, and carried out all the same */
};

/* How lines are written: const once made. */
struct entry_form {
	struct hash_key key; /* under which masked values are hashed */
	bool masked[ATTRIBUTE_COUNT];
	bool masked_ids, masked_user, masked_client, masked_message, masked_fields;
};

/* Whether a name can be masked: an attribute, "requestId", "user", "client", "message" or "fields". */
bool entry_form_set(struct entry_form *form, struct str name);

/* The time of the last line as text: the same for all lines of a tick of the clock. Zeroed is empty. */
struct entry_time {
	int64_t ms;
	char text[TIME_TEXT_SIZE];
	size_t len;
};

/*
 * The line behind its number, in `arena`; absent on allocation failure.
 * shapes  ,"time","commit"?,"step"?,"undone": true?,"order"?,"id"?,"trace"?,"door","event"?,"user"?,"client"?,"generation"?, the request's
 *         attributes, "requestId"?,"subrequestId"?,"vfCount"?,"currentTime"?,"fields": [["resource.properties.status","archived"]...]?,"fields_left_out"?, members, "status"?,"reason"?,"missing"?,"policy"?,
 *         "version"?,"file"?,"line"?,"enforced": false?; the policy is the one that denied
 */
struct str entry_line(const struct entry_form *form, struct entry_time *time, const struct log_entry *entry,
                      struct arena *arena);

/*
 * The same of a change of the counters.
 * shapes  ,"time","commit","step","door":"counters","event": "entered" | "updated" | "removed" | "undone","record","replaces"?,
 *         "reservation"?,"actor"?,"operation"?,"target"?,"clname"?,"requestId"?,"subrequestId"?,"outcome"?,"message"?,"start"?,
 *         "end"?,"until"; times are RFC 3339
 */
struct str entry_change(const struct entry_form *form, struct entry_time *time, const struct history_change *change,
                        struct arena *arena);

#endif
