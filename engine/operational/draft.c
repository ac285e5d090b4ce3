/* draft - one directive on its way, and the checks that do not depend on its form */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

#include <jansson.h>

struct draft *
draft_new(struct compiler *c, const struct node *node)
{
	struct draft *draft;

	if (c->drafts == DIRECTIVES_MAX) {
		if (!c->too_many)
			opv_report(c, OPV_08, node, "operations", "a policy may have %d operations at most",
			           DIRECTIVES_MAX);
		c->too_many = true;
		return NULL;
	}
	draft = arena_alloc(c->arena, sizeof(*draft));
	if (!draft) {
		opv_no_memory(c);
		return NULL;
	}
	draft->node = node;
	draft->directive.line = node->line;
	draft->directive.column = node->column;
	draft->position = (uint32_t)c->drafts++;
	draft->index = -1;
	if (c->last)
		c->last->next = draft;
	else
		c->first = draft;
	c->last = draft;
	return draft;
}

void
draft_routes(struct compiler *c, struct draft *draft, const struct node *map)
{
	for (int i = 0; i < RESULT_COUNT; i++) {
		const struct node *route = node_get(map, result_route[i]);

		if (node_is_null(route))
			continue;
		draft->route[i] = route;
		draft->route_text[i] = field_text(route);
		if (!draft->route_text[i].ptr)
			opv_report(c, OPV_19, route, opv_path(c, draft->directive.id, result_route[i]),
			           "must be the id of an operation or a final");
	}
}

/* An id that is also a result or a final could never be meant by a route. */
static void
check_id(struct compiler *c, struct draft *draft, const struct node *owner)
{
	struct str id = draft->directive.id;
	const struct node *node = node_get(owner, "id");

	if (!node)
		node = owner;
	if (final_find(id) >= 0) {
		opv_report(c, OPV_11, node, opv_path(c, id, "id"), "operation id '%.*s' is the name of a final",
		           STR_ARG(id));
		return;
	}
	for (int i = 0; i < RESULT_COUNT; i++) {
		if (str_equal_nocase(id, str_from(result_route[i])))
			opv_report(c, OPV_11, node, opv_path(c, id, "id"),
			           "operation id '%.*s' is the name of a result", STR_ARG(id));
	}
}

static bool
is_json(struct str text)
{
	json_t *json = json_loadb(text.ptr, text.len, JSON_DECODE_ANY, NULL);

	json_decref(json);
	return json != NULL;
}

static const struct node *
entry_node(const struct node *map, struct str key, const struct node *owner)
{
	const struct node *node = node_get_str(map, key);

	return node ? node : owner;
}

static void
check_needed(struct compiler *c, enum opv rule, struct names needed, struct entries given, const struct draft *draft,
             const char *field, const struct node *where)
{
	const struct directive *d = &draft->directive;

	for (size_t i = 0; i < needed.count; i++) {
		struct str value = entries_get(given, needed.list[i].ptr);
		char name[ERROR_PATH_SIZE];

		if (str_trim(value).len > 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s.%.*s", field, STR_ARG(needed.list[i]));
		opv_report(c, rule, where, opv_path(c, d->id, name), "operation %.*s of %.*s needs %s %.*s",
		           STR_ARG(d->operation), STR_ARG(d->actor), field, STR_ARG(needed.list[i]));
	}
}

static void
check_json(struct compiler *c, const struct capability *capability, const struct draft *draft, const struct node *where)
{
	const struct directive *d = &draft->directive;
	char name[ERROR_PATH_SIZE];

	for (size_t i = 0; i < d->payload.count; i++) {
		const struct entry *entry = &d->payload.list[i];
		bool must = false;

		for (size_t j = 0; j < capability->payload_json.count; j++)
			must = must || str_equal(capability->payload_json.list[j], entry->key);
		if ((!must && !capability->payload_all_json) || entry->json || is_json(entry->value))
			continue;
		(void)snprintf(name, sizeof(name), "payload.%.*s", STR_ARG(entry->key));
		opv_report(c, must ? OPV_33 : OPV_34, entry_node(where, entry->key, draft->node),
		           opv_path(c, d->id, name),
		           must ? "must be JSON" : "should be JSON: the actor drops a value that is none");
	}
}

/*
 * A document's own actors say what they are made for, and are held to it; of the built-in ones only what is known to
 * run otherwise is told, as real policies use them on targets of all kinds. A VNFC is resolved as a VM.
 */
static void
draft_check_target(struct compiler *c, const struct capability *capability, const struct directive *d,
                   const struct node *owner)
{
	enum target_type resolved = d->target_type == TARGET_VNFC ? TARGET_VM : d->target_type;
	const struct node *target = node_get(owner, "target");

	if (!capability->targets || capability->targets & (1u << d->target_type | 1u << resolved))
		return;
	if (capability->other_targets_warn)
		opv_report_as(c, OPV_15, SEVERITY_WARNING, owner, opv_path(c, d->id, "targetType"),
		              "%.*s treats a %s as a VNF of that name", STR_ARG(d->actor),
		              target_type_name[d->target_type]);
	else if (capability->own)
		opv_report_as(c, OPV_15, SEVERITY_WARNING, target ? target : owner, opv_path(c, d->id, "targetType"),
		              "%.*s does not say that its %.*s can be done to a %s", STR_ARG(d->actor),
		              STR_ARG(d->operation), target_type_name[d->target_type]);
}

static const struct capability *
find_capability(struct compiler *c, struct draft *draft, const struct node *owner)
{
	struct directive *d = &draft->directive;
	const struct node *node = node_get(owner, "actor");
	const struct actor *actor = registry_actor(c->registry, d->actor);
	const struct capability *capability;

	if (!actor) {
		opv_report(c, OPV_26, node ? node : owner, opv_path(c, d->id, "actor"), "actor '%.*s' is not known",
		           STR_ARG(d->actor));
		return NULL;
	}
	capability = actor_capability(actor, d->operation);
	node = node_get(owner, "operation");
	if (!capability)
		opv_report(c, OPV_27, node ? node : owner, opv_path(c, d->id, "operation"),
		           "actor %.*s has no operation '%.*s'", STR_ARG(d->actor), STR_ARG(d->operation));
	return capability;
}

void
draft_check(struct compiler *c, struct draft *draft, const struct node *owner)
{
	struct directive *d = &draft->directive;
	const struct capability *capability;

	if (!draft->nameless)
		check_id(c, draft, draft->node);
	if (!d->actor.ptr)
		opv_report(c, OPV_12, owner, opv_path(c, d->id, "actor"), "an actor is missing");
	if (!d->operation.ptr)
		opv_report(c, OPV_13, owner, opv_path(c, d->id, "operation"),
		           "the name of the actor's operation is missing");
	if (!d->actor.ptr || !d->operation.ptr)
		return;
	capability = find_capability(c, draft, owner);
	if (!capability)
		return;
	d->vf_change = capability->vf_change;
	draft_check_target(c, capability, d, owner);
	/* A nested target has no place for ids of models: they are the event's, unless the policy gives some. */
	if (c->ret->form != FORM_NESTED || d->entities.count > 0)
		check_needed(c, OPV_29, capability->entity_ids, d->entities, draft, "entityIds", owner);
	if (d->entities.count > 0 && d->target_type == TARGET_VNF)
		check_needed(c, OPV_29, capability->entity_ids_if_any, d->entities, draft, "entityIds", owner);
	check_needed(c, OPV_30, capability->payload, d->payload, draft, "payload", owner);
	check_json(c, capability, draft, node_get(owner, "payload"));
}
