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
	/*
	 * It comes from a later state of the database that it enters: it takes the place of what is here. Then it may also be the row of
	 * an aborted reservation, or one that was undone.
	 */
	bool later, undone;
};

#define CARRY_ALL UINT64_MAX

/*
 * Visits the current rows, oldest first; texts are borrowed until visit returns; a non-zero answer stops and is returned.
 * since: CARRY_ALL, and rows that were given back or undone are not among them; or the number behind which to begin, and they
 * are, all with `later` set.
 */
int history_each_carried(struct history_reader *reader, uint64_t since,
                         int (*visit)(void *context, const struct carried *row), void *context);

/*
 * Enters rows in one transaction, all or none. One that is here already stays as it is: by its ids, its reservation, or its
 * origin; so does one that has ended here, or was undone, whatever the carried row says,
 * unless that is later. A live reservation that has ended in
 * the carried row ends. ret_entered: how many were new or newer.
 * errors  those of history_record
 */
int history_carry(struct history *history, const struct carried *rows, size_t count, int64_t now_ms,
                  size_t *ret_entered, struct error *err);

#endif
