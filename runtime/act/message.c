/* message - what the runtime says to participants, in its exact JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/message.h"

#include <inttypes.h>

#include "base/document.h"
#include "runtime/act/host.h"
#include "runtime/looptype/looptype.h"
#include "runtime/model/vocabulary.h"
#include "runtime/rows/gateway_rows.h"
#include "runtime/rows/transport.h"
#include "runtime/rows/txn.h"

#define COMPOSITIONS_ROW "Mcompositions" /* somebody has spoken in the words of automation compositions */

static void
send(struct turn *turn, struct str topic, struct text *out)
{
	struct str message = turn_text(turn, out);

	if (message.len > MESSAGE_MAX)
		turn_fail(turn, ERROR_LIMIT);
	if (turn->failed == 0)
		turn->runtime->transport->send(turn, topic, message);
}

static void
add_member(struct text *out, const char *key, struct str value)
{
	text_addf(out, ",\"%s\":", key);
	text_add_json(out, value);
}

static void
add_concept(struct text *out, const char *key, struct concept concept)
{
	text_addf(out, ",\"%s\":", key);
	concept_write(out, concept);
}

/* A request's envelope, up to its own members. */
static void
begin(struct turn *turn, struct text *out, const char *type)
{
	text_init(out, turn->arena);
	text_addf(out, "{\"messageType\":\"%s\"", type);
	add_member(out, "messageId", turn_uuid(turn));
	add_member(out, "timestamp", turn_time(turn));
}

void
message_to_compositions(struct turn *turn)
{
	struct str known;

	if (!turn_get(turn, STR(COMPOSITIONS_ROW), &known))
		turn_put(turn, STR(COMPOSITIONS_ROW), STR("1"));
}

/* The same message in the words of automation compositions, on the topic of those who know them. */
static void
send_to_compositions(struct turn *turn, struct str message)
{
	static const struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct node *root;
	struct text out;

	if (turn->failed || json_read(message, "", &limits, turn->arena, &root, NULL) != 0) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	vocabulary_to_compositions(root);
	text_init(&out, turn->arena);
	text_add_node(&out, root, false);
	send(turn, turn->runtime->options.composition_topic, &out);
}

static void
end(struct turn *turn, struct text *out)
{
	struct str known;

	text_add(out, STR("}"));
	send(turn, turn->runtime->options.topic, out);
	if (turn_get(turn, STR(COMPOSITIONS_ROW), &known))
		send_to_compositions(turn, turn_text(turn, out));
}

static void
address(struct text *out, const struct participant *participant)
{
	add_concept(out, "participantType", participant->type);
	add_concept(out, "participantId", participant->id);
}

struct priming {
	const struct catalogue *builtin;
	struct definition_list list;
};

static bool
write_document(void *context, const struct node *root)
{
	struct priming *priming = context;

	looptype_write_definitions(priming->builtin, root, MESSAGE_MAX, &priming->list);
	return priming->list.out->len <= MESSAGE_MAX;
}

/* The definitions of all that is commissioned, in the order of commissioning. */
static void
write_definitions(struct turn *turn, struct text *out)
{
	struct priming priming = {engine_builtin(turn->runtime->engine),
	                          {.out = out, .written = {.arena = turn->arena}}};

	looptypes_each(turn, write_document, &priming);
	if (priming.list.written.failed)
		turn_fail(turn, ERROR_MEMORY);
}

bool
message_can_prime(struct turn *turn)
{
	struct text out;

	text_init(&out, turn->arena);
	write_definitions(turn, &out);
	return out.len <= MESSAGE_MAX - 4096; /* with an envelope around it */
}

void
message_prime(struct turn *turn, const struct participant *participant)
{
	struct text out;

	begin(turn, &out, "PARTICIPANT_UPDATE");
	if (participant)
		address(&out, participant);
	text_add(&out, STR(",\"participantDefinitionUpdates\":["));
	write_definitions(turn, &out);
	text_add(&out, STR("]"));
	end(turn, &out);
}

void
message_deprime(struct turn *turn)
{
	struct text out;

	begin(turn, &out, "PARTICIPANT_UPDATE");
	text_add(&out, STR(",\"participantDefinitionUpdates\":[]"));
	end(turn, &out);
}

static void
begin_ack(struct turn *turn, struct text *out, const char *type, struct str response_to, const char *words)
{
	text_init(out, turn->arena);
	text_addf(out, "{\"messageType\":\"%s\"", type);
	if (response_to.ptr)
		add_member(out, "responseTo", response_to);
	text_addf(out, ",\"result\":true,\"message\":\"%s\"", words);
}

