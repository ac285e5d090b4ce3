/* guard2_builder_build - a builder's specification as YAML, with the messages that its check gives */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/library/clguard.h"

#include "base/document.h"
#include "base/yaml_write.h"
#include "engine/library/clguard_priv.h"
#include "engine/library/guard2_builder_priv.h"
#include "guards/guard2.h"

/*
 * What is built is dialect A. It is written, read back and checked in strict mode as any file, so that a
 * specification and its messages cannot disagree. A message after which the reference's compiler throws is followed,
 * at the end, by that exception. Unlike the reference's, results with an error are not valid.
 */

/* Adds a child under `key` (NULL in a list). NULL when out of memory, or was for the parent. */
static struct node *
build_add_at(struct arena *arena, struct node *parent, const char *key, enum node_kind kind)
{
	struct node *node = parent ? node_new(arena, kind, 0, 0) : NULL;

	if (!node)
		return NULL;
	node->key = str_from(key);
	node_append(parent, node);
	return node;
}

/* A text; one that may be NULL is left out of a map, and null in a list. False when out of memory. */
static bool
add_text(struct arena *arena, struct node *parent, const char *key, const char *text)
{
	struct node *node;

	if (!text && key)
		return parent != NULL;
	node = build_add_at(arena, parent, key, text ? NODE_TEXT : NODE_NULL);
	if (node)
		node->text = str_from(text);
	return node != NULL;
}

static bool
add_constraint(struct arena *arena, struct node *list, const struct built_constraint *constraint)
{
	struct node *map = build_add_at(arena, list, NULL, NODE_MAP), *child;
	bool good = map != NULL;

	if (constraint->has_num) {
		child = build_add_at(arena, map, "num", NODE_INT);
		good = good && child;
		if (child)
			child->integer = constraint->num;
	}
	good = add_text(arena, map, "duration", constraint->duration) && good;
	if (constraint->from || constraint->until) {
		child = build_add_at(arena, map, "time_in_range", NODE_MAP);
		good = add_text(arena, child, "arg2", constraint->from) && good;
		good = add_text(arena, child, "arg3", constraint->until) && good;
	}
	if (constraint->has_blacklist) {
		child = build_add_at(arena, map, "blacklist", NODE_LIST);
		good = good && child;
		for (size_t i = 0; i < constraint->blacklist_count; i++)
			good = add_text(arena, child, NULL, constraint->blacklist[i]) && good;
	}
	return good;
}

static bool
builder_add_policy(struct arena *arena, struct node *list, const struct built_policy *policy)
{
	struct node *map = build_add_at(arena, list, NULL, NODE_MAP), *constraints;
	bool good = add_text(arena, map, "id", policy->id);

	good = add_text(arena, map, "name", policy->name) && good;
	good = add_text(arena, map, "description", policy->description) && good;
	good = add_text(arena, map, "actor", policy->actor) && good;
	good = add_text(arena, map, "recipe", policy->recipe) && good;
	if (!policy->first)
		return good;
	constraints = build_add_at(arena, map, "limit_constraints", NODE_LIST);
	for (const struct built_constraint *c = policy->first; good && c; c = c->next)
		good = add_constraint(arena, constraints, c);
	return good;
}

/* The specification as a tree, NULL when out of memory. */
static struct node *
build_tree(struct clg_builder *builder)
{
	struct arena *arena = &builder->arena;
	struct node *root = node_new(arena, NODE_MAP, 0, 0);
	struct node *header = build_add_at(arena, root, "guard", NODE_MAP), *guards;
	bool good = add_text(arena, header, "version", builder->version);

	/* A builder that never had a policy has no list of them, to the reference. */
	guards = build_add_at(arena, root, "guards", builder->has_policies ? NODE_LIST : NODE_NULL);
	good = good && guards;
	for (const struct built_policy *p = builder->first; good && p; p = p->next)
		good = builder_add_policy(arena, guards, p);
	return good ? root : NULL;
}

/* The findings as messages. Returns 0, or -ERROR_MEMORY. */
static int
take_messages(struct clg_builder *builder, const struct diags *diags)
{
	static const enum clg_message_level levels[] = {
		[SEVERITY_INFO] = CLG_MESSAGE_INFO,
		[SEVERITY_WARNING] = CLG_MESSAGE_WARNING,
		[SEVERITY_ERROR] = CLG_MESSAGE_ERROR,
	};
	size_t all = diags->count[SEVERITY_INFO] + diags->count[SEVERITY_WARNING] + diags->count[SEVERITY_ERROR];
	struct clg_message *messages = arena_array(&builder->arena, diags->kept + 2, sizeof(*messages));
	struct clg_results *results = &builder->results;
	const char *thrown = NULL;

	if (!messages)
		return -ERROR_MEMORY;
	results->messages = messages;
	for (const struct diag *d = diags->first; d; d = d->next) {
		messages[results->message_count++] = (struct clg_message){levels[d->severity], d->text};
		if (!thrown && guard2_throws(d->code))
			thrown = d->text;
	}
	if (all > diags->kept) {
		const char *rest = arena_printf(&builder->arena, "%zu more messages", all - diags->kept);

		messages[results->message_count++] =
			(struct clg_message){CLG_MESSAGE_INFO, rest ? rest : "more messages"};
	}
	if (thrown)
		messages[results->message_count++] = (struct clg_message){CLG_MESSAGE_EXCEPTION, thrown};
	results->valid = diags->count[SEVERITY_ERROR] == 0;
	return 0;
}

/* No specification: one message that says why. */
static int
take_failure(struct clg_builder *builder, const struct error *error)
{
	struct clg_message *message = arena_alloc(&builder->arena, sizeof(*message));

	if (!message)
		return -ERROR_MEMORY;
	message->level = CLG_MESSAGE_EXCEPTION;
	message->text = arena_printf(&builder->arena, "%s", error->text);
	builder->results = (struct clg_results){.messages = message, .message_count = 1};
	return message->text ? 0 : -ERROR_MEMORY;
}

static int
build(struct clg_builder *builder, struct error *err)
{
	struct node *root = build_tree(builder);
	struct diags diags;
	struct str text;
	int r;

	if (!root)
		return -ERROR_MEMORY;
	r = yaml_write(root, &builder->arena, &text, err);
	if (r == 0)
		r = yaml_read(text, "specification", &document_limits_default, &builder->arena, &root, err);
	if (r == -ERROR_MEMORY)
		return r;
	if (r < 0)
		return take_failure(builder, err);
	diags_init(&diags, &builder->arena);
	(void)guard2_check(root, GUARD_STRICT, &diags); /* its findings say it */
	builder->results.specification = text.ptr;
	return take_messages(builder, &diags);
}

int
clg_builder_build(struct clg_builder *builder, const struct clg_results **ret_results, struct clg_error *err)
{
	struct error error = {0};

	arena_reset(&builder->arena);
	builder->results = (struct clg_results){0};
	if (build(builder, &error) < 0) {
		builder->results = (struct clg_results){0};
		error = (struct error){0};
		(void)error_set(&error, ERROR_MEMORY, NULL, "out of memory");
		return clg_error_from(err, &error);
	}
	*ret_results = &builder->results;
	return 0;
}
