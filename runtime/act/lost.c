/* lost - elements whose participant is gone: on_host_lost, another host, and what the old one is told when it returns */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/lost.h"

#include "runtime/act/message_order.h"
#include "runtime/act/select.h"
#include "runtime/looptype/looptype.h"

struct lost_rule
lost_rule_of(struct txn *txn, const struct loop *loop)
{
	const struct runtime_options *options = &txn->runtime->options;
	struct lost_rule rule = {options->host_lost_move, options->host_lost_ms};
	const struct node *template = NULL, *choice, *wait;

	if (!looptype_load(txn, loop->definition, &template))
		return rule;
	choice = looptype_property(template, "on_host_lost");
	wait = looptype_property(template, "host_lost_wait_ms");
	if (choice && choice->kind == NODE_TEXT && (str_is(choice->text, "move") || str_is(choice->text, "wait")))
		rule.move = str_is(choice->text, "move");
	if (wait && wait->kind == NODE_INT && wait->integer >= 0)
		rule.wait_ms = wait->integer;
	return rule;
}

/* (participant, instance) */
static struct str
released_key(struct txn *txn, struct concept participant, struct concept loop)
{
	struct str head = txn_key(txn, ROW_RELEASED, participant.name, participant.version);
	struct str tail = txn_key(txn, '\0', loop.name, loop.version);

	return txn_key(txn, ROW_RELEASED, (struct str){head.ptr + 1, head.len - 1},
	               (struct str){tail.ptr + 1, tail.len - 1});
}

void
lost_release(struct txn *txn, const struct loop *loop, const struct element *element)
{
	struct str key, known = STR_NONE;
	struct text out;

	if (!element->participant_id.name.ptr || host_has_id(txn, element->participant_id))
		return;
	key = released_key(txn, element->participant_id, loop->id);
	(void)txn_get(txn, key, &known); /* the first element has no row */
	text_init(&out, txn->arena);
	text_add(&out, known.ptr ? known : STR(""));
	text_add(&out, element->id); /* of 36 bytes */
	txn_put(txn, key, txn_text(txn, &out));
}

struct notifying {
	struct txn *txn;
	const struct participant *participant;
	size_t prefix_len;
};

/* It may host the element again by now. */
static bool
is_hosted_again(const struct loop *loop, struct str id, struct concept participant)
{
	const struct element *element = loop ? loop_element(loop, id) : NULL;

	return element && concept_equal(element->participant_id, participant) &&
	       (element->state != LOOP_UNINITIALISED || element->ordered != LOOP_UNINITIALISED);
}

static bool
notify_released(void *context, struct str key, struct str ids)
{
	const struct notifying *notifying = context;
	struct txn *txn = notifying->txn;
	struct str name = str_from(key.ptr + notifying->prefix_len);
	struct concept id = {name, str_from(name.ptr + name.len + 1)}; /* the key is NUL-terminated */
	struct loop loop;
	bool known = loop_load(txn, id, &loop), any = false;
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("["));
	for (size_t at = 0; at + 36 <= ids.len; at += 36) {
		struct str element = {ids.ptr + at, 36};

		if (is_hosted_again(known ? &loop : NULL, element, notifying->participant->id))
			continue;
		text_add(&out, any ? STR(",") : STR(""));
		text_add_json(&out, element);
		any = true;
	}
	text_add(&out, STR("]"));
	if (any)
		message_order_off(txn, notifying->participant, id, txn_text(txn, &out));
	txn_delete(txn, key);
	return true;
}

void
lost_notify_host(struct txn *txn, const struct participant *participant)
{
	struct str key = txn_key(txn, ROW_RELEASED, participant->id.name, participant->id.version);
	struct str prefix = txn_key(txn, ROW_RELEASED, (struct str){key.ptr + 1, key.len - 1}, STR(""));
	struct notifying notifying = {txn, participant, prefix.len};

	txn_each(txn, prefix, notify_released, &notifying);
}

bool
lost_move(struct txn *txn, const struct loop *loop, struct element *element)
{
	const struct node *root = looptype_load(txn, loop->definition, NULL);
	struct selection selection = {.txn = txn, .except = element->participant_id, .healthy = true};
	struct concept host;

	if (looptype_property(looptype_template(root, element->definition), "participant_id"))
		return false;
	host = select_host(&selection, loop, element);
	if (!host.name.ptr && !select_offers(txn, loop, element))
		return false;
	if (element->state != LOOP_UNINITIALISED || element->ordered != LOOP_UNINITIALISED)
		lost_release(txn, loop, element);
	element->participant_id = host;
	return true;
}
