/* instantiation - instances: made, changed, listed, deleted */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/instantiation.h"

#include "runtime/act/deploy.h"
#include "runtime/act/guarding.h"
#include "runtime/act/lost.h"
#include "runtime/act/message.h"
#include "runtime/calls/configuration.h"
#include "runtime/calls/step.h"
#include "runtime/looptype/looptype.h"
#include "runtime/rows/gateway_rows.h"
#include "runtime/rows/txn.h"

#define LOOPS_MAX 1000   /* of one request */
#define WARNINGS_MAX 100 /* that are told */

/* --- answers --- */

static void
write_affected(struct text *out, const struct loop *loop)
{
	text_add(out, out->len ? STR(",") : STR("{\"affectedControlLoops\":["));
	concept_write(out, loop->id);
}

/* warnings: JSON strings with commas between them, or nothing. */
static void
answer_affected(struct runtime_call *call, unsigned status, struct text *out, struct str warnings)
{
	text_add(out, out->len ? STR("]") : STR("{\"affectedControlLoops\":[]"));
	if (warnings.len) {
		text_add(out, STR(",\"warnings\":["));
		text_add(out, warnings);
		text_add(out, STR("]"));
	}
	text_add(out, STR("}"));
	call_answer(call, status, text_done(out));
}

void
call_deny(struct txn *txn, struct runtime_call *call, const struct loop *loop, const char *ordered,
          struct text *denials)
{
	struct denial *denial = arena_alloc(&call->arena, sizeof(*denial));
	struct str json = denial_json(txn, GUARDING_ENFORCE, ordered, denials);
	struct text out;

	if (!denial) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	/* The txn will be undone, and its arena used again: what is kept lives with the call. */
	*denial = (struct denial){call->denials,
	                          {arena_str(&call->arena, loop->id.name), arena_str(&call->arena, loop->id.version)},
	                          arena_str(&call->arena, json)};
	call->denials = denial;
	text_init(&out, &call->arena);
	text_addf(&out,
	          "{\"errorDetails\":\"A guard denies the order %s of control loop %.*s %.*s\",\"guard\":", ordered,
	          STR_ARG(loop->id.name), STR_ARG(loop->id.version));
	text_add(&out, json);
	text_add(&out, STR("}"));
	call_answer(call, 409, text_done(&out));
}

void
call_keep_denials(struct txn *txn, struct runtime_call *call)
{
	struct loop loop;

	for (const struct denial *denial = call->denials; denial; denial = denial->next)
		if (loop_load(txn, denial->loop, &loop))
			denial_save(txn, denial->loop, denial->json);
}

/* --- checking what a client gives --- */

static void
instantiation_complain(struct text *errors, const struct loop *loop, struct concept what, const char *why)
{
	text_addf(errors, "%s\"%.*s %.*s\" INVALID, item has status INVALID\n  \"entry %.*s %.*s\" INVALID, %s",
	          errors->len ? "\n" : "", STR_ARG(loop->id.name), STR_ARG(loop->id.version), STR_ARG(what.name),
	          STR_ARG(what.version), why);
}

/* Checks the instances of one request: what is wrong with any of them, and what is suspicious. */
struct checking {
	struct txn *txn;
	struct looptype_values values; /* of the type that was met last */
	struct text errors, warnings;
	unsigned warning_count;
};

static void
checking_begin(struct checking *checking, struct txn *txn)
{
	*checking = (struct checking){.txn = txn};
	text_init(&checking->errors, txn->arena);
	text_init(&checking->warnings, txn->arena);
}

/* Whether the list has an element of that name; of that version too, when exactly. */
static bool
lists(const struct node *template, struct concept definition, bool exactly)
{
	const struct node *elements = looptype_elements(template);

	for (const struct node *entry = elements ? elements->first : NULL; entry; entry = entry->next) {
		struct concept listed = looptype_element_ref(entry);

		if (str_equal(listed.name, definition.name) &&
		    (!exactly || str_equal(listed.version, definition.version)))
			return true;
	}
	return false;
}