void
message_register_ack(struct turn *turn, struct str response_to, const struct participant *participant)
{
	struct text out;

	begin_ack(turn, &out, "PARTICIPANT_REGISTER_ACK", response_to, "Participant Register Ack");
	address(&out, participant);
	end(turn, &out);
}

void
message_deregister_ack(struct turn *turn, struct str response_to)
{
	struct text out;

	begin_ack(turn, &out, "PARTICIPANT_DEREGISTER_ACK", response_to, "Participant Deregister Ack");
	end(turn, &out);
}

void
message_status_request(struct turn *turn, const struct participant *participant)
{
	struct text out;

	begin(turn, &out, "PARTICIPANT_STATUS_REQ");
	address(&out, participant);
	end(turn, &out);
}

/* The first element of a participant stands for it. */
static bool
begins_participant(const struct loop *loop, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (concept_equal(loop->elements[j].participant_id, loop->elements[i].participant_id))
			return false;
	return true;
}

/* A CONTROL_LOOP_UPDATE on its way. */
struct update {
	struct turn *turn;
	const struct loop *loop;
	const struct gateway *gateway; /* NULL: the type has none */
	struct str fragment;           /* policies of the type; empty: none */
	struct text *out;
	bool comma;
};

static void
separate(struct update *update)
{
	text_add(update->out, update->comma ? STR(",") : STR(""));
	update->comma = true;
}

/* candidates: who may host it, empty when that is settled; only the host learns the key for the gateway. */
static void
write_element(const struct update *update, const struct element *element, struct str candidates)
{
	struct text *out = update->out;

	if (out->len > MESSAGE_MAX)
		return; /* it will not be sent */
	element_write_open(out, element, true);
	if (candidates.len) {
		text_add(out, STR(",\"participantIdCandidates\":"));
		text_add(out, candidates);
	}
	if (element->fragment && update->fragment.len) {
		text_add(out, STR(",\"toscaServiceTemplateFragment\":"));
		text_add(out, update->fragment);
	}
	if (update->gateway)
		gateway_write_element(update->turn, update->gateway, update->loop, element, candidates.len == 0, out);
	text_add(out, STR("}"));
}

static void
write_participant(struct update *update, size_t i)
{
	const struct loop *loop = update->loop;
	struct concept participant = loop->elements[i].participant_id;
	bool comma = false;

	separate(update);
	text_add(update->out, STR("{\"participantId\":"));
	concept_write(update->out, participant);
	text_add(update->out, STR(",\"controlLoopElementList\":["));
	for (; i < loop->count; i++) {
		if (!concept_equal(loop->elements[i].participant_id, participant))
			continue;
		text_add(update->out, comma ? STR(",") : STR(""));
		comma = true;
		write_element(update, &loop->elements[i], STR_NONE);
	}
	text_add(update->out, STR("]}"));
}

struct offer {
	struct update *update;
	const struct element *element;
	struct str candidates;
	size_t count;
};

static bool
write_offer(void *context, struct participant *participant)
{
	struct offer *offer = context;
	struct text *out = offer->update->out;

	if (!concept_equal(participant->type, offer->element->participant_type) ||
	    !participant_is_registered(participant) || host_is(offer->update->turn, participant))
		return true;
	separate(offer->update);
	text_add(out, STR("{\"participantId\":"));
	concept_write(out, participant->id);
	text_add(out, STR(",\"controlLoopElementList\":["));
	write_element(offer->update, offer->element, offer->candidates);
	text_add(out, STR("]}"));
	return ++offer->count < CANDIDATES_MAX;
}

/* An element that nobody hosts yet goes to all who may: the first to claim it will. */
static void
write_candidates(struct update *update, const struct element *element)
{
	struct offer offer = {update, element, STR_NONE, 0};
	struct text candidates;

	text_init(&candidates, update->turn->arena);
	if (participants_of_type(update->turn, element->participant_type, &candidates) == 0)
		return;
	offer.candidates = turn_text(update->turn, &candidates);
	participants_each(update->turn, write_offer, &offer);
}

