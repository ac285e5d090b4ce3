/* reservation - reservations: the right to perform one operation, taken before it starts */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/reservation.h"

#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/write.h"

/*
 * A reservation is a row of the log whose effective end is the end of its lease, so that every limiter counts it like
 * an operation under way, and an entry of its own, which says in which state it is:
 *
 *   live -> settled   the operation ended: its row gets outcome and end
 *   live -> aborted   it was not performed: its row is gone
 *   live -> expired   its lease ended: the row stays as it is, ended with the lease (or is gone, if so configured)
 *
 * Nothing leads out of the last three, so a late settle of an expired reservation is told so. When the row's texts are
 * another row's identity already, or have none, the row is identified by the reservation (RECORD_APART): a reservation never
 * takes the place of an operation that was performed.
 *
 * The value: u64 check, u8 version, u8 state, u8 reason, u8[5] zero, i64 expires, u64[2] identity, u64 fingerprint.
 */
#define VERSION 1
#define VALUE_SIZE 48
#define REQUEST_VALUE_SIZE 24

static struct str
hash_bytes(const struct hash128 *hash)
{
	return (struct str){(const char *)hash, sizeof(*hash)};
}

static uint64_t
reservation_check_of(const struct hash_key *key, struct hash128 id, const char *bytes)
{
	return hash_mix(hash_mix(hash_str(key, (struct str){bytes + 8, VALUE_SIZE - 8}), id.lo), id.hi);
}

static int
reserved_write(struct history_writer *writer, const struct reserved *reserved)
{
	char bytes[VALUE_SIZE] = {0};
	uint64_t check;

	bytes[8] = VERSION;
	bytes[9] = (char)reserved->state;
	bytes[10] = (char)reserved->reason;
	memcpy(bytes + 16, &reserved->expires_ms, 8);
	memcpy(bytes + 24, &reserved->identity, 16);
	memcpy(bytes + 40, &reserved->fingerprint, 8);
	check = reservation_check_of(&writer->history->key, reserved->id, bytes);
	memcpy(bytes, &check, 8);
	return store_put(writer->txn, TABLE_RESERVED, hash_bytes(&reserved->id), (struct str){bytes, VALUE_SIZE});
}

int
reserved_read(struct store_txn *txn, const struct hash_key *key, struct hash128 id, struct reserved *ret)
{
	struct str bytes;
	uint64_t check;
	int r = store_get(txn, TABLE_RESERVED, hash_bytes(&id), &bytes);

	if (r != 1)
		return r;
	if (bytes.len != VALUE_SIZE || bytes.ptr[8] != VERSION || (unsigned char)bytes.ptr[9] > RESERVATION_EXPIRED ||
	    (unsigned char)bytes.ptr[10] >= REASON_COUNT)
		return -ERROR_DAMAGED;
	memcpy(&check, bytes.ptr, 8);
	if (check != reservation_check_of(key, id, bytes.ptr))
		return -ERROR_DAMAGED;
	*ret = (struct reserved){
		.id = id, .state = (enum reservation_state)bytes.ptr[9], .reason = (enum reason)bytes.ptr[10]};
	memcpy(&ret->expires_ms, bytes.ptr + 16, 8);
	memcpy(&ret->identity, bytes.ptr + 24, 16);
	memcpy(&ret->fingerprint, bytes.ptr + 40, 8);
	return 1;
}

/* --- the order of leases --- */

static struct str
lease_key(const struct reserved *reserved, char out[24])
{
	store_pack_i64((unsigned char *)out, reserved->expires_ms);
	memcpy(out + 8, &reserved->id, 16);
	return (struct str){out, 24};
}

static int
lease_add(struct history_writer *writer, const struct reserved *reserved)
{
	char bytes[24];

	return store_put(writer->txn, TABLE_LEASE, lease_key(reserved, bytes), (struct str){"", 0});
}

static int
lease_remove(struct history_writer *writer, const struct reserved *reserved)
{
	char bytes[24];
	int r = store_delete(writer->txn, TABLE_LEASE, lease_key(reserved, bytes));

	if (r == 0)
		return -ERROR_DAMAGED;
	return r < 0 ? r : 0;
}

/* --- ids and requests --- */

static struct hash128
request_key(const struct hash_key *key, const struct request *request)
{
	const char tag = KEY_REQUEST;
	const struct str parts[3] = {{&tag, 1}, request->request_id, request->subrequest_id};

	return hash_parts(key, parts, 3);
}

/*
 * Unguessable, and never given twice by one database: the log's number under its secret. A database that was restored gives
 * numbers again, but not at the same instant.
 */