/* The endpoints of its services. */
static void
check_gateway(struct txn *txn, const struct loop *loop, struct text *errors)
{
	struct looptype_findings findings = {0};
	struct gateway gateway;

	if (!gateway_load(txn, loop->definition, &gateway))
		return;
	text_init(&findings.text, txn->arena);
	gateway_check_loop(&gateway, loop, txn->arena, &findings);
	if (findings.count)
		instantiation_complain(errors, loop, loop->definition, txn_text(txn, &findings.text).ptr);
}

/* The values of an element, with the places of what is wrong with them. */
static void
check_element_values(struct checking *checking, const struct loop *loop, const struct element *element,
                     const struct node *definition)
{
	struct looptype_findings findings = {.warning_count = checking->warning_count};

	text_init(&findings.text, checking->txn->arena);
	findings.warnings = checking->warnings;
	looptype_check_given(&checking->values, definition, element->given, checking->txn->arena, &findings);
	checking->warnings = findings.warnings;
	checking->warning_count = findings.warning_count;
	if (findings.count)
		instantiation_complain(&checking->errors, loop, element->definition,
		                       txn_text(checking->txn, &findings.text).ptr);
}

/* Who is to host it: its definition says so, else the instance, else whoever is named. */
static void
check_element_host(struct checking *checking, const struct loop *loop, struct element *element,
                   const struct node *definition)
{
	struct participant participant;

	looptype_fill_element(definition, element);
	if (!element->participant_type.name.ptr &&
	    participant_load(checking->txn, element->participant_id, &participant))
		element->participant_type = participant.type;
	if (!element->participant_type.name.ptr)
		instantiation_complain(&checking->errors, loop, element->definition,
		                       "participantType is missing: its definition leaves it to the instance");
	else if (!concept_name_valid(element->participant_type.name) ||
	         (element->participant_id.name.ptr && !concept_name_valid(element->participant_id.name)))
		instantiation_complain(&checking->errors, loop, element->definition,
		                       "participantType or participantId has no legal name");
	else if (!looptype_can_host(checking->values.builtin, checking->values.root, element->participant_type,
	                            definition))
		instantiation_complain(&checking->errors, loop, element->definition,
		                       "its participantType is not capable of hosting it");
}

/* Against the commissioned type; elements get what their definitions say. */
static void
instantiation_check_loop(struct checking *checking, struct loop *loop)
{
	struct txn *txn = checking->txn;
	struct text *errors = &checking->errors;
	const struct node *template = NULL, *root = looptype_load(txn, loop->definition, &template);

	if (!root || !template) {
		instantiation_complain(errors, loop, loop->definition,
		                       "Commissioned control loop definition not FOUND");
		return;
	}
	looptype_values_of(&checking->values, engine_builtin(txn->runtime->engine), root, txn->runtime->options.compat,
	                   txn->arena);
	if (!checking->values.types) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (!lists(template, element->definition, false)) {
			instantiation_complain(errors, loop, element->definition, "Not FOUND");
		} else if (!lists(template, element->definition, true)) {
			instantiation_complain(errors, loop, element->definition, "Version not matching");
		} else {
			const struct node *definition = looptype_template(root, element->definition);

			check_element_host(checking, loop, element, definition);
			check_element_values(checking, loop, element, definition);
		}
	}
	check_gateway(txn, loop, errors);
}

/* The loops of the body; NULL, and refused, when one is not as it must be. */
static struct loop *
read_loops(struct txn *txn, struct runtime_call *call, struct checking *checking, size_t *ret_count)
{
	const struct node *list = node_get(call->body, "controlLoopList");
	struct error err = {0};
	struct loop *loops;
	size_t i = 0;

	if (!list || list->kind != NODE_LIST || list->count > LOOPS_MAX) {
		call_refuse(call, 400, "the body is {\"controlLoopList\": [...]} with at most %d control loops",
		            LOOPS_MAX);
		return NULL;
	}
	loops = arena_array(txn->arena, list->count, sizeof(*loops));
	checking_begin(checking, txn);
	if (!loops) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	for (const struct node *node = list->first; node; node = node->next, i++) {
		if (loop_read_given(node, txn->arena, &loops[i], &err) != 0) {
			struct concept named = concept_read(node);

			call_refuse(call, 400, "%.*s%s%.*s%s%s: %s", STR_ARG(named.name), named.name.ptr ? " " : "",
			            STR_ARG(named.version), named.name.ptr ? ": " : "", err.path, err.text);
			return NULL;
		}
		instantiation_check_loop(checking, &loops[i]);
	}
	if (checking->errors.len) {
		call_refuse(call, 400, "\"ControlLoops\" INVALID, item has status INVALID\n%s",
		            txn_text(txn, &checking->errors).ptr);
		return NULL;
	}
	*ret_count = list->count;
	return loops;
}

