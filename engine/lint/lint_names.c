/* lint_names - actors, operations and control loops that nobody has */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lint/lint_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "policytypes/suggest.h"

#define KNOWN_SIZE 160 /* bytes of a list of known names in a message */

/* Operations that the control loop runtime asks for: the ordered states. source  doc/control-loops.md, "Guards" */
static const char *const ordered_states[] = {"UPDATE", "UNINITIALISED", "PASSIVE", "RUNNING", NULL};

static bool
is_ordered_state(struct str operation)
{
	for (const char *const *state = ordered_states; *state; state++) {
		if (str_is(operation, *state))
			return true;
	}
	return false;
}

/* The text of a scope that is one exact text, absent when it is not. */
static struct str
exact(const struct guard_source *source, enum attribute attribute)
{
	const struct node *node = source->scope[attribute];

	if (node_is_null(node) || !node_is_scalar(node) || lint_is_any(source, node) || source->patterns ||
	    (source->mode == GUARD_STRICT && text_is_pattern(node->text)) || lint_pattern_mark(node->text))
		return STR_NONE; /* what looks like a pattern is told as that */
	if (attribute == ATTRIBUTE_OPERATION && source->mode == GUARD_STRICT)
		return operation_canonical(node->text);
	return node->text;
}

static bool
names_have(const struct lint_names *names, struct str name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (str_equal(names->list[i], name))
			return true;
	}
	return false;
}

/* "; did you mean 'X'?", or which there are. */
struct hint {
	char text[KNOWN_SIZE + 32];
	bool letter_case; /* the suggestion differs in the case of letters alone */
};

static void
hint_set(struct hint *hint, const struct suggestion *suggestion)
{
	hint->letter_case = suggestion->best.ptr && str_equal_nocase(suggestion->wrong, suggestion->best);
	(void)snprintf(hint->text, sizeof(hint->text), "%s%.*s%s", SUGGESTION_ARG(*suggestion)); /* cut if it must be */
}

/* Without a suggestion: the names that there are. */
static void
hint_list(struct hint *hint, const char *what, const struct actor *actors, const struct capability *capabilities)
{
	size_t len = (size_t)snprintf(hint->text, sizeof(hint->text), ": %s", what);
	const char *comma = "";

	for (; (actors || capabilities) && len < KNOWN_SIZE; comma = ", ") {
		struct str name = actors ? actors->id : capabilities->operation;

		if (len + name.len + 8 > sizeof(hint->text))
			break;
		len += (size_t)snprintf(hint->text + len, sizeof(hint->text) - len, "%s%.*s", comma, STR_ARG(name));
		if (actors)
			actors = actors->next;
		else
			capabilities = capabilities->next;
	}
	if (actors || capabilities)
		(void)snprintf(hint->text + len, sizeof(hint->text) - len, " ..."); /* fits: see above */
}

static const struct actor *
check_actor(struct lint *lint, const struct guard_source *source, struct str operation, bool *ret_participant)
{
	const struct node *node = source->scope[ATTRIBUTE_ACTOR];
	struct str name = exact(source, ATTRIBUTE_ACTOR);
	const struct actor *actor;
	struct suggestion suggestion;
	struct hint hint;

	*ret_participant = false;
	if (!name.ptr)
		return NULL;
	actor = registry_actor(lint->registry, name);
	*ret_participant = !actor && names_have(&lint->participants, name);
	if (actor || *ret_participant)
		return actor;
	lint->compared += LINT_SEARCH_COST * lint->known;
	suggestion_init(&suggestion, name);
	for (const struct actor *at = registry_first(lint->registry); at; at = at->next)
		suggestion_offer(&suggestion, at->id);
	for (size_t i = 0; i < lint->participants.count; i++)
		suggestion_offer(&suggestion, lint->participants.list[i]);
	hint_set(&hint, &suggestion);
	if (!suggestion.best.ptr && is_ordered_state(operation)) {
		if (memchr(name.ptr, '.', name.len))
			return NULL; /* the name of a type: of participants that are commissioned elsewhere */
		lint_warn(lint, source, ACTOR, node,
		          "no actor is called '%.*s': expected the name of a participant type, whose operation %.*s "
		          "is, such as 'org.example.Participant'",
		          STR_ARG(name), STR_ARG(operation));
		return NULL;
	}
	if (!suggestion.best.ptr)
		hint_list(&hint, "expected one of ", registry_first(lint->registry), NULL);
	lint_add(lint, source, SEVERITY_WARNING, lint_id_name[hint.letter_case ? LINT_LETTER_CASE : LINT_ACTOR], node,
	         "no actor is called '%.*s'%s%s", STR_ARG(name), hint.text,
	         suggestion.best.ptr ? "" : ", or a node template of type onap.nodetype.controlloop.Actor");
	return NULL;
}

