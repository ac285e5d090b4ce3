/* monitoring - statistics that participants report, kept for a while */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/monitoring.h"

#include <inttypes.h>

#include "runtime/rows/gateway_rows.h"
#include "runtime/rows/txn.h"

#define ELEMENT_ID_MAX 64             /* bytes; a UUID has 36 */
#define RECORD_MAX ((size_t)16 << 10) /* bytes; a stock record has some 400. What is larger is not kept */

/*
 * Rows: (participant name, version, be64 time) -> ParticipantStatistics, and with the element's id behind the time ->
 * ClElementStatistics. A record that comes twice is one. The oldest go when there are too many of a participant.
 */

static struct str
participant_prefix(struct txn *txn, char kind, struct concept id)
{
	struct str key = txn_key(txn, kind, id.name, id.version.ptr ? id.version : STR(""));

	/* Without a version all of the name; with one, the NUL behind it ends the prefix. */
	return id.version.ptr ? txn_key(txn, kind, (struct str){key.ptr + 1, key.len - 1}, STR("")) : key;
}

static struct str
record_key(struct txn *txn, char kind, struct concept id, int64_t time_ms, struct str element)
{
	struct str prefix = participant_prefix(txn, kind, id);
	unsigned char tail[8 + ELEMENT_ID_MAX];

	store_pack_i64(tail, time_ms);
	if (element.len)
		memcpy(tail + 8, element.ptr, element.len);
	return txn_key(txn, kind, (struct str){prefix.ptr + 1, prefix.len - 2},
	               (struct str){(const char *)tail, 8 + element.len});
}

struct oldest {
	struct str key;
};

static bool
take_oldest(void *context, struct str key, struct str value)
{
	(void)value;
	((struct oldest *)context)->key = key;
	return false;
}

/* A record more, and perhaps the oldest less. */
static void
monitoring_keep(struct txn *txn, char kind, struct concept id, struct str element, const struct node *record,
                int64_t *count)
{
	const struct node *time = node_get(record, "timeStamp");
	struct oldest oldest = {STR_NONE};
	struct str key, known;
	struct text out;
	int64_t time_ms;
	bool there;

	if (element.len > ELEMENT_ID_MAX || !time || time->kind != NODE_TEXT ||
	    time_parse_instant(time->text, &time_ms) != 0)
		return;
	key = record_key(txn, kind, id, time_ms, element);
	text_init(&out, txn->arena);
	gateway_write_record(record, &out);
	if (out.len > RECORD_MAX)
		return;
	there = txn_get(txn, key, &known);
	txn_put(txn, key, txn_text(txn, &out));
	if (!there)
		++*count;
	if (*count <= (int64_t)txn->runtime->options.statistics)
		return;
	txn_each(txn, participant_prefix(txn, kind, id), take_oldest, &oldest);
	if (oldest.key.ptr)
		txn_delete(txn, oldest.key);
	--*count;
}

void
statistics_each(const struct node *message, const struct concept *sender,
                void (*visit)(void *context, struct concept loop, struct str element, const struct node *record),
                void *context)
{
	const struct node *infos = node_get(message, "controlLoopInfoList");

	for (const struct node *info = infos && infos->kind == NODE_LIST ? infos->first : NULL; info;
	     info = info->next) {
		const struct node *list =
			node_get(node_get(node_get(info, "controlLoopStatistics"), "clElementStatisticsList"),
		                 "clElementStatistics");

		for (const struct node *record = list && list->kind == NODE_LIST ? list->first : NULL; record;
		     record = record->next) {
			const struct node *id = node_get(record, "id"),
					  *participant = node_get(record, "participantId");

			if (id && id->kind == NODE_TEXT &&
			    (!participant || concept_equal(concept_read(participant), *sender)))
				visit(context, concept_read(node_get(info, "controlLoopId")), id->text, record);
		}
	}
}

struct recording {
	struct txn *txn;
	struct participant *participant;
};

static void
record_element(void *context, struct concept loop, struct str element, const struct node *record)
{
	struct recording *recording = context;

	(void)loop;
	monitoring_keep(recording->txn, ROW_ELEMENT, recording->participant->id, element, record,
	                &recording->participant->element_records);
}

void
statistics_record(struct txn *txn, const struct node *message, struct participant *participant)
{
	const struct node *record = node_get(message, "participantStatistics"), *of = node_get(record, "participantId");
	struct recording recording = {txn, participant};

	if (record && (!of || concept_equal(concept_read(of), participant->id)))
		monitoring_keep(txn, ROW_STATISTICS, participant->id, STR(""), record, &participant->records);
	statistics_each(message, &participant->id, record_element, &recording);
}

/* --- queries --- */

struct monitoring_listing {
	struct txn *txn;
	const struct statistics_query *query;
	struct text *out;
	struct str element;
	size_t passed, written;
	size_t prefix_len;
};

/* The time in a record's key, the eight bytes behind the second NUL; and the element's id, which follows. */
static int64_t
key_parts(struct str key, struct str *ret_element)
{
	size_t version = 1 + strlen(key.ptr + 1) + 1, time = version + strlen(key.ptr + version) + 1;

	*ret_element = time + 8 <= key.len ? (struct str){key.ptr + time + 8, key.len - time - 8} : STR_NONE;
	return time + 8 <= key.len ? store_unpack_i64(key.ptr + time) : 0;
}

