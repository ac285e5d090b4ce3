/* read - readers, and the questions that guards and listings ask */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/history/cache.h"
#include "engine/history/entry.h"
#include "engine/history/history_priv.h"
#include "engine/history/key.h"
#include "engine/history/record.h"
#include "engine/history/ring.h"
#include "engine/history/write.h"

#define PUSH_ONE_IN 16
#define FUTURE_MOST 16 /* operations under way that are looked at one by one */

int
history_reader_open(struct history *history, struct history_reader **ret, struct error *err)
{
	struct history_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	reader->history = history;
	pthread_mutex_lock(&history->readers_lock);
	if (!history->store)
		r = 0; /* its transaction is opened with the database */
	else if (store_is_broken(history->store))
		r = error_set(err, ERROR_IO, NULL, "the database must be opened again first");
	else
		r = store_reader_open(history->store, &reader->txn, err);
	if (r == 0) {
		reader->next = history->readers;
		history->readers = reader;
	}
	pthread_mutex_unlock(&history->readers_lock);
	if (r != 0) {
		free(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

void
history_reader_close(struct history_reader *reader)
{
	struct history_reader **at;

	if (!reader)
		return;
	pthread_mutex_lock(&reader->history->readers_lock);
	for (at = &reader->history->readers; *at != reader; at = &(*at)->next)
		;
	*at = reader->next;
	store_reader_close(reader->txn);
	pthread_mutex_unlock(&reader->history->readers_lock);
	free(reader);
}

int
history_reader_peek(struct history_reader *reader)
{
	int r = -ERROR_IO;

	/* Both in one total order with the committer's: see history_reopen. */
	atomic_store(&reader->busy, true);
	if (!atomic_load(&reader->history->reopening))
		r = store_newest(reader->history->store, &reader->state);
	reader->snapshot = reader->answered = reader->moved = false;
	if (r != 0)
		atomic_store_explicit(&reader->busy, false, memory_order_release);
	return r;
}

/* From here on all questions are about one state, the database's at this moment. */
static int
take_snapshot(struct history_reader *reader)
{
	uint64_t state = reader->state;
	int r = reader->snapshot ? 0 : store_begin(reader->txn);

	if (r != 0 || reader->snapshot)
		return r;
	reader->snapshot = true;
	reader->state = store_state(reader->txn);
	reader->moved = reader->answered && reader->state != state;
	return 0;
}

int
history_reader_begin(struct history_reader *reader)
{
	int r = history_reader_peek(reader);

	if (r != 0)
		return r;
	r = take_snapshot(reader);
	if (r != 0)
		history_reader_end(reader);
	return r;
}

bool
history_reader_moved(struct history_reader *reader)
{
	bool moved = reader->moved;

	reader->moved = false;
	return moved;
}

void
history_reader_end(struct history_reader *reader)
{
	if (reader->snapshot)
		store_end(reader->txn);
	/* Release: the committer that sees it may take the transaction back. */
	atomic_store_explicit(&reader->busy, false, memory_order_release);
}

void
history_reader_mark(struct history_reader *reader)
{
	/* Relaxed: its own thread's. */
	if (!atomic_load_explicit(&reader->busy, memory_order_relaxed))
		reader->state = 0;
}

struct history_position
history_reader_position(const struct history_reader *reader)
{
	return (struct history_position){.commit = reader->state};
}

static int64_t
until_of(const struct count_query *query)
{
	return query->ended_only ? query->now_ms : INT64_MAX;
}

/* The entries of [since, until] that count, newest first, until there are `limit`. */
static int
count_index(struct store_txn *txn, const struct hash_key *key, struct hash128 of, const struct count_query *query,
            struct count_result *ret, struct ends *ret_ends)
{
	const unsigned needed = query->ended_only ? ENTRY_ENDED | ENTRY_OUTCOME : 0;
	struct count_entry entry;
	bool moves = false; /* time alone changes the count */
	int r = index_first(txn, key, of, INT64_MAX, &entry);

	for (unsigned i = 0; r == 1 && entry.order > until_of(query) && !moves; i++) {
		moves = (entry.flags & needed) == needed || i == FUTURE_MOST;
		r = moves ? index_first(txn, key, of, until_of(query), &entry) : index_next(txn, key, of, &entry);
	}
	*ret = (struct count_result){0, TIME_NONE};
	ret_ends->newest_ms = TIME_NONE;
	for (; r == 1 && entry.order >= query->since_ms; r = index_next(txn, key, of, &entry)) {
		if ((entry.flags & needed) != needed)
			continue;
		if (ret->used == 0)
			ret_ends->newest_ms = entry.order;
		if (++ret->used == query->limit) {
			ret->limit_end = entry.order;
			break;
		}
	}
	ret_ends->count = ret->used == query->limit ? 2 : ret->used > 0;
	ret_ends->limit_ms = ret->limit_end;
	ret_ends->whole_from_ms = moves ? INT64_MAX : query->since_ms; /* nothing that lasts, or what was looked at */
	return r < 0 ? r : 0;
}

/* Rings shall be this long from now on. */
static void
want_length(struct history *history, uint32_t limit)
{
	if (limit > RING_LENGTH_MOST)
		return; /* for such limits the database reads the index */
	if (limit > atomic_load_explicit(&history->ring_length, memory_order_relaxed))
		atomic_store_explicit(&history->ring_length, limit, memory_order_relaxed);
}

/*
 * Nobody knows how much was used before a damaged database was replaced, nor, when the window reaches back that far,
 * before the oldest row that was kept: as if every limiter had been filled at that moment, so that it counts as full
 * until its own window has passed.
 */
static bool
is_unknown(struct history *history, const struct count_query *query, struct count_result *ret)
{
	int64_t until_ms = atomic_load_explicit(&history->quarantine_ms, memory_order_relaxed);
	int64_t pruned_ms = atomic_load_explicit(&history->pruned_ms, memory_order_relaxed);

	if (pruned_ms > until_ms)
		until_ms = pruned_ms;
	if (until_ms < query->since_ms || until_ms == TIME_NONE || (query->ended_only && until_ms > query->now_ms))
		return false;
	*ret = (struct count_result){query->limit, until_ms, true};
	return true;
}

/* The longest window that is asked for is what pruning leaves alone. */
static void
note_window(struct history *history, const struct count_query *query)
{
	int64_t longest_ms = atomic_load_explicit(&history->window_ms, memory_order_relaxed);

	if (query->since_ms < later(query->now_ms, -longest_ms))
		history_keep(history, query->since_ms > 0 || query->now_ms < INT64_MAX + query->since_ms
		                              ? query->now_ms - query->since_ms
		                              : INT64_MAX);
}

/* Whether no count is needed. */
static bool
is_answered(struct history *history, const struct count_query *query, struct count_result *ret)
{
	*ret = (struct count_result){0, TIME_NONE};
	if (query->limit == 0)
		return true;
	note_window(history, query);
	return is_unknown(history, query, ret);
}

/* By the ring, or where that is too short, or onap mode asks, by the index. */
static int
count_stored(struct history *history, struct store_txn *txn, struct hash128 of, const struct count_query *query,
             struct count_result *ret, struct ends *ret_ends)
{
	if (!query->ended_only) {
		struct ring_view ring;
		int r = ring_count(txn, &history->key, of, query->since_ms, query->limit, ret, &ring);

		if (r < 0)
			return r;
		if (r == 1) {
			ring_ends(&ring, query->limit, ret_ends);
			return 0;
		}
		if (query->whether)
			want_length(history, query->limit);
	}
	return count_index(txn, &history->key, of, query, ret, ret_ends);
}

int
txn_count(struct history *history, struct store_txn *txn, const struct count_query *query, struct count_result *ret)
{
	struct hash128 of = count_key(&history->key, query);
	struct ends ends;

	return is_answered(history, query, ret) ? 0 : count_stored(history, txn, of, query, ret, &ends);
}

/* Until when any loop may have an operation that a damaged database knew of; TIME_NONE: none. */
static int64_t
quarantine_until(struct history *history)
{
	int64_t since_ms = atomic_load_explicit(&history->quarantine_ms, memory_order_relaxed);

	return since_ms == TIME_NONE ? TIME_NONE : later(since_ms, history->options.lease_ms);
}

/*
 * What decides about a loop, of the newest entry of its key, as one number; TIME_NONE when it has no entry. KEY_LIVE: when the
 * operation ends at the latest; KEY_STARTS: whether the row's outcome is Started.
 */
static int
txn_loop_newest(struct history *history, struct store_txn *txn, struct hash128 of, enum key_kind kind, int64_t *ret)
{
	struct count_entry entry;
	int r = index_first(txn, &history->key, of, INT64_MAX, &entry);

	*ret = TIME_NONE;
	if (r == 1)
		*ret = kind == KEY_LIVE ? entry.order : (entry.flags & ENTRY_STARTED) != 0;
	return r < 0 ? r : 0;
}

static int
loop_is_live(struct history *history, int64_t newest, int64_t now_ms, int64_t *ret_until)
{
	int64_t unknown_ms = quarantine_until(history), until_ms = newest > unknown_ms ? newest : unknown_ms;

	if (until_ms <= now_ms)
		return LIVENESS_IDLE;
	if (ret_until)
		*ret_until = until_ms;
	return newest > now_ms ? LIVENESS_LIVE : LIVENESS_UNKNOWN;
}

static int
loop_is_started(struct history *history, int64_t newest)
{
	if (newest != TIME_NONE)
		return newest != 0 ? LIVENESS_LIVE : LIVENESS_IDLE;
	/* Nothing known of it: the one question that comes without a time, so the history's own is used. */
	return quarantine_until(history) > atomic_load_explicit(&history->clock_ms, memory_order_relaxed)
	               ? LIVENESS_UNKNOWN
	               : LIVENESS_IDLE;
}

int
txn_loop_live(struct history *history, struct store_txn *txn, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	int64_t newest;
	int r = txn_loop_newest(history, txn, loop_key(&history->key, KEY_LIVE, clname), KEY_LIVE, &newest);

	return r == 0 ? loop_is_live(history, newest, now_ms, ret_until) : r;
}

int
txn_loop_started(struct history *history, struct store_txn *txn, struct str clname)
{
	int64_t newest;
	int r = txn_loop_newest(history, txn, loop_key(&history->key, KEY_STARTS, clname), KEY_STARTS, &newest);

	return r == 0 ? loop_is_started(history, newest) : r;
}

/* Memory shall have what the database said. One in so many takes the place of another when there is none. */
static void
leave(struct history_reader *reader, struct hash128 of, uint32_t limit, const struct ends *ends)
{
	hot_put(&reader->history->hot, of, limit, reader->state, ends, reader->found++ % PUSH_ONE_IN == 0);
}

static int
reader_count(void *context, const struct count_query *query, struct count_result *ret)
{
	struct history_reader *reader = context;
	struct history *history = reader->history;
	struct hash128 of = count_key(&history->key, query), hot = query->ended_only ? hot_ended(of) : of;
	struct ends ends;
	int r;

	if (is_answered(history, query, ret))
		return 0;
	if (query->whether &&
	    hot_count(&history->hot, hot, query->limit, reader->state, query->since_ms, until_of(query), ret)) {
		reader->answered = true;
		return 0;
	}
	r = take_snapshot(reader);
	if (r == 0)
		r = count_stored(history, reader->txn, of, query, ret, &ends);
	if (r == 0 && query->whether && ends.whole_from_ms != INT64_MAX)
		leave(reader, hot, query->limit, &ends);
	return r;
}

/* As txn_loop_newest, from memory when it is there: as a limit of 1. */
static int
reader_loop_newest(struct history_reader *reader, struct str clname, enum key_kind kind, int64_t *ret)
{
	struct history *history = reader->history;
	struct hash128 of = loop_key(&history->key, kind, clname);
	struct count_result found;
	struct ends ends;
	int r;

	if (hot_count(&history->hot, of, 1, reader->state, TIME_NONE, INT64_MAX, &found)) {
		reader->answered = true;
		*ret = found.limit_end;
		return 0;
	}
	r = take_snapshot(reader);
	if (r == 0)
		r = txn_loop_newest(history, reader->txn, of, kind, ret);
	if (r != 0)
		return r;
	ends = (struct ends){*ret == TIME_NONE ? 0 : 2, *ret, *ret, TIME_NONE};
	leave(reader, of, 1, &ends);
	return 0;
}

static int
reader_loop_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	struct history_reader *reader = context;
	int64_t newest;
	int r = reader_loop_newest(reader, clname, KEY_LIVE, &newest);

	return r == 0 ? loop_is_live(reader->history, newest, now_ms, ret_until) : r;
}

static int
reader_loop_started(void *context, struct str clname)
{
	struct history_reader *reader = context;
	int64_t newest;
	int r = reader_loop_newest(reader, clname, KEY_STARTS, &newest);

	return r == 0 ? loop_is_started(reader->history, newest) : r;
}

const struct history_view history_reader_view = {
	.count = reader_count,
	.loop_live = reader_loop_live,
	.loop_started = reader_loop_started,
};

static bool
text_passes(struct str wanted, struct str text)
{
	return !wanted.ptr || (text.ptr && str_equal(wanted, text));
}

static bool
row_passes(const struct operation_filter *filter, const struct operation *row)
{
	int64_t at = row->end_ms != TIME_NONE ? row->end_ms : row->start_ms;

	if (filter->from_ms != TIME_NONE && at < filter->from_ms)
		return false;
	if (filter->to_ms != TIME_NONE && (at == TIME_NONE || at > filter->to_ms))
		return false;
	return text_passes(filter->actor, row->actor) && text_passes(filter->operation, row->operation) &&
	       text_passes(filter->target, row->target) && text_passes(filter->clname, row->clname);
}

/* 1 when no later record replaces this one. */
int
record_is_current(struct store_txn *txn, const struct hash_key *key, uint64_t number, const struct record *record)
{
	struct hash128 identity;
	uint64_t current;
	int r;

	if (!record_identity(key, record, &identity))
		return 1;
	r = identity_read(txn, key, identity, &current);
	return r == 1 ? current == number : r;
}

int
history_each(struct history_reader *reader, const struct operation_filter *filter,
             int (*visit)(void *context, const struct operation *row), void *context)
{
	const struct hash_key *key = &reader->history->key;
	struct store_entry entry = {0};
	struct record record;
	size_t visited = 0;
	int r = store_last(reader->txn, TABLE_LOG, &entry);

	for (; r == 1 && visited < filter->limit; r = store_previous(reader->txn, TABLE_LOG, STR_NONE, 0, &entry)) {
		uint64_t number = entry.key.len == 8 ? store_unpack_u64(entry.key.ptr) : 0;
		int current;

		if (record_read(key, number, entry.value, &record) != 0)
			return -ERROR_DAMAGED;
		if ((record.flags & RECORD_GONE) != (filter->undone ? RECORD_GONE : 0) ||
		    (filter->undone && !(record.flags & RECORD_UNDONE)) || !row_passes(filter, &record.row))
			continue;
		record.row.number = number;
		current = record_is_current(reader->txn, key, number, &record);
		if (current < 0)
			return current;
		if (!current)
			continue;
		visited++;
		r = visit(context, &record.row);
		if (r != 0)
			return r;
	}
	return r < 0 ? r : 0;
}