/* Whether the actor takes any operation, and none that it names differs from this one in letter case alone. */
static bool
takes_any(const struct actor *actor, struct str operation)
{
	if (!actor_capability(actor, operation))
		return false;
	for (const struct capability *at = actor->capabilities; at; at = at->next) {
		if (!str_equal(at->operation, operation) && str_equal_nocase(at->operation, operation))
			return false;
	}
	return true;
}

static void
check_operation_of(struct lint *lint, const struct guard_source *source, const struct actor *actor,
                   struct str operation)
{
	const struct actor *other = registry_actor_of(lint->registry, operation);
	const struct capability *capability = actor_capability(actor, operation);
	struct suggestion suggestion;
	struct hint hint;

	if ((capability && str_equal(capability->operation, operation)) || takes_any(actor, operation))
		return;
	lint->compared += LINT_SEARCH_COST * lint->known;
	suggestion_init(&suggestion, operation);
	for (const struct capability *at = actor->capabilities; at; at = at->next)
		suggestion_offer(&suggestion, at->operation);
	hint_set(&hint, &suggestion);
	if (!suggestion.best.ptr && other)
		(void)snprintf(hint.text, sizeof(hint.text), "; %.*s has it", STR_ARG(other->id));
	else if (!suggestion.best.ptr)
		hint_list(&hint, "expected one of ", NULL, actor->capabilities);
	lint_add(lint, source, SEVERITY_WARNING, lint_id_name[hint.letter_case ? LINT_LETTER_CASE : LINT_OPERATION],
	         source->scope[ATTRIBUTE_OPERATION], "actor %.*s has no operation '%.*s'%s", STR_ARG(actor->id),
	         STR_ARG(operation), hint.text);
}

/* Of any actor: some take every operation, so only what is close to a known one is suspicious. */
static void
check_operation_of_any(struct lint *lint, const struct guard_source *source, struct str operation)
{
	struct suggestion suggestion;
	struct hint hint;

	lint->compared += LINT_SEARCH_COST * lint->known;
	suggestion_init(&suggestion, operation);
	for (const struct actor *actor = registry_first(lint->registry); actor; actor = actor->next) {
		for (const struct capability *at = actor->capabilities; at; at = at->next) {
			if (str_equal(at->operation, operation))
				return;
			suggestion_offer(&suggestion, at->operation);
		}
	}
	if (!suggestion.best.ptr || is_ordered_state(operation))
		return;
	hint_set(&hint, &suggestion);
	lint_add(lint, source, SEVERITY_WARNING, lint_id_name[hint.letter_case ? LINT_LETTER_CASE : LINT_OPERATION],
	         source->scope[ATTRIBUTE_OPERATION], "no actor has an operation '%.*s'%s", STR_ARG(operation),
	         hint.text);
}

static void
check_ordered_state(struct lint *lint, const struct guard_source *source, struct str operation)
{
	struct suggestion suggestion;
	struct hint hint;

	if (is_ordered_state(operation))
		return;
	suggestion_init(&suggestion, operation);
	for (const char *const *state = ordered_states; *state; state++)
		suggestion_offer(&suggestion, str_from(*state));
	hint_set(&hint, &suggestion);
	lint_add(lint, source, SEVERITY_WARNING, lint_id_name[hint.letter_case ? LINT_LETTER_CASE : LINT_OPERATION],
	         source->scope[ATTRIBUTE_OPERATION], "'%.*s' is not an operation of a participant%s",
	         STR_ARG(operation),
	         suggestion.best.ptr ? hint.text : ": expected UPDATE, UNINITIALISED, PASSIVE or RUNNING");
}

/* A pattern of actors or of operations that matches none of those that are known. */
static void
check_pattern(struct lint *lint, const struct guard_source *source, enum attribute attribute, const struct actor *of)
{
	const struct node *node = source->scope[attribute];
	struct pattern_scratch *scratch;
	struct scope_term term;
	struct diags silent;
	bool any = false;

	if (source->mode != GUARD_STRICT || node_is_null(node) || !node_is_scalar(node) ||
	    !text_is_pattern(node->text) || lint_is_any(source, node))
		return;
	diags_init(&silent, lint->arena);
	scratch = pattern_scratch_new();
	if (!scratch || !scope_term_compile(&term, attribute, node->text, GUARD_STRICT, node, lint->arena, &silent)) {
		pattern_scratch_free(scratch);
		return; /* it compiled before: out of memory, and the set will say so */
	}
	for (const struct actor *actor = registry_first(lint->registry); actor && !any; actor = actor->next) {
		if (attribute == ATTRIBUTE_ACTOR)
			any = scope_term_match(&term, actor->id, scratch) != 0;
		for (const struct capability *at = actor->capabilities;
		     attribute == ATTRIBUTE_OPERATION && (!of || of == actor) && at && !any; at = at->next)
			any = str_is(at->operation, ".*") || scope_term_match(&term, at->operation, scratch) != 0;
	}
	for (size_t i = 0; i < lint->participants.count && !any && attribute == ATTRIBUTE_ACTOR; i++)
		any = scope_term_match(&term, lint->participants.list[i], scratch) != 0;
	for (const char *const *state = ordered_states; *state && !any && attribute == ATTRIBUTE_OPERATION; state++)
		any = scope_term_match(&term, str_from(*state), scratch) != 0;
	pattern_scratch_free(scratch);
	if (!any)
		lint_add(lint, source, SEVERITY_WARNING,
		         lint_id_name[attribute == ATTRIBUTE_ACTOR ? LINT_ACTOR : LINT_OPERATION], node,
		         "the pattern '%.*s' matches no %s that is known", STR_ARG(node->text),
		         attribute_key[attribute]);
}

