/* order - orders to instances: validated whole, then guarded, then carried out in one transaction */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/guarding.h"
#include "runtime/act/lost.h"
#include "runtime/act/message.h"
#include "runtime/act/select.h"
#include "runtime/calls/instantiation.h"
#include "runtime/calls/step.h"
#include "runtime/rows/txn.h"

#define ORDERS_MAX 1000 /* instances of one order */

/* One instance of the list. */
struct ordered {
	struct loop loop;
	enum loop_state next;
	bool force; /* elements of lost participants need not answer */
};

/* --- who hosts an element that names nobody --- */

struct chosen {
	const struct ordered *orders;
	size_t loops;
};

/* Elements of this request that go to the participant already. */
static int64_t
count_chosen(const void *context, struct concept participant)
{
	const struct chosen *chosen = context;
	int64_t count = 0;

	for (size_t i = 0; i < chosen->loops; i++) {
		const struct loop *loop = &chosen->orders[i].loop;

		for (size_t j = 0; j < loop->count; j++)
			count += loop->elements[j].ordered == LOOP_UNINITIALISED &&
			         concept_equal(loop->elements[j].participant_id, participant);
	}
	return count;
}

/* For the elements of the last of `loops` orders. */
static void
choose_participants(struct txn *txn, struct ordered *orders, size_t loops)
{
	struct chosen chosen = {orders, loops};
	struct selection selection = {.txn = txn, .chosen = count_chosen, .context = &chosen};
	struct loop *loop = &orders[loops - 1].loop;

	for (size_t i = 0; i < loop->count; i++)
		if (!loop->elements[i].participant_id.name.ptr)
			loop->elements[i].participant_id = select_host(&selection, loop, &loop->elements[i]);
}

/* --- the checks, in their order --- */

static bool
stop_at_registered(void *context, struct participant *participant)
{
	*(bool *)context = !participant->left;
	return !*(bool *)context;
}

/* The body's order; -1, and refused. */
static int
read_order(struct txn *txn, struct runtime_call *call, const struct node **ret_list, bool *ret_force)
{
	const struct node *ordered = node_get(call->body, "orderedState");
	int state = ordered && ordered->kind == NODE_TEXT ? loop_state_find(ordered->text) : -1;
	const struct node *force = node_get(call->body, "force");
	bool registered = false;

	*ret_force = (call->other.ptr && str_is(call->other, "true")) ||
	             (!node_is_null(force) && force->kind == NODE_BOOL && force->boolean);
	*ret_list = node_get(call->body, "controlLoopIdentifierList");
	if (state < 0 || !loop_state_settled((enum loop_state)state)) {
		call_refuse(call, 400, "ordered state invalid or not specified on command");
		return -1;
	}
	if (!node_is_null(force) && force->kind != NODE_BOOL) {
		call_refuse(call, 400, "force is wrong: expected true or false, got '%.*s'", STR_ARG(force->text));
		return -1;
	}
	participants_each(txn, stop_at_registered, &registered);
	if (!registered && !*ret_force) {
		call_refuse(call, 400, "No participants registered");
		return -1;
	}
	if (!node_is_null(*ret_list) && ((*ret_list)->kind != NODE_LIST || (*ret_list)->count > ORDERS_MAX)) {
		call_refuse(call, 400, "controlLoopIdentifierList is a list of at most %d names and versions",
		            ORDERS_MAX);
		return -1;
	}
	if (node_is_null(*ret_list) || (*ret_list)->count == 0) {
		call_refuse(call, 406, "The list of control loops for supervision is empty");
		return -1;
	}
	return state;
}

static bool
is_lost(struct txn *txn, const struct element *element)
{
	return element->participant_id.name.ptr && participant_condition(txn, element->participant_id) == HOST_LOST;
}

/*
 * Elements of lost participants may get another one at once: when the type says so, or, before the instance is on its
 * participants, by force.
 */
static void
move_lost(struct txn *txn, struct ordered *ordered)
{
	struct loop *loop = &ordered->loop;
	bool fresh = loop->state == LOOP_UNINITIALISED;

	if (!(ordered->force && fresh) && !lost_rule_of(txn, loop).move)
		return;
	for (size_t i = 0; i < loop->count; i++)
		if (is_lost(txn, &loop->elements[i]))
			(void)lost_move(txn, loop, &loop->elements[i]); /* the checks that follow tell of the others */
}

