/* rows_participant - participants as rows */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/rows.h"

#include <inttypes.h>

#include "base/document.h"
#include "runtime/model/vocabulary.h"

bool
host_has_id(const struct txn *txn, struct concept id)
{
	return txn->runtime->options.policy_participant.len && id.name.ptr && str_is(id.name, HOST_NAME);
}

bool
host_is(const struct txn *txn, const struct participant *participant)
{
	return host_has_id(txn, participant->id) &&
	       str_equal(vocabulary_type(participant->type.name),
	                 vocabulary_type(txn->runtime->options.policy_participant));
}

static const struct document_limits row_limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};

static int64_t
number(const struct node *map, const char *key, int64_t otherwise)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? node->integer : otherwise;
}

static struct str
text_member(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

static bool
participant_parse(struct txn *txn, struct str row, struct participant *ret)
{
	const struct node *state, *health;
	struct node *root;
	int r = json_read(row, "", &row_limits, txn->arena, &root, NULL);

	if (r != 0) {
		txn_fail_row(txn, r); /* a row of ours is always JSON */
		return false;
	}
	state = node_get(root, "state");
	health = node_get(root, "health");
	*ret = (struct participant){
		.id = concept_read(node_get(root, "id")),
		.type = concept_read(node_get(root, "type")),
		.state = state ? state->text : STR("UNKNOWN"),
		.health = health ? health->text : STR("UNKNOWN"),
		.left = number(root, "left", 0) != 0,
		.last_ms = number(root, "last", 0),
		.retries = (unsigned)number(root, "retries", 0),
		.update_ms = number(root, "update", TIME_NONE),
		.update_retries = (unsigned)number(root, "updateRetries", 0),
		.status_ms = number(root, "status", TIME_NONE),
		.lost_ms = number(root, "lost", TIME_NONE),
		.move_ms = number(root, "move", TIME_NONE),
		.look = number(root, "look", 0) != 0,
		.greeting = (uint64_t)number(root, "greeting", -1),
		.strays = text_member(root, "strays"),
		.records = number(root, "records", 0),
		.element_records = number(root, "elementRecords", 0),
		.instance = text_member(root, "instance"),
		.instance_before = text_member(root, "instanceBefore"),
		.shared_ms = number(root, "shared", TIME_NONE),
	};
	return true;
}

bool
participant_load(struct txn *txn, struct concept id, struct participant *ret)
{
	struct str row;

	return concept_name_valid(id.name) && concept_version_valid(id.version) &&
	       txn_get(txn, txn_key(txn, ROW_PARTICIPANT, id.name, id.version), &row) &&
	       participant_parse(txn, row, ret);
}

void
participant_save(struct txn *txn, const struct participant *participant)
{
	struct text out;

	txn->hosts = NULL;
	text_init(&out, txn->arena);
	text_add(&out, STR("{\"id\":"));
	concept_write(&out, participant->id);
	text_add(&out, STR(",\"type\":"));
	concept_write(&out, participant->type);
	text_add(&out, STR(",\"state\":"));
	text_add_json(&out, participant->state);
	text_add(&out, STR(",\"health\":"));
	text_add_json(&out, participant->health);
	text_addf(&out, ",\"last\":%" PRId64 ",\"retries\":%u", participant->last_ms, participant->retries);
	if (participant->left)
		text_add(&out, STR(",\"left\":1"));
	if (participant->look)
		text_add(&out, STR(",\"look\":1"));
	if (participant->status_ms != TIME_NONE)
		text_addf(&out, ",\"status\":%" PRId64, participant->status_ms);
	if (participant->lost_ms != TIME_NONE)
		text_addf(&out, ",\"lost\":%" PRId64, participant->lost_ms);
	if (participant->move_ms != TIME_NONE)
		text_addf(&out, ",\"move\":%" PRId64, participant->move_ms);
	if (participant->greeting != NOT_GREETED)
		text_addf(&out, ",\"greeting\":%" PRIu64, participant->greeting);
	if (participant->strays.len) {
		text_add(&out, STR(",\"strays\":"));
		text_add_json(&out, participant->strays);
	}
	if (participant->instance.len) {
		text_add(&out, STR(",\"instance\":"));
		text_add_json(&out, participant->instance);
	}
	if (participant->instance_before.len) {
		text_add(&out, STR(",\"instanceBefore\":"));
		text_add_json(&out, participant->instance_before);
	}
	if (participant->shared_ms != TIME_NONE)
		text_addf(&out, ",\"shared\":%" PRId64, participant->shared_ms);
	if (participant->update_ms != TIME_NONE)
		text_addf(&out, ",\"update\":%" PRId64 ",\"updateRetries\":%u", participant->update_ms,
		          participant->update_retries);
	text_addf(&out, ",\"records\":%" PRId64 ",\"elementRecords\":%" PRId64 "}", participant->records,
	          participant->element_records);
	txn_put(txn, txn_key(txn, ROW_PARTICIPANT, participant->id.name, participant->id.version), txn_text(txn, &out));
}

bool
participant_enter(struct txn *txn, const struct participant *participant)
{
	struct str key = STR("Mparticipants"), value;
	unsigned char bytes[8];
	uint64_t count = txn_get(txn, key, &value) && value.len == 8 ? store_unpack_u64(value.ptr) : 0;

	if (count >= PARTICIPANTS_MAX)
		return false;
	store_pack_u64(bytes, count + 1); /* they are never removed */
	txn_put(txn, key, (struct str){(const char *)bytes, sizeof(bytes)});
	participant_save(txn, participant);
	return true;
}

struct participants_walk {
	struct txn *txn;
	bool (*visit)(void *context, struct participant *participant);
	void *context;
};

static bool
visit_participant(void *context, struct str key, struct str row)
{
	struct participants_walk *walk = context;
	struct participant participant;

	(void)key;
	return participant_parse(walk->txn, row, &participant) && walk->visit(walk->context, &participant);
}

void
participants_each(struct txn *txn, bool (*visit)(void *context, struct participant *participant), void *context)
{
	struct participants_walk walk = {txn, visit, context};

	txn_each(txn, txn_key(txn, ROW_PARTICIPANT, STR(""), STR_NONE), visit_participant, &walk);
}

bool
participant_is_registered(const struct participant *participant)
{
	return !participant->left && !str_is(participant->health, "OFF_LINE");
}

/* The number before the first dot. */
static struct str
major_of(struct str version)
{
	size_t len = 0;

	while (len < version.len && version.ptr[len] != '.')
		len++;
	return (struct str){version.ptr, len};
}

bool participant_type_serves(struct concept own, struct concept wanted)
{
	return own.name.ptr && wanted.name.ptr && str_equal(own.name, wanted.name) && own.version.ptr &&
	       wanted.version.ptr && str_equal(major_of(own.version), major_of(wanted.version));
}

/* A scan asks for the same few participants again and again. Writing one forgets them. */
struct host_note {
	struct host_note *next;
	struct concept id;
	enum host_condition condition;
};

static enum host_condition
condition_load(struct txn *txn, struct concept id)
{
	struct participant participant;

	if (host_has_id(txn, id))
		return HOST_WELL;
	if (!participant_load(txn, id, &participant) || !participant_is_registered(&participant))
		return HOST_LOST;
	if (participant.retries > 0 || participant.status_ms == TIME_NONE ||
	    txn->now_ms - participant.status_ms > txn->runtime->options.status_wait_ms)
		return HOST_SILENT;
	return HOST_WELL;
}

enum host_condition
participant_condition(struct txn *txn, struct concept id)
{
	struct host_note *note = txn->hosts;

	while (note && !concept_equal(note->id, id))
		note = note->next;
	if (note)
		return note->condition;
	note = arena_alloc(txn->arena, sizeof(*note));
	/* A copy: the instance that names it may go before the txn does. */
	if (!note || !arena_copy(txn->arena, &id.name) || !arena_copy(txn->arena, &id.version)) {
		txn_fail(txn, ERROR_MEMORY);
		return HOST_SILENT;
	}
	*note = (struct host_note){txn->hosts, id, condition_load(txn, id)};
	txn->hosts = note;
	return note->condition;
}

struct of_type {
	const struct txn *txn;
	struct concept type;
	struct text *out;
	size_t count;
};

static bool
count_of_type(void *context, struct participant *participant)
{
	struct of_type *of_type = context;

	if (!participant_type_serves(participant->type, of_type->type) || !participant_is_registered(participant) ||
	    host_is(of_type->txn, participant))
		return true;
	if (of_type->out && of_type->count < CANDIDATES_MAX) {
		text_add(of_type->out, of_type->count ? STR(",") : STR("["));
		concept_write(of_type->out, participant->id);
	}
	of_type->count++;
	return true;
}

size_t
participants_of_type(struct txn *txn, struct concept type, struct text *out)
{
	struct of_type of_type = {txn, type, out, 0};

	participants_each(txn, count_of_type, &of_type);
	if (out)
		text_add(out, of_type.count ? STR("]") : STR("[]"));
	return of_type.count;
}
