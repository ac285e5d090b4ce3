/* receive - messages of participants: who says what */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "runtime/act/deploy.h"
#include "runtime/act/host.h"
#include "runtime/act/message.h"
#include "runtime/calls/participant.h"
#include "runtime/calls/receive.h"
#include "runtime/calls/step.h"
#include "runtime/model/vocabulary.h"
#include "runtime/policies/pdp.h"
#include "runtime/rows/txn.h"

#define WORDS_MAX 1024 /* bytes */

static const struct document_limits limits = {(size_t)1 << 20, 64, 100000, 0, (size_t)1 << 20};

static struct str
text_of(const struct node *message, const char *key)
{
	const struct node *node = node_get(message, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

static bool
truth_of(const struct node *map, bool otherwise)
{
	const struct node *result = node_get(map, "result");

	return result && result->kind == NODE_BOOL ? result->boolean : otherwise;
}

/* What a participant says in words, as much as is kept of it. */
static struct str
words_of(const struct node *result)
{
	struct str text = text_of(result, "message");
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
claim(struct turn *turn, struct loop *loop, struct element *element, int state, const struct participant *sender)
{
	bool back = element->ordered == LOOP_UNINITIALISED;

	if (element->participant_id.name.ptr || !loop_busy(loop) || (back && state != LOOP_UNINITIALISED) ||
	    !concept_equal(element->participant_type, sender->type) || !participant_is_registered(sender))
		return false;
	element->participant_id = sender->id;
	if (!back)
		message_update(turn, loop, element->phase);
	return true;
}

/* An element does not go RUNNING without its guards: false, and why, when they cannot come into force. */
static bool
check_policies(struct turn *turn, const struct loop *loop, const struct element *element, struct str *ret_why)
{
	const char *refusal;
	size_t policies;

	if (!element->fragment || element->ordered != LOOP_RUNNING || loop_state_settled(element->state))
		return true;
	refusal = deploy_refusal(turn, loop, element, &policies);
	if (refusal)
		*ret_why = str_from(refusal);
	return !refusal;
}

/*
 * CONTROLLOOP_STATECHANGE_ACK and CONTROLLOOP_UPDATE_ACK: stock participants send either for either, so what counts is
 * who
 * says what of which element. Only the host of an element may answer for it.
 */
static void
answer(struct turn *turn, const struct node *message)
{
	const struct node *results = node_get(message, "controlLoopResultMap");
	struct concept id = concept_read(node_get(message, "controlLoopId"));
	struct supervision supervision;
	struct participant sender;
	bool changed = false;
	struct loop loop;

	if (!participant_heard(turn, message, &sender))
		return;
	participant_save(turn, &sender);
	if (!concept_name_valid(id.name) || !concept_version_valid(id.version) || !results ||
	    results->kind != NODE_MAP || !loop_load(turn, id, &loop))
		return;
	step_begin(turn, &supervision);
	for (const struct node *result = results->first; result; result = result->next) {
		struct element *element = loop_element(&loop, result->key);
		int state = loop_state_find(text_of(result, "state"));
		bool good = truth_of(result, truth_of(message, true));
		struct str why = words_of(result);

		if (element && good)
			changed |= claim(turn, &loop, element, state, &sender);
		if (!element || state < 0 || !concept_equal(element->participant_id, sender.id))
			continue;
		if (good && state == LOOP_RUNNING)
			good = check_policies(turn, &loop, element, &why);
		if (loop_answer(&supervision, &loop, element, (enum loop_state)state, good, why)) {
			changed = true;
			step_perform(turn, &supervision, &loop);
		}
	}
	if (changed)
		step_end(turn, &supervision, &loop);
}

static const struct {
	const char *type;
	void (*handle)(struct turn *turn, const struct node *message);
} handlers[] = {
	{"PARTICIPANT_STATUS", participant_status},
	{"CONTROLLOOP_STATECHANGE_ACK", answer},
	{"CONTROLLOOP_UPDATE_ACK", answer},
	{"PARTICIPANT_REGISTER", participant_register},
	{"PARTICIPANT_UPDATE_ACK", participant_update_ack},
	{"PARTICIPANT_DEREGISTER", participant_deregister},
};

/* The topic carries both directions: our own messages and everything else that is not for us is passed over. */
void
runtime_receive(struct turn *turn, struct str message, bool compositions)
{
	struct node *root;
	struct str type;

	if (json_read(message, "", &limits, turn->arena, &root, NULL) != 0)
		return;
	if (compositions) {
		vocabulary_to_loops(root);
		message_to_compositions(turn);
	}
	type = text_of(root, "messageType");
	if (host_has_id(turn, concept_read(node_get(root, "participantId"))))
		return; /* it does not speak on a topic */
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (type.ptr && str_is(type, handlers[i].type))
			handlers[i].handle(turn, root);
}

/* --- time --- */

struct scan {
	struct turn *turn;
	bool again;
};

static bool
scan_loop(void *context, struct str key, struct str value)
{
	struct scan *scan = context;
	const char *name = key.ptr + 1;
	struct concept id = {str_from(name), str_from(name + strlen(name) + 1)}; /* the key is NUL-terminated */
	struct supervision supervision;
	struct loop loop;

	(void)value;
	if (!loop_load(scan->turn, id, &loop))
		return true;
	step_begin(scan->turn, &supervision);
	if (loop_tick(&supervision, &loop))
		step_end(scan->turn, &supervision, &loop);
	scan->again |= loop.renew_ms || (loop_busy(&loop) && loop.result == CHANGE_NO_ERROR);
	return true;
}

bool
runtime_scan(struct turn *turn)
{
	struct scan scan = {turn, false};
	int64_t tick = turn->now_ms / turn->runtime->options.heart_beat_ms;
	unsigned char bytes[8];
	struct str last;

	/*
	 * Several processes may serve one database: each multiple of the heart beat is one of theirs. What lies further
	 * ahead than clocks differ was written before somebody put the clock right.
	 */
	if (turn_get(turn, STR("Mscan"), &last) && last.len == 8 && store_unpack_i64(last.ptr) >= tick &&
	    store_unpack_i64(last.ptr) <= tick + 1)
		return true;
	scan.again = participants_scan(turn);
	scan.again |= pdps_scan(turn);
	turn_each(turn, turn_key(turn, ROW_BUSY, STR(""), STR_NONE), scan_loop, &scan);
	if (scan.again || turn->runtime->options.manual) {
		store_pack_i64(bytes, tick);
		turn_put(turn, STR("Mscan"), (struct str){(const char *)bytes, sizeof(bytes)});
	}
	return scan.again;
}
