/* lint - single guards that deny nothing, or deny all: findings with stable ids */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lint/lint_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policytypes/policy.h"
#include "policytypes/section.h"
#include "policytypes/suggest.h"

#define PARTICIPANT_TYPE "org.onap.policy.clamp.controlloop.Participant"
#define LOOP_TYPE "org.onap.policy.clamp.controlloop.ControlLoop"

const char *const lint_id_name[LINT_COUNT] = {
#define X(name, id) [LINT_##name] = id,
	LINTS(X)
#undef X
};

void
lint_begin(struct lint *lint, const struct registry *registry, int64_t now_ms, struct arena *arena, struct diags *diags)
{
	*lint = (struct lint){.registry = registry, .now_ms = now_ms, .arena = arena, .diags = diags};
}

static void
names_add(struct lint *lint, struct lint_names *names, struct str name)
{
	if (names->count == names->room) {
		size_t room = names->room ? 2 * names->room : 16;
		struct str *list = arena_array(lint->arena, room, sizeof(*list));

		if (!list) {
			lint->out_of_memory = true;
			return;
		}
		if (names->count)
			memcpy(list, names->list, names->count * sizeof(*list));
		names->list = list;
		names->room = room;
	}
	names->list[names->count++] = name;
}

/* The node type of a template, with its ancestors. */
static bool
template_is_a(const struct node *template, const struct catalogue *catalogue, const char *name)
{
	const struct node *type_name = node_get(template, "type");
	const struct type *type = NULL;

	if (type_name && node_is_scalar(type_name))
		type = catalogue_find(catalogue, TYPE_NODE, type_name->text, STR_NONE);
	return type && type_is_a(type, name);
}

void
lint_know_template(struct lint *lint, const struct node *root, const struct catalogue *catalogue)
{
	const struct node *templates = node_get(node_get(root, "topology_template"), "node_templates");

	for (const struct node *at = section_first(templates); at; at = section_next(at)) {
		const struct node *asked = node_get(node_get(node_get(at, "properties"), "participantType"), "name");

		if (asked && node_is_scalar(asked) && !node_is_null(asked))
			names_add(lint, &lint->participants, asked->text);
		if (template_is_a(at, catalogue, PARTICIPANT_TYPE))
			names_add(lint, &lint->participants, at->key);
		else if (template_is_a(at, catalogue, LOOP_TYPE))
			names_add(lint, &lint->loops, at->key);
	}
}

void
lint_know_loop(struct lint *lint, struct str id)
{
	names_add(lint, &lint->loops, id);
}

static int
names_compare(const void *left, const void *right)
{
	return str_compare(*(const struct str *)left, *(const struct str *)right);
}

void
lint_ready(struct lint *lint)
{
	lint->known = lint->participants.count;
	for (const struct actor *actor = registry_first(lint->registry); actor; actor = actor->next) {
		lint->known++;
		for (const struct capability *at = actor->capabilities; at; at = at->next)
			lint->known++;
	}
	if (lint->loops.count > 1)
		qsort(lint->loops.list, lint->loops.count, sizeof(*lint->loops.list), names_compare);
}

void
lint_add(struct lint *lint, const struct guard_source *source, enum severity severity, const char *id,
         const struct node *where, const char *format, ...)
{
	char text[ERROR_TEXT_SIZE];
	va_list args;

	if (metadata_allows(source->metadata, id))
		return;
	if (diags_full(lint->diags)) {
		lint->diags->count[severity]++; /* no text is kept of it, and none need be made */
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a longer text is cut, as diags would */
	va_end(args);
	diags_add(lint->diags, severity, id, where, "%s", text);
}

/* Patterns, without their slashes, that match whatever is there. */
static bool
matches_all(struct str pattern)
{
	static const char *const all[] = {".*", ".+", "^.*$", "^.+$", "(.*)", "^.*", ".*$"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (str_is(pattern, all[i]))
			return true;
	}
	return false;
}

static bool
text_is_any(const struct guard_source *source, struct str text)
{
	if (!text.ptr || str_is(text, ".*"))
		return true;
	if (source->mode == GUARD_STRICT && text_is_pattern(text))
		return matches_all((struct str){text.ptr + 1, text.len - 2});
	return source->patterns && matches_all(text);
}

bool
lint_is_any(const struct guard_source *source, const struct node *node)
{
	if (node_is_null(node))
		return true;
	if (node_is_scalar(node))
		return text_is_any(source, node->text);
	if (node->kind != NODE_LIST)
		return false;
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		if (lint_is_any(source, entry))
			return true;
	}
	return node->count == 0;
}

static bool
id_is_known(struct str id)
{
	for (size_t i = 0; i < LINT_COUNT; i++) {
		if (str_is(id, lint_id_name[i]))
			return true;
	}
	/* of the analysis of whole sets; SET-01 is about operations, not guards */
	return id.len == 6 && str_starts_with(id, STR("SET-0")) && id.ptr[5] >= '2' && id.ptr[5] <= '6';
}

static void
check_allowed_id(struct lint *lint, const struct guard_source *source, const struct node *id)
{
	if (!node_is_scalar(id) || node_is_null(id) || !id_is_known(id->text))
		lint_warn(lint, source, METADATA, id,
		          "'%.*s' is not the id of a finding about guards: expected LINT-01 to %s or SET-02 to SET-06",
		          STR_ARG(id->text), lint_id_name[LINT_COUNT - 1]);
}

/* Metadata is free; but a key next to one that guards have was meant to be that. */
static void
check_metadata(struct lint *lint, const struct guard_source *source)
{
	static const char *const keys[] = {"allow", "mode", "count_by"};
	const struct node *allow = node_get(source->metadata, "allow");
	struct suggestion suggestion;

	for (const struct node *at = source->metadata ? source->metadata->first : NULL; at; at = at->next) {
		struct node at_key = *at;
		bool known = false;

		suggestion_init(&suggestion, at->key);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			known = known || str_is(at->key, keys[i]);
			suggestion_offer(&suggestion, str_from(keys[i]));
		}
		at_key.line = at->key_line;
		at_key.column = at->key_column;
		if (known && source->legacy && !str_is(at->key, keys[0]))
			lint_warn(lint, source, METADATA, &at_key, "metadata '%.*s' means nothing in a 2.0.0 file",
			          STR_ARG(at->key));
		else if (!known && suggestion.best.ptr)
			lint_warn(lint, source, METADATA, &at_key, "metadata '%.*s' means nothing%s%.*s%s",
			          STR_ARG(at->key), SUGGESTION_ARG(suggestion));
	}
	if (allow && allow->kind == NODE_LIST) {
		for (const struct node *id = allow->first; id; id = id->next)
			check_allowed_id(lint, source, id);
	} else if (!node_is_null(allow)) {
		check_allowed_id(lint, source, allow);
	}
}

void
lint_guard(void *context, const struct guard_source *source)
{
	struct lint *lint = context;

	bool within = lint->compared <= LINT_COMPARED_MAX;

	check_metadata(lint, source);
	lint->compared += lint->known;
	if (within)
		lint_names_check(lint, source);
	if (within && lint->compared > LINT_COMPARED_MAX)
		diags_add(lint->diags, SEVERITY_INFO, NULL, source->body,
		          "the set has too many names to compare all: those of the guards from here on are not");
	lint_texts(lint, source);
	lint_values(lint, source);
}
