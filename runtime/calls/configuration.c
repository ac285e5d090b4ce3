/* configuration - the versions of an instance's parameters: what may change when, and the way back */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/configuration.h"

#include "base/document.h"
#include "runtime/act/deploy.h"
#include "runtime/act/guarding.h"
#include "runtime/act/message.h"
#include "runtime/act/message_order.h"
#include "runtime/calls/instantiation.h"
#include "runtime/calls/step.h"
#include "runtime/rows/gateway_rows.h"
#include "runtime/rows/txn.h"

const char *const change_level_name[4] = {"NONE", "PATCH", "MINOR", "MAJOR"};

/* The digits before the next dot; versions are valid. */
static int64_t
next_number(struct str *text)
{
	int64_t number = 0;

	while (text->len && text->ptr[0] != '.') {
		number = number * 10 + (text->ptr[0] - '0');
		text->ptr++;
		text->len--;
	}
	if (text->len) {
		text->ptr++;
		text->len--;
	}
	return number;
}

enum change_level
change_level(struct str a, struct str b)
{
	for (int level = LEVEL_MAJOR; level > LEVEL_NONE; level--)
		if (next_number(&a) != next_number(&b))
			return (enum change_level)level;
	return LEVEL_NONE;
}

void
configuration_keep(struct txn *txn, const struct loop *loop)
{
	struct text out;

	text_init(&out, txn->arena);
	loop_write(&out, loop, STR_NONE);
	txn_put(txn, txn_key(txn, ROW_CONFIGURATION, loop->id.name, loop->id.version), txn_text(txn, &out));
}

struct configuration_search {
	struct str version, except;
	bool found;
};

static bool
look_at(void *context, struct loop *loop)
{
	struct configuration_search *search = context;

	search->found |= !str_equal(loop->id.version, search->except) &&
	                 (str_equal(loop->id.version, search->version) || str_equal(loop->replaces, search->version));
	return !search->found;
}

bool
configuration_is_taken(struct txn *txn, struct concept id, struct str except)
{
	struct configuration_search search = {id.version, except, false};

	loops_each(txn, id.name, STR_NONE, look_at, &search);
	return search.found;
}

/* --- what may change when --- */

static bool
same_structure(const struct loop *now, const struct loop *next)
{
	if (now->count != next->count || !concept_equal(now->definition, next->definition))
		return false;
	for (size_t i = 0; i < next->count; i++) {
		const struct element *new = &next->elements[i], *old = loop_element(now, new->id);

		if (!old || !concept_equal(old->definition, new->definition) ||
		    (new->participant_id.name.ptr && !concept_equal(old->participant_id, new->participant_id)))
			return false;
	}
	return true;
}

/* Refuses and answers false; the rules in their order. */
static bool
may_change(struct runtime_call *call, const struct loop *now, const struct loop *next)
{
	static const enum change_level most[LOOP_STATE_COUNT] = {
		[LOOP_UNINITIALISED] = LEVEL_MAJOR, [LOOP_PASSIVE] = LEVEL_MINOR, [LOOP_RUNNING] = LEVEL_PATCH};
	enum change_level level = change_level(now->id.version, next->id.version);
	const char *state = loop_state_name[now->state];

	if (!loop_state_settled(now->state) || (now->replaces.ptr && now->result == CHANGE_NO_ERROR)) {
		call_refuse(call, 406, "Control loop %.*s %.*s cannot change its configuration while it is %s%s",
		            STR_ARG(now->id.name), STR_ARG(now->id.version),
		            now->replaces.ptr ? "being updated in state " : "in state ", state);
		return false;
	}
	if (now->state != LOOP_UNINITIALISED && !same_structure(now, next)) {
		call_refuse(call, 406,
		            "Elements, their definitions and their participants change only in state UNINITIALISED, "
		            "control loop %.*s is %s",
		            STR_ARG(now->id.name), state);
		return false;
	}
	if (level > most[now->state]) {
		call_refuse(call, 406,
		            "The change of control loop %.*s from %.*s to %.*s (%s) is not allowed in state %s",
		            STR_ARG(now->id.name), STR_ARG(now->id.version), STR_ARG(next->id.version),
		            change_level_name[level], state);
		return false;
	}
	for (size_t i = 0; i < next->count; i++) {
		const struct element *new = &next->elements[i], *old = loop_element(now, new->id);
		enum change_level own = old ? change_level(old->version, new->version) : LEVEL_NONE;

		if (own <= level)
			continue;
		call_refuse(call, 406, "Element %.*s has a %s change, the control loop has only %s", STR_ARG(new->id),
		            change_level_name[own], change_level_name[level]);
		return false;
	}
	if (level == LEVEL_NONE && now->state != LOOP_UNINITIALISED) {
		call_refuse(call, 406, "Control loop %.*s %.*s is %s: another configuration needs another version",
		            STR_ARG(now->id.name), STR_ARG(now->id.version), state);
		return false;
	}
	return true;
}

