/* bus - topics in the database, for whoever polls them: the embedded message router */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/bus.h"

#include "runtime/rows/bus_priv.h"

struct str
bus_message_key(struct txn *txn, struct str topic, uint64_t number)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, number);
	return txn_key(txn, 'm', topic, (struct str){(const char *)bytes, 8});
}

bool
bus_topic_read(struct txn *txn, struct str name, struct topic *ret)
{
	struct str value;

	*ret = (struct topic){.name = name};
	if (!txn_table_get(txn, HISTORY_OUTBOX, txn_key(txn, 't', name, STR_NONE), &value) || value.len != 24)
		return false;
	ret->first = store_unpack_u64(value.ptr);
	ret->next = store_unpack_u64(value.ptr + 8);
	ret->bytes = store_unpack_u64(value.ptr + 16);
	return true;
}

void
bus_topic_write(struct txn *txn, const struct topic *topic)
{
	unsigned char value[24];

	store_pack_u64(value, topic->first);
	store_pack_u64(value + 8, topic->next);
	store_pack_u64(value + 16, topic->bytes);
	txn_table_put(txn, HISTORY_OUTBOX, txn_key(txn, 't', topic->name, STR_NONE),
	              (struct str){(const char *)value, sizeof(value)});
}

struct bus_listing {
	struct page *page;
	struct text *out;
	size_t count;
};

static bool
list_topic(void *context, struct str key, struct str value)
{
	struct bus_listing *listing = context;
	enum page_step step = page_next(listing->page);

	(void)value;
	if (step == PAGE_TAKE) {
		text_add(listing->out, listing->count++ ? STR(",") : STR(""));
		text_add_json(listing->out, (struct str){key.ptr + 1, key.len - 1});
	}
	return step != PAGE_END;
}

void
bus_topics(struct txn *txn, struct page *page, struct text *out)
{
	struct bus_listing listing = {page, out, 0};

	text_add(out, STR("{\"topics\":["));
	bus_each(txn, STR("t"), list_topic, &listing);
	text_add(out, STR("]}"));
}

static bool
count_one(void *context, struct str key, struct str value)
{
	(void)key;
	(void)value;
	++*(size_t *)context;
	return true;
}

static bool
has_room(struct txn *txn)
{
	size_t count = 0;

	bus_each(txn, STR("t"), count_one, &count);
	return count < BUS_TOPICS_MAX;
}

uint64_t
bus_end(struct txn *txn, struct str name)
{
	struct topic topic;

	return bus_topic_read(txn, name, &topic) ? topic.next : 0;
}

static void
remember_topic(struct txn *txn, struct str name)
{
	struct topic_name *published = txn->published;

	while (published && !str_equal(published->name, name))
		published = published->next;
	if (published)
		return;
	published = arena_alloc(txn->arena, sizeof(*published));
	if (!published) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	*published = (struct topic_name){txn->published, name};
	txn->published = published;
}

bool
bus_drop_oldest(struct txn *txn, struct topic *topic)
{
	struct str key = bus_message_key(txn, topic->name, topic->first), old;

	if (topic->first == topic->next)
		return false;
	if (txn_table_peek(txn, HISTORY_OUTBOX, key, &old)) {
		topic->bytes -= old.len < topic->bytes ? old.len : topic->bytes;
		txn_table_delete(txn, HISTORY_OUTBOX, key);
	}
	topic->first++;
	return true;
}

/*
 * topic: as it was read, or an empty one. Retention is by number and by bytes, so that nobody who does not read fills
 * the disk.
 */
static void
bus_append(struct txn *txn, struct topic *topic, struct str message)
{
	const struct runtime_options *options = &txn->runtime->options;
	uint64_t before = topic->bytes;

	txn_table_put(txn, HISTORY_OUTBOX, bus_message_key(txn, topic->name, topic->next), message);
	topic->next++;
	topic->bytes += message.len;
	while ((topic->next - topic->first > options->topic_messages || topic->bytes > options->topic_bytes) &&
	       bus_drop_oldest(txn, topic))
		continue;
	bus_topic_write(txn, topic);
	bus_count_bytes(txn, topic, (int64_t)(topic->bytes - before), message.len);
	remember_topic(txn, topic->name);
}

bool
bus_publish(struct txn *txn, struct str name, struct str message)
{
	struct topic topic;

	if (!bus_topic_read(txn, name, &topic) && !has_room(txn))
		return false;
	bus_append(txn, &topic, message);
	return true;
}

/* The runtime's own topics are always there: what others publish does not keep it from speaking. */
static void
bus_send(struct txn *txn, struct str name, struct str message)
{
	struct topic topic;

	(void)bus_topic_read(txn, name, &topic); /* the first message makes it */
	bus_append(txn, &topic, message);
}

static uint64_t
last_number(struct txn *txn, struct str name)
{
	uint64_t end = bus_end(txn, name);

	return end ? end - 1 : 0;
}

const struct transport bus_transport = {.send = bus_send, .last = last_number, .handing = bus_handing};
