/* bus - topics in the database, for whoever polls them: the embedded message router */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bus.h"

#include <inttypes.h>

#include "base/document.h"
#include "runtime/runtime_priv.h"

/*
 * Rows of the outbox table, each key a letter and then
 *   t topic            be64 first kept, be64 next, be64 bytes kept
 *   m topic NUL be64   a message
 *   g topic NUL group  a group: struct group as JSON
 */

#define REDELIVER_MS 60000 /* so long a batch may be on its way */
#define BATCHES_MAX 64     /* of a group: instances that have not asked again */

struct topic {
	struct str name;
	uint64_t first, next, bytes;
};

/* What an instance was given: messages from..to, to exclusive, its own until `until_ms`. */
struct batch {
	struct str instance;
	uint64_t from, to;
	int64_t until_ms;
};

struct group {
	uint64_t next;
	int64_t seen_ms;
	struct batch batches[BATCHES_MAX];
	size_t count;
};

bool
bus_name_valid(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return name.len > 0 && name.len <= BUS_NAME_MAX;
}

static struct str
message_key(struct turn *turn, struct str topic, uint64_t number)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, number);
	return turn_key(turn, 'm', topic, (struct str){(const char *)bytes, 8});
}

static bool
topic_read(struct turn *turn, struct str name, struct topic *ret)
{
	struct str value;

	*ret = (struct topic){.name = name};
	if (!turn_table_get(turn, HISTORY_OUTBOX, turn_key(turn, 't', name, STR_NONE), &value) || value.len != 24)
		return false;
	ret->first = store_unpack_u64(value.ptr);
	ret->next = store_unpack_u64(value.ptr + 8);
	ret->bytes = store_unpack_u64(value.ptr + 16);
	return true;
}

static void
topic_write(struct turn *turn, const struct topic *topic)
{
	unsigned char value[24];

	store_pack_u64(value, topic->first);
	store_pack_u64(value + 8, topic->next);
	store_pack_u64(value + 16, topic->bytes);
	turn_table_put(turn, HISTORY_OUTBOX, turn_key(turn, 't', topic->name, STR_NONE),
	               (struct str){(const char *)value, sizeof(value)});
}

static size_t
count_topics(struct turn *turn, struct text *out)
{
	struct str from = STR("t");
	struct store_entry entry;
	size_t count = 0;

	while (turn_table_above(turn, HISTORY_OUTBOX, from, 1, &entry)) {
		if (out) {
			if (count)
				text_add(out, STR(","));
			text_add_json(out, (struct str){entry.key.ptr + 1, entry.key.len - 1});
		}
		count++;
		from = (struct str){entry.key.ptr, entry.key.len + 1};
	}
	return count;
}

void
bus_topics(struct turn *turn, struct text *out)
{
	text_add(out, STR("{\"topics\":["));
	(void)count_topics(turn, out); /* shown, not counted */
	text_add(out, STR("]}"));
}

uint64_t
bus_end(struct turn *turn, struct str name)
{
	struct topic topic;

	return topic_read(turn, name, &topic) ? topic.next : 0;
}

static void
remember_topic(struct turn *turn, struct str name)
{
	struct topic_name *published = turn->published;

	while (published && !str_equal(published->name, name))
		published = published->next;
	if (published)
		return;
	published = arena_alloc(turn->arena, sizeof(*published));
	if (!published) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	*published = (struct topic_name){turn->published, name};
	turn->published = published;
}

/* Until it fits again: retention is by number and by bytes, so that nobody who does not read fills the disk. */
static void
drop_oldest(struct turn *turn, struct topic *topic)
{
	const struct runtime_options *options = &turn->runtime->options;

	while (topic->first < topic->next &&
	       (topic->next - topic->first > options->topic_messages || topic->bytes > options->topic_bytes)) {
		struct str key = message_key(turn, topic->name, topic->first), old;

		if (turn_table_get(turn, HISTORY_OUTBOX, key, &old)) {
			topic->bytes -= old.len < topic->bytes ? old.len : topic->bytes;
			turn_table_delete(turn, HISTORY_OUTBOX, key);
		}
		topic->first++;
	}
}

bool
bus_publish(struct turn *turn, struct str name, struct str message)
{
	struct topic topic;

	if (!topic_read(turn, name, &topic) && count_topics(turn, NULL) >= BUS_TOPICS_MAX)
		return false;
	turn_table_put(turn, HISTORY_OUTBOX, message_key(turn, name, topic.next), message);
	topic.next++;
	topic.bytes += message.len;
	drop_oldest(turn, &topic);
	topic_write(turn, &topic);
	remember_topic(turn, name);
	return true;
}

/* --- groups --- */

static void
group_parse(struct turn *turn, struct str value, struct group *ret)
{
	static const struct document_limits limits = {SIZE_MAX, 8, SIZE_MAX, 0, SIZE_MAX};
	const struct node *batches;
	struct node *root;

	*ret = (struct group){0};
	if (json_read(value, "", &limits, turn->arena, &root, NULL) != 0) {
		turn_fail(turn, ERROR_DAMAGED);
		return;
	}
	ret->next = (uint64_t)node_get(root, "next")->integer;
	ret->seen_ms = node_get(root, "seen")->integer;
	batches = node_get(root, "batches");
	for (const struct node *child = batches->first; child && ret->count < BATCHES_MAX; child = child->next) {
		const struct node *from = child->first->next, *to = from->next;

		ret->batches[ret->count++] = (struct batch){child->first->text, (uint64_t)from->integer,
		                                            (uint64_t)to->integer, to->next->integer};
	}
}