static struct hash128
new_id(const struct history_writer *writer, int64_t now_ms)
{
	const char tag = KEY_ID;
	const struct str parts[3] = {{&tag, 1},
	                             {(const char *)&writer->state.next_number, sizeof(writer->state.next_number)},
	                             {(const char *)&now_ms, sizeof(now_ms)}};

	return hash_parts(&writer->history->key, parts, 3);
}

static uint64_t
fingerprint_of(const struct hash_key *key, const struct request *request)
{
	uint64_t sum = hash_mix(key->k1, request->has_vf_count ? (uint64_t)request->vf_count + 1 : 0);

	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		sum = hash_mix(sum, request->attribute[i].ptr ? hash_str(key, request->attribute[i]) : 1);
	return sum;
}

/* The value of a request: id, u64 check. */
static int
request_write(struct history_writer *writer, const struct request *request, struct hash128 id)
{
	struct hash128 key = request_key(&writer->history->key, request);
	char value[REQUEST_VALUE_SIZE];
	uint64_t check = hash_mix(hash_mix(writer->history->key.k0 ^ key.lo, id.lo), id.hi);

	memcpy(value, &id, 16);
	memcpy(value + 16, &check, 8);
	return store_put(writer->txn, TABLE_REQUEST, hash_bytes(&key), (struct str){value, sizeof(value)});
}

int
reserved_request_read(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct hash128 *ret_id)
{
	struct str value;
	uint64_t check;
	int r = store_get(txn, TABLE_REQUEST, hash_bytes(&of), &value);

	if (r != 1)
		return r;
	if (value.len != REQUEST_VALUE_SIZE)
		return -ERROR_DAMAGED;
	memcpy(ret_id, value.ptr, 16);
	memcpy(&check, value.ptr + 16, 8);
	return check == hash_mix(hash_mix(key->k0 ^ of.lo, ret_id->lo), ret_id->hi) ? 1 : -ERROR_DAMAGED;
}

/* --- the ends of a reservation --- */

int
reserved_end(struct history_writer *writer, struct reserved *reserved, enum reservation_state state)
{
	uint64_t *const counts[] = {
		[RESERVATION_SETTLED] = &writer->state.settled,
		[RESERVATION_ABORTED] = &writer->state.aborted,
		[RESERVATION_EXPIRED] = &writer->state.expired,
	};
	int r = lease_remove(writer, reserved);

	reserved->state = state;
	if (r == 0)
		r = reserved_write(writer, reserved);
	if (r != 0)
		return r;
	++*counts[state];
	writer->state.live--;
	return 0;
}

/* The row of a reservation as it is now. A reservation without a row means damage. */
static int
row_of(struct history_writer *writer, const struct reserved *reserved, uint64_t *ret_number, struct record *ret)
{
	int r = writer_find(writer, reserved->identity, ret_number, ret);

	return r == 0 ? -ERROR_DAMAGED : r < 0 ? r : 0;
}

/* Takes the row out of every count, unless somebody has recorded meanwhile how the operation ended. */
static int
row_give_back(struct history_writer *writer, const struct reserved *reserved, int64_t now_ms, bool *ret_ended)
{
	struct record record;
	uint64_t number;
	int r = row_of(writer, reserved, &number, &record);

	*ret_ended = r == 0 && record.row.end_ms != TIME_NONE;
	if (r != 0 || *ret_ended)
		return r;
	record.flags |= RECORD_GONE;
	record.recorded_ms = now_ms;
	return writer_put(writer, &record, number);
}

/* Whose right it was, to be told after the commit. The texts are the transaction's, so they are copied. */
static int
note_lapsed(struct history_writer *writer, const struct reserved *reserved)
{
	struct arena *arena = &writer->history->lapsed_arena;
	struct lapsed *lapsed = arena_alloc(arena, sizeof(*lapsed));
	struct record record;
	struct operation *row;
	uint64_t number;
	int r = row_of(writer, reserved, &number, &record);

	if (r != 0 || !lapsed)
		return r != 0 ? r : -ERROR_MEMORY;
	*lapsed = (struct lapsed){writer->lapsed, reserved->id, record.row, reserved->expires_ms};
	row = &lapsed->row;
	if (!arena_copy(arena, &row->actor) || !arena_copy(arena, &row->operation) ||
	    !arena_copy(arena, &row->target) || !arena_copy(arena, &row->clname) ||
	    !arena_copy(arena, &row->request_id) || !arena_copy(arena, &row->subrequest_id))
		return -ERROR_MEMORY;
	row->outcome = row->message = STR_NONE;
	writer->lapsed = lapsed;
	return 0;
}

static int
reservation_expire(struct history_writer *writer, struct reserved *reserved, int64_t now_ms)
{
	bool ended;
	int r = writer->history->options.expired ? note_lapsed(writer, reserved) : 0;

	if (r == 0 && writer->history->options.release_expired)
		r = row_give_back(writer, reserved, now_ms, &ended);
	return r == 0 ? reserved_end(writer, reserved, RESERVATION_EXPIRED) : r;
}