/* The policies of the type, for elements that name one; empty when there is neither. */
static struct str
write_fragment(struct turn *turn, const struct loop *loop)
{
	const struct node *root = NULL;
	struct text out;

	for (size_t i = 0; i < loop->count && !root; i++)
		if (loop->elements[i].fragment)
			root = looptype_load(turn, loop->definition, NULL);
	text_init(&out, turn->arena);
	if (!root || !looptype_write_fragment(root, &out))
		return STR("");
	return turn_text(turn, &out);
}

void
message_update(struct turn *turn, const struct loop *loop, int64_t phase)
{
	struct text out;
	struct update update = {.turn = turn, .loop = loop, .fragment = write_fragment(turn, loop), .out = &out};
	struct gateway gateway;

	if (gateway_load(turn, loop->definition, &gateway))
		update.gateway = &gateway;
	begin(turn, &out, "CONTROL_LOOP_UPDATE");
	add_concept(&out, "controlLoopId", loop->id);
	text_addf(&out, ",\"startPhase\":%" PRId64, phase);
	if (update.gateway)
		gateway_write_loop(update.gateway, &out);
	text_add(&out, STR(",\"participantUpdatesList\":["));
	for (size_t i = 0; i < loop->count; i++) {
		if (!loop->elements[i].participant_id.name.ptr)
			write_candidates(&update, &loop->elements[i]);
		else if (begins_participant(loop, i))
			write_participant(&update, i);
	}
	text_add(&out, STR("]"));
	end(turn, &out);
}

void
message_state_change(struct turn *turn, const struct loop *loop, enum loop_state ordered, enum loop_state current,
                     int64_t phase)
{
	struct text out;

	begin(turn, &out, "CONTROL_LOOP_STATE_CHANGE");
	add_concept(&out, "controlLoopId", loop->id);
	text_addf(&out, ",\"orderedState\":\"%s\",\"currentState\":\"%s\",\"startPhase\":%" PRId64,
	          loop_state_name[ordered], loop_state_name[current], phase);
	end(turn, &out);
}

void
notify_loop(struct turn *turn, struct str what, const struct loop *loop, const struct element *element)
{
	struct text out;

	text_init(&out, turn->arena);
	text_add(&out, STR("{\"notification\":"));
	text_add_json(&out, what);
	add_member(&out, "timestamp", turn_time(turn));
	add_concept(&out, "controlLoopId", loop->id);
	text_addf(&out, ",\"state\":\"%s\",\"orderedState\":\"%s\",\"stateChangeResult\":\"%s\"",
	          loop_state_name[loop->state], loop_state_name[loop->ordered], change_result_name[loop->result]);
	if (element) {
		add_member(&out, "elementId", element->id);
		add_concept(&out, "elementDefinition", element->definition);
		if (element->participant_id.name.ptr)
			add_concept(&out, "participantId", element->participant_id);
		if (element->message.ptr)
			add_member(&out, "message", element->message);
	}
	text_add(&out, STR("}"));
	send(turn, turn->runtime->options.notifications, &out);
}

void
notify_withdrawal(struct turn *turn, const struct withdrawal *withdrawal, size_t executions)
{
	struct text out;

	text_init(&out, turn->arena);
	text_add(&out, STR("{\"notification\":\"POLICY_WITHDRAWN\""));
	add_member(&out, "timestamp", turn_time(turn));
	add_concept(&out, "controlLoopId", withdrawal->loop);
	add_member(&out, "elementId", withdrawal->element);
	add_member(&out, "policy", withdrawal->policy);
	add_member(&out, "closedLoopControlName", withdrawal->clname);
	text_addf(&out, ",\"executions\":%zu,\"executionsAborted\":%s}", executions,
	          executions && turn->runtime->options.abort_withdrawn ? "true" : "false");
	send(turn, turn->runtime->options.notifications, &out);
}

void
notify_refusal(struct turn *turn, const char *why)
{
	struct text out;

	text_init(&out, turn->arena);
	text_add(&out, STR("{\"notification\":\"POLICIES_REFUSED\""));
	add_member(&out, "timestamp", turn_time(turn));
	add_member(&out, "message", str_from(why));
	text_add(&out, STR("}"));
	send(turn, turn->runtime->options.notifications, &out);
}

void
notify_participant(struct turn *turn, const char *what, const struct participant *participant)
{
	struct text out;

	text_init(&out, turn->arena);
	text_addf(&out, "{\"notification\":\"%s\"", what);
	add_member(&out, "timestamp", turn_time(turn));
	address(&out, participant);
	add_member(&out, "healthStatus", participant->health);
	text_add(&out, STR("}"));
	send(turn, turn->runtime->options.notifications, &out);
}
