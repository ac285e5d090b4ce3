/* select - who hosts an element: the selection rules of its definition */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/select.h"

#include "runtime/act/host.h"
#include "runtime/looptype/looptype.h"

struct select_choice {
	const struct selection *selection;
	struct concept type, best;
	int64_t load;
	bool healthy;
};

/* It is of the type, it is there, and it is not the one to be left out. */
static bool
is_eligible(const struct selection *selection, const struct participant *participant, struct concept type)
{
	return participant_type_serves(participant->type, type) && participant_is_registered(participant) &&
	       !host_is(selection->txn, participant) && !concept_equal(participant->id, selection->except) &&
	       (!selection->healthy || str_is(participant->health, "HEALTHY"));
}

static bool
consider(void *context, struct participant *participant)
{
	struct select_choice *choice = context;
	const struct selection *selection = choice->selection;
	bool healthy = str_is(participant->health, "HEALTHY");
	int64_t load;

	if (!is_eligible(selection, participant, choice->type))
		return true;
	load = participant_load_count(selection->txn, participant->id);
	if (selection->chosen)
		load += selection->chosen(selection->context, participant->id);
	/* Participants come in the order of their names: the first of equals stays. */
	if (choice->best.name.ptr && (healthy == choice->healthy ? load >= choice->load : !healthy))
		return true;
	choice->best = participant->id;
	choice->load = load;
	choice->healthy = healthy;
	return true;
}

struct rotation {
	const struct selection *selection;
	struct concept type, first, next;
	struct str last; /* name of the one that was chosen before */
};

static bool
select_rotate(void *context, struct participant *participant)
{
	struct rotation *rotation = context;

	if (!is_eligible(rotation->selection, participant, rotation->type))
		return true;
	if (!rotation->first.name.ptr)
		rotation->first = participant->id;
	if (!rotation->next.name.ptr && (!rotation->last.ptr || str_compare(participant->id.name, rotation->last) > 0))
		rotation->next = participant->id;
	return true;
}

/* round_robin: the next one by name after the last one chosen for this type. */
static struct concept choose_in_turn(const struct selection *selection, struct concept type)
{
	struct txn *txn = selection->txn;
	struct rotation rotation = {.selection = selection, .type = type};
	struct str key = txn_key(txn, ROW_META, type.name, type.version);

	(void)txn_get(txn, key, &rotation.last); /* the first time there is none */
	participants_each(txn, select_rotate, &rotation);
	if (!rotation.next.name.ptr)
		rotation.next = rotation.first;
	if (rotation.next.name.ptr)
		txn_put(txn, key, rotation.next.name);
	return rotation.next;
}

/* Property participantSelection of an element's definition; least_loaded when it says nothing. */
static struct str
selection_of(struct txn *txn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(txn, loop->definition, NULL);
	const struct node *rule =
		looptype_property(looptype_template(root, element->definition), "participantSelection");

	return rule && rule->kind == NODE_TEXT ? rule->text : STR("least_loaded");
}

bool
select_offers(struct txn *txn, const struct loop *loop, const struct element *element)
{
	return str_is(selection_of(txn, loop, element), "participant") &&
	       participants_of_type(txn, element->participant_type, NULL) > 0;
}

struct concept select_host(const struct selection *selection, const struct loop *loop, const struct element *element)
{
	struct txn *txn = selection->txn;
	struct select_choice choice = {selection, .type = element->participant_type};
	struct str rule = selection_of(txn, loop, element);

	if (str_is(rule, "round_robin")) {
		choice.best = choose_in_turn(selection, element->participant_type);
	} else if (!str_is(rule, "participant")) {
		participants_each(txn, consider, &choice);
	} else if (select_offers(txn, loop, element)) {
		return (struct concept){STR_NONE, STR_NONE};
	}
	return choice.best.name.ptr ? choice.best : host_offer(txn, element->participant_type);
}