int
writer_expire(struct history_writer *writer, int64_t now_ms, size_t most)
{
	struct store_entry entry;
	int r = store_above(writer->txn, TABLE_LEASE, STR("\0"), 0, &entry);

	for (size_t i = 0; r == 1 && i < most; i++) {
		struct reserved reserved;
		struct hash128 id;

		if (entry.key.len != 24)
			return -ERROR_DAMAGED;
		if (store_unpack_i64(entry.key.ptr) > now_ms)
			return 0;
		memcpy(&id, entry.key.ptr + 8, 16);
		r = reserved_read(writer->txn, &writer->history->key, id, &reserved);
		if (r != 1)
			return r < 0 ? r : -ERROR_DAMAGED;
		r = reservation_expire(writer, &reserved, now_ms);
		if (r == 0) /* its entry is gone: the next one is the first again */
			r = store_above(writer->txn, TABLE_LEASE, STR("\0"), 0, &entry);
	}
	return r < 0 ? r : 0;
}

/* The reservation, expired if it is time. */
static int
reserved_now(struct history_writer *writer, struct hash128 id, int64_t now_ms, struct reserved *ret)
{
	int r = reserved_read(writer->txn, &writer->history->key, id, ret);

	if (r != 1)
		return r;
	if (ret->state == RESERVATION_LIVE && ret->expires_ms <= now_ms) {
		r = reservation_expire(writer, ret, now_ms);
		return r == 0 ? 1 : r;
	}
	return 1;
}

/*
 * What a repeated call gets: the live reservation of the same ids. The ids of one that was settled have had their
 * operation: another Permit for them would be for ever. One that was aborted or has expired gives no reservation any more, so
 * the call is decided anew.
 */
int
reserved_find(struct history_writer *writer, const struct request *request, int64_t now_ms, struct reserved *ret)
{
	struct hash128 id;
	int r;

	if (request->request_id.len == 0)
		return 0;
	r = reserved_request_read(writer->txn, &writer->history->key, request_key(&writer->history->key, request), &id);
	if (r == 1)
		r = reserved_now(writer, id, now_ms, ret);
	if (r != 1)
		return r;
	if (ret->state != RESERVATION_LIVE && ret->state != RESERVATION_SETTLED)
		return 0;
	ret->repeated = ret->fingerprint == fingerprint_of(&writer->history->key, request);
	return ret->repeated && ret->state == RESERVATION_LIVE ? 1 : -ERROR_CONFLICT;
}

int
identity_is_free(struct history_writer *writer, const struct record *record, uint64_t *ret_gone)
{
	struct record other;
	struct hash128 identity;
	uint64_t number;
	int r;

	*ret_gone = 0;
	if (!record_identity(&writer->history->key, record, &identity))
		return 0;
	r = writer_find(writer, identity, &number, &other);
	if (r <= 0)
		return r < 0 ? r : 1;
	if (!(other.flags & RECORD_GONE))
		return 0;
	*ret_gone = number;
	return 1;
}

int
writer_reserve(struct history_writer *writer, const struct request *request, enum reason reason, int64_t lease_ms,
               int64_t now_ms, struct reserved *ret)
{
	struct reserved reserved = {
		.id = new_id(writer, now_ms), .reason = reason, .expires_ms = later(now_ms, lease_ms)};
	struct record record = {
		.row =
			{
				.actor = request->attribute[ATTRIBUTE_ACTOR],
				.operation = request->attribute[ATTRIBUTE_OPERATION],
				.target = request->attribute[ATTRIBUTE_TARGET],
				.clname = request->attribute[ATTRIBUTE_CLNAME],
				.request_id = request->request_id,
				.subrequest_id = request->subrequest_id,
				.outcome = STR("Started"),
				.start_ms = now_ms,
				.end_ms = TIME_NONE,
			},
		.recorded_ms = now_ms,
		.until_ms = reserved.expires_ms,
		.flags = RECORD_RESERVED,
		.reservation = reserved.id,
	};
	uint64_t gone;
	int r = identity_is_free(writer, &record, &gone);

	if (r < 0)
		return r;
	if (r == 0)
		record.flags |= RECORD_APART;
	(void)record_identity(&writer->history->key, &record, &reserved.identity); /* it has one now */
	reserved.fingerprint = fingerprint_of(&writer->history->key, request);
	r = writer_put(writer, &record, gone);
	if (r == 0)
		r = reserved_write(writer, &reserved);
	if (r == 0)
		r = lease_add(writer, &reserved);
	if (r == 0 && request->request_id.len)
		r = request_write(writer, request, reserved.id);
	if (r != 0)
		return r;
	writer->state.admitted++;
	writer->state.live++;
	*ret = reserved;
	return 0;
}