/* The part between two separators in which a and b differ: from the first to the last character that does. */
static struct str
different_part(struct str a, struct str b)
{
	size_t from = 0, to = a.len, other = b.len;

	while (from < a.len && from < b.len && a.ptr[from] == b.ptr[from])
		from++;
	while (to > from && other > from && a.ptr[to - 1] == b.ptr[other - 1])
		to--, other--;
	while (from > 0 && a.ptr[from - 1] != '-' && a.ptr[from - 1] != '_' && a.ptr[from - 1] != '.')
		from--;
	while (to < a.len && a.ptr[to] != '-' && a.ptr[to] != '_' && a.ptr[to] != '.')
		to++;
	return (struct str){a.ptr + from, to - from};
}

/* Loops may be numbered or lettered: loop-1 is not a misspelt loop-2, nor cell-a a misspelt cell-b. */
static bool
is_enumerated(struct str part)
{
	size_t digits = 0;

	for (size_t i = 0; i < part.len; i++)
		digits += part.ptr[i] >= '0' && part.ptr[i] <= '9';
	return part.len <= 2 || (digits == part.len && digits < 6) ||
	       (digits > 0 && part.ptr[part.len - 1] <= '9' && part.ptr[part.len - 1] >= '0' && digits < 4);
}

static int
loop_compare(const void *key, const void *name)
{
	return str_compare(*(const struct str *)key, *(const struct str *)name);
}

static void
lint_check_loop(struct lint *lint, const struct guard_source *source, const struct node *node)
{
	struct suggestion suggestion;
	struct str id = node->text;

	if (lint->loops.count == 0 ||
	    bsearch(&id, lint->loops.list, lint->loops.count, sizeof(*lint->loops.list), loop_compare) ||
	    lint->compared > LINT_COMPARED_MAX)
		return;
	suggestion_init(&suggestion, id);
	for (size_t i = 0; i < lint->loops.count; i++, lint->compared += LINT_SEARCH_COST) {
		struct str known = lint->loops.list[i];

		if (str_equal_nocase(known, id) ||
		    (!is_enumerated(different_part(id, known)) && !is_enumerated(different_part(known, id))))
			suggestion_offer(&suggestion, known);
	}
	if (suggestion.best.ptr)
		lint_warn(lint, source, LOOP, node, "no control loop of this set has the id '%.*s'%s%.*s%s",
		          STR_ARG(id), SUGGESTION_ARG(suggestion));
}

static void
check_loops(struct lint *lint, const struct guard_source *source)
{
	if (exact(source, ATTRIBUTE_CLNAME).ptr)
		lint_check_loop(lint, source, source->scope[ATTRIBUTE_CLNAME]);
	for (const struct node *loop = source->loops ? source->loops->first : NULL; loop; loop = loop->next) {
		if (node_is_scalar(loop) && !(source->mode == GUARD_STRICT && text_is_pattern(loop->text)))
			lint_check_loop(lint, source, loop);
	}
}

const struct capability *
lint_capability(const struct lint *lint, struct str actor, struct str operation)
{
	const struct capability *found = NULL;

	for (const struct actor *at = registry_first(lint->registry); at; at = at->next) {
		const struct capability *capability = actor_capability(at, operation);

		if ((actor.ptr && !str_equal(at->id, actor)) || !capability ||
		    !str_equal(capability->operation, operation))
			continue;
		if (found && !found->vf_change != !capability->vf_change)
			return NULL;
		found = capability;
	}
	return found;
}

void
lint_names_check(struct lint *lint, const struct guard_source *source)
{
	struct str operation = exact(source, ATTRIBUTE_OPERATION);
	const struct node *actor_node = source->scope[ATTRIBUTE_ACTOR];
	const struct actor *actor;
	bool participant;

	actor = check_actor(lint, source, operation, &participant);
	if (operation.ptr && actor)
		check_operation_of(lint, source, actor, operation);
	else if (operation.ptr && participant)
		check_ordered_state(lint, source, operation);
	else if (operation.ptr && lint_is_any(source, actor_node))
		check_operation_of_any(lint, source, operation);
	check_pattern(lint, source, ATTRIBUTE_ACTOR, NULL);
	check_pattern(lint, source, ATTRIBUTE_OPERATION, actor);
	check_loops(lint, source);
}
