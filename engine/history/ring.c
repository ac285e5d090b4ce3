/* ring - the newest ends of each counting key, so that a limiter decides with one look */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/ring.h"

#include "engine/history/cache.h"
#include "engine/history/entry.h"
#include "engine/history/history_priv.h"
#include "engine/history/write.h"

/*
 * Theory of operation.
 *
 * Every operation that counts has an effective end: its end, or, while it is under way or reserved, the instant at
 * which its lease runs out, which lies in the future. A limiter of L operations in a window that starts at `since`
 * counts the operations whose effective end is >= since, live ones included, and admits one more iff there are fewer
 * than L, that is iff the L-th newest effective end is < since. So the newest L ends of a key are all that a decision
 * needs, and one comparison is all it does. With a clock that never goes back, at most L operations are then in any
 * trailing window of seconds to weeks: take the one of them admitted last; at that moment each other one was either
 * live or had ended inside the window, so it was counted, and at most L - 1 were. The start of a window of months
 * does not always move forward with time (31 days go back to 28), and for these the promise is exactness at every
 * admission, not in every window.
 *
 * A ring holds the newest n effective ends of its key, newest first. The invariant is that these are exactly the n
 * greatest of the index's entries, ties included; COMPLETE says that there are no others. It survives every change:
 *   entering e      e >= the last stamp, or COMPLETE: insert in order, and drop the last one when the ring is full
 *                   (no longer COMPLETE). Else e is older than all that the ring holds: nothing to do.
 *   leaving e       e among the stamps: take one such out; what is left are the newest n - 1. Else e was older:
 *                   nothing to do.
 *   running short   a ring that is not COMPLETE and has lost a fifth of its room is filled again from the index.
 * So a late row, an end in the future, a correction and an end that moves all leave what a fresh ring would hold.
 *
 * Reload. The limit shrinks: a shorter prefix answers. The window changes: the stamps are the same, only `since`
 * differs. The limit grows beyond the ring: the decision reads the index, and asks for longer rings
 * (history.ring_length); the next change of the key fills it from the index. Each ring keeps its own room, so that
 * processes with different policies agree.
 *
 * Bytes: 0 u64 check, 8 u8 version, u8 flags, u16 room, u32 count, 16 i64 stamps[count].
 */
#define VERSION 1
#define HEADER_SIZE 16
#define COMPLETE 1
#define ROOM_MOST (RING_LENGTH_MOST + RING_LENGTH_MOST / 4 + 4)

struct ring {
	bool complete;
	uint32_t room, count;
	int64_t stamps[ROOM_MOST + 1]; /* one more, while one enters */
};

static uint32_t
room_for(uint32_t length)
{
	return length + length / 4 + 4;
}

static int64_t
stamp_at(const char *bytes, size_t i)
{
	int64_t stamp;

	memcpy(&stamp, bytes + HEADER_SIZE + 8 * i, 8);
	return stamp;
}

/* When they are not all, one more that equals the last may be missing. No window begins as late as INT64_MAX. */
static struct ring_view
view_of(const char *stamps, uint32_t count, bool complete)
{
	int64_t last = INT64_MAX;

	if (count > 0)
		memcpy(&last, stamps + 8 * ((size_t)count - 1), 8);
	return (struct ring_view){stamps, count, complete ? TIME_NONE : later(last, 1)};
}

/*
 * Keyed sum of all but itself. Each word is multiplied by an odd number of its own, so any change of one word changes
 * the sum, and the multiplications do not wait for one another: this runs in every decision.
 */
static uint64_t
ring_check_of(const struct hash_key *key, struct hash128 of, const char *bytes, size_t count)
{
	uint64_t factor = key->k1 | 1, step = UINT64_C(0x9e3779b97f4a7c16), header, sum;

	memcpy(&header, bytes + 8, 8);
	sum = hash_mix(key->k0 ^ of.lo, of.hi ^ header);
	for (size_t i = 0; i < count; i++, factor += step)
		sum += (uint64_t)stamp_at(bytes, i) * factor;
	return sum;
}

