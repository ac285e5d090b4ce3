/* counters - operation counters in memory, built from logged changes: what guards saw at any moment */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay/counters.h"

#include <stdlib.h>

#include "engine/history/entry.h"
#include "engine/history/key.h"
#include "engine/history/record.h"

#define TABLE_LEAST 1024 /* places; a power of two */

/* One end of a key. */
struct stamp {
	int64_t order; /* as in struct count_entry */
	uint64_t number;
	unsigned flags;
};

/* The ends of one key, in ascending (order, number). */
struct series {
	struct hash128 key;
	struct stamp *stamps;
	size_t count, room;
};

/* Where a record stands. */
struct placed {
	struct series *series;
	int64_t order;
};

struct kept {
	uint64_t number;
	unsigned count;
	struct placed placed[KEYS_MAX];
};

/* Open addressing, at most half full. Items have a 64-bit hash of their own; removed ones leave a mark. */
struct slots {
	void **items; /* NULL: never used; &removed: given back */
	size_t size, used;
	uint64_t (*hash_of)(const void *item);
};

struct replay_counters {
	struct hash_key key; /* zero: the counters are private */
	struct slots series, kept;
	size_t records;
	int64_t since_ms; /* see replay_counters_since */
};

static char removed;

static uint64_t
series_hash(const void *item)
{
	return ((const struct series *)item)->key.lo;
}

static uint64_t
kept_hash(const void *item)
{
	return hash_mix(((const struct kept *)item)->number, HASH_ODD_1);
}

static bool
slots_grow(struct slots *slots)
{
	size_t size = slots->size ? slots->size * 2 : TABLE_LEAST, used = 0;
	void **items = calloc(size, sizeof(*items));

	if (!items)
		return false;
	for (size_t i = 0; i < slots->size; i++) {
		void *item = slots->items[i];
		size_t at;

		if (!item || item == &removed)
			continue;
		for (at = slots->hash_of(item) & (size - 1); items[at]; at = (at + 1) & (size - 1))
			;
		items[at] = item;
		used++;
	}
	free(slots->items);
	*slots = (struct slots){items, size, used, slots->hash_of};
	return true;
}

/* The caller knows that the item is not there yet. */
static bool
slots_add(struct slots *slots, void *item)
{
	size_t at;

	if (slots->used * 2 >= slots->size && !slots_grow(slots))
		return false;
	for (at = slots->hash_of(item) & (slots->size - 1); slots->items[at]; at = (at + 1) & (slots->size - 1))
		;
	slots->items[at] = item;
	slots->used++;
	return true;
}

static void
slots_free(struct slots *slots, void (*item_free)(void *item))
{
	for (size_t i = 0; i < slots->size; i++) {
		if (slots->items[i] && slots->items[i] != &removed)
			item_free(slots->items[i]);
	}
	free(slots->items);
}

static struct series *
series_find(const struct replay_counters *counters, struct hash128 key)
{
	const struct slots *slots = &counters->series;

	for (size_t at = key.lo & (slots->size - 1); slots->size && slots->items[at];
	     at = (at + 1) & (slots->size - 1)) {
		struct series *series = slots->items[at];

		if (series->key.lo == key.lo && series->key.hi == key.hi)
			return series;
	}
	return NULL;
}

static struct series *
series_make(struct replay_counters *counters, struct hash128 key)
{
	struct series *series = series_find(counters, key);

	if (series)
		return series;
	series = calloc(1, sizeof(*series));
	if (!series)
		return NULL;
	series->key = key;
	if (slots_add(&counters->series, series))
		return series;
	free(series);
	return NULL;
}

static void
series_free(void *item)
{
	struct series *series = item;

	free(series->stamps);
	free(series);
}

