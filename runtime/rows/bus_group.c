/* bus_group - who has read how far in a topic, and what is on its way to whom */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "base/document.h"
#include "runtime/rows/bus_priv.h"
#include "runtime/rows/rows.h"

#define REDELIVER_MS 60000             /* so long a batch may be on its way */
#define SEEN_MS 10000                  /* how exactly is known when a group asked last */
#define BATCHES_MAX 64                 /* of a group: instances that have not asked again */
#define GREETED_MS 60000               /* so long what answered a REGISTER waits for the first question of a group */
#define ANSWER_BYTES ((size_t)4 << 20) /* an answer is not much longer */

/* Messages given to an instance: from..to, to exclusive, its own until `until_ms`. */
struct batch {
	struct str instance;
	uint64_t from, to;
	int64_t until_ms;
	int64_t giver, pid; /* the process that gave it: `owner` of struct runtime, and its id */
};

struct bus_group_state {
	uint64_t next;
	int64_t seen_ms;
	struct batch batches[BATCHES_MAX];
	size_t count;
};

static void
group_parse(struct txn *txn, struct str value, struct bus_group_state *ret)
{
	static const struct document_limits limits = {SIZE_MAX, 8, SIZE_MAX, 0, SIZE_MAX};
	const struct node *batches;
	struct node *root;
	int r = json_read(value, "", &limits, txn->arena, &root, NULL);

	*ret = (struct bus_group_state){0};
	if (r != 0) {
		txn_fail_row(txn, r);
		return;
	}
	ret->next = (uint64_t)node_get(root, "next")->integer;
	ret->seen_ms = node_get(root, "seen")->integer;
	batches = node_get(root, "batches");
	for (const struct node *child = batches->first; child && ret->count < BATCHES_MAX; child = child->next) {
		const struct node *from = child->first->next, *to = from->next;

		ret->batches[ret->count++] =
			(struct batch){child->first->text, (uint64_t)from->integer, (uint64_t)to->integer,
		                       to->next->integer,  to->next->next->integer, to->next->next->next->integer};
	}
}

static void
group_write(struct txn *txn, struct str key, const struct bus_group_state *group)
{
	struct text out;

	text_init(&out, txn->arena);
	text_addf(&out, "{\"next\":%" PRIu64 ",\"seen\":%" PRId64 ",\"batches\":[", group->next, group->seen_ms);
	for (size_t i = 0; i < group->count; i++) {
		const struct batch *batch = &group->batches[i];

		text_add(&out, i ? STR(",[") : STR("["));
		text_add_json(&out, batch->instance);
		text_addf(&out, ",%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "]", batch->from, batch->to,
		          batch->until_ms, batch->giver, batch->pid);
	}
	text_add(&out, STR("]}"));
	txn_table_put(txn, HISTORY_OUTBOX, key, txn_text(txn, &out));
}

/* Room for one group more: the one that asked least recently goes when there are too many. */
static void
bus_group_make_room(struct txn *txn, struct str topic)
{
	struct str prefix = txn_key(txn, 'g', topic, STR("")), from = prefix, stale = STR_NONE;
	int64_t stale_ms = INT64_MAX;
	struct store_entry entry;
	size_t count = 0;

	while (txn_table_above(txn, HISTORY_OUTBOX, from, prefix.len, &entry)) {
		struct bus_group_state group;

		group_parse(txn, entry.value, &group);
		if (group.seen_ms < stale_ms) {
			stale_ms = group.seen_ms;
			stale = entry.key;
		}
		count++;
		from = (struct str){entry.key.ptr, entry.key.len + 1};
	}
	if (count >= BUS_GROUPS_MAX) {
		bus_count_group(txn, -1);
		txn_table_delete(txn, HISTORY_OUTBOX, stale);
	}
}

int64_t
bus_group_seen(struct txn *txn, struct str value)
{
	struct bus_group_state group;

	group_parse(txn, value, &group);
	return txn->failed ? -1 : group.seen_ms;
}

static void
batch_drop(struct bus_group_state *group, size_t i)
{
	group->count--;
	memmove(&group->batches[i], &group->batches[i + 1], (group->count - i) * sizeof(*group->batches));
}

/* The process that gave it has died since, perhaps before it could: this one under its own or an earlier pid. */
static bool
giver_is_gone(const struct txn *txn, const struct batch *batch)
{
	if (batch->giver == (int64_t)txn->runtime->owner)
		return false;
	return batch->pid <= 0 || batch->pid == (int64_t)getpid() ||
	       (kill((pid_t)batch->pid, 0) != 0 && errno == ESRCH);
}

/*
 * What the instance had is delivered, for it asks for more; but what a process gave that is gone is offered again. True
 * when there was something.
 */
