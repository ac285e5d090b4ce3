/* record - records of the operation log: their bytes, and the texts that make a row */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_RECORD_H
#define ENGINE_HISTORY_RECORD_H

#include "base/hash.h"
#include "engine/history/history.h"

#define RECORD_TEXTS 8 /* of struct operation, in its order */
#define TEXT_MAX ATTRIBUTE_SIZE_MAX
#define MESSAGE_MAX 4096
#define RECORD_MAX (128 + 7 * TEXT_MAX + MESSAGE_MAX)

enum record_flag {
	RECORD_RESERVED = 1, /* the row of a reservation: `reservation` is its id */
	RECORD_GONE = 2,     /* given back: neither counted nor listed, kept for the audit */
	/* Its identity is the reservation's id: its texts have none, or another row has that. Of another row: its origin. */
	RECORD_APART = 4,
	RECORD_UNDONE = 8 /* taken out by a person, who stands in the message with the reason; GONE too */
};

/* One record of the log. Texts borrowed from where it was read or written. */
struct record {
	struct operation row;
	int64_t recorded_ms; /* the clock when it was entered */
	int64_t until_ms;    /* effective end: row.end_ms, or when its lease ends */
	uint64_t replaces;   /* number of the record that this one updates, 0 for none */
	unsigned flags;
	struct hash128 reservation;
};

/* Bytes of a record into `out` (RECORD_MAX of them). */
size_t record_write(const struct hash_key *key, uint64_t number, const struct record *record, char *out);

/* 0 or -ERROR_DAMAGED. Texts borrow from `bytes`. */
int record_read(const struct hash_key *key, uint64_t number, struct str bytes, struct record *ret);

/* Whether the row counts at all: everything but Failure_Guard and what was given back. */
bool record_counts(const struct record *record);

#endif