/* The request that took it, as far as its row tells. */
static struct request
reservation_request_of(const struct operation *row)
{
	struct request request = {.request_id = row->request_id, .subrequest_id = row->subrequest_id};

	request.attribute[ATTRIBUTE_ACTOR] = row->actor;
	request.attribute[ATTRIBUTE_OPERATION] = row->operation;
	request.attribute[ATTRIBUTE_TARGET] = row->target;
	request.attribute[ATTRIBUTE_CLNAME] = row->clname;
	return request;
}

int
reserved_carry(struct history_writer *writer, const struct record *record, struct reserved *reserved)
{
	const struct request request = reservation_request_of(&record->row);
	uint64_t *const counts[] = {
		[RESERVATION_LIVE] = &writer->state.live,
		[RESERVATION_SETTLED] = &writer->state.settled,
		[RESERVATION_ABORTED] = &writer->state.aborted,
		[RESERVATION_EXPIRED] = &writer->state.expired,
	};
	int r = 0;

	(void)record_identity(&writer->history->key, record, &reserved->identity); /* a reservation's row has one */
	reserved->fingerprint = fingerprint_of(&writer->history->key, &request);
	r = reserved_write(writer, reserved);
	if (r == 0 && reserved->state == RESERVATION_LIVE)
		r = lease_add(writer, reserved);
	if (r == 0 && request.request_id.len)
		r = request_write(writer, &request, reserved->id);
	if (r != 0)
		return r;
	writer->state.admitted++;
	++*counts[reserved->state];
	return 0;
}

int
writer_reserved_actor(struct history_writer *writer, struct hash128 id, int64_t now_ms, struct str *ret)
{
	struct reserved reserved;
	struct record record;
	uint64_t number;
	int r = reserved_now(writer, id, now_ms, &reserved);

	if (r != 1)
		return r < 0 ? r : -ERROR_UNKNOWN;
	r = row_of(writer, &reserved, &number, &record);
	if (r == 0)
		*ret = record.row.actor;
	return r;
}

int
writer_settle(struct history_writer *writer, struct hash128 id, struct str outcome, struct str message, int64_t now_ms,
              struct reserved *ret)
{
	struct record record;
	uint64_t number;
	int r = reserved_now(writer, id, now_ms, ret);

	if (r != 1)
		return r < 0 ? r : -ERROR_UNKNOWN;
	if (ret->state != RESERVATION_LIVE)
		return ret->state == RESERVATION_SETTLED ? 0 : -ERROR_CONFLICT;
	r = row_of(writer, ret, &number, &record);
	if (r == 0 && record.row.end_ms == TIME_NONE) {
		record.row.outcome = outcome;
		if (message.ptr)
			record.row.message = message;
		record.row.end_ms = record.until_ms = now_ms;
		record.recorded_ms = now_ms;
		r = writer_put(writer, &record, number);
	}
	return r == 0 ? reserved_end(writer, ret, RESERVATION_SETTLED) : r;
}

int
writer_abort(struct history_writer *writer, struct hash128 id, int64_t now_ms, struct reserved *ret)
{
	bool ended;
	int r = reserved_now(writer, id, now_ms, ret);

	if (r != 1)
		return r < 0 ? r : -ERROR_UNKNOWN;
	if (ret->state != RESERVATION_LIVE)
		return ret->state == RESERVATION_ABORTED ? 0 : -ERROR_CONFLICT;
	r = row_give_back(writer, ret, now_ms, &ended);
	if (r == 0)
		r = reserved_end(writer, ret, ended ? RESERVATION_SETTLED : RESERVATION_ABORTED);
	if (r != 0)
		return r;
	return ended ? -ERROR_CONFLICT : 0;
}

int
writer_renew(struct history_writer *writer, struct hash128 id, int64_t lease_ms, int64_t now_ms, struct reserved *ret)
{
	struct record record;
	uint64_t number;
	int r = reserved_now(writer, id, now_ms, ret);

	if (r != 1)
		return r < 0 ? r : -ERROR_UNKNOWN;
	if (ret->state != RESERVATION_LIVE)
		return -ERROR_CONFLICT;
	r = lease_remove(writer, ret);
	ret->expires_ms = later(now_ms, lease_ms);
	if (r == 0)
		r = reserved_write(writer, ret);
	if (r == 0)
		r = lease_add(writer, ret);
	if (r == 0)
		r = row_of(writer, ret, &number, &record);
	if (r != 0 || record.row.end_ms != TIME_NONE)
		return r;
	record.until_ms = ret->expires_ms;
	record.recorded_ms = now_ms;
	return writer_put(writer, &record, number);
}
