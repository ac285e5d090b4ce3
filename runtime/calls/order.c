/* order - orders to instances: validated whole, then guarded, then carried out in one transaction */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/guarding.h"
#include "runtime/act/host.h"
#include "runtime/calls/instantiation.h"
#include "runtime/calls/step.h"
#include "runtime/looptype/looptype.h"
#include "runtime/rows/txn.h"

#define ORDERS_MAX 1000 /* instances of one order */

/* One instance of the list. */
struct ordered {
	struct loop loop;
	enum loop_state next;
};

/* --- who hosts an element that names nobody --- */

struct choice {
	struct turn *turn;
	const struct ordered *orders; /* those before this element, and its own */
	size_t loops;
	struct concept type, best;
	int64_t load;
	bool healthy;
};

/* Elements of this request that go to the participant already. */
static int64_t
chosen_before(const struct choice *choice, struct concept participant)
{
	int64_t chosen = 0;

	for (size_t i = 0; i < choice->loops; i++) {
		const struct loop *loop = &choice->orders[i].loop;

		for (size_t j = 0; j < loop->count; j++)
			chosen += loop->elements[j].ordered == LOOP_UNINITIALISED &&
			          concept_equal(loop->elements[j].participant_id, participant);
	}
	return chosen;
}

static bool
consider(void *context, struct participant *participant)
{
	struct choice *choice = context;
	bool healthy = str_is(participant->health, "HEALTHY");
	int64_t load;

	if (!concept_equal(participant->type, choice->type) || !participant_is_registered(participant) ||
	    host_is(choice->turn, participant))
		return true;
	load = participant_load_count(choice->turn, participant->id) + chosen_before(choice, participant->id);
	/* Participants come in the order of their names: the first of equals stays. */
	if (choice->best.name.ptr && (healthy == choice->healthy ? load >= choice->load : !healthy))
		return true;
	choice->best = participant->id;
	choice->load = load;
	choice->healthy = healthy;
	return true;
}

struct rotation {
	struct turn *turn;
	struct concept type, first, next;
	struct str last; /* name of the one that was chosen before */
};

static bool
rotate(void *context, struct participant *participant)
{
	struct rotation *rotation = context;

	if (!concept_equal(participant->type, rotation->type) || !participant_is_registered(participant) ||
	    host_is(rotation->turn, participant))
		return true;
	if (!rotation->first.name.ptr)
		rotation->first = participant->id;
	if (!rotation->next.name.ptr && (!rotation->last.ptr || str_compare(participant->id.name, rotation->last) > 0))
		rotation->next = participant->id;
	return true;
}

/* round_robin: the next one by name after the last one chosen for this type. */
static struct concept choose_in_turn(struct turn *turn, struct concept type)
{
	struct rotation rotation = {.turn = turn, .type = type};
	struct str key = turn_key(turn, ROW_META, type.name, type.version);

	(void)turn_get(turn, key, &rotation.last); /* the first time there is none */
	participants_each(turn, rotate, &rotation);
	if (!rotation.next.name.ptr)
		rotation.next = rotation.first;
	if (rotation.next.name.ptr)
		turn_put(turn, key, rotation.next.name);
	return rotation.next;
}

/* Property participantSelection of an element's definition; least_loaded when it says nothing. */
static struct str
selection_of(struct turn *turn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(turn, loop->definition, NULL);
	const struct node *selection =
		looptype_property(looptype_template(root, element->definition), "participantSelection");

	return selection && selection->kind == NODE_TEXT ? selection->text : STR("least_loaded");
}

