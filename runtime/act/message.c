/* message - what the runtime says to participants, in its exact JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/message.h"

#include <inttypes.h>

#include "runtime/act/host.h"
#include "runtime/act/envelope.h"
#include "runtime/looptype/looptype.h"
#include "runtime/rows/txn.h"

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
write_definitions(struct txn *txn, struct text *out)
{
	struct priming priming = {engine_builtin(txn->runtime->engine), {.out = out, .written = {.arena = txn->arena}}};

	looptypes_each(txn, write_document, &priming);
	if (priming.list.written.failed)
		txn_fail(txn, ERROR_MEMORY);
}

bool
message_can_prime(struct txn *txn)
{
	struct text out;

	text_init(&out, txn->arena);
	write_definitions(txn, &out);
	return out.len <= MESSAGE_MAX - 4096; /* with an envelope around it */
}

void
message_prime(struct txn *txn, const struct participant *participant)
{
	struct text out;

	envelope_begin(txn, &out, "PARTICIPANT_UPDATE");
	if (participant)
		envelope_address(&out, participant);
	text_add(&out, STR(",\"participantDefinitionUpdates\":["));
	write_definitions(txn, &out);
	text_add(&out, STR("]"));
	envelope_end(txn, &out);
}

void
message_deprime(struct txn *txn)
{
	struct text out;

	envelope_begin(txn, &out, "PARTICIPANT_UPDATE");
	text_add(&out, STR(",\"participantDefinitionUpdates\":[]"));
	envelope_end(txn, &out);
}

static void
begin_ack(struct txn *txn, struct text *out, const char *type, struct str response_to, bool result, const char *words)
{
	text_init(out, txn->arena);
	text_addf(out, "{\"messageType\":\"%s\"", type);
	if (response_to.ptr)
		envelope_member(out, "responseTo", response_to);
	text_addf(out, ",\"result\":%s", result ? "true" : "false");
	envelope_member(out, "message", str_from(words));
}

void
message_register_ack(struct txn *txn, struct str response_to, const struct participant *participant,
                     const char *refusal)
{
	struct text out;

	begin_ack(txn, &out, "PARTICIPANT_REGISTER_ACK", response_to, !refusal,
	          refusal ? refusal : "Participant Register Ack");
	envelope_address(&out, participant);
	envelope_end(txn, &out);
}

void
message_deregister_ack(struct txn *txn, struct str response_to)
{
	struct text out;

	begin_ack(txn, &out, "PARTICIPANT_DEREGISTER_ACK", response_to, true, "Participant Deregister Ack");
	envelope_end(txn, &out);
}

void
message_status_request(struct txn *txn, const struct participant *participant)
{
	struct text out;

	envelope_begin(txn, &out, "PARTICIPANT_STATUS_REQ");
	envelope_address(&out, participant);
	envelope_end(txn, &out);
}

void
notify_loop(struct txn *txn, struct str what, const struct loop *loop, const struct element *element)
{
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"notification\":"));
	text_add_json(&out, what);
	envelope_member(&out, "timestamp", txn_time(txn));
	envelope_concept(&out, "controlLoopId", loop->id);
	text_addf(&out, ",\"state\":\"%s\",\"orderedState\":\"%s\",\"stateChangeResult\":\"%s\"",
	          loop_state_name[loop->state], loop_state_name[loop->ordered], change_result_name[loop->result]);
	if (element) {
		envelope_member(&out, "elementId", element->id);
		envelope_concept(&out, "elementDefinition", element->definition);
		if (element->participant_id.name.ptr)
			envelope_concept(&out, "participantId", element->participant_id);
		if (element->message.ptr)
			envelope_member(&out, "message", element->message);
	}
	text_add(&out, STR("}"));
	envelope_send(txn, txn->runtime->options.notifications, &out);
}

void
notify_withdrawal(struct txn *txn, const struct withdrawal *withdrawal, size_t executions)
{
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"notification\":\"POLICY_WITHDRAWN\""));
	envelope_member(&out, "timestamp", txn_time(txn));
	envelope_concept(&out, "controlLoopId", withdrawal->loop);
	envelope_member(&out, "elementId", withdrawal->element);
	envelope_member(&out, "policy", withdrawal->policy);
	envelope_member(&out, "closedLoopControlName", withdrawal->clname);
	text_addf(&out, ",\"executions\":%zu,\"executionsAborted\":%s}", executions,
	          executions && txn->runtime->options.abort_withdrawn ? "true" : "false");
	envelope_send(txn, txn->runtime->options.notifications, &out);
}

void
notify_stray(struct txn *txn, const struct participant *participant, struct concept loop, struct str element)
{
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"notification\":\"ELEMENT_UNKNOWN\""));
	envelope_member(&out, "timestamp", txn_time(txn));
	envelope_address(&out, participant);
	envelope_concept(&out, "controlLoopId", loop);
	envelope_member(&out, "elementId", element);
	text_add(&out, STR("}"));
	envelope_send(txn, txn->runtime->options.notifications, &out);
}

void
notify_refusal(struct txn *txn, const char *what, const char *why)
{
	struct text out;

	text_init(&out, txn->arena);
	text_addf(&out, "{\"notification\":\"%s\"", what);
	envelope_member(&out, "timestamp", txn_time(txn));
	envelope_member(&out, "message", str_from(why));
	text_add(&out, STR("}"));
	envelope_send(txn, txn->runtime->options.notifications, &out);
}

void
notify_participant_more(struct txn *txn, const char *what, const struct participant *participant, const char *key,
                        struct str value)
{
	struct text out;

	text_init(&out, txn->arena);
	text_addf(&out, "{\"notification\":\"%s\"", what);
	envelope_member(&out, "timestamp", txn_time(txn));
	envelope_address(&out, participant);
	envelope_member(&out, "healthStatus", participant->health);
	if (key)
		envelope_member(&out, key, value);
	text_add(&out, STR("}"));
	envelope_send(txn, txn->runtime->options.notifications, &out);
}

void
notify_participant(struct txn *txn, const char *what, const struct participant *participant)
{
	notify_participant_more(txn, what, participant, NULL, STR_NONE);
}