static bool
instantiation_is_repeated(const struct loop *loops, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (concept_equal(loops[j].id, loops[i].id))
			return true;
	return false;
}

struct owner_search {
	struct str element;
	bool found;
};

static bool
find_element(void *context, struct loop *loop)
{
	struct owner_search *search = context;

	search->found = search->found || loop_element(loop, search->element);
	return !search->found;
}

/* Participants know an element by its id alone: one that another instance has too is told. */
static void
note_owners(struct checking *checking, const struct loop *loop)
{
	struct txn *txn = checking->txn;

	for (size_t i = 0; i < loop->count; i++) {
		struct owner_search search = {.element = loop->elements[i].id};
		struct str key = txn_key(txn, ROW_OWNER, search.element, STR_NONE), owner;
		const char *sentence;

		if (txn_get(txn, key, &owner) && !str_equal(owner, loop->id.name)) {
			owner = arena_str(txn->arena, owner);
			loops_each(txn, owner, STR_NONE, find_element, &search);
		}
		sentence = search.found
		                   ? arena_printf(txn->arena,
		                                  "control loop %.*s %.*s: element %.*s is one of control loop %.*s "
		                                  "too: participants know elements by their id",
		                                  STR_ARG(loop->id.name), STR_ARG(loop->id.version),
		                                  STR_ARG(search.element), STR_ARG(owner))
		                   : NULL;
		if (sentence && checking->warning_count++ < WARNINGS_MAX) {
			text_add(&checking->warnings, checking->warning_count > 1 ? STR(",") : STR(""));
			text_add_json(&checking->warnings, str_from(sentence));
		}
		txn_put(txn, key, loop->id.name);
	}
}

int
instances_create(struct txn *txn, struct runtime_call *call)
{
	struct checking checking;
	struct loop *loops;
	struct text out;
	size_t count;

	loops = read_loops(txn, call, &checking, &count);
	for (size_t i = 0; loops && i < count; i++) {
		if (instantiation_is_repeated(loops, i) || configuration_is_taken(txn, loops[i].id, STR_NONE)) {
			call_refuse(call, 400, "%.*s %.*s already defined", STR_ARG(loops[i].id.name),
			            STR_ARG(loops[i].id.version));
			return 0;
		}
	}
	if (!loops)
		return 0;
	text_init(&out, &call->arena);
	for (size_t i = 0; i < count; i++) {
		deploy_save(txn, &loops[i]);
		configuration_keep(txn, &loops[i]);
		note_owners(&checking, &loops[i]);
		write_affected(&out, &loops[i]);
	}
	answer_affected(call, 200, &out, txn_text(txn, &checking.warnings));
	return 0;
}

bool
instance_replace(struct txn *txn, struct runtime_call *call, struct loop *now, struct loop *next)
{
	struct checking checking;
	struct text out;

	checking_begin(&checking, txn);
	instantiation_check_loop(&checking, next);
	if (checking.errors.len) {
		call_refuse(call, 400, "\"ControlLoops\" INVALID, item has status INVALID\n%s",
		            txn_text(txn, &checking.errors).ptr);
		return false;
	}
	if (!configuration_change(txn, call, now, next) || call->denials)
		return false;
	text_init(&out, &call->arena);
	write_affected(&out, next);
	answer_affected(call, 200, &out, txn_text(txn, &checking.warnings));
	return true;
}