static void
group_write(struct turn *turn, struct str key, const struct group *group)
{
	struct text out;

	text_init(&out, turn->arena);
	text_addf(&out, "{\"next\":%" PRIu64 ",\"seen\":%" PRId64 ",\"batches\":[", group->next, group->seen_ms);
	for (size_t i = 0; i < group->count; i++) {
		const struct batch *batch = &group->batches[i];

		text_add(&out, i ? STR(",[") : STR("["));
		text_add_json(&out, batch->instance);
		text_addf(&out, ",%" PRIu64 ",%" PRIu64 ",%" PRId64 "]", batch->from, batch->to, batch->until_ms);
	}
	text_add(&out, STR("]}"));
	turn_table_put(turn, HISTORY_OUTBOX, key, turn_text(turn, &out));
}

/* Room for one group more: the one that asked least recently goes when there are too many. */
static void
make_room(struct turn *turn, struct str topic)
{
	struct str prefix = turn_key(turn, 'g', topic, STR("")), from = prefix, stale = STR_NONE;
	int64_t stale_ms = INT64_MAX;
	struct store_entry entry;
	size_t count = 0;

	while (turn_table_above(turn, HISTORY_OUTBOX, from, prefix.len, &entry)) {
		struct group group;

		group_parse(turn, entry.value, &group);
		if (group.seen_ms < stale_ms) {
			stale_ms = group.seen_ms;
			stale = entry.key;
		}
		count++;
		from = (struct str){entry.key.ptr, entry.key.len + 1};
	}
	if (count >= BUS_GROUPS_MAX)
		turn_table_delete(turn, HISTORY_OUTBOX, stale);
}

static void
batch_drop(struct group *group, size_t i)
{
	group->count--;
	memmove(&group->batches[i], &group->batches[i + 1], (group->count - i) * sizeof(*group->batches));
}

/* What the instance had is delivered: it asks for more. True when there was something. */
static bool
acknowledge(struct group *group, struct str instance)
{
	for (size_t i = 0; i < group->count; i++) {
		if (str_equal(group->batches[i].instance, instance) && group->batches[i].until_ms != 0) {
			batch_drop(group, i);
			return true;
		}
	}
	return false;
}

/* The messages to give: a batch that came back or is overdue, else new ones. False when there is nothing. */
static bool
choose(const struct turn *turn, struct group *group, const struct topic *topic, size_t limit, struct batch *ret)
{
	for (size_t i = 0; i < group->count; i++) {
		struct batch *batch = &group->batches[i];

		if (batch->until_ms > turn->now_ms)
			continue;
		*ret = *batch;
		batch_drop(group, i);
		return true;
	}
	if (group->count == BATCHES_MAX)
		return false; /* too many have not come back; in a minute the first of theirs is offered again */
	*ret = (struct batch){.from = group->next, .to = topic->next};
	if (ret->from < topic->first)
		ret->from = topic->first;
	if (ret->to > ret->from + limit)
		ret->to = ret->from + limit;
	group->next = ret->to;
	return ret->from < ret->to;
}

static size_t
write_batch(struct turn *turn, struct str topic, const struct batch *batch, struct text *out)
{
	size_t count = 0;

	text_add(out, STR("["));
	for (uint64_t i = batch->from; i < batch->to; i++) {
		struct str message;

		if (!turn_table_get(turn, HISTORY_OUTBOX, message_key(turn, topic, i), &message))
			continue; /* too old by now */
		if (count++)
			text_add(out, STR(","));
		text_add_json(out, message);
	}
	text_add(out, STR("]"));
	return count;
}

size_t
bus_fetch(struct turn *turn, const struct bus_question *question, struct text *out)
{
	struct str key = turn_key(turn, 'g', question->topic, question->group), value;
	struct topic topic;
	struct group *group = arena_alloc(turn->arena, sizeof(*group));
	struct batch batch;
	bool changed = false;
	size_t count = 0;

	if (!group) {
		turn_fail(turn, ERROR_MEMORY);
		return 0;
	}
	(void)topic_read(turn, question->topic, &topic); /* one that is not there yet is empty */
	if (turn_table_get(turn, HISTORY_OUTBOX, key, &value)) {
		group_parse(turn, value, group);
	} else {
		make_room(turn, question->topic);
		*group = (struct group){.next = topic.next};
		changed = true;
	}
	changed |= acknowledge(group, question->instance);
	if (choose(turn, group, &topic, question->limit, &batch)) {
		count = write_batch(turn, question->topic, &batch, out);
		batch.instance = question->instance;
		batch.until_ms = turn->now_ms + REDELIVER_MS;
		if (count)
			group->batches[group->count++] = batch;
		changed = true;
	}
	if (changed) {
		group->seen_ms = turn->now_ms;
		group_write(turn, key, group);
	}
	return count;
}

void
bus_return(struct turn *turn, const struct bus_question *question)
{
	struct str key = turn_key(turn, 'g', question->topic, question->group), value;
	struct group *group = arena_alloc(turn->arena, sizeof(*group));

	if (!group) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	if (!turn_table_get(turn, HISTORY_OUTBOX, key, &value))
		return;
	group_parse(turn, value, group);
	for (size_t i = 0; i < group->count; i++)
		if (str_equal(group->batches[i].instance, question->instance))
			group->batches[i].until_ms = 0;
	group_write(turn, key, group);
}

static void
send(struct turn *turn, struct str topic, struct str message)
{
	if (!bus_publish(turn, topic, message))
		turn_fail(turn, ERROR_LIMIT);
}

const struct transport bus_transport = {.send = send, .committed = runtime_wake};