static bool
acknowledge(const struct txn *txn, struct bus_group_state *group, struct str instance)
{
	for (size_t i = 0; i < group->count; i++) {
		struct batch *batch = &group->batches[i];

		if (!str_equal(batch->instance, instance) || batch->until_ms == 0)
			continue;
		if (giver_is_gone(txn, batch))
			batch->until_ms = 0;
		else
			batch_drop(group, i);
		return true;
	}
	return false;
}

/* How many of the messages from..to go into one answer: as many as asked for, and up to so many bytes; at least one. */
static uint64_t
fitting(struct txn *txn, struct str topic, uint64_t from, uint64_t to, uint64_t limit)
{
	uint64_t count = 0;

	for (size_t bytes = 0; from + count < to && count < limit && bytes < ANSWER_BYTES; count++) {
		struct str message;

		if (txn_table_peek(txn, HISTORY_OUTBOX, bus_message_key(txn, topic, from + count), &message))
			bytes += message.len;
	}
	return count;
}

/* The messages to give: a batch that came back or is overdue, else new ones. False when there is nothing. */
static bool
bus_group_choose(struct txn *txn, struct bus_group_state *group, const struct topic *topic, size_t limit,
                 struct batch *ret)
{
	uint64_t count;

	for (size_t i = 0; i < group->count; i++) {
		struct batch *batch = &group->batches[i];

		if (batch->until_ms > txn->now_ms && batch->until_ms <= txn->now_ms + REDELIVER_MS)
			continue; /* further ahead: the clock was wrong when it was written */
		*ret = *batch;
		count = fitting(txn, topic->name, ret->from, ret->to, limit);
		if (count < batch->to - batch->from && group->count < BATCHES_MAX)
			ret->to = batch->from = ret->from + count; /* the rest waits in its place */
		else
			batch_drop(group, i);
		return true;
	}
	if (group->count == BATCHES_MAX)
		return false; /* too many have not come back; in a minute the first of theirs is offered again */
	*ret = (struct batch){.from = group->next, .to = topic->next};
	if (ret->from < topic->first)
		ret->from = topic->first;
	ret->to = ret->from + fitting(txn, topic->name, ret->from, ret->to, limit);
	group->next = ret->to;
	return ret->from < ret->to;
}

/* Messages given in this txn: other readers share them. */
struct fetched {
	struct fetched *next;
	struct str topic;
	uint64_t from, to;
	size_t count;
	struct bytes *bytes;
};

static size_t
write_batch(struct txn *txn, struct str topic, const struct batch *batch, struct text *out)
{
	size_t count = 0;

	text_add(out, STR("["));
	for (uint64_t i = batch->from; i < batch->to; i++) {
		struct str message;

		if (!txn_table_peek(txn, HISTORY_OUTBOX, bus_message_key(txn, topic, i), &message))
			continue; /* too old by now */
		if (count++)
			text_add(out, STR(","));
		text_add_json(out, message);
	}
	text_add(out, STR("]"));
	return count;
}

/* The number from which a new group sees a topic. */
struct beginning {
	struct txn *txn;
	struct str group;
	uint64_t number;
	bool named; /* the group is that of one participant */
};

static bool
look_at_greeting(void *context, struct participant *participant)
{
	struct beginning *beginning = context;
	bool own = str_equal(participant->id.name, beginning->group);

	if (participant->greeting == NOT_GREETED || beginning->txn->now_ms - participant->last_ms > GREETED_MS)
		return true;
	if (own || (!beginning->named && participant->greeting < beginning->number))
		beginning->number = participant->greeting;
	beginning->named |= own;
	return true;
}

/*
 * A group sees what is published after its first question; on the runtime's topic also what answered a participant that
 * registered before it asked, and was not heard since.
 */
static uint64_t
begin_at(struct txn *txn, const struct bus_question *question, const struct topic *topic)
{
	struct beginning beginning = {txn, question->group, topic->next, false};

	if (str_equal(question->topic, txn->runtime->options.topic))
		participants_each(txn, look_at_greeting, &beginning);
	return beginning.number < topic->next ? beginning.number : topic->next;
}

/* How far a group has read, as it was when the txn first asked. */
struct group_place {
	struct group_place *next;
	struct str name;
	uint64_t read;
	bool known;
};