/* 0, or -ERROR_DAMAGED. */
static int
header_read(const struct hash_key *key, struct hash128 of, struct str bytes, bool *ret_complete, uint32_t *ret_count,
            uint16_t *ret_room)
{
	uint64_t check;

	if (bytes.len < HEADER_SIZE || bytes.ptr[8] != VERSION)
		return -ERROR_DAMAGED;
	memcpy(&check, bytes.ptr, 8);
	memcpy(ret_room, bytes.ptr + 10, 2);
	memcpy(ret_count, bytes.ptr + 12, 4);
	*ret_complete = bytes.ptr[9] & COMPLETE;
	if (*ret_count > ROOM_MOST || bytes.len != HEADER_SIZE + 8 * (size_t)*ret_count)
		return -ERROR_DAMAGED;
	return check == ring_check_of(key, of, bytes.ptr, *ret_count) ? 0 : -ERROR_DAMAGED;
}

static struct str
ring_hash_bytes(const struct hash128 *hash)
{
	return (struct str){(const char *)hash, sizeof(*hash)};
}

int
ring_count(struct store_txn *txn, const struct hash_key *key, struct hash128 of, int64_t since_ms, uint32_t limit,
           struct count_result *ret, struct ring_view *ret_ring)
{
	uint32_t count, low = 0, high;
	uint16_t room;
	bool complete;
	struct str bytes;
	int r = store_get(txn, TABLE_RING, ring_hash_bytes(&of), &bytes);

	if (r < 0)
		return r;
	*ret = (struct count_result){0, TIME_NONE};
	*ret_ring = view_of(NULL, 0, true);
	if (r == 0)
		return 1; /* no ring: nothing was ever counted */
	if (header_read(key, of, bytes, &complete, &count, &room) != 0)
		return -ERROR_DAMAGED;
	*ret_ring = view_of(bytes.ptr + HEADER_SIZE, count, complete);
	if (!complete && count < limit && (count == 0 || stamp_at(bytes.ptr, count - 1) >= since_ms))
		return 0; /* there may be more in the window */
	high = count < limit ? count : limit;
	if (high == limit && stamp_at(bytes.ptr, limit - 1) >= since_ms) {
		*ret = (struct count_result){limit, stamp_at(bytes.ptr, limit - 1)};
		return 1;
	}
	while (low < high) { /* the stamps fall: how many are not before since? */
		uint32_t middle = low + (high - low) / 2;

		if (stamp_at(bytes.ptr, middle) >= since_ms)
			low = middle + 1;
		else
			high = middle;
	}
	ret->used = low;
	return 1;
}

static int
ring_read(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct ring *ret)
{
	struct str bytes;
	uint16_t room;
	int r = store_get(txn, TABLE_RING, ring_hash_bytes(&of), &bytes);

	if (r < 0)
		return r;
	if (r == 0) {
		ret->complete = true;
		ret->count = ret->room = 0;
		return 0;
	}
	r = header_read(key, of, bytes, &ret->complete, &ret->count, &room);
	if (r != 0)
		return r;
	ret->room = room;
	memcpy(ret->stamps, bytes.ptr + HEADER_SIZE, 8 * (size_t)ret->count);
	return 0;
}

static int
ring_write(struct store_txn *txn, const struct hash_key *key, struct hash128 of, const struct ring *ring)
{
	char bytes[HEADER_SIZE + 8 * ROOM_MOST];
	uint16_t room = (uint16_t)ring->room;
	uint64_t check;
	int r;

	if (ring->count == 0 && ring->complete) {
		r = store_delete(txn, TABLE_RING, ring_hash_bytes(&of));
		return r < 0 ? r : 0;
	}
	memset(bytes, 0, HEADER_SIZE);
	bytes[8] = VERSION;
	bytes[9] = ring->complete ? COMPLETE : 0;
	memcpy(bytes + 10, &room, 2);
	memcpy(bytes + 12, &ring->count, 4);
	memcpy(bytes + HEADER_SIZE, ring->stamps, 8 * (size_t)ring->count);
	check = ring_check_of(key, of, bytes, ring->count);
	memcpy(bytes, &check, 8);
	return store_put(txn, TABLE_RING, ring_hash_bytes(&of),
	                 (struct str){bytes, HEADER_SIZE + 8 * (size_t)ring->count});
}

