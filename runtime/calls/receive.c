/* receive - messages of participants: who says what */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "runtime/act/deploy.h"
#include "runtime/act/envelope.h"
#include "runtime/act/host.h"
#include "runtime/act/message.h"
#include "runtime/act/message_order.h"
#include "runtime/calls/participant.h"
#include "runtime/calls/receive.h"
#include "runtime/calls/step.h"
#include "runtime/model/vocabulary.h"
#include "runtime/policies/pdp.h"
#include "runtime/supervision/restore.h"
#include "runtime/supervision/tick.h"
#include "runtime/rows/hosting.h"
#include "runtime/rows/txn.h"

#define WORDS_MAX 1024 /* bytes */

static const struct document_limits limits = {(size_t)1 << 20, 64, 100000, 0, (size_t)1 << 20};

static struct str
receive_text_of(const struct node *message, const char *key)
{
	const struct node *node = node_get(message, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

static bool
receive_truth_of(const struct node *map, bool otherwise)
{
	const struct node *result = node_get(map, "result");

	return result && result->kind == NODE_BOOL ? result->boolean : otherwise;
}

/* The participant's message, cut to the length that is kept. */
static struct str
words_of(const struct node *result)
{
	struct str text = receive_text_of(result, "message");
	size_t len = 0;

	while (len < text.len) {
		size_t step = str_utf8((struct str){text.ptr + len, text.len - len});

		if (step == 0 || len + step > WORDS_MAX)
			break;
		len += step;
	}
	return (struct str){text.ptr, len};
}

/*
 * An element that was offered to several belongs to the first of them that answers for it. All hear who that is; the
 * others leave it alone, and what they say of it later is a stranger's word. An offer that was taken back before
 * anybody took it up has nobody else to say that the element is gone.
 */
static bool
claim(struct txn *txn, struct loop *loop, struct element *element, int state, const struct participant *sender)
{
	bool back = element->ordered == LOOP_UNINITIALISED;

	if (element->participant_id.name.ptr || !(loop_busy(loop) || element->restore != RESTORE_NONE) ||
	    (back && state != LOOP_UNINITIALISED) ||
	    !participant_type_serves(sender->type, element->participant_type) || !participant_is_registered(sender))
		return false;
	element->participant_id = sender->id;
	if (!back)
		message_update(txn, loop, element->phase, element->restore != RESTORE_NONE ? element : NULL);
	return true;
}

/* An element does not go RUNNING without its guards: false, and why, when they cannot come into force. */
static bool
receive_check_policies(struct txn *txn, const struct loop *loop, const struct element *element, struct str *ret_why)
{
	const char *refusal;
	size_t policies;

	if (!element->fragment || element->ordered != LOOP_RUNNING || loop_state_settled(element->state))
		return true;
	refusal = deploy_refusal(txn, loop, element, &policies);
	if (refusal)
		*ret_why = str_from(refusal);
	return !refusal;
}

/* An answer without elements: a stock participant refuses the whole order. What it says tells how things stand there. */
enum refusal {
	REFUSAL_NONE,
	REFUSAL_ABSENT,  /* "does not use this participant": nothing of the instance is there */
	REFUSAL_ALREADY, /* "already in state ...": what was ordered is done */
	REFUSAL_DEFINED  /* "already defined": the instance is there */
};

static bool
says(struct str text, const char *words)
{
	return text.ptr && memmem(text.ptr, text.len, words, strlen(words)) != NULL;
}

/* *ret_state: of REFUSAL_ALREADY. */
static enum refusal
read_refusal(const struct node *message, enum loop_state *ret_state)
{
	static const struct {
		const char *words;
		enum loop_state state;
	} already[] = {
		{"already in state UNINITIALISED", LOOP_UNINITIALISED},
		{"already in state PASSIVE", LOOP_PASSIVE},
		{"already in state RUNNING", LOOP_RUNNING},
	};
	struct str text = receive_text_of(message, "message");

	if (receive_truth_of(message, true))
		return REFUSAL_NONE;
	if (says(text, "does not use this participant"))
		return REFUSAL_ABSENT;
	if (says(text, "already defined"))
		return REFUSAL_DEFINED;
	for (size_t i = 0; i < sizeof(already) / sizeof(*already); i++) {
		if (!says(text, already[i].words))
			continue;
		*ret_state = already[i].state;
		return REFUSAL_ALREADY;
	}
	return REFUSAL_NONE;
}

static bool
take_refusal(struct supervision *supervision, struct loop *loop, struct element *element, enum refusal refusal,
             enum loop_state state)
{
	bool update = element->restore == RESTORE_UPDATE ||
	              (loop->state == LOOP_UNINITIALISED2PASSIVE && element->asked && element->failures == 0);
	enum loop_state target = element_target(loop, element);

	if (refusal == REFUSAL_ABSENT || (refusal == REFUSAL_ALREADY && state == LOOP_UNINITIALISED))
		return loop_absent(supervision, loop, element);
	if (refusal == REFUSAL_ALREADY)
		return state == target && loop_answer(supervision, loop, element, state, true, STR_NONE);
	/* Only the update of phase 0 is refused so; what belongs to it is PASSIVE at least. */
	return update && element->phase == 0 && !loop->replaces.ptr &&
	       loop_answer(supervision, loop, element, LOOP_PASSIVE, true, STR_NONE);
}

/* Of all elements that the sender hosts. True when it changed anything. */
static bool
refuse_order(struct txn *txn, struct supervision *supervision, struct loop *loop, const struct participant *sender,
             const struct node *message)
{
	enum loop_state state = LOOP_UNINITIALISED;
	enum refusal refusal = read_refusal(message, &state);
	bool changed = false;

	for (size_t i = 0; refusal != REFUSAL_NONE && i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (!concept_equal(element->participant_id, sender->id))
			continue;
		changed |= take_refusal(supervision, loop, element, refusal, state);
		step_perform(txn, supervision, loop);
	}
	return changed;
}

/* One element's answer. True when it changed anything. */
static bool
answer_element(struct txn *txn, struct supervision *supervision, struct loop *loop, const struct node *message,
               const struct node *result, const struct participant *sender)
{
	struct element *element = loop_element(loop, result->key);
	int state = loop_state_find(receive_text_of(result, "state"));
	bool good = receive_truth_of(result, receive_truth_of(message, true)), changed = false;
	struct str why = words_of(result);

	if (element && good)
		changed = claim(txn, loop, element, state, sender);
	if (!element || state < 0 || !concept_equal(element->participant_id, sender->id))
		return changed;
	if (good && state == LOOP_RUNNING)
		good = receive_check_policies(txn, loop, element, &why);
	else if (!good && state == LOOP_UNINITIALISED && loop->state != LOOP_UNINITIALISED2PASSIVE &&
	         !(element->asked && element->ordered == LOOP_UNINITIALISED)) /* it could not be removed */
		changed |= loop_absent(supervision, loop, element);
	if (!changed || good)
		changed |= loop_answer(supervision, loop, element, (enum loop_state)state, good, why);
	step_perform(txn, supervision, loop);
	return changed;
}

/*
 * CONTROLLOOP_STATECHANGE_ACK and CONTROLLOOP_UPDATE_ACK: stock participants send either for either, so what counts is
 * who says what of which element. Only the host of an element may answer for it.
 */
static void
receive_answer(struct txn *txn, const struct node *message)
{
	const struct node *results = node_get(message, "controlLoopResultMap");
	struct concept id = concept_read(node_get(message, "controlLoopId"));
	bool listed = results && results->kind == NODE_MAP && results->first;
	struct supervision supervision;
	struct participant sender;
	bool changed = false;
	struct loop loop;

	if (!participant_heard(txn, message, &sender))
		return;
	participant_save(txn, &sender);
	if (!concept_name_valid(id.name) || !concept_version_valid(id.version) || !loop_load(txn, id, &loop))
		return;
	step_begin(txn, &supervision);
	for (const struct node *result = listed ? results->first : NULL; result; result = result->next)
		changed |= answer_element(txn, &supervision, &loop, message, result, &sender);
	if (!listed)
		changed = refuse_order(txn, &supervision, &loop, &sender, message);
	if (changed)
		step_end(txn, &supervision, &loop);
}

static const struct {
	const char *type;
	void (*handle)(struct txn *txn, const struct node *message);
} handlers[] = {
	{"PARTICIPANT_STATUS", participant_status},         {"CONTROLLOOP_STATECHANGE_ACK", receive_answer},
	{"CONTROLLOOP_UPDATE_ACK", receive_answer},         {"PARTICIPANT_REGISTER", participant_register},
	{"PARTICIPANT_UPDATE_ACK", participant_update_ack}, {"PARTICIPANT_DEREGISTER", participant_deregister},
};

/* The topic carries both directions: our own messages and everything else that is not for us is passed over. */
void
runtime_receive(struct txn *txn, struct str message, bool compositions)
{
	struct error err = {0};
	struct node *root;
	struct str type;

	if (json_read(message, "", &limits, txn->arena, &root, &err) != 0) {
		if (err.code == ERROR_LIMIT)
			notify_refusal(txn, "MESSAGE_REFUSED", err.text);
		return;
	}
	if (compositions) {
		vocabulary_to_loops(root);
		envelope_to_compositions(txn);
	}
	type = receive_text_of(root, "messageType");
	if (host_has_id(txn, concept_read(node_get(root, "participantId"))))
		return; /* it does not speak on a topic */
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (type.ptr && str_is(type, handlers[i].type))
			handlers[i].handle(txn, root);
}

/* --- time --- */

struct receive_scan {
	struct txn *txn;
	struct arena look; /* of the instance that is looked at */
	bool again;
};

static bool
scan_finds_due(struct receive_scan *scan, struct concept id)
{
	struct supervision supervision;
	struct loop loop;
	bool due;

	arena_reset(&scan->look);
	if (!loop_peek(scan->txn, id, &scan->look, &loop))
		return false;
	step_begin(scan->txn, &supervision);
	due = loop_is_due(&supervision, &loop);
	scan->again |= due || loop_due_ms(supervision.limits, &loop) != INT64_MAX;
	return due;
}

static void
scan_loop(void *context, struct concept id)
{
	struct receive_scan *scan = context;
	struct supervision supervision;
	struct loop loop;

	if (!scan_finds_due(scan, id) || !loop_load(scan->txn, id, &loop))
		return;
	step_begin(scan->txn, &supervision);
	(void)loop_tick(&supervision, &loop); /* it is due */
	step_end(scan->txn, &supervision, &loop);
}

bool
runtime_scan(struct txn *txn)
{
	struct receive_scan scan = {.txn = txn};
	int64_t tick = txn->now_ms / txn->runtime->options.heart_beat_ms;
	unsigned char bytes[8];
	struct str last;

	/*
	 * Several processes may serve one database: each multiple of the heart beat is one of theirs. What lies further
	 * ahead than clocks differ was written before somebody put the clock right.
	 */
	if (txn_get(txn, STR("Mscan"), &last) && last.len == 8 && store_unpack_i64(last.ptr) >= tick &&
	    store_unpack_i64(last.ptr) <= tick + 1)
		return true;
	hosting_start(txn);
	scan.again = participants_scan(txn);
	scan.again |= pdps_scan(txn);
	arena_init(&scan.look, 0);
	scan.again |= busy_each(txn, scan_loop, &scan);
	arena_free(&scan.look);
	if (scan.again || txn->runtime->options.manual) {
		store_pack_i64(bytes, tick);
		txn_put(txn, STR("Mscan"), (struct str){(const char *)bytes, sizeof(bytes)});
	}
	return scan.again;
}