/* Takes the runtime's own members over to the new configuration. */
static void
take_over(const struct loop *now, struct loop *next)
{
	next->state = now->state;
	next->ordered = now->ordered;
	for (size_t i = 0; i < next->count; i++) {
		struct element *new = &next->elements[i];
		const struct element *old = loop_element(now, new->id);

		new->state = old ? old->state : LOOP_UNINITIALISED;
		new->ordered = old ? old->ordered : LOOP_UNINITIALISED;
		if (old && !new->participant_id.name.ptr && now->state != LOOP_UNINITIALISED)
			new->participant_id = old->participant_id;
	}
}

/* To the participants: everything is pending until they confirm it. */
static bool
bring(struct txn *txn, struct runtime_call *call, struct loop *now, struct loop *next)
{
	struct supervision supervision;
	struct text denials;

	next->trace = txn->trace;
	step_begin(txn, &supervision);
	loop_release(&supervision, now);
	step_perform(txn, &supervision, now);
	text_init(&denials, txn->arena);
	next->replaces =
		now->replaces.ptr && !str_equal(now->replaces, next->id.version) ? now->replaces : now->id.version;
	if (!guard_permits_change(txn, next, &denials)) {
		call_deny(txn, call, now, "UPDATE", &denials);
		return true;
	}
	if (denials.len) /* reported only */
		denial_save(txn, next->id, denial_json(txn, GUARDING_REPORT, "UPDATE", &denials));
	for (size_t i = 0; i < next->count; i++)
		next->elements[i].pending = true;
	loop_change(&supervision, next);
	gateway_keys_move(txn, now, next);
	deploy_remove(txn, now->id);
	step_end(txn, &supervision, next);
	return true;
}

bool
configuration_change(struct txn *txn, struct runtime_call *call, struct loop *now, struct loop *next)
{
	bool renamed = !str_equal(now->id.version, next->id.version);

	if (!renamed && loop_same_content(now, next) && !loop_busy(now))
		return true;
	if (!may_change(call, now, next))
		return false;
	if (renamed && configuration_is_taken(txn, next->id, now->id.version)) {
		call_refuse(call, 400, "%.*s %.*s already defined", STR_ARG(next->id.name), STR_ARG(next->id.version));
		return false;
	}
	take_over(now, next);
	configuration_keep(txn, next);
	if (now->state != LOOP_UNINITIALISED)
		return bring(txn, call, now, next);
	if (renamed) {
		gateway_keys_move(txn, now, next);
		deploy_remove(txn, now->id);
	}
	deploy_save(txn, next);
	return true;
}

/* --- the way back --- */

static bool
load_kept(struct txn *txn, struct str name, struct str version, struct loop *ret)
{
	static const struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct node *root;
	struct str row;
	int r;

	if (!txn_get(txn, txn_key(txn, ROW_CONFIGURATION, name, version), &row))
		return false;
	r = json_read(row, "", &limits, txn->arena, &root, NULL);
	if (r == 0)
		r = loop_read_given(root, txn->arena, ret, NULL);
	if (r != 0)
		txn_fail_row(txn, r);
	return r == 0;
}

