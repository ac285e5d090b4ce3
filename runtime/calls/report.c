/* report - what a PARTICIPANT_STATUS says of single elements, compared with where they should stand */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/report.h"

#include "runtime/act/deploy.h"
#include "runtime/act/message.h"
#include "runtime/act/message_order.h"
#include "runtime/calls/monitoring.h"
#include "runtime/calls/step.h"
#include "runtime/supervision/restore.h"
#include "runtime/rows/hosting.h"

#define STRAYS_MAX 32 /* ids that are remembered, so that each is told once */
#define STRAY_LOOPS_MAX \
	256 /* instances whose elements are ordered off by one message; the next report brings the rest */
#define UUID_LEN 36

struct taking {
	struct txn *txn;
	struct participant *participant;
	struct hosting hosting;
	struct concept stray_loop; /* of the ids that follow; its name absent: there are none */
	struct text stray_ids;
	size_t stray_loops;
	bool changed; /* the participant's strays */
};

/* --- elements that it should not have --- */

static void
order_off(struct taking *taking)
{
	if (!taking->stray_loop.name.ptr)
		return;
	text_add(&taking->stray_ids, STR("]"));
	if (taking->stray_loops++ < STRAY_LOOPS_MAX)
		message_order_off(taking->txn, taking->participant, taking->stray_loop,
		                  txn_text(taking->txn, &taking->stray_ids));
	taking->stray_loop = (struct concept){STR_NONE, STR_NONE};
}

/* False when it was told before. */
static bool
remember_stray(struct taking *taking, struct str id)
{
	struct str known = taking->participant->strays;
	struct text out;

	for (size_t at = 0; at + UUID_LEN <= known.len; at += UUID_LEN)
		if (str_equal_nocase((struct str){known.ptr + at, UUID_LEN}, id))
			return false;
	if (known.len >= STRAYS_MAX * UUID_LEN) {
		known.ptr += UUID_LEN;
		known.len -= UUID_LEN;
	}
	text_init(&out, taking->txn->arena);
	text_add(&out, known.ptr ? known : STR(""));
	text_add(&out, id);
	taking->participant->strays = txn_text(taking->txn, &out);
	taking->changed = true;
	return true;
}

static void
take_stray(struct taking *taking, struct concept loop, struct str id)
{
	if (taking->stray_loop.name.ptr && !concept_equal(taking->stray_loop, loop))
		order_off(taking);
	if (!taking->stray_loop.name.ptr) {
		text_init(&taking->stray_ids, taking->txn->arena);
		text_add(&taking->stray_ids, STR("["));
		taking->stray_loop = loop;
	} else {
		text_add(&taking->stray_ids, STR(","));
	}
	text_add_json(&taking->stray_ids, id);
	if (id.len == UUID_LEN && remember_stray(taking, id))
		notify_stray(taking->txn, taking->participant, loop, id);
}

struct report_search {
	struct str element;
	bool found;
};

static bool
look_for_element(void *context, struct loop *loop)
{
	struct report_search *search = context;

	search->found |= loop_element(loop, search->element) != NULL;
	return !search->found;
}

/* The instance has the element, perhaps under another version of its configuration by now. */
static bool
report_is_known(struct txn *txn, struct concept loop, struct str element)
{
	struct report_search search = {element, false};

	loops_each(txn, loop.name, STR_NONE, look_for_element, &search);
	return search.found;
}

/* --- elements that it hosts --- */

static void
take_element(void *context, struct concept id, struct str element_id, const struct node *record)
{
	struct taking *taking = context;
	struct txn *txn = taking->txn;
	const struct node *state = node_get(record, "controlLoopState");
	int reported = state && state->kind == NODE_TEXT ? loop_state_find(state->text) : -1;
	struct supervision supervision;
	enum hosting_answer answer;
	struct element *element;
	struct loop loop;

	if (reported < 0 || !concept_name_valid(id.name) || !concept_version_valid(id.version))
		return;
	answer = hosting_report(&taking->hosting, id, element_id, (enum loop_state)reported);
	if (answer == HOSTING_RIGHT)
		return;
	hosting_flush(&taking->hosting);
	element = loop_load(txn, id, &loop) ? loop_element(&loop, element_id) : NULL;
	if (element && !element->participant_id.name.ptr)
		return; /* it is offered to several */
	if (!element || !concept_equal(element->participant_id, taking->participant->id)) {
		if (reported != LOOP_UNINITIALISED && (element || !report_is_known(txn, id, element_id)))
			take_stray(taking, id, element_id);
		return;
	}
	step_begin(txn, &supervision);
	if (loop_report(&supervision, &loop, element, (enum loop_state)reported))
		step_end(txn, &supervision, &loop);
}

void
report_take(struct txn *txn, const struct node *message, struct participant *participant)
{
	struct taking taking = {.txn = txn, .participant = participant};

	hosting_begin(txn, participant->id, &taking.hosting);
	statistics_each(message, &participant->id, take_element, &taking);
	hosting_flush(&taking.hosting);
	order_off(&taking);
	if (taking.changed)
		participant_save(txn, participant);
}