/* For the elements of the last of `loops` orders. */
static void
choose_participants(struct turn *turn, struct ordered *orders, size_t loops)
{
	struct loop *loop = &orders[loops - 1].loop;

	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];
		struct choice choice = {turn, orders, loops, .type = element->participant_type};

		if (element->participant_id.name.ptr)
			continue;
		if (str_is(selection_of(turn, loop, element), "round_robin")) {
			element->participant_id = choose_in_turn(turn, element->participant_type);
		} else if (!str_is(selection_of(turn, loop, element), "participant")) {
			participants_each(turn, consider, &choice);
			element->participant_id = choice.best;
		} else if (participants_of_type(turn, element->participant_type, NULL)) {
			continue; /* they settle it among themselves */
		}
		if (!element->participant_id.name.ptr) /* nobody else is there */
			element->participant_id = host_offer(turn, element->participant_type);
	}
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
read_order(struct turn *turn, struct runtime_call *call, const struct node **ret_list)
{
	const struct node *ordered = node_get(call->body, "orderedState");
	int state = ordered && ordered->kind == NODE_TEXT ? loop_state_find(ordered->text) : -1;
	bool registered = false;

	*ret_list = node_get(call->body, "controlLoopIdentifierList");
	if (state < 0 || !loop_state_settled((enum loop_state)state)) {
		call_refuse(call, 400, "ordered state invalid or not specified on command");
		return -1;
	}
	participants_each(turn, stop_at_registered, &registered);
	if (!registered) {
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
check_participants(struct turn *turn, struct runtime_call *call, const struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		struct concept id = element->participant_id, type = element->participant_type;
		struct participant participant;

		if (!id.name.ptr && str_is(selection_of(turn, loop, element), "participant") &&
		    participants_of_type(turn, type, NULL))
			continue;
		if (!id.name.ptr) {
			call_refuse(call, 400, "No participant of type %.*s %.*s is registered", STR_ARG(type.name),
			            STR_ARG(type.version));
			return false;
		}
		if (!participant_load(turn, id, &participant) || !is_available(&participant, loop)) {
			call_refuse(call, 400, "Participant with ID %.*s %.*s is not registered", STR_ARG(id.name),
			            STR_ARG(id.version));
			return false;
		}
		if (!concept_equal(participant.type, type)) {
			call_refuse(call, 400, "Participant with ID %.*s %.*s - %.*s %.*s is not registered",
			            STR_ARG(type.name), STR_ARG(type.version), STR_ARG(id.name), STR_ARG(id.version));
			return false;
		}
	}
	return true;
}

static bool
check_state(struct runtime_call *call, struct ordered *ordered, enum loop_state order)
{
	const struct loop *loop = &ordered->loop;
	const char *state = loop_state_name[loop->state];

	if (loop->replaces.ptr) {
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
prepare(struct turn *turn, struct runtime_call *call, const struct node *list, enum loop_state order,
        struct ordered *orders)
{
	size_t i = 0;

	for (const struct node *node = list->first; node; node = node->next, i++) {
		struct concept id = concept_read(node);

		if (!concept_name_valid(id.name) || !concept_version_valid(id.version) ||
		    !loop_load(turn, id, &orders[i].loop)) {
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
		choose_participants(turn, orders, i + 1);
		if (!check_participants(turn, call, &orders[i].loop))
			return false;
	}
	for (i = 0; i < list->count; i++)
		if (!check_state(call, &orders[i], order))
			return false;
	return true;
}

/* --- carrying it out --- */

/* Rights first, then the transition: false when a guard denies. */
static bool
carry_out(struct turn *turn, struct runtime_call *call, struct ordered *ordered)
{
	struct loop *loop = &ordered->loop;
	const char *order = loop_state_name[loop_state_to(ordered->next)];
	struct supervision supervision;
	struct text denials;

	step_begin(turn, &supervision);
	loop_release(&supervision, loop);
	step_perform(turn, &supervision, loop);
	text_init(&denials, turn->arena);
	if (!guard_permits_order(turn, loop, ordered->next, &denials)) {
		call_deny(turn, call, loop, order, &denials);
		return false;
	}
	if (denials.len) /* reported only */
		denial_save(turn, loop->id, denial_json(turn, GUARDING_REPORT, order, &denials));
	else
		turn_delete(turn, turn_key(turn, ROW_DENIAL, loop->id.name, loop->id.version));
	loop_order(&supervision, loop, ordered->next);
	step_end(turn, &supervision, loop);
	return true;
}

int
instances_order(struct turn *turn, struct runtime_call *call)
{
	struct ordered *orders;
	const struct node *list;
	int order = read_order(turn, call, &list);
	struct text out;

	if (order < 0)
		return 0;
	orders = arena_array(turn->arena, list->count, sizeof(*orders));
	if (!orders) {
		turn_fail(turn, ERROR_MEMORY);
		return turn->failed;
	}
	if (!prepare(turn, call, list, (enum loop_state)order, orders))
		return -ERROR_CONFLICT; /* a choice of participants may have been written */
	text_init(&out, &call->arena);
	text_add(&out, STR("{\"affectedControlLoops\":["));
	for (size_t i = 0; i < list->count; i++) {
		if (!carry_out(turn, call, &orders[i]))
			return -ERROR_CONFLICT;
		text_add(&out, i ? STR(",") : STR(""));
		concept_write(&out, orders[i].loop.id);
	}
	text_add(&out, STR("]}"));
	call_answer(call, 202, text_done(&out));
	return 0;
}
