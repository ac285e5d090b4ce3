/* reservation - reservations: the right to perform one operation, taken before it starts */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_HISTORY_RESERVATION_H
#define ENGINE_HISTORY_RESERVATION_H

#include "engine/history/write.h"

/* A reservation as the database has it. */
struct reserved {
	struct hash128 id;
	enum reservation_state state;
	enum reason reason;      /* with which it was permitted */
	int64_t expires_ms;      /* its lease's end, or where that was when it ended */
	struct hash128 identity; /* of its row */
	uint64_t fingerprint;    /* of the request, to tell a repeated one from another with the same ids */
	bool repeated;           /* of reserved_find: it was taken for this very request */
};

/* 1 and the reservation, 0 when there is none, or negative. */
int reserved_read(struct store_txn *txn, const struct hash_key *key, struct hash128 id, struct reserved *ret);

/*
 * The live reservation of these ids, which a repeated call gets: 1; 0 when the ids are free. -ERROR_CONFLICT when it was
 * taken for another request, or (ret->repeated) for this one and is settled.
 */
int reserved_find(struct history_writer *writer, const struct request *request, int64_t now_ms, struct reserved *ret);

/* Takes a reservation for a request that was permitted. request ids absent: never repeated. 0 or negative. */
int writer_reserve(struct history_writer *writer, const struct request *request, enum reason reason, int64_t lease_ms,
                   int64_t now_ms, struct reserved *ret);

/*
 * Ends a reservation, or moves the end of its lease. 0 when it is now, or was already, in the state asked for; else
 * -ERROR_UNKNOWN, or -ERROR_CONFLICT with its state in ret.
 */
int writer_settle(struct history_writer *writer, struct hash128 id, struct str outcome, struct str message,
                  int64_t now_ms, struct reserved *ret);
int writer_abort(struct history_writer *writer, struct hash128 id, int64_t now_ms, struct reserved *ret);
int writer_renew(struct history_writer *writer, struct hash128 id, int64_t lease_ms, int64_t now_ms,
                 struct reserved *ret);

/* The actor for whom a reservation was taken, borrowed from the transaction. 0, or -ERROR_UNKNOWN. */
int writer_reserved_actor(struct history_writer *writer, struct hash128 id, int64_t now_ms, struct str *ret);

/* Leaves the state live. 0 or negative. */
int reserved_end(struct history_writer *writer, struct reserved *reserved, enum reservation_state state);

/*
 * Whether a reservation's row may have the identity of its texts: 1 when it has one, and no other row does, or one that was
 * given back, whose number is then the record to replace; 0; or negative.
 */
int identity_is_free(struct history_writer *writer, const struct record *record, uint64_t *ret_gone);

/* Enters a reservation of another database, whose row was put; fills in what the row tells. 0 or negative. */
int reserved_carry(struct history_writer *writer, const struct record *record, struct reserved *reserved);

/* Expires up to `most` reservations whose lease has ended by now_ms. 0 or negative. */
int writer_expire(struct history_writer *writer, int64_t now_ms, size_t most);

int reserved_request_read(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct hash128 *ret_id);

#endif