/* An order that nobody would hear is refused; force releases the elements instead. */
static bool
check_lost(struct txn *txn, struct runtime_call *call, const struct loop *loop)
{
	struct text names;
	size_t lost = 0, hosted = 0;

	text_init(&names, txn->arena);
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		bool repeated = false;

		hosted += element->participant_id.name.ptr != NULL;
		if (!is_lost(txn, element))
			continue;
		lost++;
		for (size_t j = 0; j < i; j++)
			repeated |= concept_equal(loop->elements[j].participant_id, element->participant_id);
		if (!repeated)
			text_addf(&names, "%s%.*s %.*s", names.len ? ", " : "", STR_ARG(element->participant_id.name),
			          STR_ARG(element->participant_id.version));
	}
	if (lost == 0 || lost < hosted || loop->state == LOOP_UNINITIALISED)
		return true;
	call_refuse(call, 409,
	            "All participants of control loop %.*s %.*s are OFF_LINE: %s; order with force to release what "
	            "they host",
	            STR_ARG(loop->id.name), STR_ARG(loop->id.version), txn_text(txn, &names).ptr);
	return false;
}

/*
 * Who is OFF_LINE gets no new instances. Those that are there already may still be ordered: it may be heard again, and
 * there
 * must be a way out of a transition that its silence has stopped.
 */
static bool
is_available(const struct participant *participant, const struct loop *loop)
{
	return loop->state == LOOP_UNINITIALISED ? participant_is_registered(participant) : !participant->left;
}

static bool
check_participants(struct txn *txn, struct runtime_call *call, const struct loop *loop, bool force)
{
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		struct concept id = element->participant_id, type = element->participant_type;
		struct participant participant;

		if (!id.name.ptr && select_offers(txn, loop, element))
			continue;
		if (force && loop->state != LOOP_UNINITIALISED && is_lost(txn, element))
			continue;
		if (!id.name.ptr) {
			call_refuse(call, 400, "No participant of type %.*s %.*s is registered", STR_ARG(type.name),
			            STR_ARG(type.version));
			return false;
		}
		if (!participant_load(txn, id, &participant) || !is_available(&participant, loop)) {
			call_refuse(call, 400, "Participant with ID %.*s %.*s is not registered", STR_ARG(id.name),
			            STR_ARG(id.version));
			return false;
		}
		if (!participant_type_serves(participant.type, type)) {
			call_refuse(call, 400, "Participant with ID %.*s %.*s - %.*s %.*s is not registered",
			            STR_ARG(type.name), STR_ARG(type.version), STR_ARG(id.name), STR_ARG(id.version));
			return false;
		}
	}
	return force || check_lost(txn, call, loop);
}

static bool
check_state(struct txn *txn, struct runtime_call *call, struct ordered *ordered, enum loop_state order)
{
	const struct loop *loop = &ordered->loop;
	const char *state = loop_state_name[loop->state];
	bool lost = false;

	for (size_t i = 0; i < loop->count; i++)
		lost |= is_lost(txn, &loop->elements[i]);
	if (ordered->force && lost && order_force(loop->state, order, &ordered->next) == ORDER_STARTS)
		return true;
	if (loop->replaces.ptr && loop->result == CHANGE_NO_ERROR) {
		call_refuse(call, 406, "Control loop is in state %s and being updated from version %.*s", state,
		            STR_ARG(loop->replaces));
		return false;
	}
	switch (order_check(loop->state, loop->result, order, &ordered->next)) {
	case ORDER_STARTS:
		return true;
	case ORDER_ALREADY:
		call_refuse(call, 406, "Control loop is already in state %s", state);
		break;
	case ORDER_TRANSITIONING:
		call_refuse(call, 406, "Control loop is already in state %s and transitioning to state %s", state,
		            loop_state_name[loop->ordered]);
		break;
	case ORDER_IMPOSSIBLE:
		call_refuse(call, 406, "Control loop can't transition from state %s to state %s", state,
		            loop_state_name[order]);
		break;
	}
	return false;
}

/* Loads and checks everything before anything is changed. */
static bool
prepare(struct txn *txn, struct runtime_call *call, const struct node *list, enum loop_state order, bool force,
        struct ordered *orders)
{
	size_t i = 0;