static const struct group_place *
place_of_group(struct txn *txn, struct str topic, struct str name)
{
	struct group_place *place = txn->places;
	struct bus_group_state *group;
	struct str value;

	while (place && !str_equal(place->name, name))
		place = place->next;
	if (place)
		return place;
	place = arena_alloc(txn->arena, sizeof(*place));
	group = arena_alloc(txn->arena, sizeof(*group));
	if (!place || !group || !arena_copy(txn->arena, &name)) { /* whose own text may go before the txn does */
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	*place = (struct group_place){txn->places, name, 0, false};
	txn->places = place;
	if (!txn_table_get(txn, HISTORY_OUTBOX, txn_key(txn, 'g', topic, name), &value))
		return place;
	group_parse(txn, value, group);
	place->read = group->next;
	place->known = txn->now_ms - group->seen_ms <= 2 * txn->runtime->options.status_wait_ms;
	return place;
}

enum handing
bus_handing(struct txn *txn, struct str topic, uint64_t number, struct concept participant)
{
	const struct group_place *place = participant.name.ptr ? place_of_group(txn, topic, participant.name) : NULL;

	if (place && place->read > number)
		return HANDING_DONE;
	return place && place->known ? HANDING_PENDING : HANDING_UNKNOWN;
}

/* The batch's messages as bytes, which stay the txn's. NULL when memory or the budget is out. */
static const struct fetched *
fetch_batch(struct txn *txn, struct str topic, const struct batch *batch)
{
	struct fetched *fetched = txn->fetched;
	struct text out;
	struct str text;

	while (fetched &&
	       (fetched->from != batch->from || fetched->to != batch->to || !str_equal(fetched->topic, topic)))
		fetched = fetched->next;
	if (fetched)
		return fetched;
	fetched = arena_alloc(txn->arena, sizeof(*fetched));
	text_init(&out, txn->arena);
	if (!fetched)
		return NULL;
	*fetched = (struct fetched){txn->fetched, topic, batch->from, batch->to, 0, NULL};
	fetched->count = write_batch(txn, topic, batch, &out);
	text = text_done(&out);
	fetched->bytes = text.ptr ? bytes_new(text.len, txn->runtime->options.budget, BUDGET_OTHER) : NULL;
	if (!fetched->bytes)
		return NULL;
	memcpy(fetched->bytes->data, text.ptr, text.len);
	fetched->bytes->len = text.len;
	txn->fetched = fetched;
	return fetched;
}

void
bus_forget(struct txn *txn)
{
	for (struct fetched *fetched = txn->fetched; fetched; fetched = fetched->next)
		bytes_drop(fetched->bytes);
	txn->fetched = NULL;
}

/* The group as it stands, or a new one. True when it is new. */
static bool
bus_group_load_place(struct txn *txn, const struct bus_question *question, struct str key, const struct topic *topic,
                     struct bus_group_state *ret)
{
	struct str value;

	if (txn_table_get(txn, HISTORY_OUTBOX, key, &value)) {
		group_parse(txn, value, ret);
		return false;
	}
	bus_group_make_room(txn, question->topic);
	bus_count_group(txn, 1);
	*ret = (struct bus_group_state){.next = begin_at(txn, question, topic)};
	return true;
}

int
bus_fetch(struct txn *txn, const struct bus_question *question, struct bytes **ret)
{
	struct str key = txn_key(txn, 'g', question->topic, question->group);
	const struct fetched *fetched = NULL;
	struct topic topic;
	struct bus_group_state *group = arena_alloc(txn->arena, sizeof(*group));
	struct batch batch;
	bool changed;

	if (!group) {
		txn_fail(txn, ERROR_MEMORY);
		return 0;
	}
	(void)bus_topic_read(txn, question->topic, &topic); /* one that is not there yet is empty */
	changed = bus_group_load_place(txn, question, key, &topic, group);
	changed |= acknowledge(txn, group, question->instance);
	changed |= txn->now_ms - group->seen_ms >= SEEN_MS; /* one that asks and finds nothing is in use all the same */
	if (bus_group_choose(txn, group, &topic, question->limit, &batch)) {
		fetched = fetch_batch(txn, question->topic, &batch);
		if (!fetched && !txn->failed)
			return -1;
		batch.instance = question->instance;
		batch.until_ms = txn->now_ms + REDELIVER_MS;
		batch.giver = (int64_t)txn->runtime->owner;
		batch.pid = getpid();
		if (fetched && fetched->count)
			group->batches[group->count++] = batch;
		changed = true;
	}
	if (changed) {
		group->seen_ms = txn->now_ms;
		group_write(txn, key, group);
	}
	if (txn->failed || !fetched || !fetched->count)
		return 0;
	*ret = bytes_hold(fetched->bytes);
	return (int)fetched->count;
}

void
bus_return(struct txn *txn, const struct bus_question *question)
{
	struct str key = txn_key(txn, 'g', question->topic, question->group), value;
	struct bus_group_state *group = arena_alloc(txn->arena, sizeof(*group));

	if (!group) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	if (!txn_table_get(txn, HISTORY_OUTBOX, key, &value))
		return;
	group_parse(txn, value, group);
	for (size_t i = 0; i < group->count; i++)
		if (str_equal(group->batches[i].instance, question->instance))
			group->batches[i].until_ms = 0;
	group_write(txn, key, group);
}
