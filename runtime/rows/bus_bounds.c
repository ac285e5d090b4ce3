/* bus_bounds - what all topics together may keep, and who goes when it is too much */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "runtime/rows/bus_priv.h"

#define SLACK_PART 4096 /* of the bound that goes beside what must, so that it is not done for each message */
#define GROUPS_PART 10  /* of the groups that go together, so that it is not done for each new one */

/* Keys without borrowed bytes move on by the least greater key. */
void
bus_each(struct txn *txn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
         void *context)
{
	char last[STORE_KEY_MAX + 1];
	struct str from = prefix;
	struct store_entry entry;

	while (!txn->failed) {
		int r = store_above(txn->store, history_shared_table(HISTORY_OUTBOX), from, prefix.len, &entry);

		if (r < 0)
			txn_fail(txn, error_from(r));
		if (r != 1 || !visit(context, entry.key, entry.value) || entry.key.len >= STORE_KEY_MAX)
			return;
		memcpy(last, entry.key.ptr, entry.key.len);
		last[entry.key.len] = '\0';
		from = (struct str){last, entry.key.len + 1};
	}
}

static bool
add_topic(void *context, struct str key, struct str value)
{
	struct bus_totals *totals = context;

	(void)key;
	totals->topics++;
	totals->bytes += value.len == 24 ? store_unpack_u64(value.ptr + 16) : 0;
	return true;
}

static bool
add_group(void *context, struct str key, struct str value)
{
	(void)key;
	(void)value;
	((struct bus_totals *)context)->groups++;
	return true;
}

/* The row of totals. False when a database from before there was one had to be counted. */
static bool
totals_load(struct txn *txn, struct bus_totals *ret)
{
	struct str value;

	*ret = (struct bus_totals){0};
	if (txn_table_peek(txn, HISTORY_OUTBOX, STR("b"), &value) && value.len == 16) {
		ret->bytes = store_unpack_u64(value.ptr);
		ret->groups = store_unpack_u64(value.ptr + 8);
		return true;
	}
	bus_each(txn, STR("t"), add_topic, ret);
	bus_each(txn, STR("g"), add_group, ret);
	return false;
}

static void
totals_save(struct txn *txn, const struct bus_totals *totals)
{
	unsigned char value[16];

	store_pack_u64(value, totals->bytes);
	store_pack_u64(value + 8, totals->groups);
	txn_table_put(txn, HISTORY_OUTBOX, STR("b"), (struct str){(const char *)value, sizeof(value)});
}

void
bus_totals(struct txn *txn, struct bus_totals *ret)
{
	struct bus_totals counted = {0};

	(void)totals_load(txn, ret); /* either way it is the sum */
	bus_each(txn, STR("t"), add_topic, &counted);
	ret->topics = counted.topics;
}

/* Adds without going below nothing: the sums are ours, but a damaged row must not make one of 2^64. */
static uint64_t
sum(uint64_t a, int64_t more)
{
	return more < 0 && a < (uint64_t)-more ? 0 : a + (uint64_t)more;
}

/* --- bytes --- */

struct bus_search {
	struct txn *txn;
	const struct topic *grown;
	uint64_t newest; /* bytes of the last message of `grown` */
	char name[BUS_NAME_MAX];
	size_t len;
	uint64_t bytes;
};

static bool
bus_is_own(const struct txn *txn, struct str name)
{
	const struct runtime_options *options = &txn->runtime->options;

	return str_equal(name, options->topic) || str_equal(name, options->notifications) ||
	       str_equal(name, options->events) || str_equal(name, options->loop_notifications);
}

/* The newest message is not the one to remove, so its topic is as large as it was before. */
static bool
take_larger(void *context, struct str key, struct str value)
{
	struct bus_search *search = context;
	struct str name = {key.ptr + 1, key.len - 1};
	uint64_t bytes = value.len == 24 ? store_unpack_u64(value.ptr + 16) : 0;

	if (str_equal(name, search->grown->name))
		bytes -= search->newest < bytes ? search->newest : bytes;
	if (bytes <= search->bytes || name.len > sizeof(search->name) || bus_is_own(search->txn, name))
		return true;
	memcpy(search->name, name.ptr, name.len);
	search->len = name.len;
	search->bytes = bytes;
	return true;
}