	for (const struct node *node = list->first; node; node = node->next, i++) {
		struct concept id = concept_read(node);

		if (!concept_name_valid(id.name) || !concept_version_valid(id.version) ||
		    !loop_load(txn, id, &orders[i].loop)) {
			call_refuse(call, 400, "ControlLoop with id %.*s %.*s not found", STR_ARG(id.name),
			            STR_ARG(id.version));
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (concept_equal(orders[j].loop.id, id)) {
				call_refuse(call, 406, "Control loop %.*s %.*s is in the list twice", STR_ARG(id.name),
				            STR_ARG(id.version));
				return false;
			}
		}
	}
	for (i = 0; i < list->count; i++) {
		orders[i].force = force;
		move_lost(txn, &orders[i]);
		choose_participants(txn, orders, i + 1);
		if (!check_participants(txn, call, &orders[i].loop, force))
			return false;
	}
	for (i = 0; i < list->count; i++)
		if (!check_state(txn, call, &orders[i], order))
			return false;
	return true;
}

/* --- carrying it out --- */

/* Releases elements of lost participants as done, if the guards agree: the participants are told when they return. */
static bool
release_lost(struct txn *txn, struct supervision *supervision, struct ordered *ordered, struct text *denials)
{
	struct loop *loop = &ordered->loop;
	enum loop_state to = loop_state_to(ordered->next);
	bool permitted = true;

	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->state == to || !is_lost(txn, element))
			continue;
		permitted &= guard_permits_force(txn, loop, element, denials);
		if (to == LOOP_UNINITIALISED)
			lost_release(txn, loop, element);
		loop_release_element(supervision, element, to);
		notify_loop(txn, STR("ELEMENT_RELEASED"), loop, element);
	}
	return permitted && txn->failed == 0;
}

/* Rights first, then the transition: false when a guard denies. */
static bool
order_carry_out(struct txn *txn, struct runtime_call *call, struct ordered *ordered)
{
	struct loop *loop = &ordered->loop;
	const char *order = loop_state_name[loop_state_to(ordered->next)];
	struct supervision supervision;
	struct text denials;

	loop->trace = txn->trace;
	step_begin(txn, &supervision);
	loop_release(&supervision, loop);
	if (loop->replaces.ptr) /* the change that stands still is given up */
		task_emit(&supervision, (struct task){.kind = TASK_RESTORE, .text = loop->replaces});
	step_perform(txn, &supervision, loop);
	text_init(&denials, txn->arena);
	if (ordered->force && !release_lost(txn, &supervision, ordered, &denials)) {
		call_deny(txn, call, loop, "FORCE", &denials);
		return false;
	}
	if (!guard_permits_order(txn, loop, ordered->next, &denials)) {
		call_deny(txn, call, loop, order, &denials);
		return false;
	}
	if (denials.len) /* reported only */
		denial_save(txn, loop->id, denial_json(txn, GUARDING_REPORT, order, &denials));
	else
		txn_delete(txn, txn_key(txn, ROW_DENIAL, loop->id.name, loop->id.version));
	loop_order(&supervision, loop, ordered->next);
	step_end(txn, &supervision, loop);
	return true;
}

int
instances_order(struct txn *txn, struct runtime_call *call)
{
	struct ordered *orders;
	const struct node *list;
	bool force;
	int order = read_order(txn, call, &list, &force);
	struct text out;

	if (order < 0)
		return 0;
	orders = arena_array(txn->arena, list->count, sizeof(*orders));
	if (!orders) {
		txn_fail(txn, ERROR_MEMORY);
		return txn->failed;
	}
	if (!prepare(txn, call, list, (enum loop_state)order, force, orders))
		return -ERROR_CONFLICT; /* a choice of participants may have been written */
	text_init(&out, &call->arena);
	text_add(&out, STR("{\"affectedControlLoops\":["));
	for (size_t i = 0; i < list->count; i++) {
		if (!order_carry_out(txn, call, &orders[i]))
			return -ERROR_CONFLICT;
		text_add(&out, i ? STR(",") : STR(""));
		concept_write(&out, orders[i].loop.id);
	}
	text_add(&out, STR("]}"));
	call_answer(call, 202, text_done(&out));
	return 0;
}
