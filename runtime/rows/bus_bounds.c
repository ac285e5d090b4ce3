/* bus_bounds - what all topics together may keep, and who goes when it is too much */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "runtime/rows/bus_priv.h"

#define SLACK_PART 4096 /* of the bound that goes beside what must, so that it is not done for each message */
#define GROUPS_PART 10  /* of the groups that go together, so that it is not done for each new one */

/* Keys without borrowed bytes move on by the least greater key. */
void
bus_each(struct turn *turn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
         void *context)
{
	char last[STORE_KEY_MAX + 1];
	struct str from = prefix;
	struct store_entry entry;

	while (!turn->failed) {
		int r = store_above(turn->txn, history_shared_table(HISTORY_OUTBOX), from, prefix.len, &entry);

		if (r < 0)
			turn_fail(turn, error_from(r));
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
totals_load(struct turn *turn, struct bus_totals *ret)
{
	struct str value;

	*ret = (struct bus_totals){0};
	if (turn_table_peek(turn, HISTORY_OUTBOX, STR("b"), &value) && value.len == 16) {
		ret->bytes = store_unpack_u64(value.ptr);
		ret->groups = store_unpack_u64(value.ptr + 8);
		return true;
	}
	bus_each(turn, STR("t"), add_topic, ret);
	bus_each(turn, STR("g"), add_group, ret);
	return false;
}

static void
totals_save(struct turn *turn, const struct bus_totals *totals)
{
	unsigned char value[16];

	store_pack_u64(value, totals->bytes);
	store_pack_u64(value + 8, totals->groups);
	turn_table_put(turn, HISTORY_OUTBOX, STR("b"), (struct str){(const char *)value, sizeof(value)});
}

void
bus_totals(struct turn *turn, struct bus_totals *ret)
{
	struct bus_totals counted = {0};

	(void)totals_load(turn, ret); /* either way it is the sum */
	bus_each(turn, STR("t"), add_topic, &counted);
	ret->topics = counted.topics;
}

/* Adds without going below nothing: the sums are ours, but a damaged row must not make one of 2^64. */
static uint64_t
sum(uint64_t a, int64_t more)
{
	return more < 0 && a < (uint64_t)-more ? 0 : a + (uint64_t)more;
}

/* --- bytes --- */

struct search {
	struct turn *turn;
	const struct topic *grown;
	uint64_t newest; /* bytes of the last message of `grown` */
	char name[BUS_NAME_MAX];
	size_t len;
	uint64_t bytes;
};

static bool
is_own(const struct turn *turn, struct str name)
{
	const struct runtime_options *options = &turn->runtime->options;

	return str_equal(name, options->topic) || str_equal(name, options->notifications) ||
	       str_equal(name, options->events) || str_equal(name, options->loop_notifications);
}

/* What has just come is not what has to go, so its topic is as large as it was before. */
static bool
take_larger(void *context, struct str key, struct str value)
{
	struct search *search = context;
	struct str name = {key.ptr + 1, key.len - 1};
	uint64_t bytes = value.len == 24 ? store_unpack_u64(value.ptr + 16) : 0;

	if (str_equal(name, search->grown->name))
		bytes -= search->newest < bytes ? search->newest : bytes;
	if (bytes <= search->bytes || name.len > sizeof(search->name) || is_own(search->turn, name))
		return true;
	memcpy(search->name, name.ptr, name.len);
	search->len = name.len;
	search->bytes = bytes;
	return true;
}

/* Drops messages of the topic that keeps most until no more than `most` are kept. False when no topic can give any. */
static bool
drop_largest(struct turn *turn, const struct topic *grown, uint64_t newest, uint64_t most, struct bus_totals *totals)
{
	struct search search = {.turn = turn, .grown = grown, .newest = newest};
	struct topic topic;
	uint64_t keep;
	bool dropped = false;

	bus_each(turn, STR("t"), take_larger, &search);
	if (!search.len || !bus_topic_read(turn, (struct str){search.name, search.len}, &topic))
		return false;
	keep = str_equal(topic.name, grown->name) ? 1 : 0; /* messages */
	while (totals->bytes > most && topic.next - topic.first > keep && !turn->failed) {
		uint64_t before = topic.bytes;

		dropped = bus_drop_oldest(turn, &topic);
		totals->bytes = sum(totals->bytes, (int64_t)topic.bytes - (int64_t)before);
	}
	bus_topic_write(turn, &topic);
	return dropped && !turn->failed;
}

void
bus_count_bytes(struct turn *turn, const struct topic *grown, int64_t more, size_t newest)
{
	uint64_t most = turn->runtime->options.topics_bytes;
	struct bus_totals totals;

	if (totals_load(turn, &totals)) /* else `more` is in it: the topic's row is written */
		totals.bytes = sum(totals.bytes, more);
	if (turn->failed)
		return;
	if (most && totals.bytes > most)
		while (totals.bytes > most - most / SLACK_PART &&
		       drop_largest(turn, grown, newest, most - most / SLACK_PART, &totals))
			continue;
	if (!turn->failed)
		totals_save(turn, &totals);
}

/* --- groups --- */

struct seen {
	struct str key;
	int64_t seen_ms;
};

struct gathering {
	struct turn *turn;
	struct seen *list;
	size_t count, room;
};

static bool
gather(void *context, struct str key, struct str value)
{
	struct gathering *gathering = context;
	struct seen *seen = &gathering->list[gathering->count];

	if (gathering->count == gathering->room)
		return false;
	*seen = (struct seen){arena_str(gathering->turn->arena, key), bus_group_seen(gathering->turn, value)};
	if (!seen->key.ptr)
		turn_fail(gathering->turn, ERROR_MEMORY);
	gathering->count++;
	return gathering->turn->failed == 0;
}

static int
compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->seen_ms > y->seen_ms) - (x->seen_ms < y->seen_ms);
}

/* A part of all groups goes: those that asked least recently. */
static void
drop_groups(struct turn *turn, struct bus_totals *totals)
{
	struct bus_totals counted = {0};
	struct gathering gathering = {.turn = turn};
	size_t part;

	bus_each(turn, STR("g"), add_group, &counted);
	gathering.room = counted.groups;
	gathering.list = arena_array(turn->arena, gathering.room + 1, sizeof(*gathering.list));
	if (!gathering.list) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	bus_each(turn, STR("g"), gather, &gathering);
	qsort(gathering.list, gathering.count, sizeof(*gathering.list), compare_seen);
	part = gathering.count / GROUPS_PART + 1;
	for (size_t i = 0; i < gathering.count && i < part; i++)
		turn_table_delete(turn, HISTORY_OUTBOX, gathering.list[i].key);
	totals->groups = sum(counted.groups, -(int64_t)(part < gathering.count ? part : gathering.count));
}

void
bus_count_group(struct turn *turn, int64_t more)
{
	size_t most = turn->runtime->options.topic_groups;
	struct bus_totals totals;

	(void)totals_load(turn, &totals); /* the group's row is not changed yet */
	if (more > 0 && most && totals.groups >= most)
		drop_groups(turn, &totals);
	totals.groups = sum(totals.groups, more);
	if (!turn->failed)
		totals_save(turn, &totals);
}
