/* message_order - orders to participants: CONTROL_LOOP_UPDATE and CONTROL_LOOP_STATE_CHANGE */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/message_order.h"

#include <inttypes.h>

#include "runtime/act/envelope.h"
#include "runtime/act/message.h"
#include "runtime/looptype/looptype.h"
#include "runtime/supervision/restore.h"
#include "runtime/rows/gateway_rows.h"

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
	struct txn *txn;
	const struct loop *loop;
	const struct gateway *gateway; /* NULL: the type has none */
	struct str fragment;           /* policies of the type; empty: none */
	bool targets;                  /* elements are ordered to where they should stand, wherever the instance goes */
	struct text *out;
	struct concept type; /* as the participant registered; absent: as the element asks for it */
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
order_write_element(const struct update *update, const struct element *element, struct str candidates)
{
	struct text *out = update->out;
	struct element shown = *element;

	if (out->len > MESSAGE_MAX)
		return; /* it will not be sent */
	if (update->targets)
		shown.ordered = element_target(update->loop, element);
	if (update->type.name.ptr)
		shown.participant_type = update->type;
	element_write_open(out, &shown, true);
	if (candidates.len) {
		text_add(out, STR(",\"participantIdCandidates\":"));
		text_add(out, candidates);
	}
	if (element->fragment && update->fragment.len) {
		text_add(out, STR(",\"toscaServiceTemplateFragment\":"));
		text_add(out, update->fragment);
	}
	if (update->gateway)
		gateway_write_element(update->txn, update->gateway, update->loop, element, candidates.len == 0, out);
	text_add(out, STR("}"));
}

static void
write_participant(struct update *update, size_t i)
{
	const struct loop *loop = update->loop;
	struct concept participant = loop->elements[i].participant_id;
	struct participant host;
	bool comma = false;

	separate(update);
	update->type = participant_load(update->txn, participant, &host) ? host.type : (struct concept){0};
	text_add(update->out, STR("{\"participantId\":"));
	concept_write(update->out, participant);
	text_add(update->out, STR(",\"controlLoopElementList\":["));
	for (; i < loop->count; i++) {
		if (!concept_equal(loop->elements[i].participant_id, participant))
			continue;
		text_add(update->out, comma ? STR(",") : STR(""));
		comma = true;
		order_write_element(update, &loop->elements[i], STR_NONE);
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

	if (!participant_type_serves(participant->type, offer->element->participant_type) ||
	    !participant_is_registered(participant) || host_is(offer->update->txn, participant))
		return true;
	separate(offer->update);
	text_add(out, STR("{\"participantId\":"));
	concept_write(out, participant->id);
	text_add(out, STR(",\"controlLoopElementList\":["));
	order_write_element(offer->update, offer->element, offer->candidates);
	text_add(out, STR("]}"));
	return ++offer->count < CANDIDATES_MAX;
}

/* An element that nobody hosts yet goes to all who may: the first to claim it will. */
static void
write_candidates(struct update *update, const struct element *element)
{
	struct offer offer = {update, element, STR_NONE, 0};
	struct text candidates;

	update->type = (struct concept){0};
	text_init(&candidates, update->txn->arena);
	if (participants_of_type(update->txn, element->participant_type, &candidates) == 0)
		return;
	offer.candidates = txn_text(update->txn, &candidates);
	participants_each(update->txn, write_offer, &offer);
}

/* The policies of the type, for elements that name one; empty when there is neither. */
static struct str
write_fragment(struct txn *txn, const struct loop *loop)
{
	const struct node *root = NULL;
	struct text out;

	for (size_t i = 0; i < loop->count && !root; i++)
		if (loop->elements[i].fragment)
			root = looptype_load(txn, loop->definition, NULL);
	text_init(&out, txn->arena);
	if (!root || !looptype_write_fragment(root, &out))
		return STR("");
	return txn_text(txn, &out);
}

/* Whether an element of the phase is to act: it was ordered to, or it is restored on the host of `only`. */
static bool
order_is_meant(const struct loop *loop, const struct element *element, const struct element *only, enum restore step)
{
	if (!only)
		return element->pending || !loop_element_done(loop, element);
	return element == only ||
	       (element->restore == step && concept_equal(element->participant_id, only->participant_id));
}

static void
write_ids(const struct loop *loop, int64_t phase, const struct element *only, enum restore step, struct text *out)
{
	bool comma = false;

	text_add(out, STR(",\"elementIds\":["));
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];

		if (element->phase != phase || !order_is_meant(loop, element, only, step))
			continue;
		text_add(out, comma ? STR(",") : STR(""));
		text_add_json(out, element->id);
		comma = true;
	}
	text_add(out, STR("]"));
}

/* For one element's host alone; for everybody when nobody hosts it yet. */
static void
address_host(struct txn *txn, const struct element *element, struct text *out)
{
	struct participant host;

	if (element && element->participant_id.name.ptr && participant_load(txn, element->participant_id, &host))
		envelope_address(out, &host);
}

void
message_update(struct txn *txn, const struct loop *loop, int64_t phase, const struct element *only)
{
	struct text out;
	struct update update = {
		.txn = txn,
		.loop = loop,
		.fragment = write_fragment(txn, loop),
		.targets = only != NULL,
		.out = &out,
	};
	struct gateway gateway;

	if (gateway_load(txn, loop->definition, &gateway))
		update.gateway = &gateway;
	envelope_begin(txn, &out, "CONTROL_LOOP_UPDATE");
	address_host(txn, only, &out);
	envelope_concept(&out, "controlLoopId", loop->id);
	text_addf(&out, ",\"startPhase\":%" PRId64, phase);
	write_ids(loop, phase, only, RESTORE_UPDATE, &out);
	if (update.gateway)
		gateway_write_loop(update.gateway, &out);
	text_add(&out, STR(",\"participantUpdatesList\":["));
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];

		if (only && !concept_equal(element->participant_id, only->participant_id) && element != only)
			continue;
		if (!element->participant_id.name.ptr)
			write_candidates(&update, element);
		else if (begins_participant(loop, i))
			write_participant(&update, i);
	}
	text_add(&out, STR("]"));
	envelope_end(txn, &out);
}

void
message_state_change(struct txn *txn, const struct loop *loop, const struct task *task)
{
	struct text out;

	envelope_begin(txn, &out, "CONTROL_LOOP_STATE_CHANGE");
	address_host(txn, task->element, &out);
	envelope_concept(&out, "controlLoopId", loop->id);
	text_addf(&out, ",\"orderedState\":\"%s\",\"currentState\":\"%s\",\"startPhase\":%" PRId64,
	          loop_state_name[task->ordered], loop_state_name[task->current], task->phase);
	write_ids(loop, task->phase, task->element, RESTORE_STATE, &out);
	envelope_end(txn, &out);
}

void
message_order_off(struct txn *txn, const struct participant *participant, struct concept loop, struct str ids)
{
	struct text out;

	envelope_begin(txn, &out, "CONTROL_LOOP_STATE_CHANGE");
	envelope_address(&out, participant);
	envelope_concept(&out, "controlLoopId", loop);
	text_add(&out, STR(",\"orderedState\":\"UNINITIALISED\",\"currentState\":\"PASSIVE\",\"elementIds\":"));
	text_add(&out, ids);
	envelope_end(txn, &out);
}
