/* key - what a row is counted by, as hashes keyed by the database's secret */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_KEY_H
#define ENGINE_HISTORY_KEY_H

#include "engine/history/record.h"

/* The attributes that a key counts by. The order is part of the format. */
enum key_kind {
	KEY_OPERATION = 1, /* actor, operation */
	KEY_TARGET,        /* and target */
	KEY_LOOP,          /* actor, operation, clname */
	KEY_TARGET_LOOP,   /* all four */
	KEY_LIVE,          /* clname alone, by effective end: is the loop busy? */
	KEY_STARTS,        /* clname alone, by start, every outcome: its latest row */
	KEY_IDENTITY,      /* the six texts that make two rows one */
	KEY_RESERVATION,   /* a reservation's id: identity of a row that has no other */
	KEY_REQUEST,       /* requestId, subRequestId: what makes two reserve calls one */
	KEY_ID,            /* a number and an instant: ids of reservations */
	KEY_ORIGIN         /* a number: names a row in other databases, when no ids do */
};

/* The key that a question counts by. */
struct hash128 count_key(const struct hash_key *key, const struct count_query *query);
struct hash128 loop_key(const struct hash_key *key, enum key_kind kind, struct str clname);

/* A row's identity; false when it has none and is always new. */
bool record_identity(const struct hash_key *key, const struct record *record, struct hash128 *ret);

#endif
