/* bus_look - topics as a person looks at them: nobody's place in them moves */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/document.h"
#include "runtime/rows/bus_priv.h"

#define GROUPS_SHOWN 100 /* of a topic */

/* A topic whose groups are being listed. */
struct group_listing {
	struct txn *txn;
	const struct topic *topic;
	struct text *out;
	size_t count;
};

/* Key: g topic NUL group. Value: JSON, see bus_group.c. */
static bool
list_group(void *context, struct str key, struct str value)
{
	static const struct document_limits limits = {SIZE_MAX, 8, SIZE_MAX, 0, SIZE_MAX};
	struct group_listing *listing = context;
	const struct topic *topic = listing->topic;
	size_t head = topic->name.len + 2;
	char seen[TIME_TEXT_SIZE];
	const struct node *next, *asked;
	struct node *root;
	uint64_t place;

	if (json_read(value, "", &limits, listing->txn->arena, &root, NULL) != 0) {
		txn_fail(listing->txn, ERROR_DAMAGED);
		return false;
	}
	next = node_get(root, "next");
	asked = node_get(root, "seen");
	place = next ? (uint64_t)next->integer : 0;
	time_format_instant(asked ? asked->integer : 0, seen);
	text_add(listing->out, listing->count++ ? STR(",{\"group\":") : STR("{\"group\":"));
	text_add_json(listing->out, (struct str){key.ptr + head, key.len - head});
	text_addf(listing->out, ",\"next\":%" PRIu64 ",\"lag\":%" PRIu64 ",\"seen\":\"%s\"}", place,
	          topic->next > place ? topic->next - place : 0, seen);
	return listing->count < GROUPS_SHOWN;
}

/* {"topic","first","next","bytes","groups":[]} */
static void
write_topic(struct txn *txn, struct str name, struct text *out)
{
	struct topic topic;
	struct group_listing listing = {txn, &topic, out, 0};

	if (!bus_topic_read(txn, name, &topic))
		return;
	text_add(out, STR("{\"topic\":"));
	text_add_json(out, name);
	text_addf(out, ",\"first\":%" PRIu64 ",\"next\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"groups\":[", topic.first,
	          topic.next, topic.bytes);
	bus_each(txn, txn_key(txn, 'g', name, STR("")), list_group, &listing);
	text_add(out, STR("]}"));
}

/* Topics that are being listed. */
struct topic_listing {
	struct txn *txn;
	struct page *page;
	bool (*shows)(void *context, struct str topic);
	void *context;
	struct text *out;
	size_t count;
};

static bool
bus_look_list_topic(void *context, struct str key, struct str value)
{
	struct topic_listing *listing = context;
	struct str name = arena_str(listing->txn->arena, (struct str){key.ptr + 1, key.len - 1});
	enum page_step step;

	(void)value;
	if (!listing->shows(listing->context, name))
		return true;
	step = page_next(listing->page);
	if (step == PAGE_TAKE) {
		text_add(listing->out, listing->count++ ? STR(",") : STR(""));
		write_topic(listing->txn, name, listing->out);
	}
	return step != PAGE_END;
}

void
bus_describe(struct txn *txn, struct page *page, bool (*shows)(void *context, struct str topic), void *context,
             struct text *out)
{
	struct topic_listing listing = {txn, page, shows, context, out, 0};

	text_add(out, STR("{\"topics\":["));
	bus_each(txn, STR("t"), bus_look_list_topic, &listing);
	text_add(out, STR("]}"));
}

size_t
bus_look(struct txn *txn, struct str name, uint64_t from, uint64_t to, struct text *out)
{
	struct topic topic;
	size_t count = 0;

	if (!bus_topic_read(txn, name, &topic))
		return 0;
	if (from < topic.first)
		from = topic.first;
	for (uint64_t i = from; i < to && i < topic.next; i++) {
		struct str message;

		if (!txn_table_peek(txn, HISTORY_OUTBOX, bus_message_key(txn, name, i), &message))
			continue;
		text_addf(out, "%s{\"number\":%" PRIu64 ",\"message\":", count++ ? "," : "", i);
		text_add_json(out, message);
		text_add(out, STR("}"));
	}
	return count;
}
