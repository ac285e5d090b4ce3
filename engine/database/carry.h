/* carry - rows and reservations from one database into another */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DATABASE_CARRY_H
#define ENGINE_DATABASE_CARRY_H

#include "base/hash.h"
#include "engine/history/history.h"

/* A current row with all that another database needs to count it as this one does. */
struct carried {
	struct operation row; /* number: in the database that it comes from; 0 unknown */
	/*
	 * Names a row that no ids name, so that it is entered once however often it comes: derived from the number under the secret of
	 * the database that it was first entered in. Zero: none.
	 */
	struct hash128 origin;
	int64_t until_ms; /* of a row that has not ended: until when it counts as under way; TIME_NONE: its lease */
	/* The reservation whose row it is; its id is zero when it is none's. */
	struct hash128 reservation;
	enum reservation_state state;
	enum reason reason;
	int64_t expires_ms;
	bool apart; /* named by the reservation, because its ids are another row's */
};

/*
 * Visits the current rows, oldest first; texts are borrowed until visit returns; a non-zero answer stops and is returned.
 * Reservations whose row was given back (aborted ones) are not among them.
 */
int history_each_carried(struct history_reader *reader, int (*visit)(void *context, const struct carried *row),
                         void *context);

/*
 * Enters rows in one transaction, all or none. One that is here already stays as it is: by its ids, its reservation, or its
 * origin; so does one that has ended here, or was undone, whatever the carried row says. A live reservation that has ended in
 * the carried row ends. ret_entered: how many were new or newer.
 * errors  those of history_record
 */
int history_carry(struct history *history, const struct carried *rows, size_t count, int64_t now_ms,
                  size_t *ret_entered, struct error *err);

#endif