/* How many stamps are before (order, number). */
static size_t
series_below(const struct series *series, int64_t order, uint64_t number)
{
	size_t low = 0, high = series->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct stamp *stamp = &series->stamps[middle];

		if (stamp->order < order || (stamp->order == order && stamp->number < number))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
series_insert(struct series *series, struct stamp stamp)
{
	size_t at = series_below(series, stamp.order, stamp.number);

	if (series->count == series->room) {
		size_t room = series->room ? series->room * 2 : 4;
		struct stamp *stamps = realloc(series->stamps, room * sizeof(*stamps));

		if (!stamps)
			return false;
		series->stamps = stamps;
		series->room = room;
	}
	memmove(&series->stamps[at + 1], &series->stamps[at], (series->count - at) * sizeof(stamp));
	series->stamps[at] = stamp;
	series->count++;
	return true;
}

static void
series_take_out(struct series *series, int64_t order, uint64_t number)
{
	size_t at = series_below(series, order, number);

	if (at == series->count || series->stamps[at].number != number)
		return;
	series->count--;
	memmove(&series->stamps[at], &series->stamps[at + 1], (series->count - at) * sizeof(*series->stamps));
}

struct replay_counters *
replay_counters_new(void)
{
	struct replay_counters *counters = calloc(1, sizeof(*counters));

	if (counters) {
		counters->series.hash_of = series_hash;
		counters->kept.hash_of = kept_hash;
		counters->since_ms = INT64_MAX;
	}
	return counters;
}

void
replay_counters_free(struct replay_counters *counters)
{
	if (!counters)
		return;
	slots_free(&counters->series, series_free);
	slots_free(&counters->kept, free);
	free(counters);
}

size_t
replay_counters_count(const struct replay_counters *counters)
{
	return counters->records;
}

static void **
kept_find(const struct replay_counters *counters, uint64_t number)
{
	const struct kept wanted = {.number = number};
	const struct slots *slots = &counters->kept;

	for (size_t at = kept_hash(&wanted) & (slots->size - 1); slots->size && slots->items[at];
	     at = (at + 1) & (slots->size - 1)) {
		if (slots->items[at] != &removed && ((struct kept *)slots->items[at])->number == number)
			return &slots->items[at];
	}
	return NULL;
}

/* Out of every series it stands in, and freed. */
static void
kept_drop(struct kept *kept)
{
	for (unsigned i = 0; i < kept->count; i++)
		series_take_out(kept->placed[i].series, kept->placed[i].order, kept->number);
	free(kept);
}

static void
kept_take_out(struct replay_counters *counters, void **slot)
{
	kept_drop(*slot);
	*slot = &removed;
	counters->records--;
}

void
replay_counters_remove(struct replay_counters *counters, uint64_t number)
{
	void **slot = kept_find(counters, number);

	if (slot)
		kept_take_out(counters, slot);
}

void
replay_counters_cut(struct replay_counters *counters, uint64_t number)
{
	for (size_t i = 0; i < counters->kept.size; i++) {
		void **slot = &counters->kept.items[i];

		if (*slot && *slot != &removed && ((struct kept *)*slot)->number > number)
			kept_take_out(counters, slot);
	}
}

int
replay_counters_apply(struct replay_counters *counters, const struct history_change *change)
{
	const struct record record = {
		.row = change->row, .until_ms = change->until_ms, .flags = change->gone ? RECORD_GONE : 0};
	struct count_entry entries[KEYS_MAX];
	size_t count = record_entries(&counters->key, change->number, &record, entries);
	struct kept *kept = calloc(1, sizeof(*kept));

	if (change->replaces)
		replay_counters_remove(counters, change->replaces);
	replay_counters_remove(counters, change->number);
	if (!kept)
		return -ERROR_MEMORY;
	kept->number = change->number;
	for (size_t i = 0; i < count; i++) {
		struct series *series = series_make(counters, entries[i].key);

		if (!series ||
		    !series_insert(series, (struct stamp){entries[i].order, change->number, entries[i].flags})) {
			kept_drop(kept);
			return -ERROR_MEMORY;
		}
		kept->placed[kept->count++] = (struct placed){series, entries[i].order};
	}
	if (!slots_add(&counters->kept, kept)) {
		kept_drop(kept);
		return -ERROR_MEMORY;
	}
	counters->records++;
	return 0;
}

/* --- the questions of guards --- */

static int
replay_count(void *context, const struct count_query *query, struct count_result *ret)
{
	struct replay_counters *counters = context;
	const struct series *series = series_find(counters, count_key(&counters->key, query));
	const unsigned needed = query->ended_only ? ENTRY_ENDED | ENTRY_OUTCOME : 0;

	*ret = (struct count_result){0, TIME_NONE, false};
	if (query->since_ms < counters->since_ms)
		counters->since_ms = query->since_ms;
	for (size_t i = series ? series->count : 0; i > 0 && ret->used < query->limit; i--) {
		const struct stamp *stamp = &series->stamps[i - 1];

		if (stamp->order < query->since_ms)
			break;
		if ((query->ended_only && stamp->order > query->now_ms) || (stamp->flags & needed) != needed)
			continue;
		if (++ret->used == query->limit)
			ret->limit_end = stamp->order;
	}
	return 0;
}

/* The newest of a loop's entries, or NULL. */
static const struct stamp *
loop_newest(const struct replay_counters *counters, enum key_kind kind, struct str clname)
{
	const struct series *series = series_find(counters, loop_key(&counters->key, kind, clname));

	return series && series->count ? &series->stamps[series->count - 1] : NULL;
}

static int
replay_loop_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	const struct stamp *newest = loop_newest(context, KEY_LIVE, clname);

	if (!newest || newest->order <= now_ms)
		return LIVENESS_IDLE;
	if (ret_until)
		*ret_until = newest->order;
	return LIVENESS_LIVE;
}

static int
replay_loop_started(void *context, struct str clname)
{
	const struct stamp *newest = loop_newest(context, KEY_STARTS, clname);

	return newest && newest->flags & ENTRY_STARTED ? LIVENESS_LIVE : LIVENESS_IDLE;
}

int64_t
replay_counters_since(struct replay_counters *counters)
{
	int64_t since_ms = counters->since_ms;

	counters->since_ms = INT64_MAX;
	return since_ms;
}

struct history_view
replay_counters_view(struct replay_counters *counters)
{
	return (struct history_view){replay_count, replay_loop_live, replay_loop_started, counters};
}