int
instances_update(struct txn *txn, struct runtime_call *call)
{
	struct checking checking;
	struct loop *loops;
	struct text out;
	size_t count;

	if (call->other.ptr && !concept_version_valid(call->other)) {
		call_refuse(call, 400, "fromVersion '%.*s' is not like 1.0.0", STR_ARG(call->other));
		return 0;
	}
	loops = read_loops(txn, call, &checking, &count);
	if (!loops)
		return 0;
	text_init(&out, &call->arena);
	for (size_t i = 0; i < count; i++) {
		struct concept from = {loops[i].id.name, call->other.ptr ? call->other : loops[i].id.version};
		struct loop now;

		if (!loop_load(txn, from, &now)) {
			call_refuse(call, 404, "ControlLoop with id %.*s %.*s not found", STR_ARG(from.name),
			            STR_ARG(from.version));
			return -ERROR_CONFLICT; /* a list is all or nothing */
		}
		if (!configuration_change(txn, call, &now, &loops[i]) || call->denials)
			return -ERROR_CONFLICT;
		write_affected(&out, &loops[i]);
	}
	answer_affected(call, 200, &out, txn_text(txn, &checking.warnings));
	return 0;
}

static bool
take_any(void *context, struct loop *loop)
{
	(void)loop;
	*(bool *)context = true;
	return false;
}

static bool
forget_configuration(void *context, struct str key, struct str row)
{
	(void)row;
	txn_delete(context, key);
	return true;
}

/* An element that keeps an instance from being deleted; NULL: none does. */
static const struct element *
find_standing(struct txn *txn, const struct loop *loop, bool force)
{
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		bool lost = element->participant_id.name.ptr &&
		            participant_condition(txn, element->participant_id) == HOST_LOST;

		if (element->state != LOOP_UNINITIALISED && !(force && lost))
			return element;
	}
	return NULL;
}

/* Elements of lost participants go with their instance, if the guards agree: they are told when they return. */
static bool
release_elements(struct txn *txn, struct runtime_call *call, struct supervision *supervision, struct loop *loop)
{
	bool permitted = true;
	struct text denials;

	text_init(&denials, txn->arena);
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (element->state == LOOP_UNINITIALISED)
			continue;
		permitted &= guard_permits_force(txn, loop, element, &denials);
		lost_release(txn, loop, element);
		loop_release_element(supervision, element, LOOP_UNINITIALISED);
		notify_loop(txn, STR("ELEMENT_RELEASED"), loop, element);
	}
	step_perform(txn, supervision, loop);
	if (!permitted)
		call_deny(txn, call, loop, "FORCE", &denials);
	return permitted && txn->failed == 0;
}

static void
delete_whole(struct txn *txn, struct concept id)
{
	bool others = false;

	deploy_remove(txn, id);
	loops_each(txn, id.name, STR_NONE, take_any, &others);
	if (!others)
		txn_each(txn, txn_key(txn, ROW_CONFIGURATION, id.name, STR("")), forget_configuration, txn);
}

int
instance_delete(struct txn *txn, struct runtime_call *call)
{
	struct concept id = {call->name, call->version};
	bool force = call->other.ptr && str_is(call->other, "true");
	struct supervision supervision;
	const struct element *standing;
	struct loop loop;
	struct text out;

	if (!call->name.len || !call->version.len) {
		call_refuse(call, 400, "name and version are required");
		return 0;
	}
	if (!concept_name_valid(id.name) || !concept_version_valid(id.version) || !loop_load(txn, id, &loop)) {
		call_refuse(call, 404, "Control Loop not found");
		return 0;
	}
	standing = find_standing(txn, &loop, force);
	if (force && loop.state != LOOP_UNINITIALISED && standing) {
		call_refuse(call, 400,
		            "Control Loop State is still %s: element %.*s is %s on a participant that is not lost; "
		            "order it "
		            "UNINITIALISED first",
		            loop_state_name[loop.state], STR_ARG(standing->id), loop_state_name[standing->state]);
		return 0;
	}
	if (loop.state != LOOP_UNINITIALISED && !force) {
		call_refuse(call, 400, "Control Loop State is still %s", loop_state_name[loop.state]);
		return 0;
	}
	step_begin(txn, &supervision);
	loop_release(&supervision, &loop);
	step_perform(txn, &supervision, &loop);
	if (!release_elements(txn, call, &supervision, &loop))
		return -ERROR_CONFLICT;
	delete_whole(txn, id);
	text_init(&out, &call->arena);
	write_affected(&out, &loop);
	answer_affected(call, 200, &out, STR(""));
	return 0;
}