/* Fills the ring from the index. */
static int
ring_fill(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct ring *ring)
{
	struct count_entry entry;
	int r = index_first(txn, key, of, INT64_MAX, &entry);

	ring->count = 0;
	while (r == 1 && ring->count < ring->room) {
		ring->stamps[ring->count++] = entry.order;
		r = index_next(txn, key, of, &entry);
	}
	ring->complete = r == 0;
	return r < 0 ? r : 0;
}

/* Place of the first stamp that is not greater. */
static uint32_t
ring_place_of(const struct ring *ring, int64_t stamp)
{
	uint32_t low = 0, high = ring->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ring->stamps[middle] > stamp)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
take_out(struct ring *ring, int64_t stamp)
{
	uint32_t at = ring_place_of(ring, stamp);

	if (at < ring->count && ring->stamps[at] == stamp) {
		memmove(ring->stamps + at, ring->stamps + at + 1, 8 * (size_t)(ring->count - at - 1));
		ring->count--;
		return 0;
	}
	return ring->complete || at < ring->count ? -ERROR_DAMAGED : 0;
}

static void
put_in(struct ring *ring, int64_t stamp)
{
	uint32_t at = ring_place_of(ring, stamp);

	if (at == ring->count && !ring->complete)
		return;
	memmove(ring->stamps + at + 1, ring->stamps + at, 8 * (size_t)(ring->count - at));
	ring->stamps[at] = stamp;
	ring->count++;
	if (ring->count > ring->room) {
		ring->count = ring->room;
		ring->complete = false;
	}
}

int
ring_change(struct history_writer *writer, struct hash128 of, int64_t leave_ms, int64_t enter_ms)
{
	uint32_t length = atomic_load_explicit(&writer->history->ring_length, memory_order_relaxed);
	const struct hash_key *key = &writer->history->key;
	struct store_txn *txn = writer->txn;
	struct ring_view view;
	struct ring ring;
	int r = ring_read(txn, key, of, &ring);

	if (r != 0)
		return r;
	if (ring.room < room_for(length))
		ring.room = room_for(length);
	if (leave_ms != TIME_NONE)
		r = take_out(&ring, leave_ms);
	if (r == 0 && enter_ms != TIME_NONE)
		put_in(&ring, enter_ms);
	if (r == 0 && !ring.complete && ring.count < ring.room - ring.room / 5)
		r = ring_fill(txn, key, of, &ring);
	if (r == 0)
		r = ring_write(txn, key, of, &ring);
	if (r != 0)
		return r;
	view = view_of((const char *)ring.stamps, ring.count, ring.complete);
	hot_change(&writer->history->hot, of, writer->commit, &view);
	return 0;
}

void
ring_ends(const struct ring_view *ring, uint32_t limit, struct ends *ret)
{
	*ret = (struct ends){.count = ring->count > 0, .whole_from_ms = ring->whole_from_ms};
	if (ring->count > 0)
		memcpy(&ret->newest_ms, ring->stamps, 8);
	if (ring->count < limit)
		return;
	ret->count = 2;
	memcpy(&ret->limit_ms, ring->stamps + 8 * ((size_t)limit - 1), 8);
}

int
ring_verify(struct store_txn *txn, const struct hash_key *key, struct hash128 of, struct str bytes)
{
	struct count_entry entry;
	uint32_t count;
	uint16_t room;
	bool complete;
	int r = header_read(key, of, bytes, &complete, &count, &room);

	if (r != 0)
		return r;
	r = index_first(txn, key, of, INT64_MAX, &entry);
	for (uint32_t i = 0; i < count; i++) {
		if (r < 0)
			return r;
		if (r == 0 || entry.order != stamp_at(bytes.ptr, i))
			return -ERROR_DAMAGED;
		r = index_next(txn, key, of, &entry);
	}
	if (r < 0)
		return r;
	return complete == (r == 0) ? 0 : -ERROR_DAMAGED;
}