/* The least phase above *phase that has a pending element; false after the last. */
static bool
next_phase(const struct loop *loop, int64_t *phase)
{
	int64_t last = *phase;
	bool found = false;

	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];

		if (!element->pending || element->phase <= last || (found && element->phase >= *phase))
			continue;
		*phase = element->phase;
		found = true;
	}
	return found;
}

void
configuration_restore(struct txn *txn, struct loop *loop)
{
	int64_t phase = PHASE_NONE;
	struct loop kept;

	if (!load_kept(txn, loop->id.name, loop->replaces, &kept))
		return; /* then the new one stays, and its result says what became of it */
	take_over(loop, &kept);
	kept.result = loop->result;
	for (size_t i = 0; i < kept.count; i++) {
		struct element *element = &kept.elements[i];
		const struct element *tried = loop_element(loop, element->id);

		if (!tried)
			continue;
		element->phase = tried->phase;
		memcpy(element->timeout_s, tried->timeout_s, sizeof(element->timeout_s));
		element->fragment = tried->fragment;
		element->message = tried->message;
		element->pending = tried->asked || !tried->pending || element->phase == 0;
	}
	gateway_keys_move(txn, loop, &kept);
	deploy_remove(txn, loop->id);
	*loop = kept;
	while (next_phase(loop, &phase))
		message_update(txn, loop, phase, NULL);
	for (size_t i = 0; i < loop->count; i++)
		loop->elements[i].pending = false; /* they were told; nothing waits for an answer */
	notify_loop(txn, STR("CONFIGURATION_RESTORED"), loop, NULL);
}

struct configuration_listing {
	struct txn *txn;
	struct text *out;
	bool comma;
};

static bool
write_kept(void *context, struct str key, struct str row)
{
	struct configuration_listing *listing = context;
	const char *name = key.ptr + 1, *version = name + strlen(name) + 1;
	struct concept id = {str_from(name), str_from(version)}; /* the key is NUL-terminated */
	struct loop loop;

	text_add(listing->out, listing->comma ? STR(",{\"version\":") : STR("{\"version\":"));
	listing->comma = true;
	text_add_json(listing->out, id.version);
	text_addf(listing->out,
	          ",\"current\":%s,\"configuration\":", loop_load(listing->txn, id, &loop) ? "true" : "false");
	text_add(listing->out, row);
	text_add(listing->out, STR("}"));
	return true;
}

void
configuration_list(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct configuration_listing listing = {txn, out, false};

	if (!concept_name_valid(call->name)) {
		call_refuse(call, 400, "the name of a control loop is required");
		return;
	}
	text_add(out, STR("{\"configurationList\":["));
	txn_each(txn, txn_key(txn, ROW_CONFIGURATION, call->name, STR("")), write_kept, &listing);
	text_add(out, STR("]}"));
}

int
configuration_roll_back(struct txn *txn, struct runtime_call *call)
{
	struct concept id = {call->name, call->version};
	struct loop now, kept;

	if (!concept_name_valid(call->name) || !concept_version_valid(call->version) ||
	    !concept_version_valid(call->other)) {
		call_refuse(call, 400, "name, version and toVersion are required");
		return 0;
	}
	if (!loop_load(txn, id, &now)) {
		call_refuse(call, 404, "Control Loop not found");
		return 0;
	}
	if (!load_kept(txn, call->name, call->other, &kept)) {
		call_refuse(call, 404, "Control loop %.*s never had a configuration %.*s", STR_ARG(call->name),
		            STR_ARG(call->other));
		return 0;
	}
	return instance_replace(txn, call, &now, &kept) ? 0 : call->denials ? -ERROR_CONFLICT : 0;
}