static bool
list_record(void *context, struct str key, struct str value)
{
	struct monitoring_listing *listing = context;
	const struct statistics_query *query = listing->query;
	struct str element;
	int64_t time_ms = key_parts(key, &element);

	if ((query->from_ms != TIME_NONE && time_ms < query->from_ms) ||
	    (query->to_ms != TIME_NONE && time_ms > query->to_ms) ||
	    (listing->element.len && !str_equal_nocase(element, listing->element)))
		return true;
	if (listing->passed++ < query->offset)
		return true;
	if (query->count && listing->written == query->count)
		return false;
	text_add(listing->out, listing->written++ ? STR(",") : STR(""));
	text_add(listing->out, value);
	return true;
}

static void
list_participant(struct monitoring_listing *listing, struct concept id, struct str element)
{
	char kind = listing->query->elements ? ROW_ELEMENT : ROW_STATISTICS;
	struct str prefix;

	if (!concept_name_valid(id.name) || (id.version.ptr && !concept_version_valid(id.version)))
		return; /* nobody has such a name */
	prefix = participant_prefix(listing->txn, kind, id);
	listing->element = element;
	if (listing->query->count)
		txn_each_down(listing->txn, prefix, list_record, listing);
	else
		txn_each(listing->txn, prefix, list_record, listing);
}

/* All participants of an instance once, or all of its elements. */
static void
list_loop(struct monitoring_listing *listing, const struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		bool listed = false;

		for (size_t j = 0; j < i && !listing->query->elements; j++)
			listed |= concept_equal(loop->elements[j].participant_id, element->participant_id);
		if (!listed && element->participant_id.name.ptr)
			list_participant(listing, element->participant_id,
			                 listing->query->elements ? element->id : STR_NONE);
	}
}

static bool
visit_loop(void *context, struct loop *loop)
{
	list_loop(context, loop);
	return true;
}

void
statistics_list(struct txn *txn, const struct statistics_query *query, struct text *out)
{
	struct monitoring_listing listing = {.txn = txn, .query = query, .out = out};

	text_addf(out, "{\"%s\":[", query->elements ? "clElementStatistics" : "statisticsList");
	if (!query->loop)
		list_participant(&listing, query->id, query->element);
	else if (concept_name_valid(query->id.name) &&
	         (!query->id.version.ptr || concept_version_valid(query->id.version)))
		loops_each(txn, query->id.name, query->id.version, visit_loop, &listing);
	text_add(out, STR("]}"));
}

/* --- aggregated status --- */

static void
write_participants(struct txn *txn, const struct loop *loop, struct text *out, bool *ret_healthy)
{
	for (size_t i = 0; i < loop->count; i++) {
		struct concept id = loop->elements[i].participant_id;
		struct participant participant;
		bool listed = !id.name.ptr;

		for (size_t j = 0; j < i; j++)
			listed |= concept_equal(loop->elements[j].participant_id, id);
		if (listed)
			continue;
		if (!participant_load(txn, id, &participant))
			participant = (struct participant){.id = id, .state = STR("UNKNOWN"), .health = STR("UNKNOWN")};
		*ret_healthy &= str_is(participant.health, "HEALTHY");
		text_add(out, i ? STR(",{\"participantId\":") : STR("{\"participantId\":"));
		concept_write(out, id);
		text_add(out, STR(",\"participantState\":"));
		text_add_json(out, participant.state);
		text_add(out, STR(",\"healthStatus\":"));
		text_add_json(out, participant.health);
		text_add(out, STR("}"));
	}
}

/* How the elements of an instance stand. */
struct standing {
	size_t states[LOOP_STATE_COUNT], missing, wrong, faulty;
};

/* One that is missing, faulty, or stands elsewhere counts under no state. */
static void
count_standing(struct txn *txn, const struct loop *loop, struct standing *ret)
{
	*ret = (struct standing){0};
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		bool hosted = element->state != LOOP_UNINITIALISED && element->participant_id.name.ptr;
		bool lost = hosted && participant_condition(txn, element->participant_id) == HOST_LOST;

		ret->faulty += element->faulty;
		if (element->missing || lost)
			ret->missing++;
		else if (element->faulty || element->tries)
			ret->wrong++;
		else
			ret->states[element->state]++;
	}
}

static bool
write_status(void *context, struct loop *loop)
{
	struct monitoring_listing *listing = context;
	struct standing standing;
	const char *comma = "";
	bool healthy = true;

	text_add(listing->out, listing->written++ ? STR(",{\"controlLoopId\":") : STR("{\"controlLoopId\":"));
	concept_write(listing->out, loop->id);
	text_addf(listing->out, ",\"state\":\"%s\",\"orderedState\":\"%s\",\"stateChangeResult\":\"%s\",\"elements\":{",
	          loop_state_name[loop->state], loop_state_name[loop->ordered], change_result_name[loop->result]);
	count_standing(listing->txn, loop, &standing);
	for (int i = 0; i < LOOP_STATE_COUNT; i++) {
		if (standing.states[i] == 0)
			continue;
		text_addf(listing->out, "%s\"%s\":%zu", comma, loop_state_name[i], standing.states[i]);
		comma = ",";
	}
	text_addf(listing->out,
	          "},\"elementsInWrongState\":%zu,\"elementsMissing\":%zu,\"elementsFaulty\":%zu,\"participants\":[",
	          standing.wrong, standing.missing, standing.faulty);
	write_participants(listing->txn, loop, listing->out, &healthy);
	healthy &= standing.wrong == 0 && standing.missing == 0 && standing.faulty == 0;
	text_addf(listing->out, "],\"healthy\":%s}", healthy && loop->result == CHANGE_NO_ERROR ? "true" : "false");
	return true;
}

void
statistics_status(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct monitoring_listing listing = {.txn = txn, .out = out};

	text_add(out, STR("{\"controlLoopStatusList\":["));
	loops_page(txn, call, write_status, &listing);
	text_add(out, STR("]}"));
}