/* Drops messages of the topic that keeps most until no more than `most` are kept. False when no topic can give any. */
static bool
drop_largest(struct txn *txn, const struct topic *grown, uint64_t newest, uint64_t most, struct bus_totals *totals)
{
	struct bus_search search = {.txn = txn, .grown = grown, .newest = newest};
	struct topic topic;
	uint64_t keep;
	bool dropped = false;

	bus_each(txn, STR("t"), take_larger, &search);
	if (!search.len || !bus_topic_read(txn, (struct str){search.name, search.len}, &topic))
		return false;
	keep = str_equal(topic.name, grown->name) ? 1 : 0; /* messages */
	while (totals->bytes > most && topic.next - topic.first > keep && !txn->failed) {
		uint64_t before = topic.bytes;

		dropped = bus_drop_oldest(txn, &topic);
		totals->bytes = sum(totals->bytes, (int64_t)topic.bytes - (int64_t)before);
	}
	bus_topic_write(txn, &topic);
	return dropped && !txn->failed;
}

void
bus_count_bytes(struct txn *txn, const struct topic *grown, int64_t more, size_t newest)
{
	uint64_t most = txn->runtime->options.topics_bytes;
	struct bus_totals totals;

	if (totals_load(txn, &totals)) /* else `more` is in it: the topic's row is written */
		totals.bytes = sum(totals.bytes, more);
	if (txn->failed)
		return;
	if (most && totals.bytes > most)
		while (totals.bytes > most - most / SLACK_PART &&
		       drop_largest(txn, grown, newest, most - most / SLACK_PART, &totals))
			continue;
	if (!txn->failed)
		totals_save(txn, &totals);
}

/* --- groups --- */

struct seen {
	struct str key;
	int64_t seen_ms;
};

struct bus_gathering {
	struct txn *txn;
	struct seen *list;
	size_t count, room;
};

static bool
bus_gather(void *context, struct str key, struct str value)
{
	struct bus_gathering *gathering = context;
	struct seen *seen = &gathering->list[gathering->count];

	if (gathering->count == gathering->room)
		return false;
	*seen = (struct seen){arena_str(gathering->txn->arena, key), bus_group_seen(gathering->txn, value)};
	if (!seen->key.ptr)
		txn_fail(gathering->txn, ERROR_MEMORY);
	gathering->count++;
	return gathering->txn->failed == 0;
}

static int
compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->seen_ms > y->seen_ms) - (x->seen_ms < y->seen_ms);
}

/* A part of all groups goes: those that asked least recently. */
static void
drop_groups(struct txn *txn, struct bus_totals *totals)
{
	struct bus_totals counted = {0};
	struct bus_gathering gathering = {.txn = txn};
	size_t part;

	bus_each(txn, STR("g"), add_group, &counted);
	gathering.room = counted.groups;
	gathering.list = arena_array(txn->arena, gathering.room + 1, sizeof(*gathering.list));
	if (!gathering.list) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	bus_each(txn, STR("g"), bus_gather, &gathering);
	qsort(gathering.list, gathering.count, sizeof(*gathering.list), compare_seen);
	part = gathering.count / GROUPS_PART + 1;
	for (size_t i = 0; i < gathering.count && i < part; i++)
		txn_table_delete(txn, HISTORY_OUTBOX, gathering.list[i].key);
	totals->groups = sum(counted.groups, -(int64_t)(part < gathering.count ? part : gathering.count));
}

void
bus_count_group(struct txn *txn, int64_t more)
{
	size_t most = txn->runtime->options.topic_groups;
	struct bus_totals totals;

	(void)totals_load(txn, &totals); /* the group's row is not changed yet */
	if (more > 0 && most && totals.groups >= most)
		drop_groups(txn, &totals);
	totals.groups = sum(totals.groups, more);
	if (!txn->failed)
		totals_save(txn, &totals);
}
